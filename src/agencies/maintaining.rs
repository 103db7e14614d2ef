//! Maintaining the directory. Every change is in the audit trail with what stood before; entries
//! end, agencies have successors, services are merged, and only an entry that stood twice goes, into the other.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::entity::{agency, contact, service};
use super::{AgencyGroup, AgencyId, ContactId, ServiceId, store};
use crate::access::AccountId;
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::platform::{Db, Keys, Tx};

/// What a form says of a contact.
#[derive(Clone, Debug, Default)]
pub struct ContactFacts {
    pub name: String,
    pub role: String,
    /// In small letters.
    pub email: String,
    pub telephone: Option<String>,
    pub is_safeguarding_lead: bool,
    /// One email a day in place of one for each absence.
    pub daily_digest: bool,
    /// Checked with them just now.
    pub verified: bool,
}

/// What a form says of an agency.
#[derive(Clone, Debug)]
pub struct AgencyFacts {
    pub code: String,
    pub name: String,
    pub group: AgencyGroup,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub successor: Option<AgencyId>,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<T> {
    Done(T),
    /// There is nothing of this id.
    NotThere,
    /// The same is in the directory already.
    Twice,
    /// So many conferences have asked both services in one role: which of the two invitations stands is nobody's
    /// guess.
    Both(u64),
}

/// Who maintains the directory, and when.
#[derive(Clone, Copy)]
pub struct Maintaining<'a> {
    pub db: &'a Db,
    pub keys: &'a Keys,
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
}

fn told(c: &contact::Model) -> Value {
    json!({
        "name": c.name, "role": c.role, "email": c.email, "telephone": c.telephone, "is_safeguarding_lead": c.is_safeguarding_lead,
        "daily_digest": c.daily_digest,
        "valid_from": c.valid_from, "valid_to": c.valid_to, "verified_on": c.verified_on, "bounced_at": c.bounced_at,
    })
}

fn told_of_agency(a: &agency::Model) -> Value {
    json!({
        "code": a.code, "name": a.name, "group": a.agency_group, "valid_from": a.valid_from, "valid_to": a.valid_to,
        "successor": a.successor_id,
    })
}

