//! Breaking the glass: somebody who is not named sees a restricted conference in need, for some hours. Each
//! try is in the audit trail, also one that opens nothing.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::json;

use super::naming::Office;
use super::store;
use crate::access::{self, Role};
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::conferences::entity::named;
use crate::conferences::{self, BROKEN_GLASS, ConferenceId, NamedId};
use crate::outbox::{self, Letterhead, NoticeError};

/// The template of what the QA managers are told.
/// The notice that a restricted conference was opened.
pub const OPENED: &str = "restricted_opened";
/// Characters of a reason: enough to say something, not enough for a case note.
pub const REASON: std::ops::RangeInclusive<usize> = 10..=500;

/// What a QA manager is told when the glass is broken. It has no field for the reason, which may say something
/// of a family: that is read on the page.
#[derive(Clone, Debug, Serialize)]
pub struct Opened {
    who: String,
    role: &'static str,
    reference: String,
    at: String,
    until: String,
    address: String,
}

/// A notice of this kind with a context to try it on.
pub fn samples() -> Vec<(&'static str, Opened)> {
    let opened = Opened {
        who: "Sam O'Neil".into(),
        role: Role::Administrator.label(),
        reference: "K7Q2-M4TD".into(),
        at: "30 September 2026, 2:05pm".into(),
        until: "30 September 2026, 6:05pm".into(),
        address: "https://quorate.example".into(),
    };
    vec![(OPENED, opened)]
}

/// What came of breaking the glass.
pub enum Broken {
    /// It is open; whether the QA managers could be written to.
    Open { id: ConferenceId, told: bool },
    /// There is no such restricted conference, or not one of theirs.
    Nothing,
}

/// Why the glass could not be broken.
#[derive(Debug, thiserror::Error)]
pub enum GlassError {
    #[error(transparent)]
    Db(#[from] DbErr),
    #[error(transparent)]
    Notice(#[from] NoticeError),
}

impl Office<'_> {
    /// Opens a restricted conference to somebody who is not named, for a while. `reference`: its own, or the
    /// local one.
    pub async fn break_glass(
        self,
        reference: &str,
        why: &str,
        lasts: TimeDelta,
        letterhead: &Letterhead,
        address: &str,
    ) -> Result<Broken, GlassError> {
        let Office { db, keys, who, now } = self;
        let tx = db.begin("break glass").await?;
        let Some(conference) = store::by_reference(tx.conn(), reference, who.sight(now)).await? else {
            let payload = json!({ "reference": reference, "why": why });
            let event =
                Event { action: "restricted.asked_in_vain", object: "a reference".to_owned(), payload };
            audit::record(&tx, keys, &who.actor(), now, vec![event]).await?;
            tx.commit().await?;
            return Ok(Broken::Nothing);
        };
        let id = conference.id;
        let sees = conferences::store::take(&tx, id, who.sight(now)).await?.is_some();
        if sees {
            return Ok(Broken::Open { id, told: true });
        }
        let until = now + lasts;
        let row = named::Model {
            id: NamedId::new(),
            conference_id: id,
            account_id: who.id.0,
            named_by: who.name.clone(),
            named_at: now,
            until: Some(until),
            why: Some(keys.seal(BROKEN_GLASS, why)),
        };
        let about = row.id.0;
        store::insert(&tx, row).await?;
        let told = match letterhead.is_set_up() && outbox::held_back(tx.conn()).await?.is_none() {
            false => false,
            true => {
                let opened = Opened {
                    who: who.name.clone(),
                    role: who.role.label(),
                    reference: conference.reference,
                    at: london::moment(now),
                    until: london::moment(until),
                    address: address.to_owned(),
                };
                let managers = qa_managers(tx.conn()).await?;
                for manager in &managers {
                    outbox::tell(&tx, letterhead, OPENED, about, manager, &opened, now).await?;
                }
                !managers.is_empty()
            }
        };
        let payload = json!({ "why": why, "until": until, "told": told });
        let event = Self::event("restricted.opened", id, payload);
        audit::record(&tx, keys, &who.actor(), now, vec![event]).await?;
        tx.commit().await?;
        Ok(Broken::Open { id, told })
    }

    /// Ends an opening, before its time, as a QA manager.
    pub async fn end_opening(self, row: NamedId) -> Result<bool, DbErr> {
        let Office { db, keys, who, now } = self;
        let tx = db.begin("end an opening").await?;
        let Some(opening) = store::opening(&tx, row).await? else { return Ok(false) };
        store::end_opening(&tx, row, now).await?;
        let event = Self::event("restricted.closed", opening.conference_id, json!({}));
        audit::record(&tx, keys, &who.actor(), now, vec![event]).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The addresses of the QA managers.
pub async fn qa_managers(db: &impl sea_orm::ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let all = access::store::all(db).await?;
    let managers = all.into_iter().filter(|a| a.role == Role::QaManager && a.disabled_at.is_none());
    Ok(managers.map(|a| a.email).collect())
}

/// Openings this far back are shown to the QA managers.
pub fn shown_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(90)
}
