//! What the ladder came to in a period (DOMAIN 7): how many of its steps were proposed, and what people made of them; and
//! whom its last step put on PAQA's own list.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Period;
use crate::agencies::ServiceId;
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::StepState;
use crate::invitations::ImpactCode;

/// The last rung: what stands there is PAQA's to take up.
const LAST: i32 = 4;

/// A step of the ladder, as far as a figure looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// 2 to 4.
    pub rung: i32,
    /// Where it stands now.
    pub state: StepState,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// When somebody approved or declined it.
    pub decided_at: Option<DateTime<Utc>>,
    /// When it ended: answered, or overtaken.
    pub ended_at: Option<DateTime<Utc>>,
    /// The service that it is about.
    pub service: ServiceId,
}

impl From<(ladder_step::Model, ServiceId)> for Step {
    fn from((step, service): (ladder_step::Model, ServiceId)) -> Self {
        let ladder_step::Model { rung, state, proposed_at, decided_at, ended_at, .. } = step;
        Self { rung, state, proposed_at, decided_at, ended_at, service }
    }
}

/// One rung's steps in a period: what was done in it, whenever they were proposed; and how they stood when it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Climbed {
    /// Proposed in it.
    pub proposed: usize,
    /// Approved in it, and gone: the letter was posted, or somebody has rung.
    pub taken: usize,
    /// Declined in it.
    pub declined: usize,
    /// Taken back in it: the record was amended, or there was an answer before it went.
    pub stopped: usize,
    /// Answered in it.
    pub answered: usize,
    /// At its end waiting for a decision or for a telephone call.
    pub waiting: usize,
    /// At its end taken, and not answered.
    pub open: usize,
}

impl Climbed {
    /// What its counts are called, in their order.
    pub const COLUMNS: [&'static str; 7] =
        ["Proposed", "Taken", "Not taken", "Taken back", "Answered", "Waiting at the end", "Open at the end"];

    /// Its counts by the names that files give them, in the order of [`Self::COLUMNS`].
    pub fn named(&self) -> [(&'static str, usize); 7] {
        [
            ("ladder_proposed", self.proposed),
            ("ladder_taken", self.taken),
            ("ladder_declined", self.declined),
            ("ladder_stopped", self.stopped),
            ("ladder_answered", self.answered),
            ("ladder_waiting", self.waiting),
            ("ladder_open", self.open),
        ]
    }
}

/// What a rung is, by its number.
pub fn rung(number: &str) -> &'static str {
    match number {
        "2" => "To the safeguarding lead",
        "3" => "To the head of service or the named professional",
        _ => "To PAQA’s list",
    }
}

/// An effect as a table of many absences calls it (DOMAIN 6).
pub fn effect(code: ImpactCode) -> &'static str {
    match code {
        ImpactCode::Pivotal => "Its presence alone would have made quorum",
        ImpactCode::ShortOfQuorum => "Missing at a conference without quorum",
        ImpactCode::Adjourned => "The conference was adjourned for it",
        ImpactCode::PlanEndedWithout => "A plan ended without a core agency",
        ImpactCode::ViewMissing => "No view was obtained",
        ImpactCode::InformationGap => "Old or second-hand information was relied on",
        ImpactCode::ExpertiseMissing => "Specialist advice was not available",
        ImpactCode::ActionUnowned => "Actions of the plan could not be agreed",
        ImpactCode::FamilyCouldNotHear => "The family could not question its information",
        ImpactCode::CoreGroupUnconfirmed => "Its part in the core group stayed open",
        ImpactCode::NoMaterialEffect => "No material effect: the report covered what was known",
    }
}

/// A service on PAQA's list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OnTheList {
    /// Its agency's name: lists stand in alphabetical order.
    pub agency: String,
    /// Its name.
    pub service: String,
    /// Its agency's code.
    pub code: String,
    /// The day on which the step was approved.
    pub since: NaiveDate,
}

