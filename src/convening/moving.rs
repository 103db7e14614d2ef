//! What happens to a conference that is booked: its place or link changes, it is moved, it is cancelled, an agency is
//! added or is not to come after all. Those who were invited are told each time, in the same transaction.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::MessageKind;
use super::booking::{Invitee, narrow, new_invitation};
use super::draft::{When, Where};
use super::inviting::{Office, Papers, invite, post};
use super::store;
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ChildId, ConferenceId, Sight, Status, new_reference};
use crate::invitations::entity::invitation;
use crate::invitations::{self, Delivery, Excused, InvitationId, Response, report_timing};
use crate::outbox::{self, NoticeError};
use crate::platform::Tx;
use crate::register::save::take;
use crate::register::store::Record;

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Done; the conference as it stands now, and how many were written to.
    Done(ConferenceId, usize),
    /// Not there, or hidden.
    NotThere,
    /// It is not to be held any more, or has been.
    NotScheduled,
    /// Somebody changed it since the form was made.
    Meanwhile,
    /// Nothing would change.
    Nothing,
    /// It is invited already, in this role.
    Twice,
    /// Children's social care convenes, and is always expected.
    AlwaysExpected,
}

/// Takes a conference that is still to be held.
async fn take_scheduled(
    tx: &Tx,
    id: ConferenceId,
    sight: Sight,
    version: Option<i32>,
) -> Result<Result<Record, Moved>, DbErr> {
    let Some(record) = take(tx, id, sight).await? else { return Ok(Err(Moved::NotThere)) };
    if record.conference.status != Status::Scheduled || record.register.is_some() {
        return Ok(Err(Moved::NotScheduled));
    }
    if version.is_some_and(|seen| seen != record.conference.version) {
        return Ok(Err(Moved::Meanwhile));
    }
    Ok(Ok(record))
}

/// Takes back what was going to be sent about these invitations.
async fn take_back(tx: &Tx, id: ConferenceId, why: &str) -> Result<(), DbErr> {
    for message in store::messages_of(tx.conn(), [id]).await? {
        outbox::cancel_unsent(tx, message.id.0, why).await?;
    }
    Ok(())
}

fn was_told(row: &invitation::Model) -> bool {
    row.invited_on.is_some() && row.delivery == Delivery::Sent && row.excused.is_none()
}

