//! Booking a conference: what is looked up while it is booked, and the booking itself, in one transaction.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::draft::{Draft, When};
use super::hints::{Booking, ChairBusy, ClockStart};
use super::inviting::{Office, invite};
use super::store;
use super::suggestion::{Before, Place};
use crate::agencies::ServiceId;
use crate::agencies::entity::contact;
use crate::agencies::store::Directory;
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::conferences::entity::{child, conference};
use crate::conferences::{
    self, ChairId, ChildId, ConferenceId, ConferenceType, Sight, Status, latest_day, new_reference,
};
use crate::invitations::entity::{invitation, invitation_child};
use crate::invitations::{self, AbsenceReason, Excused, InvitationId, Necessity};
use crate::outbox::NoticeError;
use crate::platform::{Keys, Tx};
use crate::register::store::records;

/// Somebody who is to be invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitee {
    pub service: ServiceId,
    pub role: String,
    pub necessity: Necessity,
    /// The address; `None`: somebody rings.
    pub email: Option<String>,
    /// The children it concerns, by their place in the draft; empty for all.
    pub only_children: Vec<usize>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// Booked, and so many invited by mail.
    Done(ConferenceId, usize),
    /// The local reference is taken.
    ReferenceTaken,
    /// The same form was sent before.
    Already,
}

/// What is known of the children before: of each, its conferences that somebody may see, the newest first.
pub struct History {
    of: Vec<(Vec<u8>, conference::Model)>,
}

impl History {
    /// Looks it up.
    pub async fn of(
        db: &impl ConnectionTrait,
        keys: &Keys,
        children: impl IntoIterator<Item = &str>,
        sight: Sight,
    ) -> Result<Self, DbErr> {
        let keys: Vec<Vec<u8>> =
            children.into_iter().map(|child| keys.find(conferences::CHILD, child)).collect();
        Ok(Self { of: store::of_children(db, keys, sight).await? })
    }

    /// The same of a conference that is booked already, without that one.
    pub async fn of_conference(
        db: &impl ConnectionTrait,
        children: &[child::Model],
        but: ConferenceId,
        sight: Sight,
    ) -> Result<Self, DbErr> {
        let keys = children.iter().map(|child| child.child_key.clone()).collect();
        let mut of = store::of_children(db, keys, sight).await?;
        of.retain(|(_, c)| c.id != but);
        Ok(Self { of })
    }

    fn last(&self, until: NaiveDate, fits: impl Fn(Status) -> bool) -> HashMap<&[u8], &conference::Model> {
        let mut last = HashMap::new();
        for (key, c) in &self.of {
            if c.conference_date < until && fits(c.status) {
                last.entry(key.as_slice()).or_insert(c);
            }
        }
        last
    }

    /// What starts the clock of a conference of this type and day: of several children, the first to be due.
    pub fn clock(&self, kind: ConferenceType, date: NaiveDate, discussed: Option<NaiveDate>) -> ClockStart {
        if kind.is_initial() {
            return discussed.map_or(ClockStart::Unknown, ClockStart::Discussion);
        }
        let first = match kind {
            // Only an adjournment that is still open: one after which the child's conference was held is settled.
            ConferenceType::Reconvened => {
                let took_place = |status| matches!(status, Status::Held | Status::Adjourned);
                let last = self.last(date, took_place).into_values();
                last.filter(|c| c.status == Status::Adjourned).map(|c| c.conference_date).min()
            }
            _ => {
                let held = self.last(date, |status| status == Status::Held);
                held.into_values().map(|c| c.conference_date).min()
            }
        };
        first.map_or(ClockStart::Unknown, ClockStart::Before)
    }

    /// Conferences that these children have coming.
    fn coming(&self, today: NaiveDate) -> Vec<(String, NaiveDate)> {
        let coming =
            self.of.iter().filter(|(_, c)| c.status == Status::Scheduled && c.conference_date >= today);
        let mut coming: Vec<_> = coming.map(|(_, c)| (c.reference.clone(), c.conference_date)).collect();
        coming.sort();
        coming.dedup();
        coming
    }

    /// Those who were invited to the last conference of each child that was held or adjourned; where none was, to the
    /// one that is booked.
    pub async fn invited(
        &self,
        db: &impl ConnectionTrait,
        directory: &Directory,
    ) -> Result<Vec<Before>, DbErr> {
        let took_place = |status| matches!(status, Status::Held | Status::Adjourned);
        let mut of_each = self.last(NaiveDate::MAX, |_| true);
        of_each.extend(self.last(NaiveDate::MAX, took_place));
        let mut last: Vec<conference::Model> = of_each.into_values().cloned().collect();
        last.sort_by_key(|c| std::cmp::Reverse((c.starts_at, c.id)));
        last.dedup_by_key(|c| c.id);
        let mut before = Vec::new();
        for record in records(db, last).await? {
            let on = record.conference.conference_date;
            before.extend(record.invitations.iter().filter(|row| !row.walk_in).map(|row| Before {
                service: row.service_id,
                group: directory.of(row.service_id).1.agency_group,
                role: row.role.clone(),
                necessity: row.necessity,
                on,
                is_booked: record.conference.status == Status::Scheduled,
                children: record.only_children.get(&row.id).map(|only| {
                    let concerned = record.children.iter().filter(|child| only.contains(&child.id));
                    concerned.map(|child| child.child_key.clone()).collect()
                }),
                no_longer_involved: row.excused == Some(Excused::NoLongerInvolved)
                    || matches!(
                        row.absence_reason,
                        Some(AbsenceReason::CaseClosed | AbsenceReason::NotKnownToService)
                    ),
            }));
        }
        Ok(before)
    }

