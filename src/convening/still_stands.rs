//! The question asked at the moment of sending: does the invitation, or the reminder, still stand?

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{InvitationMessageId, MessageKind, store};
use crate::calendar::london;
use crate::conferences::{self, Sight, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{self, Delivery as Delivered, Report, Response};
use crate::outbox::{Claim, Delivery, End, Fate, notice_pauses};
use crate::platform::{Db, Tx};

/// Answers for the messages about invitations.
#[derive(Clone, Copy)]
pub struct StillStands<'a>(pub &'a Db);

impl StillStands<'_> {
    /// Whether a message of this kind is one of ours.
    pub fn carries(kind: &str) -> bool {
        kind.parse::<MessageKind>().is_ok()
    }
}

impl Delivery for StillStands<'_> {
    async fn fate(&self, claim: &Claim, now: DateTime<Utc>) -> Result<Fate, DbErr> {
        let overtaken = |why: &str| Ok(Fate::Cancel(why.to_owned()));
        let db = self.0.read();
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
        if found.is_none_or(|c| c.status != Status::Scheduled || c.starts_at <= now) {
            return overtaken("the conference has begun, was moved, or was cancelled");
        }
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
        Ok(Fate::Send)
    }

    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        notice_pauses(claim.due_since, now)
    }

    /// An invitation was made on the day on which it went, also one that had been given up before.
    async fn sent(&self, tx: &Tx, claim: &Claim, at: DateTime<Utc>) -> Result<(), DbErr> {
        let Some(message) = store::message(tx.conn(), InvitationMessageId(claim.about)).await? else {
            return Ok(());
        };
        if message.kind != MessageKind::Invitation {
            return Ok(());
        }
        let row = invitations::store::take(tx, message.invitation_id).await?;
        let same = |row: &invitation::Model| {
            row.contact_email.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&claim.recipient))
        };
        let day = Some(london::date(at));
        let row = row.filter(|row| same(row) && (row.invited_on != day || row.delivery != Delivered::Sent));
        if let Some(mut row) = row {
            (row.invited_on, row.delivery) = (day, Delivered::Sent);
            invitations::store::save_all(tx, vec![row]).await?;
        }
        Ok(())
    }

    /// An invitation that did not reach anybody: the fault is ours, and somebody rings.
    async fn ended(&self, tx: &Tx, claim: &Claim, end: End) -> Result<(), DbErr> {
        let Some(message) = store::message(tx.conn(), InvitationMessageId(claim.about)).await? else {
            return Ok(());
        };
        if message.kind != MessageKind::Invitation {
            return Ok(());
        }
        let Some(mut row) = invitations::store::take(tx, message.invitation_id).await? else {
            return Ok(());
        };
        let same = row.contact_email.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&claim.recipient));
        if same && row.delivery == Delivered::Sent {
            row.delivery = match end {
                End::GivenUp => Delivered::Bounced,
                End::Cancelled => Delivered::NotSent,
            };
            invitations::store::save_all(tx, vec![row]).await?;
        }
        Ok(())
    }
}
