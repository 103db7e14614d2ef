//! Telephone calls that were made about an absence whose letter could not go.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;

use super::entity::feedback;
use super::steps::Spoke;
use super::{FeedbackId, ItemState, store};
use crate::audit::{self, Actor, Event};
use crate::conferences::{self, Sight};
use crate::outbox;
use crate::platform::{Db, Keys};

/// Notes that somebody telephoned, and with whom (`None`: nobody said). `false`: there was no such call to make, or none
/// that they may see.
pub async fn note_call(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    sight: Sight,
    now: DateTime<Utc>,
    id: FeedbackId,
    with: Option<Spoke>,
) -> Result<bool, DbErr> {
    let tx = db.begin("note a telephone call").await?;
    let item = store::take_item(&tx, id).await?.filter(|i| i.state == ItemState::ToTelephone);
    let Some(item) = item else { return Ok(false) };
    let of = store::conference_of(tx.conn(), id).await?;
    if conferences::store::by_ids(tx.conn(), of, sight).await?.is_empty() {
        return Ok(false);
    }
    // Its letters are done with: nobody puts one back in the queue months later.
    outbox::cancel_unsent(&tx, id.0, "somebody telephoned").await?;
    store::set_state(&tx, item, ItemState::Telephoned).await?;
    let event =
        Event { action: "feedback.telephoned", object: id.to_string(), payload: json!({ "with": with }) };
    audit::record(&tx, keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(true)
}

/// Notes all calls as made that waited since before a moment.
pub async fn telephoned_before(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<(), DbErr> {
    let waiting = feedback::Entity::find()
        .filter(feedback::Column::State.eq(ItemState::ToTelephone))
        .filter(feedback::Column::MadeAt.lt(before))
        .all(db.read())
        .await?;
    for item in waiting {
        note_call(db, keys, actor, Sight::Everything, now, item.id, None).await?;
    }
    Ok(())
}