    /// Whether a child's last conference was an initial one (or one that was reconvened after it), so that a review is
    /// that child's first.
    pub fn is_first_review(&self, date: NaiveDate) -> bool {
        let held = |c: &conference::Model| {
            c.status == Status::Held && c.conference_date < date && c.kind != ConferenceType::Reconvened
        };
        let mut before: HashMap<&[u8], &conference::Model> = HashMap::new();
        let mut adjourned: HashSet<&[u8]> = HashSet::new();
        for (key, c) in &self.of {
            // An initial conference that was adjourned and reconvened was decided at the second.
            if c.status == Status::Adjourned && c.kind.is_initial() && !before.contains_key(key.as_slice()) {
                adjourned.insert(key);
            }
            if held(c) {
                before.entry(key).or_insert(c);
            }
        }
        let mut children = self.of.iter().map(|(key, _)| key.as_slice());
        children.any(|key| adjourned.contains(key) || before.get(key).is_some_and(|c| c.kind.is_initial()))
    }
}

/// Where the chair is at that time: from when to when. Of a conference that is hidden only that there is one.
pub async fn chair_busy(
    db: &impl ConnectionTrait,
    chair: ChairId,
    when: When,
    but: Option<ConferenceId>,
    sight: Sight,
) -> Result<Vec<ChairBusy>, DbErr> {
    // Of every conference: nobody chairs two at once, whoever may know of them.
    let day = store::same_day(db, when.date, but, Sight::Everything).await?;
    let seen = store::same_day(db, when.date, but, sight).await?;
    let hours =
        |c: &conference::Model| (c.starts_at, c.starts_at + chrono::TimeDelta::minutes(i64::from(c.minutes)));
    let taken = day.iter().filter(|c| c.chair_id == chair).filter(|c| {
        let (from, until) = hours(c);
        when.overlaps(from, until)
    });
    let said = taken.map(|c| match seen.iter().any(|s| s.id == c.id) {
        true => ChairBusy::Hours(hours(c)),
        false => ChairBusy::Somewhere,
    });
    Ok(said.collect())
}

/// The services that are asked to another conference at that time, each with when that begins.
pub async fn services_busy(
    db: &impl ConnectionTrait,
    when: When,
    but: Option<ConferenceId>,
    sight: Sight,
) -> Result<HashMap<ServiceId, DateTime<Utc>>, DbErr> {
    let day = store::same_day(db, when.date, but, sight).await?.into_iter();
    let day = day.filter(|c| {
        when.overlaps(c.starts_at, c.starts_at + chrono::TimeDelta::minutes(i64::from(c.minutes)))
    });
    let mut busy = HashMap::new();
    for record in records(db, day.collect()).await? {
        let asked = record.invitations.iter().filter(|row| row.excused.is_none());
        busy.extend(asked.map(|row| (row.service_id, record.conference.starts_at)));
    }
    Ok(busy)
}

/// What hints are made of.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
pub async fn booking(
    db: &impl ConnectionTrait,
    history: &History,
    kind: ConferenceType,
    when: When,
    chair: Option<ChairId>,
    discussed: Option<NaiveDate>,
    but: Option<ConferenceId>,
    sight: Sight,
    now: DateTime<Utc>,
) -> Result<Booking, DbErr> {
    let today = london::date(now);
    let chair_busy = match chair {
        Some(chair) => chair_busy(db, chair, when, but, sight).await?,
        None => Vec::new(),
    };
    Ok(Booking {
        kind,
        date: when.date,
        starts: history.clock(kind, when.date, discussed),
        today,
        chair_busy,
        children_booked: history.coming(today),
    })
}

/// The last day in time, for a review or a reconvened conference whose type and children are known and nothing else.
pub fn latest_of(
    history: &History,
    kind: ConferenceType,
    today: NaiveDate,
    office: Office<'_>,
) -> Option<NaiveDate> {
    match history.clock(kind, today + chrono::Days::new(3660), None) {
        ClockStart::Before(day) => Some(latest_day(kind, day, &office.policies.calendar)),
        ClockStart::Discussion(_) | ClockStart::Unknown => None,
    }
}

