//! Restricting a conference, and naming who sees it. There is always somebody.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;

use super::store;
use crate::access::entity::account;
use crate::access::{Permission, SignedIn};
use crate::audit::{self, Event};
use crate::conferences::entity::named;
use crate::conferences::{self, ConferenceId, NamedId, Sight};
use crate::platform::{Db, Keys};
use crate::web::Problem;

/// Whether a name counts: who bears it can still see the conference, and release its letters.
fn keeps(named: &named::Model, account: &account::Model) -> bool {
    named.until.is_none() && account.disabled_at.is_none() && account.role.may(Permission::ReleaseLetter)
}

/// With which conferences in sight somebody decides who sees one. A broken glass does not count, unless no QA
/// manager is left on the conference: then one who has opened it brings it back among those that somebody keeps.
pub(super) async fn deciding(
    db: &impl ConnectionTrait,
    who: &SignedIn,
    id: ConferenceId,
    now: DateTime<Utc>,
) -> Result<Sight, DbErr> {
    let kept = store::named(db, id).await?.iter().any(|(row, account)| keeps(row, account));
    let rescues = !kept && who.role.may(Permission::WatchRestricted);
    Ok(if rescues { who.sight(now) } else { who.sight(now).named_only() })
}

/// What came of naming people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Done,
    /// No QA manager would be among them.
    NoQaManager,
}

/// What this room's work is done with.
#[derive(Clone, Copy)]
pub struct Office<'a> {
    pub db: &'a Db,
    pub keys: &'a Keys,
    pub who: &'a SignedIn,
    pub now: DateTime<Utc>,
}

impl Office<'_> {
    pub fn event(action: &'static str, id: ConferenceId, payload: serde_json::Value) -> Event {
        Event { action, object: id.to_string(), payload }
    }

    /// Restricts a conference to these accounts and whoever does it, or names more on one that is restricted.
    pub async fn restrict(self, id: ConferenceId, accounts: &[String]) -> Result<Named, Problem> {
        let Office { db, keys, who, now } = self;
        let tx = db.begin("restrict conference").await?;
        let sight = deciding(tx.conn(), who, id, now).await?;
        let taken = conferences::store::take(&tx, id, sight).await?;
        let conference = taken.ok_or_else(|| Problem::NotFound(who.chrome()))?;
        let already = store::named(tx.conn(), id).await?;
        let is_named =
            |account| already.iter().any(|(row, _)| row.account_id == account && row.until.is_none());
        let mut events = Vec::new();
        if !conference.restricted {
            events.push(Self::event("restricted.begun", id, json!({})));
            store::set_restricted(&tx, conference.clone(), true).await?;
        }
        let may = store::nameable(tx.conn(), &conference, now).await?;
        let asked = |account: &uuid::Uuid| accounts.contains(&account.to_string());
        // Whoever restricts it goes on seeing it: nobody hides a conference from themselves by a slip.
        let own = |a: &account::Model| !conference.restricted && a.id == who.id;
        let added: Vec<_> = may.iter().filter(|a| !is_named(a.id.0) && (asked(&a.id.0) || own(a))).collect();
        // Without one nobody would release its letters, and a colleague could hide a conference from everybody.
        let kept = already.iter().any(|(row, account)| keeps(row, account));
        if !kept && !added.iter().any(|a| a.role.may(Permission::ReleaseLetter)) {
            return Ok(Named::NoQaManager);
        }
        for account in added {
            events.push(Self::event("restricted.named", id, json!({ "named": account.email })));
            let row = named::Model {
                id: NamedId::new(),
                conference_id: id,
                account_id: account.id.0,
                named_by: who.name.clone(),
                named_at: now,
                until: None,
                why: None,
            };
            store::insert(&tx, row).await?;
        }
        audit::record(&tx, keys, &who.actor(), now, events).await?;
        tx.commit().await?;
        Ok(Named::Done)
    }

    /// Takes a name, or an opening, off a conference. The last QA manager's stays: somebody keeps every conference.
    pub async fn end(self, id: ConferenceId, row: NamedId) -> Result<(), Problem> {
        let Office { db, keys, who, now } = self;
        let tx = db.begin("take a name off a conference").await?;
        let not_found = || Problem::NotFound(who.chrome());
        let sight = deciding(tx.conn(), who, id, now).await?;
        conferences::store::take(&tx, id, sight).await?.ok_or_else(not_found)?;
        let all = store::named(tx.conn(), id).await?;
        let (row, account) = all.iter().find(|(named, _)| named.id == row).ok_or_else(not_found)?;
        let left = all.iter().any(|(named, account)| named.id != row.id && keeps(named, account));
        if row.until.is_none() && !left {
            let text =
                "No QA manager would be left on the conference. Name another first, or lift the restriction.";
            return Err(Problem::Bad(text.to_owned()));
        }
        match row.until {
            None => store::delete(&tx, row.id).await?,
            // That it was open stays known to the QA managers.
            Some(_) => store::end_opening(&tx, row.id, now).await?,
        }
        let event = Self::event("restricted.unnamed", id, json!({ "named": account.email }));
        audit::record(&tx, keys, &who.actor(), now, vec![event]).await?;
        Ok(tx.commit().await?)
    }

    /// Lifts a restriction: the conference is seen again by all who see others of its kind, and its letters go.
    pub async fn lift(self, id: ConferenceId) -> Result<(), Problem> {
        let Office { db, keys, who, now } = self;
        let tx = db.begin("lift restriction").await?;
        let sight = deciding(tx.conn(), who, id, now).await?;
        let taken = conferences::store::take(&tx, id, sight).await?;
        let conference = taken.ok_or_else(|| Problem::NotFound(who.chrome()))?;
        if conference.restricted {
            store::set_restricted(&tx, conference, false).await?;
            store::delete_all(&tx, id).await?;
            let event = Self::event("restricted.lifted", id, json!({}));
            audit::record(&tx, keys, &who.actor(), now, vec![event]).await?;
        }
        Ok(tx.commit().await?)
    }
}
