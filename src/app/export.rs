//! `quorate export`: everything that is recorded, opened, as one CSV file a table. No other program is needed to
//! read it, and Quorate none to be left.

use std::fs;
use std::path::Path;

use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, Iden, Iterable, ModelTrait, PrimaryKeyToColumn,
    QueryOrder, QuerySelect, Value,
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
    if to.exists() {
        return Err(format!("{}: it is there already (export into a new folder)", to.display()).into());
    }
    // Until it is whole the folder bears another name.
    let (whole, to) = (to, &to.with_extension("part"));
    fs::create_dir(to).map_err(|e| format!("{}: {e} (what an export left unfinished?)", to.display()))?;
    #[cfg(unix)]
    fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    // Noted first: nothing is handed out that nobody knows of.
    let (actor, now) = (Actor::system("command line"), site.clock.now());
    let event = Event { action: "records.exported", object: "records".into(), payload: json!({}) };
    audit::looked(&site.db, &site.keys, &actor, now, event).await?;
    let mut columns = csv::Writer::from_path(to.join("columns.csv"))?;
    columns.write_record(["table", "column", "type"])?;
    let (mut rows, mut unopened) = (0, 0);
    // All tables as they were at one moment.
    let moment = site.db.moment().await?;
    macro_rules! tables {
        ($($entity:ty),* $(,)?) => {
            $(rows += table::<$entity>(site, &moment, to, &mut columns, &mut unopened).await?;)*
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
        crate::feedback::entity::ladder_step::Entity,
        crate::feedback::entity::ladder_cause::Entity,
        crate::replies::entity::reply::Entity,
        crate::reports::improving::entity::action::Entity,
        crate::reports::improving::entity::review::Entity,
        crate::oversight::FindingEntity,
        crate::outbox::MessageEntity,
        crate::audit::EntryEntity,
        crate::audit::PayloadEntity,
        crate::audit::HeadEntity,
        crate::schedule::TaskRunEntity,
        crate::schedule::TaskSeenEntity,
        crate::outbox::PauseEntity,
        crate::calendar::entity::Entity,
        crate::retention::HoldEntity,
        crate::retention::DestructionEntity,
    );
    columns.flush()?;
    moment.rollback().await?;
    fs::rename(to, whole)?;
    println!(
        "{rows} rows are in {}, opened: who has this folder can read everything. columns.csv says what is where.",
        whole.display()
    );
    match unopened {
        0 => Ok(()),
        n => Err(format!("{n} values open with none of the keys here, and say so in their cells").into()),
    }
}

async fn table<E>(
    site: &Site,
    moment: &DatabaseTransaction,
    to: &Path,
    columns: &mut csv::Writer<fs::File>,
    unopened: &mut u64,
) -> Result<u64, Failure>
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
        let rows = page.offset(done).limit(BATCH).all(moment).await?;
        if rows.is_empty() {
            break;
        }
        done += rows.len() as u64;
        for row in rows {
            let mut cells = Vec::with_capacity(shown.len());
            for column in &shown {
                let sealed = SEALED.iter().find(|s| s.table == name && s.column == column.to_string());
                cells.push(written(row.get(*column), |bytes| {
                    let opened = site.keys.open(sealed?.purpose, &Sealed(bytes.to_vec()));
                    Some(opened.unwrap_or_else(|_| {
                        *unopened += 1;
                        "(does not open)".to_owned()
                    }))
                })?);
            }
            file.write_record(cells)?;
        }
    }
    file.flush()?;
    Ok(done)
}

/// A value as a cell.
fn written(value: Value, open: impl FnOnce(&[u8]) -> Option<String>) -> Result<String, Failure> {
    Ok(match value {
        Value::Bytes(Some(bytes)) => match open(&bytes) {
            Some(text) => csv_cell(&text),
            // A frozen message is text already.
            None if bytes.starts_with(b"From:") => String::from_utf8_lossy(&bytes).into_owned(),
            None => hex::encode(&bytes),
        },
        Value::String(Some(text)) => csv_cell(&text),
        Value::Uuid(Some(id)) => id.to_string(),
        Value::ChronoDateTimeUtc(Some(at)) => at.to_rfc3339(),
        Value::ChronoDate(Some(day)) => day.to_string(),
        Value::Bool(Some(flag)) => flag.to_string(),
        Value::Int(Some(n)) => n.to_string(),
        Value::BigInt(Some(n)) => n.to_string(),
        Value::SmallInt(Some(n)) => n.to_string(),
        other if other == other.as_null() => String::new(),
        other => return Err(format!("a value of a kind that is not exported: {other:?}").into()),
    })
}
