//! One agency's invitation to a conference that is booked: added, sent, sent elsewhere, made by telephone, asked after,
//! withdrawn, taken back.

use std::collections::HashSet;

use chrono::TimeDelta;
use serde_json::json;

use super::MessageKind;
use super::booking::{Invitee, narrow, new_invitation};
use super::inviting::{Office, invite, post};
use super::moving::{Moved, take_back, take_scheduled};
use super::store;
use crate::calendar::london;
use crate::conferences::{self, ConferenceId, Sight};
use crate::invitations::entity::invitation;
use crate::invitations::{self, Delivery, Excused, InvitationId, Necessity, Response};
use crate::outbox::NoticeError;

/// Between two reminders that somebody sends by hand.
const BETWEEN_NUDGES: TimeDelta = TimeDelta::hours(1);

fn said(row: &invitation::Model) -> serde_json::Value {
    json!({
        "contact": row.contact_email, "invited_on": row.invited_on, "delivery": row.delivery, "excused": row.excused,
    })
}

impl Office<'_> {
    /// Invites one more agency.
    pub async fn add(self, id: ConferenceId, sight: Sight, of: &Invitee) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("invite an agency").await?;
        let record = match take_scheduled(&tx, id, sight, None, self.now).await? {
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
        let payload = json!({ "invitation": rows[0].id, "service": of.service, "role": of.role, "after": said(&rows[0]) });
        invitations::store::save_all(&tx, rows.to_vec()).await?;
        self.noted(tx, "invitation.added", id.to_string(), payload).await?;
        Ok(Moved::Done(id, written))
    }

    /// Invites all those who have not been, at addresses that may be used today.
    pub async fn send(self, id: ConferenceId, sight: Sight) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("send invitations").await?;
        let record = match take_scheduled(&tx, id, sight, None, self.now).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        if !self.can_write() {
            return Ok(Moved::Nothing);
        }
        let services: Vec<_> = record.services().collect();
        let papers = self.papers(tx.conn(), record.conference, services).await?;
        let wanted = |row: &invitation::Model| !row.walk_in && row.excused.is_none() && !row.is_reached();
        let mut rows: Vec<invitation::Model> = record.invitations.into_iter().filter(wanted).collect();
        for row in &mut rows {
            row.contact_email = self.address(tx.conn(), &papers.directory, row).await?;
        }
        let written = invite(self, &tx, &papers, &mut rows).await?;
        let after: Vec<_> =
            rows.iter().map(|row| json!({ "invitation": row.id, "after": said(row) })).collect();
        invitations::store::save_all(&tx, rows).await?;
        self.noted(tx, "invitation.sent", id.to_string(), json!({ "invitations": after })).await?;
        Ok(Moved::Done(id, written))
    }

    /// Sends one invitation to an address that somebody chose. Whoever was reached before keeps the day on which they
    /// were; where that address was wrong (`wrong`), they are invited as of today, and the fault is ours.
    pub async fn readdress(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
        address: &str,
        wrong: bool,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("invite at another address").await?;
        let record = match take_scheduled(&tx, id, sight, None, self.now).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let services: Vec<_> = record.services().collect();
        let found = record.invitations.into_iter().find(|row| row.id == invitation && row.excused.is_none());
        let Some(before) = found.filter(|_| self.can_write()) else { return Ok(Moved::Nothing) };
        let unsent = take_back(&tx, id, Some(invitation), "it goes to another address").await?;
        let reached_on = before.invited_on.filter(|_| before.is_reached() && !unsent.contains(&invitation));
        let mut rows = [invitation::Model { contact_email: Some(address.to_lowercase()), ..before.clone() }];
        let papers = self.papers(tx.conn(), record.conference, services).await?;
        let written = invite(self, &tx, &papers, &mut rows).await?;
        if let Some(day) = reached_on.filter(|_| !wrong) {
            rows[0].invited_on = Some(day);
        }
        let payload =
            json!({ "before": said(&before), "after": said(&rows[0]), "first_address_wrong": wrong });
        invitations::store::save_all(&tx, rows.to_vec()).await?;
        self.noted(tx, "invitation.readdressed", invitation.to_string(), payload).await?;
        Ok(Moved::Done(id, written))
    }

    /// Notes that somebody was invited by telephone today: what was still to be sent to them is not.
    pub async fn invited_by_telephone(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("note an invitation by telephone").await?;
        let record = match take_scheduled(&tx, id, sight, None, self.now).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let Some(mut row) = record.invitations.into_iter().find(|row| row.id == invitation) else {
            return Ok(Moved::NotThere);
        };
        let unsent = take_back(&tx, id, Some(invitation), "they were invited by telephone").await?;
        if row.is_reached() && !unsent.contains(&invitation) || row.excused.is_some() {
            return Ok(Moved::Nothing);
        }
        let before = said(&row);
        row.by_telephone(london::date(self.now));
        let payload = json!({ "before": before, "after": said(&row) });
        invitations::store::save_all(&tx, vec![row]).await?;
        self.noted(tx, "invitation.by_telephone", invitation.to_string(), payload).await?;
        Ok(Moved::Done(id, 0))
    }

    /// Notes that an agency is not involved any more: it is not expected, and is told if it had been invited. One whose
    /// invitation had not gone yet was never invited.
    pub async fn withdraw(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("withdraw an invitation").await?;
        let record = match take_scheduled(&tx, id, sight, None, self.now).await? {
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
        let mut c = record.conference;
        (c.version, c.calendar_sequence) = (c.version + 1, c.calendar_sequence + 1);
        let papers = self.papers(tx.conn(), c.clone(), services).await?;
        if !papers.directory.of(row.service_id).1.agency_group.can_be_excused() {
            return Ok(Moved::AlwaysExpected);
        }
        conferences::store::save(&tx, c).await?;
        let unsent = take_back(&tx, id, Some(invitation), "the agency is not involved any more").await?;
        let before = said(&row);
        let told =
            self.tell(&tx, &papers, std::slice::from_ref(&row), &unsent, MessageKind::Cancelled).await?;
        if unsent.contains(&invitation) {
            (row.invited_on, row.delivery) = (None, Delivery::NotSent);
        }
        row.excused = Some(Excused::NoLongerInvolved);
        let payload = json!({ "before": before, "after": said(&row), "written_to": told });
        invitations::store::save_all(&tx, vec![row]).await?;
        self.noted(tx, "invitation.withdrawn", invitation.to_string(), payload).await?;
        Ok(Moved::Done(id, told))
    }

    /// An agency that was not to come is to come after all: it is invited anew, and what it had answered is gone.
    pub async fn reinstate(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("invite an agency again").await?;
        let record = match take_scheduled(&tx, id, sight, None, self.now).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let services: Vec<_> = record.services().collect();
        let found = record.invitations.into_iter().find(|row| row.id == invitation && row.excused.is_some());
        let Some(mut row) = found else { return Ok(Moved::Nothing) };
        let mut c = record.conference;
        (c.version, c.calendar_sequence) = (c.version + 1, c.calendar_sequence + 1);
        conferences::store::save(&tx, c.clone()).await?;
        let papers = self.papers(tx.conn(), c, services).await?;
        let before = said(&row);
        (row.excused, row.invited_on, row.delivery) = (None, None, Delivery::NotSent);
        (row.response, row.responded_on, row.absence_reason) = (Response::None, None, None);
        (row.announced_deputy, row.report_promised) = (None, false);
        row.contact_email = self.address(tx.conn(), &papers.directory, &row).await?;
        let mut rows = [row];
        let written = invite(self, &tx, &papers, &mut rows).await?;
        let payload = json!({ "before": before, "after": said(&rows[0]), "written_to": written });
        invitations::store::save_all(&tx, rows.to_vec()).await?;
        self.noted(tx, "invitation.reinstated", invitation.to_string(), payload).await?;
        Ok(Moved::Done(id, written))
    }

    /// Asks for the answer once more; whoever has answered, or is not expected, for the report. Not twice within an
    /// hour.
    pub async fn nudge(
        self,
        id: ConferenceId,
        sight: Sight,
        invitation: InvitationId,
    ) -> Result<Moved, NoticeError> {
        let tx = self.db.begin("nudge an agency").await?;
        let record = match take_scheduled(&tx, id, sight, None, self.now).await? {
            Ok(record) => record,
            Err(not) => return Ok(not),
        };
        let services: Vec<_> = record.services().collect();
        let found = record.invitations.iter().find(|row| row.id == invitation);
        let Some(row) = found.filter(|row| row.is_reached() && row.excused.is_none()) else {
            return Ok(Moved::Nothing);
        };
        let asked: HashSet<MessageKind> = [
            MessageKind::AnswerNudge,
            MessageKind::ReportNudge,
            MessageKind::AnswerWanted,
            MessageKind::ReportWanted,
        ]
        .into();
        let lately = |m: &super::entity::invitation_message::Model| {
            m.invitation_id == invitation && asked.contains(&m.kind) && self.now - m.made_at < BETWEEN_NUDGES
        };
        if store::messages_of(tx.conn(), [id]).await?.iter().any(lately) {
            return Ok(Moved::Nothing);
        }
        let kind = match row.response {
            Response::None if row.necessity != Necessity::InformationOnly => MessageKind::AnswerNudge,
            _ => MessageKind::ReportNudge,
        };
        let papers = self.papers(tx.conn(), record.conference, services).await?;
        let written = usize::from(post(self, &tx, &papers, row, kind, None).await?);
        self.noted(tx, "invitation.nudged", invitation.to_string(), json!({ "written_to": written })).await?;
        Ok(Moved::Done(id, written))
    }
}
