//! Restricting a conference, and naming who sees it. There is always somebody.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::store;
use crate::access::entity::account;
use crate::access::{Permission, SignedIn};
use crate::audit::{self, Event};
use crate::conferences::entity::named;
use crate::conferences::{self, ConferenceId, NamedId};
use crate::platform::{Db, Keys};
use crate::web::Problem;

fn may_see(account: &account::Model) -> bool {
    account.disabled_at.is_none() && account.role.may(Permission::SeeConferences)
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
    pub async fn restrict(self, id: ConferenceId, accounts: &[String]) -> Result<(), Problem> {
        let Office { db, keys, who, now } = self;
        let tx = db.begin("restrict conference").await?;
        let taken = conferences::store::take(&tx, id, who.sight(now).named_only()).await?;
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
        for account in may.iter().filter(|a| !is_named(a.id.0) && (asked(&a.id.0) || own(a))) {
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
        Ok(tx.commit().await?)
    }

    /// Takes a name, or an opening, off a conference. The last name stays: somebody sees every conference.
    pub async fn end(self, id: ConferenceId, row: NamedId) -> Result<(), Problem> {
        let Office { db, keys, who, now } = self;
        let tx = db.begin("take a name off a conference").await?;
        let not_found = || Problem::NotFound(who.chrome());
        conferences::store::take(&tx, id, who.sight(now).named_only()).await?.ok_or_else(not_found)?;
        let all = store::named(tx.conn(), id).await?;
        let (row, account) = all.iter().find(|(named, _)| named.id == row).ok_or_else(not_found)?;
        // Somebody who can still see it, that is: not a disabled account, nor one of another role by now.
        let left = |(named, account): &&(named::Model, account::Model)| {
            named.id != row.id && named.until.is_none() && may_see(account)
        };
        if row.until.is_none() && all.iter().filter(left).count() == 0 {
            let text =
                "This is the last name on the conference. Name somebody else first, or lift the restriction.";
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
        let taken = conferences::store::take(&tx, id, who.sight(now).named_only()).await?;
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