impl Maintaining<'_> {
    fn today(&self) -> NaiveDate {
        london::date(self.now)
    }

    async fn end(self, tx: Tx, action: &'static str, object: String, payload: Value) -> Result<(), DbErr> {
        let event = Event { action, object, payload };
        audit::record(&tx, self.keys, self.actor, self.now, vec![event]).await?;
        tx.commit().await
    }

    /// Adds a contact of a service, or of a whole agency.
    pub async fn add_contact(
        self,
        agency_id: AgencyId,
        service_id: Option<ServiceId>,
        facts: ContactFacts,
    ) -> Result<Kept<ContactId>, DbErr> {
        let tx = self.db.begin("add a contact").await?;
        if let Some(id) = service_id
            && store::take_service(&tx, id).await?.is_none()
        {
            return Ok(Kept::NotThere);
        }
        let row = self.new_contact(agency_id, service_id, facts, None);
        if store::same_contact(&tx, &row).await? {
            return Ok(Kept::Twice);
        }
        let (id, after) = (row.id, told(&row));
        contact::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        self.end(tx, "contact.added", id.to_string(), json!({ "after": after })).await?;
        Ok(Kept::Done(id))
    }

    fn new_contact(
        self,
        agency_id: AgencyId,
        service_id: Option<ServiceId>,
        facts: ContactFacts,
        valid_from: Option<NaiveDate>,
    ) -> contact::Model {
        contact::Model {
            id: ContactId::new(),
            agency_id,
            service_id,
            name: facts.name,
            role: facts.role,
            email: facts.email,
            telephone: facts.telephone,
            is_safeguarding_lead: facts.is_safeguarding_lead,
            daily_digest: facts.daily_digest,
            valid_from,
            valid_to: None,
            verified_on: facts.verified.then(|| self.today()),
            bounced_at: None,
        }
    }

    async fn with_contact(
        self,
        id: ContactId,
        action: &'static str,
        how: impl FnOnce(&mut contact::Model),
    ) -> Result<Kept<ContactId>, DbErr> {
        let tx = self.db.begin("change a contact").await?;
        let Some(before) = store::take_contact(&tx, id).await? else { return Ok(Kept::NotThere) };
        let mut row = before.clone();
        how(&mut row);
        if row == before {
            return Ok(Kept::Done(id));
        }
        if store::same_contact(&tx, &row).await? {
            return Ok(Kept::Twice);
        }
        let payload = json!({ "before": told(&before), "after": told(&row) });
        row.into_active_model().reset_all().update(tx.conn()).await?;
        self.end(tx, action, id.to_string(), payload).await?;
        Ok(Kept::Done(id))
    }

    /// Changes a contact. Another address has not come back yet, and nobody has checked it yet.
    pub async fn change_contact(self, id: ContactId, facts: ContactFacts) -> Result<Kept<ContactId>, DbErr> {
        self.with_contact(id, "contact.changed", |row| {
            if row.email != facts.email {
                (row.bounced_at, row.verified_on) = (None, None);
            }
            if facts.verified {
                (row.verified_on, row.bounced_at) = (Some(self.today()), None);
            }
            (row.name, row.role, row.email) = (facts.name, facts.role, facts.email);
            row.telephone = facts.telephone;
            row.is_safeguarding_lead = facts.is_safeguarding_lead;
            row.daily_digest = facts.daily_digest;
        })
        .await
    }

    /// Notes that somebody has checked with them that the entry is right, the address too.
    pub async fn verify(self, id: ContactId) -> Result<Kept<ContactId>, DbErr> {
        self.with_contact(id, "contact.verified", |row| {
            (row.verified_on, row.bounced_at) = (Some(self.today()), None);
        })
        .await
    }

    /// Notes that mail to them came back: nothing goes to the address until somebody has checked it.
    pub async fn came_back(self, id: ContactId) -> Result<Kept<ContactId>, DbErr> {
        self.with_contact(id, "contact.came_back", |row| {
            (row.bounced_at, row.verified_on) = (row.bounced_at.or(Some(self.now)), None);
        })
        .await
    }

    /// Ends a contact: nothing goes to them from now on. Whoever takes over comes into the same place.
    pub async fn left(self, id: ContactId, next: Option<ContactFacts>) -> Result<Kept<ContactId>, DbErr> {
        let tx = self.db.begin("a contact has left").await?;
        let Some(before) = store::take_contact(&tx, id).await? else { return Ok(Kept::NotThere) };
        if before.valid_to.is_some_and(|to| to < self.today()) {
            return Ok(Kept::Done(id));
        }
        let row = self.ended(&before);
        let mut payload = json!({ "before": told(&before), "after": told(&row) });
        let (agency_id, service_id) = (row.agency_id, row.service_id);
        row.into_active_model().reset_all().update(tx.conn()).await?;
        let mut shown = id;
        if let Some(facts) = next {
            let next = self.new_contact(agency_id, service_id, facts, Some(self.today()));
            if store::same_contact(&tx, &next).await? {
                return Ok(Kept::Twice);
            }
            payload["next"] = told(&next);
            shown = next.id;
            contact::Entity::insert(next.into_active_model()).exec_without_returning(tx.conn()).await?;
        }
        self.end(tx, "contact.left", id.to_string(), payload).await?;
        Ok(Kept::Done(shown))
    }

    /// Puts a contact that an agency named into the directory, in the transaction of whoever does it: in place of `old`, if
    /// that is still there, or beside what is there. Gives back what the trail is to say, and whether `old` ended.
    pub async fn named(
        self,
        tx: &Tx,
        (agency_id, service_id): (AgencyId, ServiceId),
        old: Option<ContactId>,
        mut facts: ContactFacts,
    ) -> Result<(Vec<Event>, bool), DbErr> {
        let mut events = Vec::new();
        let old = match old {
            Some(id) => store::take_contact(tx, id).await?.filter(|c| c.is_valid(self.today())),
            None => None,
        };
        let ends = old.is_some();
        if let Some(before) = old {
            facts.is_safeguarding_lead |= before.is_safeguarding_lead;
            let row = self.ended(&before);
            let payload = json!({ "before": told(&before), "after": told(&row) });
            events.push(Event { action: "contact.left", object: row.id.to_string(), payload });
            row.into_active_model().reset_all().update(tx.conn()).await?;
        }
        let row = self.new_contact(agency_id, Some(service_id), facts, ends.then(|| self.today()));
        // Whoever is there already is not there twice.
        if !store::same_contact(tx, &row).await? {
            let (object, payload) = (row.id.to_string(), json!({ "after": told(&row) }));
            contact::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
            events.push(Event { action: "contact.added", object, payload });
        }
        Ok((events, ends))
    }

    fn ended(self, before: &contact::Model) -> contact::Model {
        let mut row = before.clone();
        let yesterday = self.today().pred_opt().expect("days go back");
        row.valid_to = Some(row.valid_to.map_or(yesterday, |to| to.min(yesterday)));
        row.valid_from = row.valid_from.map(|from| from.min(yesterday));
        row
    }

    /// Takes an end back.
    pub async fn back(self, id: ContactId) -> Result<Kept<ContactId>, DbErr> {
        self.with_contact(id, "contact.back", |row| row.valid_to = None).await
    }

    /// Adds an agency.
    pub async fn add_agency(self, facts: AgencyFacts) -> Result<Kept<AgencyId>, DbErr> {
        let tx = self.db.begin("add an agency").await?;
        let row = agency::Model {
            id: AgencyId::new(),
            code: facts.code,
            name: facts.name,
            agency_group: facts.group,
            valid_from: facts.valid_from,
            valid_to: facts.valid_to,
            successor_id: facts.successor,
        };
        if store::same_agency(&tx, &row).await? {
            return Ok(Kept::Twice);
        }
        let (id, after) = (row.id, told_of_agency(&row));
        agency::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        self.end(tx, "agency.added", id.to_string(), json!({ "after": after })).await?;
        Ok(Kept::Done(id))
    }

    /// Changes an agency. Its code stays: files know it by that.
    pub async fn change_agency(self, id: AgencyId, facts: AgencyFacts) -> Result<Kept<AgencyId>, DbErr> {
        let tx = self.db.begin("change an agency").await?;
        let Some(before) = agency::Entity::find_by_id(id).one(tx.conn()).await? else {
            return Ok(Kept::NotThere);
        };
        let mut row = before.clone();
        (row.name, row.agency_group) = (facts.name, facts.group);
        (row.valid_from, row.valid_to, row.successor_id) =
            (facts.valid_from, facts.valid_to, facts.successor);
        if row != before {
            let payload = json!({ "before": told_of_agency(&before), "after": told_of_agency(&row) });
            row.into_active_model().reset_all().update(tx.conn()).await?;
            self.end(tx, "agency.changed", id.to_string(), payload).await?;
        }
        Ok(Kept::Done(id))
    }

    /// Adds a service of an agency.
    pub async fn add_service(self, agency_id: AgencyId, name: &str) -> Result<Kept<ServiceId>, DbErr> {
        let tx = self.db.begin("add a service").await?;
        let row =
            service::Model { id: ServiceId::new(), agency_id, name: name.to_owned(), merged_into_id: None };
        if store::same_service(&tx, &row).await? {
            return Ok(Kept::Twice);
        }
        let id = row.id;
        service::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        let payload = json!({ "agency": agency_id, "name": name });
        self.end(tx, "service.added", id.to_string(), payload).await?;
        Ok(Kept::Done(id))
    }

    /// Gives a service another name.
    pub async fn rename_service(self, id: ServiceId, name: &str) -> Result<Kept<ServiceId>, DbErr> {
        let tx = self.db.begin("rename a service").await?;
        let Some(mut row) = store::take_service(&tx, id).await? else { return Ok(Kept::NotThere) };
        let before = std::mem::replace(&mut row.name, name.to_owned());
        if before == name {
            return Ok(Kept::Done(id));
        }
        // A name that it had itself once is free for it.
        store::forget_name(&tx, id, name).await?;
        if store::same_service(&tx, &row).await? {
            return Ok(Kept::Twice);
        }
        let agency_id = row.agency_id;
        row.into_active_model().reset_all().update(tx.conn()).await?;
        // Files go on using the old name: it leads here, as one that was merged does.
        let former = service::Model {
            id: ServiceId::new(),
            agency_id,
            name: before.clone(),
            merged_into_id: Some(id),
        };
        service::Entity::insert(former.into_active_model()).exec_without_returning(tx.conn()).await?;
        self.end(tx, "service.renamed", id.to_string(), json!({ "before": before, "after": name })).await?;
        Ok(Kept::Done(id))
    }

    /// Says that a service is another one of the same agency under a second name: its invitations and contacts
    /// move there, and files that use its name mean the other. Grants to see it end.
    pub async fn merge(self, from: ServiceId, into: ServiceId) -> Result<Kept<ServiceId>, DbErr> {
        let tx = self.db.begin("merge services").await?;
        if from == into {
            return Ok(Kept::NotThere);
        }
        // In one order, whichever is merged into which: two people at once wait, and do not deadlock.
        store::take_service(&tx, from.min(into)).await?;
        let (gone, kept) = (store::take_service(&tx, from).await?, store::take_service(&tx, into).await?);
        let (Some(mut gone), Some(kept)) = (gone, kept) else { return Ok(Kept::NotThere) };
        if gone.agency_id != kept.agency_id {
            return Ok(Kept::NotThere);
        }
        let both = store::asked_both(&tx, from, into).await?;
        if both > 0 {
            return Ok(Kept::Both(both));
        }
        let moved = store::move_service(&tx, from, into, self.today()).await?;
        let joined = moved.joined.iter().map(|(gone, kept)| json!({ "gone": told(gone), "kept": kept }));
        let payload = json!({
            "name": gone.name, "into": into, "into_name": kept.name, "invitations": moved.invitations,
            "contacts": moved.contacts, "joined": joined.collect::<Vec<_>>(),
        });
        gone.merged_into_id = Some(into);
        gone.into_active_model().reset_all().update(tx.conn()).await?;
        // Whoever saw the one was not granted the other: that is for who keeps the accounts.
        let ended = |account: &AccountId| Event {
            action: "scope.ended",
            object: account.to_string(),
            payload: json!({ "service": from, "merged_into": into }),
        };
        let mut events: Vec<Event> = moved.grants.iter().map(ended).collect();
        events.push(Event { action: "service.merged", object: from.to_string(), payload });
        audit::record(&tx, self.keys, self.actor, self.now, events).await?;
        tx.commit().await?;
        Ok(Kept::Done(into))
    }
}
