//! Sealing anew: after a key was put in another's place, everything that is sealed gets the new key's seal, a
//! few rows at a time, while the service goes on.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr};

use crate::access;
use crate::audit;
use crate::conferences;
use crate::platform::{Db, Keys, Sealed};
use crate::register;
use crate::replies;
use crate::reports::improving::sealed as improving;
use crate::retention;

/// A column that holds sealed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What it is sealed for.
    pub purpose: &'static str,
}

const fn column(table: &'static str, column: &'static str, purpose: &'static str) -> SealedColumn {
    SealedColumn { table, column, purpose }
}

/// Every sealed column. `tests/schema.rs` compares the list with the tables.
pub const SEALED: &[SealedColumn] = &[
    column("key_check", "sealed", super::site::KEY_CHECK),
    column("conference_child", "child", conferences::CHILD),
    column("conference_child", "plan_end_reason", register::sealed::PLAN_END_REASON),
    column("conference_named", "why", conferences::BROKEN_GLASS),
    column("invitation", "deputy", register::sealed::DEPUTY),
    column("invitation", "announced_deputy", register::sealed::ANNOUNCED_DEPUTY),
    column("invitation", "impact_note", register::sealed::IMPACT_NOTE),
    column("amendment", "before", register::sealed::AMENDMENT),
    column("amendment", "after", register::sealed::AMENDMENT),
    column("amendment", "why", register::sealed::AMENDMENT),
    column("reply", "who", replies::sealed::WHO),
    column("reply", "words", replies::sealed::WORDS),
    column("reply", "prevention", replies::sealed::PREVENTION),
    column("reply", "nominee", replies::sealed::NOMINEE),
    column("reply", "answer", replies::sealed::ANSWER),
    column("improvement_action", "because", improving::BECAUSE),
    column("improvement_action", "objective", improving::OBJECTIVE),
    column("improvement_action", "action", improving::ACTION),
    column("improvement_action", "input", improving::INPUT),
    column("improvement_action", "desired_outcome", improving::DESIRED_OUTCOME),
    column("improvement_action", "lead", improving::LEAD),
    column("improvement_review", "words", improving::WORDS),
    column("account", "second_factor", access::SECOND_FACTOR),
    column("legal_hold", "child", retention::sealed::CHILD),
    column("legal_hold", "why", retention::sealed::WHY),
    column("audit_payload", "payload", audit::PAYLOAD),
];

/// Rows at a time: nobody else waits long for the writer.
const BATCH: u64 = 200;

/// What a walk found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Values whose seal was not the newest, and is now.
    pub resealed: u64,
    /// Values that no key opens.
    pub lost: u64,
}

/// Seals everything anew that the key in use did not seal; with `look_only`, counts it and changes nothing.
pub async fn reseal(db: &Db, keys: &Keys, look_only: bool) -> Result<Walked, DbErr> {
    let mut walked = Walked::default();
    for column in SEALED {
        walk(db, keys, *column, look_only, &mut walked).await?;
    }
    Ok(walked)
}

async fn walk(
    db: &Db,
    keys: &Keys,
    of: SealedColumn,
    look_only: bool,
    walked: &mut Walked,
) -> Result<(), DbErr> {
    let (table, id, value) = (Alias::new(of.table), Alias::new("id"), Alias::new(of.column));
    let numbered = of.table == "key_check";
    let mut after: Option<sea_orm::Value> = None;
    loop {
        let mut page = Query::select();
        page.columns([id.clone(), value.clone()]).from(table.clone());
        page.and_where(Expr::col(value.clone()).is_not_null()).order_by(id.clone(), sea_orm::Order::Asc);
        if let Some(after) = after {
            page.and_where(Expr::col(id.clone()).gt(Expr::val(after)));
        }
        let rows = db.read().query_all(page.limit(BATCH)).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        let id_of = |row: &sea_orm::QueryResult| -> Result<sea_orm::Value, DbErr> {
            Ok(match numbered {
                true => row.try_get::<i32>("", "id")?.into(),
                false => row.try_get::<uuid::Uuid>("", "id")?.into(),
            })
        };
        after = Some(id_of(last)?);
        let tx = db.begin("seal anew").await?;
        for row in &rows {
            let sealed = Sealed(row.try_get("", of.column)?);
            if sealed.0.is_empty() || keys.is_current(of.purpose, &sealed) {
                continue;
            }
            let Ok(text) = keys.open(of.purpose, &sealed) else {
                walked.lost += 1;
                continue;
            };
            walked.resealed += 1;
            if look_only {
                continue;
            }
            // Only if nobody changed it meanwhile: what is written from now on has the new seal anyway.
            let update = Query::update()
                .table(table.clone())
                .value(value.clone(), keys.seal(of.purpose, &text).0)
                .and_where(Expr::col(id.clone()).eq(Expr::val(id_of(row)?)))
                .and_where(Expr::col(value.clone()).eq(sealed.0))
                .to_owned();
            tx.conn().execute(&update).await?;
        }
        tx.commit().await?;
    }
}
