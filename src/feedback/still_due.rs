//! The question asked at the moment of sending: does what the letter says still hold?

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;

use super::due::{Basis, told_by};
use super::retry::next_attempt;
use super::store;
use super::wording::wording;
use super::{FeedbackId, ItemState, Kind, REMINDER, Settings};
use crate::agencies::store::wants_digest;
use crate::calendar::london;
use crate::conferences::Sight;
use crate::invitations;
use crate::outbox::{self, Claim, Delivery, End, Fate, Gone};
use crate::platform::{Db, Tx};
use crate::register::store::record;
use crate::register::{Policies, assess};

/// Answers for the feedback's messages.
pub struct StillDue<'a> {
    /// The database.
    db: &'a Db,
    /// Notice, calendar, quorum.
    policies: &'a Policies,
    /// The window.
    settings: &'a Settings,
}

impl<'a> StillDue<'a> {
    /// For one run.
    pub fn new(db: &'a Db, policies: &'a Policies, settings: &'a Settings) -> Self {
        Self { db, policies, settings }
    }
}

impl Delivery for StillDue<'_> {
    async fn fate(&self, claim: &Claim, moment: DateTime<Utc>) -> Result<Fate, DbErr> {
        let missing = self.settings.missing();
        if !missing.is_empty() {
            let why = format!("nothing is sent while {} is empty", missing.join(", "));
            return Ok(Fate::Wait(moment + TimeDelta::minutes(5), why));
        }
        let opens = self.settings.window.next_open(moment, &self.policies.calendar);
        if opens > moment {
            return Ok(Fate::Wait(opens, "it waits for the sending window".to_owned()));
        }
        let overtaken = |why: &str| Ok(Fate::Cancel(why.to_owned()));
        let db = self.db.read();
        let Some(item) = store::by_id(db, FeedbackId(claim.about)).await? else {
            return overtaken("its feedback item is gone");
        };
        match item.state {
            ItemState::Overtaken => return overtaken("the record was amended before it went"),
            ItemState::Telephoned => return overtaken("somebody telephoned"),
            ItemState::Withheld => return overtaken("a QA manager withheld it"),
            ItemState::Posted | ItemState::ToTelephone => {}
        }
        let Some(row) = invitations::store::by_id(db, item.invitation_id).await? else {
            return overtaken("its invitation is gone");
        };
        let Some((record, directory)) = record(db, row.conference_id, Sight::Everything).await? else {
            return overtaken("its conference is gone");
        };
        if record.conference.restricted && item.released_by.is_none() {
            return overtaken("the conference is restricted now: a QA manager releases its letters");
        }
        let facts = record.facts(&directory);
        let assessment = assess(&facts, self.policies.on(facts.date));
        let place = record.invitations.iter().position(|i| i.id == row.id);
        let Some(place) = place.filter(|_| assessment.in_population) else {
            return overtaken("its register is not confirmed");
        };
        let assessed = &assessment.invitations[place];
        if assessed.is_to_be_settled(row.absence_reason) {
            return overtaken("somebody has to settle whose fault it was");
        }
        let missing = wording(&row.facts(), assessed.standing, assessed.fault, facts.decision_at).is_some();
        let now = Basis::of(&item.wording, &record, &assessment, place);
        let same = serde_json::from_str::<Basis>(&item.basis).is_ok_and(|then| then == now);
        match (item.kind, missing, same) {
            (Kind::Absence, true, true) | (Kind::Correction, _, true) => {}
            (Kind::Absence, false, _) => {
                return overtaken("the agency was represented, by the record as it stands now");
            }
            _ => return overtaken("the record was amended before it went"),
        }
        let (at, calendar) = (self.settings.daily_digest_at, &self.policies.calendar);
        let daily = self.settings.window.next_at(claim.posted_at, at, calendar);
        // What would come too late that way goes at once, and a reminder by itself.
        let target = told_by(calendar, facts.date);
        let waits = daily > moment && (daily <= target || moment > target) && claim.kind != REMINDER;
        if waits && wants_digest(db, &claim.recipient, london::date(moment)).await? {
            return Ok(Fate::Wait(daily, "it waits for the one email a day".to_owned()));
        }
        Ok(Fate::Send)
    }

    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        next_attempt(claim.due_since, now, self.settings.window, &self.policies.calendar)
    }

    async fn ended(&self, tx: &Tx, claim: &Claim, end: End, _: DateTime<Utc>) -> Result<(), DbErr> {
        let about = claim.about;
        // Taken first: of two letters of one item that end at the same time, the second sees how the first ended.
        let Some(item) = store::take_item(tx, FeedbackId(about)).await? else { return Ok(()) };
        match end {
            // Nobody was reached: a person telephones.
            End::Refused | End::GivenUp if outbox::all_given_up(tx, about).await? => {
                store::set_state(tx, item, ItemState::ToTelephone).await
            }
            End::Refused | End::GivenUp => Ok(()),
            // The feedback task looks at the register again, and makes what is owed now.
            End::Cancelled => {
                let invitation = item.invitation_id;
                let gone = outbox::cancel_unsent(tx, about, "the record was amended before it went").await?;
                if gone == Gone::No && item.state != ItemState::Telephoned {
                    store::set_state(tx, item, ItemState::Overtaken).await?;
                }
                store::want_again(tx, invitation).await
            }
        }
    }
}
