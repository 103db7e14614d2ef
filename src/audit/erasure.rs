//! Erasing what old entries say, when its time is over. The chain stays whole: it hangs on digests. An entry of
//! the trail itself states how far the texts were erased, so that one that is missing for another reason is
//! still found.

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
pub(super) fn is_kept(action: &str) -> bool {
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

/// Erases them, and says so in the trail. Gives back how many.
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
    let payload = json!({ "before": before, "erased": erased });
    let event = Event { action: ERASED, object: "audit trail".to_owned(), payload };
    store::append(tx, keys, actor, now, vec![event]).await?;
    Ok(erased)
}

/// The moment before which texts may be missing, as the trail itself states it.
pub(super) async fn erased_before(
    db: &impl ConnectionTrait,
    keys: &Keys,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let stated: Vec<uuid::Uuid> = entry::Entity::find()
        .select_only()
        .column(entry::Column::PayloadId)
        .filter(entry::Column::Action.eq(ERASED))
        .into_tuple()
        .all(db)
        .await?;
    let texts = payload::Entity::find().filter(payload::Column::Id.is_in(stated)).all(db).await?;
    let before = |p: &payload::Model| -> Option<DateTime<Utc>> {
        let text = keys.open(PAYLOAD, &p.payload).ok()?;
        let said: serde_json::Value = serde_json::from_str(&text).ok()?;
        serde_json::from_value(said["before"].clone()).ok()
    };
    Ok(texts.iter().filter_map(before).max())
}
