//! What happens to a conference that is booked: its place or link changes, it is moved, it is cancelled. Those who were
//! invited are told each time, in the same transaction.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::MessageKind;
use super::booking::{Invitee, narrow, new_invitation};
use super::draft::{When, Where};
use super::inviting::{Office, Papers, invite, post};
use super::store;
use crate::audit::{self, Event};
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ChildId, ConferenceId, Sight, Status, new_reference};
use crate::invitations::entity::invitation;
use crate::invitations::{self, InvitationId, Report, report_timing};
use crate::outbox::{self, Gone, NoticeError, State};
use crate::platform::Tx;
use crate::register::save::take;
use crate::register::store::Record;

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Done; the conference as it stands now, and how many are written to.
    Done(ConferenceId, usize),
    /// Not there, or hidden.
    NotThere,
    /// It is not to be held any more, or has begun.
    NotScheduled,
    /// Somebody changed it since the form was made.
    Meanwhile,
    /// Nothing would change, or nothing can be written.
    Nothing,
    /// It is invited already, in this role.
    Twice,
    /// Children's social care convenes, and is always expected.
    AlwaysExpected,
}

/// Takes a conference that is still to be held.
pub(super) async fn take_scheduled(
    tx: &Tx,
    id: ConferenceId,
    sight: Sight,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Result<Record, Moved>, DbErr> {
    let Some((record, _)) = take(tx, id, sight).await? else { return Ok(Err(Moved::NotThere)) };
    let c = &record.conference;
    if c.status != Status::Scheduled || record.register.is_some() || c.starts_at <= now {
        return Ok(Err(Moved::NotScheduled));
    }
    if version.is_some_and(|seen| seen != c.version) {
        return Ok(Err(Moved::Meanwhile));
    }
    Ok(Ok(record))
}

/// Takes back what was going to be sent about invitations (all of a conference's, or one). Says which had been told of
/// nothing yet.
pub(super) async fn take_back(
    tx: &Tx,
    id: ConferenceId,
    only: Option<InvitationId>,
    why: &str,
) -> Result<HashSet<InvitationId>, DbErr> {
    let (mut written, mut told) = (HashSet::new(), HashSet::new());
    let messages = store::messages_of(tx.conn(), [id]).await?.into_iter();
    for message in messages.filter(|m| only.is_none_or(|id| m.invitation_id == id)) {
        let gone = outbox::cancel_unsent(tx, message.id.0, why).await?;
        if message.kind == MessageKind::Invitation {
            written.insert(message.invitation_id);
            if gone != Gone::No {
                told.insert(message.invitation_id);
            }
        }
    }
    Ok(written.into_iter().filter(|id| !told.contains(id)).collect())
}

impl Office<'_> {
    pub(super) async fn noted(
        self,
        tx: Tx,
        action: &'static str,
        object: String,
        payload: serde_json::Value,
    ) -> Result<(), DbErr> {
        let event = Event { action, object, payload };
        audit::record(&tx, self.keys, self.actor, self.now, vec![event]).await?;
        tx.commit().await
    }

    /// Tells those who were invited; not whoever is not expected any more, nor whoever has been told of nothing yet.
    pub(super) async fn tell(
        self,
        tx: &Tx,
        papers: &Papers,
        rows: &[invitation::Model],
        but: &HashSet<InvitationId>,
        kind: MessageKind,
    ) -> Result<usize, NoticeError> {
        let mut told = 0;
        for row in
            rows.iter().filter(|row| row.is_reached() && row.excused.is_none() && !but.contains(&row.id))
        {
            told += usize::from(post(self, tx, papers, row, kind, None).await?);
        }
        Ok(told)
    }

    /// Changes when or where a conference is. With the same date and time it stays, and those who were invited are
    /// told; otherwise it is moved: the old date is cancelled and linked to the new, everybody is invited anew, and
    /// an answer to the old date does not count for the new one.
    pub async fn change(
        self,
        id: ConferenceId,
        sight: Sight,
        version: i32,
        when: When,
        at: &Where,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("change a conference").await?;
        let record = match take_scheduled(&tx, id, sight, Some(version), self.now).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let mut c = record.conference.clone();
        (c.mode, c.place, c.link, c.chair_id) = (at.mode, at.place.clone(), at.link.clone(), at.chair);
        c.minutes = when.minutes;
        if when.starts_at == c.starts_at {
            if c == record.conference {
                return Ok(Moved::Nothing);
            }
            return self.change_in_place(tx, record, c).await;
        }
        c.id = ConferenceId::new();
        (c.conference_date, c.starts_at) = (when.date, when.starts_at);
        c.calendar_id = Some(record.conference.calendar_id.unwrap_or(id));
        c.calendar_sequence += 1;
        (c.version, c.from_file) = (1, None);
        c.reference = new_reference();
        let mut old = record.conference.clone();
        if old.conference_ref == old.reference {
            c.conference_ref = c.reference.clone();
        } else {
            // The case system goes on with its own reference, and means the new date by it.
            old.conference_ref = format!("{} ({}, moved)", old.conference_ref, old.reference);
        }
        (old.status, old.version) = (Status::Cancelled, old.version + 1);
        old.clone().into_active_model().reset_all().update(tx.conn()).await?;
        conference::Entity::insert(c.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
        old.moved_to_id = Some(c.id);
        old.clone().into_active_model().reset_all().update(tx.conn()).await?;
        take_back(&tx, id, None, "the conference was moved").await?;
        // Whoever is named on a restricted conference is named on its new date.
        conferences::store::name_on_too(&tx, id, c.id).await?;
        let mut papers = self.papers(tx.conn(), c, record.services()).await?;
        let (mut rows, was_invited) = self.carry_over(&tx, &record, &papers).await?;
        let new_id = papers.conference.id;
        let changes = json!({ "before": said(&record.conference), "after": said(&papers.conference) });
        papers.moved_from = Some(old);
        let written = invite(self, &tx, &papers, &mut rows[..was_invited]).await?;
        invitations::store::save_all(&tx, rows).await?;
        let event = Event {
            action: "conference.moved_here",
            object: new_id.to_string(),
            payload: json!({ "from": id, "changes": changes.clone(), "written_to": written }),
        };
        audit::record(&tx, self.keys, self.actor, self.now, vec![event]).await?;
        let payload = json!({ "to": new_id, "changes": changes });
        self.noted(tx, "conference.moved", id.to_string(), payload).await?;
        Ok(Moved::Done(new_id, written))
    }

    /// Place, link, chair or length change, and nothing else: answers stand. Whoever's invitation has not gone yet gets
    /// one that says how it stands now, and nothing of before.
    async fn change_in_place(
        self,
        tx: Tx,
        record: Record,
        mut c: conference::Model,
    ) -> Result<Moved, NoticeError> {
        let id = c.id;
        (c.version, c.calendar_sequence) = (c.version + 1, c.calendar_sequence + 1);
        let changes = json!({ "before": said(&record.conference), "after": said(&c) });
        c.clone().into_active_model().reset_all().update(tx.conn()).await?;
        // Where a change before this one is still in the queue, its message is taken back with the others: what this one
        // tells of is not all that changed.
        let messages = store::messages_of(tx.conn(), [id]).await?.into_iter();
        let told = messages.filter(|m| m.kind == MessageKind::Changed).map(|m| m.id.0);
        let told = outbox::about(tx.conn(), told.collect()).await?;
        let waits = told.iter().any(|m| m.sent_at.is_none() && m.state != State::Cancelled);
        let unsent = take_back(&tx, id, None, "the conference was changed").await?;
        let mut papers = self.papers(tx.conn(), c, record.services()).await?;
        papers.was = (!waits).then_some(record.conference);
        let mut written = self.tell(&tx, &papers, &record.invitations, &unsent, MessageKind::Changed).await?;
        for row in record.invitations.iter().filter(|row| unsent.contains(&row.id) && row.excused.is_none()) {
            written += usize::from(post(self, &tx, &papers, row, MessageKind::Invitation, None).await?);
        }
        let payload = json!({ "changes": changes, "written_to": written });
        self.noted(tx, "conference.changed", id.to_string(), payload).await?;
        Ok(Moved::Done(id, written))
    }

    /// Copies children and invitations to the new date: whoever had been invited first, to be invited again at an
    /// address that may be used today. What was answered stays behind; a report that came is here, with the view in
    /// it. Whoever was not to come is not to come.
    async fn carry_over(
        self,
        tx: &Tx,
        record: &Record,
        papers: &Papers,
    ) -> Result<(Vec<invitation::Model>, usize), DbErr> {
        let to = &papers.conference;
        let mut new_id: HashMap<ChildId, ChildId> = HashMap::new();
        let children = record.children.iter().map(|old| {
            let id = ChildId::new();
            new_id.insert(old.id, id);
            child::Model { id, conference_id: to.id, decision: None, decision_from_file: None, ..old.clone() }
        });
        let children: Vec<_> = children.map(IntoActiveModel::into_active_model).collect();
        child::Entity::insert_many(children).exec_without_returning(tx.conn()).await?;
        let carried = record.invitations.iter().filter(|row| !row.walk_in);
        let (first, last): (Vec<_>, Vec<_>) =
            carried.partition(|row| row.invited_on.is_some() && row.excused.is_none());
        let was_invited = first.len();
        let mut rows = Vec::new();
        let mut only = Vec::new();
        for old in first.into_iter().chain(last) {
            let by_telephone = old.is_reached() && old.contact_email.is_none();
            let email = match by_telephone {
                true => None,
                false => self.address(tx.conn(), &papers.directory, old).await?,
            };
            let of = Invitee {
                service: old.service_id,
                role: old.role.clone(),
                necessity: old.necessity,
                email,
                only_children: Vec::new(),
            };
            let mut row = new_invitation(to.id, &of);
            row.excused = old.excused;
            (row.report, row.report_received_on) = (old.report, old.report_received_on);
            if old.report.was_received() {
                row.view = old.view;
                row.child_views =
                    old.child_views.iter().filter_map(|(c, v)| Some((*new_id.get(&c)?, v))).collect();
            }
            let days = self.policies.report_on_time_working_days;
            let received = old.report_received_on.filter(|_| old.report != Report::NilReturn);
            let timing =
                received.and_then(|on| report_timing(on, to.conference_date, days, &self.policies.calendar));
            row.report = timing.unwrap_or(row.report);
            let concerns = record.only_children.get(&old.id).into_iter().flatten();
            only.extend(concerns.map(|child| (row.id, new_id[child])));
            rows.push(row);
        }
        invitations::store::save_all(tx, rows.clone()).await?;
        narrow(tx, only).await?;
        Ok((rows, was_invited))
    }

    /// Cancels a conference: what was going to be sent is not, and those who were invited are told. One whose time has
    /// come can still be cancelled while nothing of it is recorded: it did not take place.
    pub async fn cancel(self, id: ConferenceId, sight: Sight, version: i32) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("cancel a conference").await?;
        let Some((record, _)) = take(&tx, id, sight).await? else { return Ok(Moved::NotThere) };
        let mut c = record.conference.clone();
        let recorded = record.invitations.iter().any(|row| row.attendance.is_some());
        let begun = c.starts_at <= self.now;
        if c.status != Status::Scheduled || record.register.is_some() || begun && recorded {
            return Ok(Moved::NotScheduled);
        }
        if version != c.version {
            return Ok(Moved::Meanwhile);
        }
        c.status = Status::Cancelled;
        (c.version, c.calendar_sequence) = (c.version + 1, c.calendar_sequence + 1);
        c.clone().into_active_model().reset_all().update(tx.conn()).await?;
        let unsent = take_back(&tx, id, None, "the conference was cancelled").await?;
        let papers = self.papers(tx.conn(), c, record.services()).await?;
        let written = match begun {
            true => 0,
            false => self.tell(&tx, &papers, &record.invitations, &unsent, MessageKind::Cancelled).await?,
        };
        self.noted(tx, "conference.cancelled", id.to_string(), json!({ "written_to": written })).await?;
        Ok(Moved::Done(id, written))
    }
}

/// What the trail says of a conference: that there is a link, not the link.
fn said(c: &conference::Model) -> serde_json::Value {
    json!({
        "starts_at": c.starts_at, "mode": c.mode, "place": c.place, "has_link": c.link.is_some(), "chair": c.chair_id,
        "minutes": c.minutes,
    })
}
