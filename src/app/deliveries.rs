//! Whose messages the dispatcher carries.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use crate::convening::StillStands;
use crate::feedback::{self, Carries, FeedbackId, StillDue};
use crate::ladder::StillOpen;
use crate::outbox::{Claim, Delivery, End, Fate};
use crate::platform::{Db, Tx};
use crate::replies;

/// Everybody whose messages there are: by the kind of each.
pub(super) struct Deliveries<'a> {
    pub db: &'a Db,
    pub feedback: StillDue<'a>,
    pub convening: StillStands<'a>,
    pub ladder: StillOpen<'a>,
}

/// Whose a message is.
enum Whose {
    Feedback,
    /// A reminder of a letter, which is overtaken by an answer, and whose end changes nothing.
    Reminder,
    /// One letter for many.
    Digest,
    Convening,
    Ladder,
}

impl Whose {
    fn is(claim: &Claim) -> Self {
        match claim.kind.as_str() {
            kind if StillStands::carries(kind) => Self::Convening,
            kind if StillOpen::carries(kind) => Self::Ladder,
            feedback::REMINDER => Self::Reminder,
            feedback::DIGEST => Self::Digest,
            _ => Self::Feedback,
        }
    }
}

impl Deliveries<'_> {
    fn digest(&self) -> Carries<'_> {
        Carries { db: self.db, still_due: &self.feedback }
    }
}

impl Delivery for Deliveries<'_> {
    async fn fate(&self, claim: &Claim, now: DateTime<Utc>) -> Result<Fate, DbErr> {
        match Whose::is(claim) {
            Whose::Feedback => self.feedback.fate(claim, now).await,
            Whose::Reminder => match replies::is_answered(self.db.read(), FeedbackId(claim.about)).await? {
                true => Ok(Fate::Cancel("the agency has answered".to_owned())),
                false => self.feedback.fate(claim, now).await,
            },
            Whose::Digest => self.digest().fate(claim, now).await,
            Whose::Convening => self.convening.fate(claim, now).await,
            Whose::Ladder => self.ladder.fate(claim, now).await,
        }
    }

    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match Whose::is(claim) {
            Whose::Feedback | Whose::Reminder | Whose::Digest => self.feedback.next_attempt(claim, now),
            Whose::Convening => self.convening.next_attempt(claim, now),
            Whose::Ladder => self.ladder.next_attempt(claim, now),
        }
    }

    async fn ended(&self, tx: &Tx, claim: &Claim, end: End, at: DateTime<Utc>) -> Result<(), DbErr> {
        match Whose::is(claim) {
            Whose::Feedback => self.feedback.ended(tx, claim, end, at).await,
            Whose::Reminder => Ok(()),
            Whose::Digest => self.digest().ended(tx, claim, end, at).await,
            Whose::Convening => self.convening.ended(tx, claim, end, at).await,
            Whose::Ladder => self.ladder.ended(tx, claim, end, at).await,
        }
    }

    async fn sent(&self, tx: &Tx, claim: &Claim, at: DateTime<Utc>) -> Result<(), DbErr> {
        match Whose::is(claim) {
            Whose::Feedback => self.feedback.sent(tx, claim, at).await,
            Whose::Reminder => Ok(()),
            Whose::Digest => self.digest().sent(tx, claim, at).await,
            Whose::Convening => self.convening.sent(tx, claim, at).await,
            Whose::Ladder => self.ladder.sent(tx, claim, at).await,
        }
    }
}
