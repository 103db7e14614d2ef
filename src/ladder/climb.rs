//! What the ladder proposes for one service (DOMAIN 7): a pure function from what was recorded of it to the steps that
//! are not there yet. An absence that was our fault is never among what it counts, and none leads to one rung twice.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::expected::{Expected, OpenStep};
use super::rules::{Ladder, Ladders, Trigger};
use crate::calendar::{Breaks, Calendar, months_before};
use crate::feedback::steps::StepReason;
use crate::invitations::InvitationId;

/// A step to be proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// 2 to 4.
    pub rung: i32,
    /// The first trigger that holds.
    pub reason: StepReason,
    /// The absences that lead to it, the newest first; never empty.
    pub causes: Vec<InvitationId>,
    /// The ladder's version.
    pub version: String,
}

/// What the ladder's rules need to know beside the records.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// The day on which is asked.
    pub today: NaiveDate,
    /// The working days.
    pub calendar: &'a Calendar,
    /// Days on which the service's clocks stand still: a school's holidays.
    pub breaks: &'a Breaks,
}

impl Clock<'_> {
    /// Working days since a day, less those on which the service is away.
    fn days_since(&self, day: NaiveDate) -> u32 {
        let days = day.iter_days().skip(1).take_while(|d| *d <= self.today);
        days.filter(|d| self.calendar.is_working_day(*d) && !self.breaks.contain(*d)).count() as u32
    }
}

/// The steps to propose for one service.
///
/// `expected`: every conference at which it was expected, in any order, as far back as the rules look. `caused`: the
/// absences that led to each rung already. `open`: its open steps of rung 3.
pub fn climb(
    ladders: &Ladders,
    expected: &[Expected],
    caused: &HashSet<(i32, InvitationId)>,
    open: &[OpenStep],
    clock: Clock<'_>,
) -> Vec<Proposal> {
    let mut expected: Vec<&Expected> = expected.iter().collect();
    expected.sort_by_key(|e| (e.date, e.invitation));
    let mut caused = caused.clone();
    let mut proposals = Vec::new();
    for (place, newest) in expected.iter().enumerate() {
        let ladder = ladders.on(newest.date);
        if !may_lead(newest) || has_lapsed(ladder, newest, clock) {
            continue;
        }
        for rung in ladder.rung.iter().filter(|rung| rung.rung < 4) {
            let fresh = |e: &Expected| may_lead(e) && !caused.contains(&(rung.rung, e.invitation));
            if !fresh(newest) {
                continue;
            }
            let until_here = &expected[..=place];
            let found =
                rung.trigger.iter().find_map(|trigger| led(*trigger, newest, until_here, &fresh, clock));
            if let Some((reason, causes)) = found {
                caused.extend(causes.iter().map(|id| (rung.rung, *id)));
                proposals.push(Proposal { rung: rung.rung, reason, causes, version: ladder.version.clone() });
            }
        }
    }
    for step in open.iter().filter(|step| !step.paused) {
        let ladder = ladders.of(&step.version);
        let triggers = ladder.rung(4).map(|rung| rung.trigger.as_slice()).unwrap_or_default();
        let due = triggers.iter().any(|trigger| match trigger {
            Trigger::StillOpen { working_days } => {
                clock.days_since(step.since) > working_days + step.paused_days
            }
            _ => false,
        });
        let causes: Vec<_> = step.causes.iter().copied().filter(|id| !caused.contains(&(4, *id))).collect();
        if due && causes.len() == step.causes.len() {
            caused.extend(causes.iter().map(|id| (4, *id)));
            let version = ladder.version.clone();
            proposals.push(Proposal { rung: 4, reason: StepReason::StillOpen, causes, version });
        }
    }
    proposals
}

/// Whether an absence may lead to a step: the agency knows of it, it does not dispute it, and it is not restricted.
fn may_lead(e: &Expected) -> bool {
    !e.restricted && e.told.is_some_and(|told| !told.disputed)
}