impl Office<'_> {
    async fn noted(
        self,
        tx: Tx,
        action: &'static str,
        id: ConferenceId,
        payload: serde_json::Value,
    ) -> Result<(), DbErr> {
        let event = Event { action, object: id.to_string(), payload };
        audit::record(&tx, self.keys, self.actor, self.now, vec![event]).await?;
        tx.commit().await
    }

    async fn tell(
        self,
        tx: &Tx,
        papers: &Papers,
        rows: &[invitation::Model],
        kind: MessageKind,
    ) -> Result<usize, NoticeError> {
        let mut told = 0;
        for row in rows.iter().filter(|row| was_told(row)) {
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
        let record = match take_scheduled(&tx, id, sight, Some(version)).await? {
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
            (c.version, c.calendar_sequence) = (c.version + 1, c.calendar_sequence + 1);
            let (before, after) = (told(&record.conference), told(&c));
            c.clone().into_active_model().reset_all().update(tx.conn()).await?;
            let papers = self.papers(tx.conn(), c, record.services()).await?;
            let written = self.tell(&tx, &papers, &record.invitations, MessageKind::Changed).await?;
            let payload = json!({ "before": before, "after": after, "written_to": written });
            self.noted(tx, "conference.changed", id, payload).await?;
            return Ok(Moved::Done(id, written));
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
        (old.status, old.moved_to_id, old.version) = (Status::Cancelled, None, old.version + 1);
        old.clone().into_active_model().reset_all().update(tx.conn()).await?;
        conference::Entity::insert(c.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
        old.moved_to_id = Some(c.id);
        old.clone().into_active_model().reset_all().update(tx.conn()).await?;
        take_back(&tx, id, "the conference was moved").await?;
        // Whoever is named on a restricted conference is named on its new date.
        conferences::store::name_on_too(&tx, id, c.id).await?;
        let (mut rows, was_invited) = self.carry_over(&tx, &record, &c).await?;
        let new_id = c.id;
        let mut papers = self.papers(tx.conn(), c, record.services()).await?;
        papers.moved_from = Some(old);
        let written = invite(self, &tx, &papers, &mut rows[..was_invited]).await?;
        invitations::store::save_all(&tx, rows).await?;
        let payload = json!({ "to": new_id, "starts_at": when.starts_at, "written_to": written });
        self.noted(tx, "conference.moved", id, payload).await?;
        Ok(Moved::Done(new_id, written))
    }

    /// Copies children and invitations to the new date: whoever had been invited first, to be invited again. What
    /// was answered stays behind; a report that came is here.
    async fn carry_over(
        self,
        tx: &Tx,
        record: &Record,
        to: &conference::Model,
    ) -> Result<(Vec<invitation::Model>, usize), DbErr> {
        let mut new_id: HashMap<ChildId, ChildId> = HashMap::new();
        let children = record.children.iter().map(|old| {
            let id = ChildId::new();
            new_id.insert(old.id, id);
            child::Model { id, conference_id: to.id, decision: None, decision_from_file: None, ..old.clone() }
        });
        let children: Vec<_> = children.map(IntoActiveModel::into_active_model).collect();
        child::Entity::insert_many(children).exec_without_returning(tx.conn()).await?;
        let carried = record.invitations.iter().filter(|row| !row.walk_in && row.excused.is_none());
        let (first, last): (Vec<_>, Vec<_>) = carried.partition(|row| row.invited_on.is_some());
        let was_invited = first.len();
        let mut rows = Vec::new();
        let mut only = Vec::new();
        for old in first.into_iter().chain(last) {
            let of = Invitee {
                service: old.service_id,
                role: old.role.clone(),
                necessity: old.necessity,
                email: old.contact_email.clone(),
                only_children: Vec::new(),
            };
            let mut row = new_invitation(to.id, &of);
            (row.report, row.report_received_on) = (old.report, old.report_received_on);
            let days = self.policies.report_on_time_working_days;
            let timing = old.report_received_on.filter(|_| old.report != invitations::Report::NilReturn);
            if let Some(timing) =
                timing.and_then(|on| report_timing(on, to.conference_date, days, &self.policies.calendar))
            {
                row.report = timing;
            }
            let concerns = record.only_children.get(&old.id).into_iter().flatten();
            only.extend(concerns.map(|child| (row.id, new_id[child])));
            rows.push(row);
        }
        invitations::store::save_all(tx, rows.clone()).await?;
        narrow(tx, only).await?;
        Ok((rows, was_invited))
    }

    /// Cancels a conference: what was going to be sent is not, and those who were invited are told.
    pub async fn cancel(self, id: ConferenceId, sight: Sight, version: i32) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("cancel a conference").await?;
        let record = match take_scheduled(&tx, id, sight, Some(version)).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let mut c = record.conference.clone();
        c.status = Status::Cancelled;
        (c.version, c.calendar_sequence) = (c.version + 1, c.calendar_sequence + 1);
        c.clone().into_active_model().reset_all().update(tx.conn()).await?;
        take_back(&tx, id, "the conference was cancelled").await?;
        let papers = self.papers(tx.conn(), c, record.services()).await?;
        let written = self.tell(&tx, &papers, &record.invitations, MessageKind::Cancelled).await?;
        self.noted(tx, "conference.cancelled", id, json!({ "written_to": written })).await?;
        Ok(Moved::Done(id, written))
    }

    /// Invites one more agency.
    pub async fn add(self, id: ConferenceId, sight: Sight, of: &Invitee) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("invite an agency").await?;
        let record = match take_scheduled(&tx, id, sight, None).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let same =
            |row: &invitation::Model| row.service_id == of.service && row.role.eq_ignore_ascii_case(&of.role);
        if record.invitations.iter().any(same) {
            return Ok(Moved::Twice);
        }
        let mut rows = [new_invitation(id, of)];
        invitations::store::save_all(&tx, rows.to_vec()).await?;
        let only = of.only_children.iter().filter_map(|n| record.children.get(*n));
        narrow(&tx, only.map(|child| (rows[0].id, child.id)).collect::<Vec<_>>()).await?;
        let papers = self.papers(tx.conn(), record.conference, [of.service]).await?;
        let written = invite(self, &tx, &papers, &mut rows).await?;
        let row = rows[0].id;
        invitations::store::save_all(&tx, rows.to_vec()).await?;
        let payload =
            json!({ "invitation": row, "service": of.service, "role": of.role, "written_to": written });
        self.noted(tx, "invitation.added", id, payload).await?;
        Ok(Moved::Done(id, written))
    }

    /// Invites those who have not been: all, or one, to another address where one is given.
    pub async fn send(
        self,
        id: ConferenceId,
        sight: Sight,
        only: Option<InvitationId>,
        address: Option<&str>,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("send invitations").await?;
        let record = match take_scheduled(&tx, id, sight, None).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let services: Vec<_> = record.services().collect();
        let wanted = record.invitations.into_iter().filter(|row| {
            row.excused.is_none()
                && match only {
                    Some(id) => row.id == id,
                    None => row.invited_on.is_none() || row.delivery == Delivery::NotSent,
                }
        });
        let mut rows: Vec<invitation::Model> = wanted.collect();
        if let (Some(address), [row]) = (address, &mut rows[..]) {
            // What still waits for the address that was wrong does not go.
            for message in store::messages_of(tx.conn(), [id]).await? {
                if message.invitation_id == row.id {
                    outbox::cancel_unsent(&tx, message.id.0, "it goes to another address").await?;
                }
            }
            row.contact_email = Some(address.to_lowercase());
        }
        let papers = self.papers(tx.conn(), record.conference, services).await?;
        let written = invite(self, &tx, &papers, &mut rows).await?;
        let ids: Vec<InvitationId> = rows.iter().map(|row| row.id).collect();
        invitations::store::save_all(&tx, rows).await?;
        self.noted(tx, "invitation.sent", id, json!({ "invitations": ids, "written_to": written })).await?;
        Ok(Moved::Done(id, written))
    }

    /// Notes that somebody was invited by telephone today.
    pub async fn invited_by_telephone(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("note an invitation by telephone").await?;
        let record = match take_scheduled(&tx, id, sight, None).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let Some(mut row) = record.invitations.into_iter().find(|row| row.id == invitation) else {
            return Ok(Moved::NotThere);
        };
        if was_told(&row) || row.excused.is_some() {
            return Ok(Moved::Nothing);
        }
        row.by_telephone(london::date(self.now));
        invitations::store::save_all(&tx, vec![row]).await?;
        self.noted(tx, "invitation.by_telephone", id, json!({ "invitation": invitation })).await?;
        Ok(Moved::Done(id, 0))
    }

    /// Notes that an agency is not involved any more: it is not expected, and is told if it had been invited.
    pub async fn withdraw(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("withdraw an invitation").await?;
        let record = match take_scheduled(&tx, id, sight, None).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let services: Vec<_> = record.services().collect();
        let Some(mut row) = record.invitations.into_iter().find(|row| row.id == invitation) else {
            return Ok(Moved::NotThere);
        };
        if row.excused.is_some() {
            return Ok(Moved::Nothing);
        }
        for message in store::messages_of(tx.conn(), [id]).await? {
            if message.invitation_id == row.id {
                outbox::cancel_unsent(&tx, message.id.0, "the agency is not involved any more").await?;
            }
        }
        let mut c = record.conference;
        (c.version, c.calendar_sequence) = (c.version + 1, c.calendar_sequence + 1);
        c.clone().into_active_model().reset_all().update(tx.conn()).await?;
        let papers = self.papers(tx.conn(), c, services).await?;
        if !papers.directory.of(row.service_id).1.agency_group.can_be_excused() {
            return Ok(Moved::AlwaysExpected);
        }
        let written = self.tell(&tx, &papers, std::slice::from_ref(&row), MessageKind::Cancelled).await?;
        row.excused = Some(Excused::NoLongerInvolved);
        invitations::store::save_all(&tx, vec![row]).await?;
        let payload = json!({ "invitation": invitation, "written_to": written });
        self.noted(tx, "invitation.withdrawn", id, payload).await?;
        Ok(Moved::Done(id, written))
    }

    /// Asks for the answer once more; whoever has answered, for the report.
    pub async fn nudge(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("nudge an agency").await?;
        let record = match take_scheduled(&tx, id, sight, None).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let services: Vec<_> = record.services().collect();
        let Some(row) = record.invitations.iter().find(|row| row.id == invitation && was_told(row)) else {
            return Ok(Moved::NotThere);
        };
        let papers = self.papers(tx.conn(), record.conference, services).await?;
        let kind = match row.response {
            Response::None => MessageKind::AnswerNudge,
            _ => MessageKind::ReportNudge,
        };
        let written = usize::from(post(self, &tx, &papers, row, kind, None).await?);
        let payload = json!({ "invitation": invitation, "written_to": written });
        self.noted(tx, "invitation.nudged", id, payload).await?;
        Ok(Moved::Done(id, written))
    }
}

fn told(c: &conference::Model) -> serde_json::Value {
    json!({ "mode": c.mode, "place": c.place, "link": c.link, "chair": c.chair_id, "minutes": c.minutes })
}
