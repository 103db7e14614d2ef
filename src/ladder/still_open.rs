//! The question asked at the moment of sending: is the step still open, and is what led to it still so?

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use super::causes::{Standing, standing};
use super::found;
use super::proposing::overtaken;
use crate::audit::{self, Actor};
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::{self, EndedBecause, StepId, StepReason, StepState, causes, save};
use crate::feedback::{Settings, next_attempt};
use crate::outbox::{self, Claim, Delivery, End, Fate, Gone};
use crate::platform::{Db, Keys, Tx};
use crate::register::Policies;
use crate::replies::{ReplyKind, told};

/// Whether a letter that says that no answer has come would not be true any more.
async fn has_answered(db: &impl ConnectionTrait, step: &ladder_step::Model) -> Result<bool, DbErr> {
    let answers = |kind: ReplyKind| match step.reason {
        StepReason::NoReply => true,
        // The letter before asked for more than a contact, and a dispute pauses it.
        StepReason::StillOpen => matches!(kind, ReplyKind::Acknowledged | ReplyKind::Explained),
        _ => false,
    };
    let of = causes(db, [step.id]).await?;
    let replies = told(db, of.iter().map(|cause| cause.invitation_id)).await?;
    Ok(replies.iter().any(|reply| answers(reply.kind) && reply.made_at >= step.proposed_at))
}

/// Answers for the ladder's messages.
pub struct StillOpen<'a> {
    /// The database.
    pub db: &'a Db,
    /// Notice, calendar, quorum.
    pub policies: &'a Policies,
    /// The window.
    pub settings: &'a Settings,
    /// For the audit trail.
    pub keys: &'a Keys,
}

impl StillOpen<'_> {
    /// Whether a message of this kind is one of ours.
    pub fn carries(kind: &str) -> bool {
        kind.starts_with("rung_")
    }
}

impl Delivery for StillOpen<'_> {
    async fn fate(&self, claim: &Claim, now: DateTime<Utc>) -> Result<Fate, DbErr> {
        let missing = self.settings.missing();
        if !missing.is_empty() {
            let why = format!("nothing is sent while {} is empty", missing.join(", "));
            return Ok(Fate::Wait(now + TimeDelta::minutes(5), why));
        }
        let opens = self.settings.window.next_open(now, &self.policies.calendar);
        if opens > now {
            return Ok(Fate::Wait(opens, "it waits for the sending window".to_owned()));
        }
        let overtaken = |why: &str| Ok(Fate::Cancel(why.to_owned()));
        let db = self.db.read();
        let step = found::by_id(db, StepId(claim.about)).await?;
        let Some(step) = step.filter(|step| step.state == StepState::Approved) else {
            return overtaken("the step is not open any more");
        };
        match standing(db, self.policies, &step).await? {
            Standing::Holds if has_answered(db, &step).await? => overtaken("the agency has answered since"),
            Standing::Holds => Ok(Fate::Send),
            Standing::Paused => {
                Ok(Fate::Wait(now + TimeDelta::hours(1), "a dispute is to be settled first".to_owned()))
            }
            Standing::Changed => overtaken("the record was amended before it went"),
            Standing::Restricted => overtaken("the conference is restricted now"),
        }
    }

    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        next_attempt(claim.due_since, now, self.settings.window, &self.policies.calendar)
    }

    async fn ended(&self, tx: &Tx, claim: &Claim, end: End, at: DateTime<Utc>) -> Result<(), DbErr> {
        let step = steps::take(tx, StepId(claim.about)).await?;
        let Some(mut step) = step.filter(|step| step.state == StepState::Approved) else { return Ok(()) };
        match end {
            // Nobody was reached: a person telephones.
            End::Refused | End::GivenUp if outbox::all_given_up(tx, claim.about).await? => {
                step.state = StepState::ToTelephone;
                save(tx, step).await
            }
            End::Refused | End::GivenUp => Ok(()),
            End::Cancelled => {
                let how = standing(tx.conn(), self.policies, &step).await?;
                let answered = how == Standing::Holds && has_answered(tx.conn(), &step).await?;
                let gone =
                    outbox::cancel_unsent(tx, claim.about, "the record was amended before it went").await?;
                if gone != Gone::No {
                    return Ok(());
                }
                let event = match answered {
                    true => Some(steps::end(tx, step, StepState::Answered, EndedBecause::Replied, at).await?),
                    false => overtaken(tx, step, how, at).await?,
                };
                let Some(event) = event else { return Ok(()) };
                audit::record(tx, self.keys, &Actor::system("dispatch task"), at, vec![event]).await
            }
        }
    }
}
