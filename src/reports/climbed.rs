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

/// One rung's steps in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Climbed {
    /// Proposed in it.
    pub proposed: usize,
    /// Approved in it.
    pub approved: usize,
    /// Declined in it.
    pub declined: usize,
    /// Answered in it.
    pub answered: usize,
    /// Approved, and not answered when it ended.
    pub open: usize,
}

impl Climbed {
    /// Its counts by the names that files give them.
    pub fn named(&self) -> [(&'static str, usize); 5] {
        [
            ("ladder_proposed", self.proposed),
            ("ladder_approved", self.approved),
            ("ladder_declined", self.declined),
            ("ladder_answered", self.answered),
            ("ladder_open", self.open),
        ]
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
        let declined = step.state == StepState::Declined;
        let approved = !declined && step.decided_at.is_some();
        let of: &mut Climbed = rungs.entry(step.rung.to_string()).or_default();
        of.proposed += usize::from(within(Some(step.proposed_at)));
        of.approved += usize::from(approved && within(step.decided_at));
        of.declined += usize::from(declined && within(step.decided_at));
        of.answered += usize::from(step.state == StepState::Answered && within(step.ended_at));
        let is_open = approved && by_its_end(step.decided_at) && !by_its_end(step.ended_at);
        of.open += usize::from(is_open);
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
            // Decided after it.
            step(3, StepState::Approved, "2026-10-30", "2026-11-02", ""),
        ];
        let (rungs, list) = climbed(&steps, month, &Directory::default());
        let two = Climbed { proposed: 2, approved: 1, declined: 1, answered: 0, open: 2 };
        let three = Climbed { proposed: 1, answered: 1, ..Climbed::default() };
        assert_eq!((rungs["2"], rungs["3"], rungs["4"]), (two, three, Climbed::default()));
        assert_eq!(list, []);
    }
}
