//! Legal holds: what is under one outlasts its period, until somebody ends it.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;

use super::entity::legal_hold;
use super::{HoldId, sealed, store};
use crate::access::SignedIn;
use crate::audit::{self, Event};
use crate::conferences::{self, CHILD, Sight};
use crate::platform::{Db, Keys};

/// Whether somebody sees all that a hold is about: whoever does not learns nothing of it and does not end it.
pub async fn sees(db: &impl ConnectionTrait, hold: &legal_hold::Model, sight: Sight) -> Result<bool, DbErr> {
    match (hold.conference_id, &hold.child_key) {
        (Some(id), _) => Ok(!conferences::store::by_ids(db, [id], sight).await?.is_empty()),
        (None, Some(key)) => store::sees_child(db, key, sight).await,
        (None, None) => Ok(false),
    }
}

/// Who places holds, and when.
#[derive(Clone, Copy)]
pub struct Holder<'a> {
    pub db: &'a Db,
    pub keys: &'a Keys,
    pub who: &'a SignedIn,
    pub now: DateTime<Utc>,
}

impl Holder<'_> {
    /// Holds one conference, or every conference of a child, by a reference. `false`: there is none.
    pub async fn place(self, reference: &str, why: &str) -> Result<bool, DbErr> {
        let Holder { db, keys, who, now } = self;
        let tx = db.begin("place a hold").await?;
        let sight = who.sight(now);
        let mut met = store::conference_by_reference(tx.conn(), reference, sight).await?;
        if let Some(found) = &met {
            // Taken: what is being erased at this moment is erased first, or held.
            met = conferences::store::take(&tx, found.id, sight).await?;
        }
        let key = keys.find(CHILD, reference);
        let is_child = met.is_none() && store::take_of_child(&tx, key.clone(), sight).await? > 0;
        if met.is_none() && !is_child {
            return Ok(false);
        }
        let row = legal_hold::Model {
            id: HoldId::new(),
            conference_id: met.as_ref().map(|c| c.id),
            child_key: is_child.then_some(key),
            child: is_child.then(|| keys.seal(sealed::CHILD, reference)),
            why: keys.seal(sealed::WHY, why),
            placed_by: who.name.clone(),
            placed_at: now,
            ended_by: None,
            ended_at: None,
        };
        let payload = json!({ "of": if is_child { "a child" } else { "a conference" }, "why": why });
        let event = Event { action: "hold.placed", object: row.id.to_string(), payload };
        store::place_hold(&tx, row).await?;
        audit::record(&tx, keys, &who.actor(), now, vec![event]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a hold. `false`: there is none that lives.
    pub async fn end(self, id: HoldId) -> Result<bool, DbErr> {
        let Holder { db, keys, who, now } = self;
        let tx = db.begin("end a hold").await?;
        let Some(hold) = store::living_hold(&tx, id).await? else { return Ok(false) };
        if !sees(tx.conn(), &hold, who.sight(now)).await? || !store::end_hold(&tx, id, &who.name, now).await?
        {
            return Ok(false);
        }
        let event = Event { action: "hold.ended", object: id.to_string(), payload: json!({}) };
        audit::record(&tx, keys, &who.actor(), now, vec![event]).await?;
        tx.commit().await?;
        Ok(true)
    }
}