/// Each rung's steps, by its number, and PAQA's list.
pub fn climbed(
    steps: &[Step],
    period: Period,
    directory: &Directory,
) -> (BTreeMap<String, Climbed>, Vec<OnTheList>) {
    let (first, last) = (period.first().first(), period.last().last());
    let within = |at: Option<DateTime<Utc>>| at.is_some_and(|at| (first..=last).contains(&london::date(at)));
    let by_its_end = |at: Option<DateTime<Utc>>| at.is_some_and(|at| london::date(at) <= last);
    let (mut rungs, mut list) = (BTreeMap::new(), Vec::new());
    for rung in 2..=LAST {
        rungs.insert(rung.to_string(), Climbed::default());
    }
    for step in steps {
        let of: &mut Climbed = rungs.entry(step.rung.to_string()).or_default();
        let went = matches!(step.state, StepState::Approved | StepState::Answered);
        of.proposed += usize::from(within(Some(step.proposed_at)));
        of.taken += usize::from(went && within(step.decided_at));
        of.declined += usize::from(step.state == StepState::Declined && within(step.decided_at));
        of.stopped += usize::from(step.state == StepState::Stopped && within(step.ended_at));
        of.answered += usize::from(step.state == StepState::Answered && within(step.ended_at));
        let is_open = went && by_its_end(step.decided_at) && !by_its_end(step.ended_at);
        of.open += usize::from(is_open);
        // What was taken back since is told of no more: it should not have been there.
        let is_undecided = step.state == StepState::ToTelephone || !by_its_end(step.decided_at);
        let is_there = by_its_end(Some(step.proposed_at)) && step.state != StepState::Stopped;
        of.waiting += usize::from(is_there && is_undecided && !by_its_end(step.ended_at));
        if is_open && step.rung == LAST {
            let (service, agency) = directory.of(step.service);
            let since = step.decided_at.map(london::date).unwrap_or(last);
            let (code, agency) = (agency.code.clone(), agency.name.clone());
            list.push(OnTheList { agency, service: service.name.clone(), code, since });
        }
    }
    list.sort();
    (rungs, list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(rung: i32, state: StepState, proposed: &str, decided: &str, ended: &str) -> Step {
        let at = |day: &str| (!day.is_empty()).then(|| format!("{day}T10:00:00Z").parse().unwrap());
        Step {
            rung,
            state,
            proposed_at: at(proposed).unwrap(),
            decided_at: at(decided),
            ended_at: at(ended),
            service: ServiceId::new(),
        }
    }

    #[test]
    fn a_step_counts_in_the_month_of_what_was_done_with_it_and_is_open_until_it_is_answered() {
        let month: Period = "2026-10".parse::<super::super::Month>().unwrap().into();
        let steps = [
            step(2, StepState::Proposed, "2026-10-05", "", ""),
            step(2, StepState::Approved, "2026-09-20", "2026-10-01", ""),
            step(2, StepState::Declined, "2026-10-05", "2026-10-06", ""),
            // Answered after the month: open at its end.
            step(2, StepState::Answered, "2026-09-20", "2026-09-22", "2026-11-02"),
            step(3, StepState::Answered, "2026-09-20", "2026-09-22", "2026-10-31"),
            // Taken back after it was approved: it stands nowhere.
            step(2, StepState::Stopped, "2026-10-05", "2026-10-06", "2026-10-20"),
            step(4, StepState::Stopped, "2026-09-05", "2026-09-06", "2026-11-03"),
            // Approved, and nobody was told yet.
            step(3, StepState::ToTelephone, "2026-10-05", "2026-10-06", ""),
            // Decided after it.
            step(3, StepState::Approved, "2026-10-30", "2026-11-02", ""),
        ];
        let (rungs, list) = climbed(&steps, month, &Directory::default());
        let two =
            Climbed { proposed: 3, taken: 1, declined: 1, stopped: 1, answered: 0, waiting: 1, open: 2 };
        let three = Climbed { proposed: 2, answered: 1, waiting: 2, ..Climbed::default() };
        assert_eq!((rungs["2"], rungs["3"], rungs["4"]), (two, three, Climbed::default()));
        assert_eq!(list, []);
    }
}
