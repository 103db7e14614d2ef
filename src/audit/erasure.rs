//! Erasing what old entries say, when its time is over. The chain stays whole: it hangs on digests. An entry of
//! the trail itself states how far the texts were erased, so that one that is missing for another reason is
//! still found.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::entity::{entry, payload};
use super::store::{self, PAYLOAD};
use super::{Actor, Event};
use crate::platform::{Keys, Tx};

/// The entry that states how far.
const ERASED: &str = "audit.texts_erased";

/// Entries whose text is never erased: what the trail says of itself.
fn is_kept(action: &str) -> bool {
    action.starts_with("audit.")
}

fn old(before: DateTime<Utc>, but: &[String]) -> sea_orm::Condition {
    let old = sea_orm::Condition::all()
        .add(entry::Column::At.lt(before))
        .add(entry::Column::Action.not_like("audit.%"));
    if but.is_empty() { old } else { old.add(entry::Column::Object.is_not_in(but.iter().cloned())) }
}

/// How many texts of entries before a moment there still are, but for entries about these objects.
pub async fn texts_before(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    but: &[String],
) -> Result<u64, DbErr> {
    let of = Query::select()
        .column(entry::Column::PayloadId)
        .from(entry::Entity)
        .cond_where(old(before, but))
        .to_owned();
    payload::Entity::find().filter(payload::Column::Id.in_subquery(of)).count(db).await
}

/// Erases them, and says so in the trail: until when, and which entries kept their text. Gives back how many.
pub async fn erase_texts_before(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
    but: &[String],
) -> Result<u64, DbErr> {
    let of = Query::select()
        .column(entry::Column::PayloadId)
        .from(entry::Entity)
        .cond_where(old(before, but))
        .to_owned();
    let erased = payload::Entity::delete_many()
        .filter(payload::Column::Id.in_subquery(of))
        .exec(tx.conn())
        .await?
        .rows_affected;
    // From the entries alone: a text that somebody else took away is not counted as one that was erased.
    let mut kept: Vec<i64> = Vec::new();
    for objects in but.chunks(500) {
        let held = entry::Entity::find()
            .select_only()
            .column(entry::Column::Number)
            .filter(entry::Column::At.lt(before))
            .filter(entry::Column::Object.is_in(objects.iter().cloned()));
        kept.extend(held.into_tuple::<i64>().all(tx.conn()).await?);
    }
    kept.sort_unstable();
    let payload = json!({ "before": before, "kept": kept, "erased": erased });
    let event = Event { action: ERASED, object: "audit trail".to_owned(), payload };
    store::append(tx, keys, actor, now, vec![event], Vec::new()).await?;
    Ok(erased)
}

/// Erases what entries about these objects say, whenever it was said, and says in the trail which they are.
pub async fn erase_texts_of(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    objects: &[String],
) -> Result<(), DbErr> {
    let mut numbers: Vec<i64> = Vec::new();
    for objects in objects.chunks(500) {
        let of: Vec<(i64, uuid::Uuid)> = entry::Entity::find()
            .select_only()
            .columns([entry::Column::Number, entry::Column::PayloadId])
            .filter(entry::Column::Object.is_in(objects.iter().cloned()))
            .filter(entry::Column::Action.not_like("audit.%"))
            .into_tuple()
            .all(tx.conn())
            .await?;
        let payloads = payload::Entity::delete_many();
        payloads.filter(payload::Column::Id.is_in(of.iter().map(|(_, id)| *id))).exec(tx.conn()).await?;
        numbers.extend(of.into_iter().map(|(number, _)| number));
    }
    numbers.sort_unstable();
    let payload = json!({ "entries": numbers });
    let event = Event { action: ERASED, object: "audit trail".to_owned(), payload };
    store::append(tx, keys, actor, now, vec![event], Vec::new()).await
}

/// One statement of the trail: which texts it has erased.
#[derive(Debug)]
struct Statement {
    /// The statement's own place: it erased nothing that came after.
    number: i64,
    before: Option<DateTime<Utc>>,
    kept: HashSet<i64>,
    entries: HashSet<i64>,
}

/// Which texts may be missing, as the trail itself states it.
#[derive(Debug, Default)]
pub(super) struct Stated(Vec<Statement>);

impl Stated {
    pub(super) fn may_be_gone(&self, e: &entry::Model) -> bool {
        let erased = |by: &Statement| {
            let old = by.before.is_some_and(|before| e.at < before) && !by.kept.contains(&e.number);
            e.number < by.number && (old || by.entries.contains(&e.number))
        };
        !is_kept(&e.action) && self.0.iter().any(erased)
    }
}

/// Reads what the trail states.
pub(super) async fn stated(db: &impl ConnectionTrait, keys: &Keys) -> Result<Stated, DbErr> {
    let statements: Vec<(i64, uuid::Uuid)> = entry::Entity::find()
        .select_only()
        .columns([entry::Column::Number, entry::Column::PayloadId])
        .filter(entry::Column::Action.eq(ERASED))
        .into_tuple()
        .all(db)
        .await?;
    let mut stated = Stated::default();
    for (number, id) in statements {
        let text = payload::Entity::find_by_id(id).one(db).await?;
        let said = text.and_then(|text| keys.open(PAYLOAD, &text.payload).ok());
        let said = said.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        let Some(said) = said else { continue };
        let numbers = |name: &str| -> HashSet<i64> {
            said[name].as_array().into_iter().flatten().filter_map(serde_json::Value::as_i64).collect()
        };
        let before = serde_json::from_value(said["before"].clone()).ok();
        stated.0.push(Statement { number, before, kept: numbers("kept"), entries: numbers("entries") });
    }
    Ok(stated)
}