/// Whether it is too long ago that the agency was told, or that its time to answer was over.
fn has_lapsed(ladder: &Ladder, e: &Expected, clock: Clock<'_>) -> bool {
    let Some(told) = e.told else { return true };
    let since = told.reply_by.unwrap_or(told.on).max(told.on);
    clock.days_since(since) > ladder.lapses_after_working_days
}

/// Whether a trigger holds for the newest absence of what was recorded until then, and by which absences.
fn led(
    trigger: Trigger,
    newest: &Expected,
    until_here: &[&Expected],
    fresh: &impl Fn(&Expected) -> bool,
    clock: Clock<'_>,
) -> Option<(StepReason, Vec<InvitationId>)> {
    let told = newest.told?;
    let because = |causes| Some((trigger.reason(), causes));
    let alone = || because(vec![newest.invitation]);
    let since = |months| months_before(newest.date, months);
    let newest_first = |of: Vec<&&Expected>| of.into_iter().rev().map(|e| e.invitation).collect::<Vec<_>>();
    match trigger {
        Trigger::Severity { at_least } if !told.replied && newest.severity >= Some(at_least) => alone(),
        Trigger::Running { misses } if !told.replied && newest.running >= misses => alone(),
        Trigger::NoReply if !told.answered && told.reply_by.is_some_and(|by| by < clock.today) => alone(),
        Trigger::Pattern { misses, months, more_than_percent, of_at_least } if newest.miss => {
            let window: Vec<&&Expected> = until_here.iter().filter(|e| e.date > since(months)).collect();
            let disputed = |e: &Expected| e.told.is_some_and(|told| told.disputed);
            let missed = window.iter().filter(|e| e.miss && !disputed(e)).count();
            let counting: Vec<&&Expected> = window.iter().copied().filter(|e| e.miss && fresh(e)).collect();
            let often = missed * 100 > window.len() * more_than_percent && window.len() >= of_at_least;
            because(newest_first(counting)).filter(|(_, causes)| often && causes.len() >= misses)
        }
        Trigger::PlanEnds { times, months } if newest.plan_ended_without => {
            let ended = |e: &&&&Expected| e.date > since(months) && e.plan_ended_without && fresh(e);
            let ended: Vec<&&Expected> = until_here.iter().filter(|e| ended(&e)).collect();
            because(newest_first(ended)).filter(|(_, causes)| causes.len() >= times)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::ladder::expected::Told;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ladders() -> Ladders {
        Ladders::read(Path::new("")).unwrap()
    }

    /// A miss of which the agency was told the day after, and asked to answer within five working days.
    fn miss(date: &str) -> Expected {
        let calendar = Calendar::with_changes([]);
        let on = calendar.add_working_days(day(date), 1);
        let reply_by = Some(calendar.add_working_days(on, 5));
        Expected {
            invitation: InvitationId::new(),
            date: day(date),
            miss: true,
            severity: Some(2),
            plan_ended_without: false,
            running: 1,
            told: Some(Told { on, reply_by, answered: false, replied: false, disputed: false }),
            restricted: false,
        }
    }

    fn there(date: &str) -> Expected {
        Expected { miss: false, severity: None, running: 0, told: None, ..miss(date) }
    }

    fn told(e: Expected, change: impl FnOnce(&mut Told)) -> Expected {
        let mut told = e.told.unwrap();
        change(&mut told);
        Expected { told: Some(told), ..e }
    }

    fn climbed(today: &str, expected: &[Expected]) -> Vec<Proposal> {
        climbed_with(today, expected, &HashSet::new(), &[])
    }

    fn climbed_with(
        today: &str,
        expected: &[Expected],
        caused: &HashSet<(i32, InvitationId)>,
        open: &[OpenStep],
    ) -> Vec<Proposal> {
        let calendar = Calendar::with_changes([]);
        let clock = Clock { today: day(today), calendar: &calendar, breaks: &Breaks::default() };
        climb(&ladders(), expected, caused, open, clock)
    }

    fn reasons(proposals: &[Proposal]) -> Vec<(i32, StepReason)> {
        proposals.iter().map(|p| (p.rung, p.reason)).collect()
    }

    #[test]
    fn a_letter_that_nobody_answered_leads_to_the_second_rung_the_day_after() {
        let missed = [miss("2026-09-30")];
        assert_eq!(climbed("2026-10-08", &missed), [], "the day that the letter named");
        assert_eq!(reasons(&climbed("2026-10-09", &missed)), [(2, StepReason::NoReply)]);
        let replied = [told(miss("2026-09-30"), |t| (t.answered, t.replied) = (true, true))];
        assert_eq!(climbed("2026-10-09", &replied), []);
        let asks_nothing = [told(miss("2026-09-30"), |t| t.reply_by = None)];
        assert_eq!(climbed("2026-10-09", &asks_nothing), []);
    }

    #[test]
    fn a_grave_effect_or_a_second_miss_running_leads_there_at_once() {
        let grave = Expected { severity: Some(3), ..miss("2026-09-30") };
        assert_eq!(reasons(&climbed("2026-10-01", &[grave])), [(2, StepReason::Severity)]);
        let again = Expected { running: 2, ..miss("2026-09-30") };
        assert_eq!(reasons(&climbed("2026-10-01", &[again])), [(2, StepReason::Running)]);
        assert_eq!(climbed("2026-10-01", &[miss("2026-09-30")]), []);
    }

    #[test]
    fn what_is_disputed_restricted_or_untold_leads_to_nothing() {
        let grave = || Expected { severity: Some(3), ..miss("2026-09-30") };
        assert_eq!(climbed("2026-10-01", &[told(grave(), |t| t.disputed = true)]), []);
        assert_eq!(climbed("2026-10-01", &[Expected { restricted: true, ..grave() }]), []);
        assert_eq!(climbed("2026-10-01", &[Expected { told: None, ..grave() }]), []);
    }

    #[test]
    fn three_misses_in_six_months_and_more_than_half_of_four_lead_to_the_third_rung() {
        let replied = |date| told(miss(date), |t| (t.answered, t.replied) = (true, true));
        let three = || vec![replied("2026-06-10"), replied("2026-08-12"), replied("2026-09-30")];
        let with = |more: &[&str]| {
            let mut all = three();
            all.extend(more.iter().map(|date| there(date)));
            reasons(&climbed("2026-10-01", &all))
        };
        assert_eq!(with(&[]), [], "three of three expected are too few to judge");
        assert_eq!(with(&["2026-07-01"]), [(3, StepReason::Pattern)], "three of four");
        assert_eq!(with(&["2026-07-01", "2026-07-02", "2026-07-03"]), [], "three of six are half, not more");
        assert_eq!(with(&["2026-03-30"]), [], "six months and a day ago");
        let mut old = three();
        old[0] = replied("2026-03-30");
        old.push(there("2026-07-01"));
        assert_eq!(reasons(&climbed("2026-10-01", &old)), [], "the first is too long ago");
    }

    #[test]
    fn a_plan_that_ended_without_it_twice_leads_there_and_no_absence_leads_twice() {
        let ended = |date| {
            let replied = told(miss(date), |t| (t.answered, t.replied) = (true, true));
            Expected { plan_ended_without: true, severity: Some(3), ..replied }
        };
        let all = [ended("2026-08-12"), ended("2026-09-30")];
        let once = climbed("2026-10-01", &all);
        assert_eq!(reasons(&once), [(3, StepReason::PlanEnds)]);
        assert_eq!(once[0].causes, [all[1].invitation, all[0].invitation], "the newest first");
        let caused = once[0].causes.iter().map(|id| (3, *id)).collect();
        assert_eq!(climbed_with("2026-10-01", &all, &caused, &[]), []);
        let third = [all[0].clone(), all[1].clone(), ended("2026-09-30")];
        assert_eq!(climbed_with("2026-10-01", &third, &caused, &[]), [], "one that is new is not two");
    }

    #[test]
    fn a_third_rung_that_is_open_after_twenty_working_days_leads_to_the_fourth_unless_it_is_disputed() {
        let cause = InvitationId::new();
        let step = |paused, paused_days| OpenStep {
            since: day("2026-10-01"),
            version: "2026-1".into(),
            causes: vec![cause],
            paused,
            paused_days,
        };
        let on = |today, step| reasons(&climbed_with(today, &[], &HashSet::new(), &[step]));
        assert_eq!(on("2026-10-29", step(false, 0)), [], "the twentieth");
        assert_eq!(on("2026-10-30", step(false, 0)), [(4, StepReason::StillOpen)]);
        assert_eq!(on("2026-10-30", step(true, 0)), []);
        assert_eq!(on("2026-10-30", step(false, 3)), [], "three of them went by in a dispute");
        let caused = [(4, cause)].into_iter().collect();
        assert_eq!(climbed_with("2026-10-30", &[], &caused, &[step(false, 0)]), []);
    }

    #[test]
    fn what_nobody_acted_on_for_twenty_working_days_is_left_to_people() {
        assert_eq!(reasons(&climbed("2026-11-05", &[miss("2026-09-30")])), [(2, StepReason::NoReply)]);
        assert_eq!(climbed("2026-11-06", &[miss("2026-09-30")]), []);
    }

    #[test]
    fn a_schools_clock_to_the_fourth_rung_pauses_in_its_holidays() {
        let breaks: Breaks = ["2026-10-26..2026-10-30".parse().unwrap()].into_iter().collect();
        let calendar = Calendar::with_changes([]);
        let open = [OpenStep {
            since: day("2026-10-01"),
            version: "2026-1".into(),
            causes: vec![InvitationId::new()],
            paused: false,
            paused_days: 0,
        }];
        let on = |today| {
            let clock = Clock { today: day(today), calendar: &calendar, breaks: &breaks };
            climb(&ladders(), &[], &HashSet::new(), &open, clock).len()
        };
        assert_eq!((on("2026-11-05"), on("2026-11-06")), (0, 1));
    }

    prop_compose! {
        fn expectation()(
            days in 0u64..400,
            miss in any::<bool>(),
            severity in proptest::option::of(0u8..4),
            plan_ended in any::<bool>(),
            running in 0usize..3,
            told in proptest::option::of((any::<bool>(), any::<bool>(), proptest::option::of(0u64..10))),
            restricted in prop::bool::weighted(0.1),
        ) -> Expected {
            let date = day("2026-01-01") + chrono::Days::new(days);
            let told = told.map(|(replied, disputed, by)| Told {
                on: date,
                reply_by: by.map(|n| date + chrono::Days::new(n)),
                answered: replied || disputed,
                replied,
                disputed,
            });
            Expected {
                invitation: InvitationId::new(), date, miss, severity, plan_ended_without: plan_ended, running, told,
                restricted,
            }
        }
    }

    proptest! {
        #[test]
        fn no_absence_leads_to_a_rung_twice_and_none_of_which_the_agency_was_not_told(
            all in prop::collection::vec(expectation(), 0..30),
            days in 0u64..500,
        ) {
            let today = (day("2026-01-01") + chrono::Days::new(days)).to_string();
            let first = climbed(&today, &all);
            let mut caused = HashSet::new();
            for proposal in &first {
                prop_assert!(!proposal.causes.is_empty());
                for id in &proposal.causes {
                    prop_assert!(caused.insert((proposal.rung, *id)), "twice");
                    let e = all.iter().find(|e| e.invitation == *id).unwrap();
                    prop_assert!(e.told.is_some_and(|t| !t.disputed) && !e.restricted);
                    prop_assert!(proposal.rung > 2 || !e.told.unwrap().replied);
                }
            }
            prop_assert_eq!(climbed_with(&today, &all, &caused, &[]), vec![], "asked again, nothing is left");
        }
    }
}
