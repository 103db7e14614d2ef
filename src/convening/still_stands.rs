//! The question asked at the moment of sending: does the invitation, or the reminder, still stand? And what becomes of
//! an invitation whose message went, or did not.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::entity::invitation_message;
use super::{InvitationMessageId, MessageKind, store};
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::conferences::{self, Sight, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{self, Delivery as Delivered, Report, Response};
use crate::outbox::{Claim, Delivery, End, Fate, notice_pauses};
use crate::platform::{Db, Keys, Tx};

/// Answers for the messages about invitations.
#[derive(Clone, Copy)]
pub struct StillStands<'a> {
    /// The database.
    pub db: &'a Db,
    /// For the audit trail.
    pub keys: &'a Keys,
}

impl StillStands<'_> {
    /// Whether a message of this kind is one of ours.
    pub fn carries(kind: &str) -> bool {
        kind.parse::<MessageKind>().is_ok()
    }

    /// The invitation that a message made, taken with its conference first, as everybody takes it who changes a fact;
    /// if the message is an invitation to the address that is still meant.
    async fn taken(
        &self,
        tx: &Tx,
        claim: &Claim,
    ) -> Result<Option<(invitation_message::Model, invitation::Model)>, DbErr> {
        let message = store::message(tx.conn(), InvitationMessageId(claim.about)).await?;
        let Some(message) = message.filter(|m| m.kind == MessageKind::Invitation) else { return Ok(None) };
        let Some(row) = invitations::store::by_id(tx.conn(), message.invitation_id).await? else {
            return Ok(None);
        };
        conferences::store::take(tx, row.conference_id, Sight::Everything).await?;
        let row = invitations::store::take(tx, message.invitation_id).await?;
        let meant = |row: &invitation::Model| {
            row.contact_email.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&claim.recipient))
        };
        Ok(row.filter(meant).map(|row| (message, row)))
    }

    async fn noted(
        &self,
        tx: &Tx,
        row: invitation::Model,
        at: DateTime<Utc>,
        why: &str,
    ) -> Result<(), DbErr> {
        let payload = json!({ "invited_on": row.invited_on, "delivery": row.delivery, "why": why });
        let event = Event { action: "invitation.delivery", object: row.id.to_string(), payload };
        invitations::store::save_all(tx, vec![row]).await?;
        audit::record(tx, self.keys, &Actor::system("dispatch task"), at, vec![event]).await
    }
}

impl Delivery for StillStands<'_> {
    async fn fate(&self, claim: &Claim, now: DateTime<Utc>) -> Result<Fate, DbErr> {
        let overtaken = |why: &str| Ok(Fate::Cancel(why.to_owned()));
        let db = self.db.read();
        let Some(message) = store::message(db, InvitationMessageId(claim.about)).await? else {
            return overtaken("what it was about is gone");
        };
        if message.kind == MessageKind::Cancelled {
            return Ok(Fate::Send);
        }
        let Some(row) = invitations::store::by_id(db, message.invitation_id).await? else {
            return overtaken("its invitation is gone");
        };
        let found = conferences::store::by_ids(db, [row.conference_id], Sight::Everything).await?.pop();
        let Some(c) = found.filter(|c| c.status == Status::Scheduled && c.starts_at > now) else {
            return overtaken("the conference has begun, was moved, or was cancelled");
        };
        if row.excused.is_some() {
            return overtaken("the agency is not involved any more");
        }
        let has = match message.kind {
            MessageKind::AnswerWanted | MessageKind::AnswerNudge => row.response != Response::None,
            MessageKind::ReportWanted | MessageKind::ReportNudge => row.report != Report::None,
            MessageKind::Invitation | MessageKind::Changed | MessageKind::Cancelled => false,
        };
        if has {
            return overtaken("what it asks for has come");
        }
        let by_itself = matches!(message.kind, MessageKind::AnswerWanted | MessageKind::ReportWanted);
        if by_itself && c.restricted {
            return overtaken("the conference is restricted now: nothing about it goes by itself");
        }
        Ok(Fate::Send)
    }

    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        notice_pauses(claim.due_since, now)
    }

    /// An invitation was made on the day on which it went: one that set the date, and one that had been given up.
    async fn sent(&self, tx: &Tx, claim: &Claim, at: DateTime<Utc>) -> Result<(), DbErr> {
        let Some((message, mut row)) = self.taken(tx, claim).await? else { return Ok(()) };
        let day = london::date(at);
        let made = london::date(message.made_at);
        let later = row.invited_on == Some(made) && day != made;
        if row.delivery == Delivered::Sent && !later {
            return Ok(());
        }
        if later || row.invited_on.is_none() || row.delivery != Delivered::Sent {
            row.invited_on = Some(day);
        }
        row.delivery = Delivered::Sent;
        self.noted(tx, row, at, "the invitation went").await
    }

    /// An invitation that did not reach anybody: the fault is ours, and somebody rings.
    async fn ended(&self, tx: &Tx, claim: &Claim, end: End, at: DateTime<Utc>) -> Result<(), DbErr> {
        let Some((_, mut row)) = self.taken(tx, claim).await? else { return Ok(()) };
        // Whoever answered by the link of another message was reached.
        if row.delivery != Delivered::Sent || row.response != Response::None {
            return Ok(());
        }
        let (delivery, why) = match end {
            End::Refused => (Delivered::Bounced, "the mail server refused it"),
            End::GivenUp => (Delivered::NotSent, "it could not be handed over"),
            End::Cancelled => (Delivered::NotSent, "it was overtaken before it went"),
        };
        row.delivery = delivery;
        self.noted(tx, row, at, why).await
    }
}
