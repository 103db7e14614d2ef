//! `quorate export`: everything that is recorded, opened, as one CSV file a table. No other program is needed to
//! read it, and Quorate none to be left.

use std::fs;
use std::path::Path;

use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ColumnTrait, EntityTrait, Iden, Iterable, ModelTrait, PrimaryKeyToColumn, QueryOrder, QuerySelect, Value,
};
use serde_json::json;

use super::reseal::SEALED;
use super::site::Site;
use crate::audit::{self, Actor, Event};
use crate::platform::Sealed;
use crate::web::csv_cell;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Rows read at a time.
const BATCH: u64 = 1000;

/// Columns that let somebody in: they are nobody's record, and leave the machine in no file.
const NEVER: &[(&str, &str)] =
    &[("account", "password_hash"), ("account", "second_factor"), ("account", "second_factor_step")];

/// Writes every table into a new folder.
pub(super) async fn export(site: &Site, to: &Path) -> Result<(), Failure> {
    fs::create_dir(to).map_err(|e| format!("{}: {e} (export into a new folder)", to.display()))?;
    #[cfg(unix)]
    fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let mut columns = csv::Writer::from_path(to.join("columns.csv"))?;
    columns.write_record(["table", "column", "type"])?;
    let mut rows = 0;
    macro_rules! tables {
        ($($entity:ty),* $(,)?) => {
            $(rows += table::<$entity>(site, to, &mut columns).await?;)*
        };
    }
    tables!(
        crate::conferences::entity::chair::Entity,
        crate::conferences::entity::conference::Entity,
        crate::conferences::entity::child::Entity,
        crate::conferences::entity::named::Entity,
        crate::conferences::entity::cover::Entity,
        crate::access::entity::account::Entity,
        crate::agencies::entity::agency::Entity,
        crate::agencies::entity::service::Entity,
        crate::agencies::entity::contact::Entity,
        crate::agencies::entity::account_service::Entity,
        crate::agencies::entity::account_agency::Entity,
        crate::invitations::entity::invitation::Entity,
        crate::invitations::entity::invitation_child::Entity,
        crate::register::entity::register::Entity,
        crate::register::entity::amendment::Entity,
        crate::register::entity::quorum_rule::Entity,
        crate::feedback::entity::feedback::Entity,
        crate::outbox::MessageEntity,
        crate::audit::EntryEntity,
        crate::audit::PayloadEntity,
        crate::retention::HoldEntity,
        crate::retention::DestructionEntity,
    );
    columns.flush()?;
    let now = site.clock.now();
    let event =
        Event { action: "records.exported", object: "records".into(), payload: json!({ "rows": rows }) };
    audit::looked(&site.db, &site.keys, &Actor::system("command line"), now, event).await?;
    println!(
        "{rows} rows are in {}, opened: who has this folder can read everything. columns.csv says what is where.",
        to.display()
    );
    Ok(())
}

async fn table<E>(site: &Site, to: &Path, columns: &mut csv::Writer<fs::File>) -> Result<u64, Failure>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + Sync,
{
    let entity = E::default();
    let name = entity.table_name();
    let shown: Vec<E::Column> =
        E::Column::iter().filter(|c| !NEVER.contains(&(name, c.to_string().as_str()))).collect();
    for column in &shown {
        let kind = format!("{:?}", column.def().get_column_type()).to_lowercase();
        columns.write_record([name, &column.to_string(), kind.split('(').next().unwrap_or(&kind)])?;
    }
    let mut file = csv::Writer::from_path(to.join(format!("{name}.csv")))?;
    file.write_record(shown.iter().map(Iden::to_string))?;
    let mut done = 0;
    loop {
        let mut page = E::find();
        for key in E::PrimaryKey::iter() {
            page = page.order_by_asc(key.into_column());
        }
        let rows = page.offset(done).limit(BATCH).all(site.db.read()).await?;
        if rows.is_empty() {
            break;
        }
        done += rows.len() as u64;
        for row in rows {
            file.write_record(shown.iter().map(|column| {
                let sealed = SEALED.iter().find(|s| s.table == name && s.column == column.to_string());
                written(row.get(*column), column.def().get_column_type(), |bytes| {
                    let of = sealed?;
                    let opened = site.keys.open(of.purpose, &Sealed(bytes.to_vec()));
                    Some(opened.unwrap_or_else(|_| "(does not open)".to_owned()))
                })
            }))?;
        }
    }
    file.flush()?;
    Ok(done)
}

/// A value as a cell.
fn written(value: Value, kind: &ColumnType, open: impl Fn(&[u8]) -> Option<String>) -> String {
    match value {
        Value::Bytes(Some(bytes)) => match (open(&bytes), kind) {
            (Some(text), _) => csv_cell(&text),
            // A frozen message is text already.
            (None, _) if bytes.starts_with(b"From:") => String::from_utf8_lossy(&bytes).into_owned(),
            (None, _) => hex::encode(&bytes),
        },
        Value::String(Some(text)) => csv_cell(&text),
        Value::Uuid(Some(id)) => id.to_string(),
        Value::ChronoDateTimeUtc(Some(at)) => at.to_rfc3339(),
        Value::ChronoDate(Some(day)) => day.to_string(),
        Value::Bool(Some(flag)) => flag.to_string(),
        Value::Int(Some(n)) => n.to_string(),
        Value::BigInt(Some(n)) => n.to_string(),
        _ => String::new(),
    }
}
