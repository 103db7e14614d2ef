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
use crate::feedback::steps::{EndedBecause, StepState, Told};
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
    /// When somebody approved it, whoever rang later.
    pub approved_at: Option<DateTime<Utc>>,
    /// When it reached the agency: by its letter, or by telephone.
    pub gone_at: Option<DateTime<Utc>>,
    /// When it ended: answered, or taken back.
    pub ended_at: Option<DateTime<Utc>>,
    /// It ended because it should not have been there: the record was amended.
    pub was_mistaken: bool,
    /// It is about a restricted conference, which is in every total and in no list.
    pub is_restricted: bool,
    /// The agency disputes a record that it rests on.
    pub is_disputed: bool,
    /// The service that it is about.
    pub service: ServiceId,
}

impl From<Told> for Step {
    fn from(told: Told) -> Self {
        let Told { step, service, gone_at, is_restricted } = told;
        let ladder_step::Model {
            rung,
            state,
            proposed_at,
            decided_at,
            approved_at,
            ended_at,
            ended_because,
            ..
        } = step;
        Self {
            rung,
            state,
            proposed_at,
            decided_at,
            // A program from before it was kept may still be approving.
            approved_at: approved_at.or(decided_at.filter(|_| state != StepState::Declined)),
            gone_at,
            ended_at,
            was_mistaken: ended_because == Some(EndedBecause::RecordChanged),
            is_restricted,
            is_disputed: false,
            service,
        }
    }
}

/// One rung's steps in a period: what was done in it, whenever they were proposed; and how they stood when it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Climbed {
    /// Proposed in it.
    pub proposed: usize,
    /// Reached the agency in it: a mail server accepted the letter, or somebody has rung.
    pub taken: usize,
    /// Declined in it.
    pub declined: usize,
    /// Taken back in it: the record was amended, or there was an answer before it went.
    pub stopped: usize,
    /// Answered in it.
    pub answered: usize,
    /// At its end waiting for a decision, for its letter to go, or for a telephone call.
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
    /// The day on which somebody put it there.
    pub since: NaiveDate,
    /// By the end of the time it had not reached the agency: its letter had not gone, or nobody had rung.
    #[serde(default)]
    pub is_on_its_way: bool,
    /// The agency disputes a record that it rests on.
    #[serde(default)]
    pub is_disputed: bool,
}

