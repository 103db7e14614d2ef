//! The question asked at the moment of sending: does what the letter says still hold?

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::due::Basis;
use super::retry::next_attempt;
use super::store;
use super::wording::wording;
use super::{FeedbackId, ItemState, Kind, Settings};
use crate::agencies::store::directory;
use crate::invitations;
use crate::outbox::{Claim, Delivery, Fate};
use crate::platform::Db;
use crate::register::store::record;
use crate::register::{Policies, assess};

/// Answers for the feedback's messages.
pub struct StillDue<'a> {
    /// The database.
    pub db: &'a Db,
    /// Notice, calendar, quorum.
    pub policies: &'a Policies,
    /// The window.
    pub settings: &'a Settings,
}

impl Delivery for StillDue<'_> {
    async fn fate(&self, claim: &Claim) -> Result<Fate, DbErr> {
        let overtaken = |why: &str| Ok(Fate::Cancel(why.to_owned()));
        let db = self.db.read();
        let Some(item) = store::by_id(db, FeedbackId(claim.about)).await? else {
            return overtaken("its feedback item is gone");
        };
        if item.state == ItemState::Overtaken {
            return overtaken("the record was amended before it went");
        }
        let Some(row) = invitations::store::by_id(db, item.invitation_id).await? else {
            return overtaken("its invitation is gone");
        };
        let Some(record) = record(db, row.conference_id).await? else {
            return overtaken("its conference is gone");
        };
        let facts = record.facts(&directory(db).await?);
        let assessment = assess(&facts, self.policies.on(facts.date));
        let place = record.invitations.iter().position(|i| i.id == row.id);
        let assessed = place.map(|n| &assessment.invitations[n]);
        let Some(assessed) = assessed.filter(|_| assessment.in_population) else {
            return overtaken("its register is not confirmed");
        };
        let missing = wording(&row.facts(), assessed.standing, assessed.fault).is_some();
        let now = Basis::of(&item.wording, &row, assessed, assessment.quoracy.quorate);
        let same = serde_json::from_str::<Basis>(&item.basis).is_ok_and(|then| then == now);
        match (item.kind, missing, same) {
            (Kind::Absence, true, true) | (Kind::Correction, _, true) => Ok(Fate::Send),
            (Kind::Absence, false, _) => {
                overtaken("the agency was represented, by the record as it stands now")
            }
            _ => overtaken("the record was amended before it went"),
        }
    }

    fn next_attempt(&self, posted_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        next_attempt(posted_at, now, self.settings.window, &self.policies.calendar)
    }
}
