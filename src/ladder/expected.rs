//! What the ladder's rules look at: where a service was expected, what it was told of its absences, and what has gone.

use chrono::NaiveDate;

use crate::invitations::InvitationId;

/// One conference at which a service was expected: an invitation that counts.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Which.
    pub invitation: InvitationId,
    /// The day of the conference.
    pub date: NaiveDate,
    /// It missed it, for a reason of its own.
    pub miss: bool,
    /// The gravest effect of its absence.
    pub severity: Option<u8>,
    /// A plan ended without it, and it was core.
    pub plan_ended_without: bool,
    /// Conferences of one of its children that it missed one after the other, this one included; 0 if it did not miss it.
    pub running: usize,
    /// What the agency was told of it, if it was told at all.
    pub told: Option<Told>,
    /// A restricted conference: nothing about it goes by itself, and no step names it.
    pub restricted: bool,
}

/// Feedback that has gone, by letter or by telephone.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// When it went.
    pub on: NaiveDate,
    /// The day by which an answer was asked for, where the letter asks for one.
    pub reply_by: Option<NaiveDate>,
    /// The agency replied, a dispute included: nobody waits for an answer.
    pub answered: bool,
    /// It replied otherwise than by a dispute, which only pauses.
    pub replied: bool,
    /// It disputes what is recorded, and nobody has settled that.
    pub disputed: bool,
}

/// A step of rung 3 that has gone and is open.
#[derive(Clone, Debug)]
pub struct OpenStep {
    /// When it went.
    pub since: NaiveDate,
    /// The ladder by which it was proposed.
    pub version: String,
    /// Its absences, the newest first.
    pub causes: Vec<InvitationId>,
    /// One of them is disputed: the clock stands still.
    pub paused: bool,
    /// Working days of its clock that were spent on disputes which are settled.
    pub paused_days: u32,
}