impl OnTheList {
    /// What else is to be known of it, in sentences.
    pub fn remarks(&self) -> impl Iterator<Item = &'static str> {
        let on_its_way = self.is_on_its_way.then_some("It had not reached the agency by then.");
        let disputed = self.is_disputed.then_some("The agency disputes a record that it rests on.");
        on_its_way.into_iter().chain(disputed)
    }
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
        let declined = step.state == StepState::Declined;
        of.proposed += usize::from(within(Some(step.proposed_at)));
        of.taken += usize::from(within(step.gone_at));
        of.declined += usize::from(declined && within(step.decided_at));
        of.stopped += usize::from(step.state == StepState::Stopped && within(step.ended_at));
        of.answered += usize::from(step.state == StepState::Answered && within(step.ended_at));
        // What should not have been there stands nowhere, though that was found out afterwards.
        let stands = by_its_end(Some(step.proposed_at)) && !by_its_end(step.ended_at) && !step.was_mistaken;
        let went = by_its_end(step.gone_at);
        of.open += usize::from(stands && went);
        of.waiting += usize::from(stands && !went && !(declined && by_its_end(step.decided_at)));
        // Nobody stays off it by being out of reach: a person put it there, and its letter may come later or back.
        let is_listed = stands && by_its_end(step.approved_at) && !step.is_restricted && step.rung == LAST;
        if let Some(at) = step.approved_at.filter(|_| is_listed) {
            let (service, agency) = directory.of(step.service);
            list.push(OnTheList {
                agency: agency.name.clone(),
                service: service.name.clone(),
                code: agency.code.clone(),
                since: london::date(at),
                is_on_its_way: !went,
                is_disputed: step.is_disputed,
            });
        }
    }
    list.sort();
    (rungs, list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::entity::{agency, service};
    use crate::agencies::{AgencyGroup, AgencyId};

    /// Of the second rung: proposed, decided, gone, ended on these days; empty for never.
    fn step(state: StepState, days: [&str; 4]) -> Step {
        let at = |day: &str| (!day.is_empty()).then(|| format!("{day}T10:00:00Z").parse().unwrap());
        let [proposed, decided, gone, ended] = days.map(at);
        Step {
            rung: 2,
            state,
            proposed_at: proposed.unwrap(),
            decided_at: decided,
            approved_at: decided.filter(|_| state != StepState::Declined),
            gone_at: gone,
            ended_at: ended,
            was_mistaken: false,
            is_restricted: false,
            is_disputed: false,
            service: ServiceId::new(),
        }
    }

    #[test]
    fn a_step_counts_in_the_month_of_what_was_done_with_it_and_is_open_until_it_is_answered() {
        let month: Period = "2026-10".parse::<super::super::Month>().unwrap().into();
        let none = Climbed::default();
        let mistaken = |step| Step { was_mistaken: true, ..step };
        for (case, step, counts) in [
            (
                "waits for a decision",
                step(StepState::Proposed, ["2026-10-05", "", "", ""]),
                Climbed { proposed: 1, waiting: 1, ..none },
            ),
            (
                "of the month before, gone in this one",
                step(StepState::Approved, ["2026-09-20", "2026-10-01", "2026-10-01", ""]),
                Climbed { taken: 1, open: 1, ..none },
            ),
            (
                "declined",
                step(StepState::Declined, ["2026-10-05", "2026-10-06", "", ""]),
                Climbed { proposed: 1, declined: 1, ..none },
            ),
            (
                "declined afterwards",
                step(StepState::Declined, ["2026-10-05", "2026-11-06", "", ""]),
                Climbed { proposed: 1, waiting: 1, ..none },
            ),
            (
                "answered afterwards: open when the month ended",
                step(StepState::Answered, ["2026-09-20", "2026-09-22", "2026-09-22", "2026-11-02"]),
                Climbed { open: 1, ..none },
            ),
            (
                "answered",
                step(StepState::Answered, ["2026-09-20", "2026-09-22", "2026-09-22", "2026-10-31"]),
                Climbed { answered: 1, ..none },
            ),
            (
                "approved, and nobody has rung",
                step(StepState::ToTelephone, ["2026-10-05", "2026-10-06", "", ""]),
                Climbed { proposed: 1, waiting: 1, ..none },
            ),
            (
                "a reply came before anybody rang",
                step(StepState::Answered, ["2026-09-20", "2026-09-22", "", "2026-10-03"]),
                Climbed { answered: 1, ..none },
            ),
            (
                "a reply came afterwards, before it went: it waited when the month ended",
                step(StepState::Stopped, ["2026-10-28", "", "", "2026-11-02"]),
                Climbed { proposed: 1, waiting: 1, ..none },
            ),
            (
                "gone, and taken back as mistaken",
                mistaken(step(StepState::Stopped, ["2026-10-05", "2026-10-06", "2026-10-06", "2026-10-20"])),
                Climbed { proposed: 1, taken: 1, stopped: 1, ..none },
            ),
            (
                "gone before, and found afterwards to be mistaken: it stands nowhere",
                mistaken(step(StepState::Stopped, ["2026-09-05", "2026-09-06", "2026-09-06", "2026-11-03"])),
                none,
            ),
        ] {
            let (rungs, list) = climbed(&[step], month, &Directory::default());
            assert_eq!(rungs["2"], counts, "{case}");
            assert_eq!((rungs["3"], list), (none, Vec::new()));
        }
    }

    #[test]
    fn whom_a_person_put_on_the_list_stands_there_reached_or_not_until_it_is_answered() {
        let month: Period = "2026-10".parse::<super::super::Month>().unwrap().into();
        let mut directory = Directory::default();
        let agency = agency::Model {
            id: AgencyId::new(),
            code: "OH".into(),
            name: "Oxford Health".into(),
            agency_group: AgencyGroup::CommunityHealth,
            valid_from: None,
            valid_to: None,
            successor_id: None,
        };
        let (of, name) = (ServiceId::new(), "Health Visiting North".into());
        directory.add(service::Model { id: of, agency_id: agency.id, name, merged_into_id: None }, agency);
        let last = |state, days| Step { rung: LAST, service: of, ..step(state, days) };
        let approved = last(StepState::Approved, ["2026-10-29", "2026-10-30", "2026-10-30", ""]);
        for (case, step, on_it) in [
            ("its letter went", approved, Some((30, false))),
            (
                "its letter went after the month",
                last(StepState::Approved, ["2026-10-29", "2026-10-30", "2026-11-02", ""]),
                Some((30, true)),
            ),
            (
                "its letter came back",
                last(StepState::ToTelephone, ["2026-10-29", "2026-10-30", "", ""]),
                Some((30, true)),
            ),
            (
                "somebody rang after the month",
                Step {
                    decided_at: Some("2026-11-03T10:00:00Z".parse().unwrap()),
                    ..last(StepState::Approved, ["2026-10-29", "2026-10-30", "2026-11-03", ""])
                },
                Some((30, true)),
            ),
            (
                "answered afterwards",
                last(StepState::Answered, ["2026-10-20", "2026-10-21", "2026-10-21", "2026-11-03"]),
                Some((21, false)),
            ),
            (
                "answered",
                last(StepState::Answered, ["2026-10-20", "2026-10-21", "2026-10-21", "2026-10-30"]),
                None,
            ),
            ("nobody decided", last(StepState::Proposed, ["2026-10-29", "", "", ""]), None),
            (
                "decided afterwards",
                last(StepState::Approved, ["2026-10-29", "2026-11-02", "2026-11-02", ""]),
                None,
            ),
            ("declined", last(StepState::Declined, ["2026-10-29", "2026-10-30", "", ""]), None),
            ("a restricted conference is in no list", Step { is_restricted: true, ..approved }, None),
            ("found to be mistaken", Step { was_mistaken: true, ..approved }, None),
            ("of the third rung", Step { rung: 3, ..approved }, None),
        ] {
            let (rungs, list) = climbed(&[step], month, &directory);
            let said: Vec<_> = list
                .iter()
                .map(|l| (l.since.format("%-d").to_string().parse().unwrap(), l.is_on_its_way))
                .collect();
            assert_eq!(said, on_it.into_iter().collect::<Vec<(u32, bool)>>(), "{case}");
            // It is in the totals all the same.
            assert_eq!(
                rungs["4"].open,
                usize::from(
                    step.rung == LAST && !step.was_mistaken && on_it.is_some_and(|(_, waits)| !waits)
                        || step.is_restricted
                ),
                "{case}"
            );
        }
        let (_, list) = climbed(&[Step { is_disputed: true, ..approved }], month, &directory);
        assert_eq!(list[0].remarks().collect::<Vec<_>>(), ["The agency disputes a record that it rests on."]);
    }
}
