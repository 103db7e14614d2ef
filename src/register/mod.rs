//! The register: what each agency's part in a conference was, confirmed once, then changed only by
//! amendments. Standing, quorum, impact and the plan-end alert are derived here.

pub(crate) mod amend;
mod assessment;
pub(crate) mod confirm;
pub(crate) mod entity;
mod form;
pub(crate) mod identifying;
mod impact;
pub(crate) mod merge;
mod minutes;
mod of_services;
mod overdue;
mod pages;
mod plan_end;
mod quoracy;
pub mod restating;
mod running;
pub(crate) mod save;
mod standing;
pub(crate) mod store;

pub use assessment::{
    Assessed, Assessment, ChildFacts, ConferenceFacts, InvitationFacts, Policy, assess, assess_at,
};
pub use impact::Impact;
pub use of_services::{Recorded, of_services};
pub use overdue::{samples as overdue_samples, tell_of_overdue};
pub use pages::{names, note_look, routes, words, written_on};
pub use quoracy::QuorumRule;
pub use running::samples;
pub use standing::{Standing, standing};

use chrono::NaiveDate;

use crate::calendar::Calendar;
use crate::invitations::MinimumNotice;
use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

typed_id! {
    /// One amendment of one fact.
    AmendmentId
}

codes! {
    /// Where a confirmation or an amendment was made.
    pub enum Source {
        Here = "here", "made here";
        File = "file", "from a file";
    }
}

codes! {
    /// What feedback a confirmed register asks for.
    pub enum FeedbackWanted {
        Wanted = "wanted", "to be made";
        Made = "made", "made";
        History = "history", "none: too long ago";
        NotAskedFor = "not_asked_for", "none: imported without asking for it";
    }
}

/// The purposes under which a register's free text is sealed.
pub mod sealed {
    /// Why the plan still ends.
    pub const PLAN_END_REASON: &str = "conference_child.plan_end_reason";
    /// The chair's words on what an absence did.
    pub const IMPACT_NOTE: &str = "invitation.impact_note";
    /// A deputy's name and role.
    pub const DEPUTY: &str = "invitation.deputy";
    /// The deputy that an answer names.
    pub const ANNOUNCED_DEPUTY: &str = "invitation.announced_deputy";
    /// An amendment's before, after and why.
    pub const AMENDMENT: &str = "amendment";
}

/// The partnership's settings and dated rules, from which each conference takes the policy of its day.
#[derive(Clone, Debug)]
pub struct Policies {
    /// The working days.
    pub calendar: Calendar,
    /// The notice owed.
    pub minimum_notice: MinimumNotice,
    /// Working days before the conference by which a report is on time.
    pub report_on_time_working_days: u32,
    /// Quorum rules with the day from which each holds, oldest first; never empty.
    pub quorum: Vec<(NaiveDate, QuorumRule)>,
}

impl Policies {
    /// The policy of a day: the newest quorum rule that held on it (before the first, the first).
    pub fn on(&self, day: NaiveDate) -> Policy<'_> {
        let holds = self.quorum.iter().rev().find(|(from, _)| *from <= day);
        Policy {
            calendar: &self.calendar,
            minimum_notice: self.minimum_notice,
            quorum: &holds.unwrap_or(&self.quorum[0]).1,
        }
    }
}

/// Working days after a conference from which on a confirmation is history (`feedback.maximum_age_working_days`).
#[derive(Clone, Copy, Debug)]
pub struct MaximumAge(pub u32);

/// Whether a register confirmed on this day is recent enough for feedback (DOMAIN 7, "Not for
/// history"): at most so many working days after the conference, counted as notice is.
pub fn is_recent(date: NaiveDate, confirmed: NaiveDate, maximum_age: u32, calendar: &Calendar) -> bool {
    calendar.working_days(date, confirmed) <= maximum_age
}