/// The services of the directory that can be invited to a conference on a day.
pub fn places(directory: &Directory, contacts: &[contact::Model], day: NaiveDate) -> Vec<Place> {
    let mut roles: HashMap<ServiceId, Vec<String>> = HashMap::new();
    for c in contacts.iter().filter(|c| c.is_valid(day)) {
        if let Some(service) = c.service_id {
            roles.entry(service).or_default().push(c.role.clone());
        }
    }
    let living = directory.services.values().filter(|s| s.merged_into_id.is_none());
    let living = living.filter(|s| directory.agencies[&s.agency_id].is_valid(day));
    let mut places: Vec<Place> = living
        .map(|s| Place {
            service: s.id,
            name: s.name.clone(),
            group: directory.agencies[&s.agency_id].agency_group,
            roles: roles.remove(&s.id).unwrap_or_default(),
        })
        .collect();
    places.sort_by(|a, b| (&a.name, a.service).cmp(&(&b.name, b.service)));
    places
}

/// An invitation that nobody has sent yet.
pub fn new_invitation(conference_id: ConferenceId, of: &Invitee) -> invitation::Model {
    let contact_email = of.email.clone();
    let unsent = invitation::Model::new(conference_id, of.service, of.role.clone(), of.necessity);
    invitation::Model { contact_email, ..unsent }
}

/// Writes the narrowed children of invitations.
pub async fn narrow(tx: &Tx, rows: impl IntoIterator<Item = (InvitationId, ChildId)>) -> Result<(), DbErr> {
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(invitation_id, child_id)| {
            invitation_child::Model { invitation_id, child_id }.into_active_model()
        })
        .collect();
    if !rows.is_empty() {
        invitation_child::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// Books a conference under an id that its form has from the start, so that a form sent twice books once; and invites to
/// it at once if that is wanted: all of it, or nothing.
pub async fn book(
    office: Office<'_>,
    draft: &Draft,
    id: ConferenceId,
    invitees: &[Invitee],
    invites: bool,
) -> Result<Booked, NoticeError> {
    let tx = office.db.begin("book a conference").await?;
    if conferences::store::take(&tx, id, Sight::Everything).await?.is_some() {
        return Ok(Booked::Already);
    }
    let reference = new_reference();
    if let Some(local) = &draft.conference_ref
        && store::has_reference(&tx, local).await?
    {
        return Ok(Booked::ReferenceTaken);
    }
    let conference = conference::Model {
        id,
        conference_ref: draft.conference_ref.clone().unwrap_or_else(|| reference.clone()),
        reference,
        kind: draft.kind,
        status: Status::Scheduled,
        adjournment_reason: None,
        conference_date: draft.when.date,
        starts_at: draft.when.starts_at,
        decision_at: None,
        locality: draft.locality,
        mode: draft.at.mode,
        place: draft.at.place.clone(),
        link: draft.at.link.clone(),
        minutes: draft.when.minutes,
        calendar_id: None,
        calendar_sequence: 0,
        chair_id: draft.at.chair,
        strategy_discussion_on: draft.strategy_discussion_on,
        moved_to_id: None,
        restricted: false,
        proceeded_reason: None,
        version: 1,
        from_file: None,
        erased_at: None,
        erased_key: None,
    };
    conference::Entity::insert(conference.clone().into_active_model())
        .exec_without_returning(tx.conn())
        .await?;
    let children = draft.children.iter().map(|(name, category)| child::Model {
        id: ChildId::new(),
        conference_id: id,
        child: office.keys.seal(conferences::CHILD, name),
        child_key: office.keys.find(conferences::CHILD, name),
        category: *category,
        decision: None,
        plan_end_reason: None,
        decision_from_file: None,
    });
    let children: Vec<child::Model> = children.collect();
    child::Entity::insert_many(children.iter().cloned().map(IntoActiveModel::into_active_model))
        .exec_without_returning(tx.conn())
        .await?;
    let mut rows: Vec<invitation::Model> = invitees.iter().map(|of| new_invitation(id, of)).collect();
    // The rows stand before the messages about them.
    invitations::store::save_all(&tx, rows.clone()).await?;
    let only = invitees.iter().zip(&rows).flat_map(|(of, row)| {
        of.only_children.iter().filter_map(|n| children.get(*n)).map(|child| (row.id, child.id))
    });
    narrow(&tx, only.collect::<Vec<_>>()).await?;
    let papers = office.papers(tx.conn(), conference, rows.iter().map(|row| row.service_id)).await?;
    let invited = match invites {
        true => invite(office, &tx, &papers, &mut rows).await?,
        false => 0,
    };
    let told: Vec<_> = rows
        .iter()
        .map(|row| json!({ "id": row.id, "service": row.service_id, "role": row.role, "contact": row.contact_email }))
        .collect();
    invitations::store::save_all(&tx, rows).await?;
    let payload = json!({
        "type": draft.kind, "starts_at": draft.when.starts_at, "children": children.len(),
        "invitations": told, "invited": invited,
    });
    let event = Event { action: "conference.booked", object: id.to_string(), payload };
    audit::record(&tx, office.keys, office.actor, office.now, vec![event]).await?;
    tx.commit().await?;
    Ok(Booked::Done(id, invited))
}
