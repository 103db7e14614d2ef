//! When a task is due: a cron expression with seconds, read on London's clocks.

use chrono::{DateTime, Offset, SubsecRound as _, TimeDelta, Utc};
use chrono_tz::Europe::London;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// A schedule that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "schedule.{task}: \"{given}\" is not a cron expression of six fields (second minute hour day month weekday): {why}"
)]
pub struct PlanError {
    task: String,
    given: String,
    why: String,
}

/// The times of one task.
#[derive(Clone, Debug)]
pub struct Plan {
    cron: Cron,
    /// Whether it runs in every hour: then it goes on in the hour that autumn repeats.
    hourly: bool,
}

impl Plan {
    /// Reads `second minute hour day month weekday`.
    pub fn parse(task: &str, given: &str) -> Result<Self, PlanError> {
        let parser = CronParser::builder().seconds(Seconds::Required).build();
        let cron = parser.parse(given).map_err(|e| PlanError {
            task: task.to_owned(),
            given: given.to_owned(),
            why: e.to_string(),
        })?;
        let hourly = given.split_whitespace().nth(2).is_some_and(|hour| hour == "*");
        Ok(Self { cron, hourly })
    }

    /// The first time after this one. A time that the spring change leaves out is taken when the gap
    /// ends; one that autumn repeats is taken once.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Times are whole seconds. The library would carry the fraction of this one along, and processes that began at
        // other moments would each have due times of their own.
        let after = after.trunc_subsecs(0);
        let mut from = after.with_timezone(&London);
        if self.hourly {
            // Minutes and seconds do not care for the change of the clocks, which is a whole hour: what comes
            // within the hour is found by the offset that holds now.
            let fixed =
                self.cron.find_next_occurrence(&after.with_timezone(&from.offset().fix()), false).ok()?;
            if fixed.with_timezone(&Utc) - after <= TimeDelta::hours(1) {
                return Some(fixed.with_timezone(&Utc));
            }
        }
        loop {
            let next = self.cron.find_next_occurrence(&from, false).ok()?.with_timezone(&Utc);
            if next > after {
                return Some(next);
            }
            // In the repeated hour the clocks' reading is taken for its first pass, which is over.
            from += TimeDelta::minutes(30);
        }
    }

    /// The latest time that has come since `last`, and not the ones before it: after an outage a task
    /// runs once, late, and not once for each time it missed.
    pub fn due(&self, last: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Looking back in growing steps finds the newest time without walking through all of an outage.
        for back in [10, 120, 3_700, 90_000, 2_700_000, 40_000_000].map(TimeDelta::seconds) {
            let from = last.max(now - back);
            let mut newest = None;
            let mut next = self.next_after(from);
            while let Some(at) = next.filter(|at| *at <= now) {
                newest = Some(at);
                next = self.next_after(at);
            }
            if newest.is_some() || from == last {
                return newest;
            }
        }
        None
    }
}

/// A time at which a task is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The time.
    pub due_at: DateTime<Utc>,
    /// Somebody has begun it, as this process was told when it asked before.
    pub begun: bool,
}

impl From<DateTime<Utc>> for Turn {
    fn from(due_at: DateTime<Utc>) -> Self {
        Self { due_at, begun: false }
    }
}

/// When to ask for a time once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The moment.
    pub at: DateTime<Utc>,
    /// The ledger has, or had, a row of it.
    pub begun: bool,
}

/// Which of a task's times one process has dealt with.
#[derive(Clone, Debug)]
pub struct Turns {
    plan: Plan,
    /// What came before this is dealt with.
    last: DateTime<Utc>,
    /// A time that is not, and when to ask for it once more.
    again: Option<(DateTime<Utc>, Again)>,
}

impl Turns {
    /// Everything after `last` is yet to be dealt with.
    pub fn since(plan: Plan, last: DateTime<Utc>) -> Self {
        Self { plan, last, again: None }
    }

    /// What is due now, if anything is.
    pub fn due(&mut self, now: DateTime<Utc>) -> Option<Turn> {
        // A clock that was put back must not keep the task from running until it is that late once more.
        self.last = self.last.min(now);
        let due_at = self.plan.due(self.last, now)?;
        match self.again.filter(|(of, _)| *of == due_at) {
            Some((_, again)) if again.at > now => None,
            again => Some(Turn { due_at, begun: again.is_some_and(|(_, again)| again.begun) }),
        }
    }

    /// A due time was dealt with; or is asked for once more at a moment, unless a later one comes due.
    pub fn came(&mut self, Turn { due_at, .. }: Turn, again: Option<Again>) {
        self.again = again.map(|again| (due_at, again));
        if again.is_none() {
            self.last = due_at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_london_time_stays_what_it_is_when_the_clocks_change() {
        let morning = Plan::parse("t", "0 0 7 * * *").unwrap();
        assert_eq!(morning.next_after(utc("2026-03-28T12:00:00Z")), Some(utc("2026-03-29T06:00:00Z")));
        assert_eq!(morning.next_after(utc("2026-10-24T12:00:00Z")), Some(utc("2026-10-25T07:00:00Z")));
    }

    #[test]
    fn a_time_that_does_not_exist_runs_at_the_end_of_the_gap_and_one_that_comes_twice_runs_once() {
        let night = Plan::parse("t", "0 30 1 * * *").unwrap();
        assert_eq!(night.next_after(utc("2026-03-28T12:00:00Z")), Some(utc("2026-03-29T01:00:00Z")));
        let first = night.next_after(utc("2026-10-24T12:00:00Z")).unwrap();
        assert_eq!(first, utc("2026-10-25T00:30:00Z"));
        assert_eq!(night.next_after(first), Some(utc("2026-10-26T01:30:00Z")));
    }

    #[test]
    fn a_task_of_every_few_seconds_goes_on_through_the_hour_that_comes_twice() {
        let often = Plan::parse("t", "*/5 * * * * *").unwrap();
        let night = Plan::parse("t", "0 30 1 * * *").unwrap();
        let (mut last, mut nights) = (utc("2026-10-24T23:00:00Z"), 0);
        let mut last_night = last;
        let mut now = last;
        while now < utc("2026-10-25T03:00:00Z") {
            now += TimeDelta::seconds(1);
            if let Some(at) = often.due(last, now) {
                assert_eq!(at - last, TimeDelta::seconds(5), "{at}");
                last = at;
            }
            if let Some(at) = night.due(last_night, now) {
                (last_night, nights) = (at, nights + 1);
            }
        }
        assert_eq!(nights, 1);
    }

    #[test]
    fn after_an_outage_a_task_is_due_once_at_its_latest_time() {
        let often = Plan::parse("t", "*/5 * * * * *").unwrap();
        let now = utc("2026-11-20T10:00:03Z");
        assert_eq!(often.due(utc("2026-11-18T10:00:00Z"), now), Some(utc("2026-11-20T10:00:00Z")));
        assert_eq!(often.due(utc("2026-11-20T10:00:00Z"), now), None);
        let monthly = Plan::parse("t", "0 0 6 1 * *").unwrap();
        assert_eq!(monthly.due(utc("2026-08-15T00:00:00Z"), now), Some(utc("2026-11-01T06:00:00Z")));
        assert_eq!(monthly.due(utc("2026-11-01T06:00:00Z"), now), None);
    }

    #[test]
    fn processes_that_began_at_other_moments_have_the_same_due_times() {
        for schedule in ["*/5 * * * * *", "0 0 7 * * *", "0 15 * * * *"] {
            let plan = Plan::parse("t", schedule).unwrap();
            let (one, other) = (utc("2026-11-28T04:13:17.633657Z"), utc("2026-11-28T04:13:17.100002Z"));
            let due = |now: DateTime<Utc>| plan.due(now - TimeDelta::days(31), now);
            assert_eq!(due(one), due(other), "{schedule}");
            assert_eq!(due(one).unwrap().timestamp_subsec_nanos(), 0, "{schedule}");
        }
        let often = Plan::parse("t", "*/5 * * * * *").unwrap();
        assert_eq!(often.next_after(utc("2026-11-28T04:13:15.5Z")), Some(utc("2026-11-28T04:13:20Z")));
        assert_eq!(often.next_after(utc("2026-11-28T04:13:14.9Z")), Some(utc("2026-11-28T04:13:15Z")));
        assert_eq!(often.next_after(utc("2026-11-28T04:13:15Z")), Some(utc("2026-11-28T04:13:20Z")));
    }

    #[test]
    fn what_is_to_be_tried_again_waits_for_its_moment_and_gives_way_to_the_next_time() {
        let morning = Plan::parse("t", "0 0 7 * * *").unwrap();
        let mut turns = Turns::since(morning, utc("2026-12-01T00:00:00Z"));
        let due = Turn::from(utc("2026-12-01T07:00:00Z"));
        assert_eq!(turns.due(due.due_at), Some(due));
        turns.came(due, Some(Again { at: utc("2026-12-01T07:05:00Z"), begun: true }));
        assert_eq!(turns.due(utc("2026-12-01T07:04:59Z")), None);
        assert_eq!(turns.due(utc("2026-12-01T07:05:00Z")), Some(Turn { begun: true, ..due }));
        turns.came(due, Some(Again { at: utc("2026-12-02T09:00:00Z"), begun: false }));
        let next = Turn::from(utc("2026-12-02T07:00:00Z"));
        assert_eq!(turns.due(next.due_at), Some(next));
        turns.came(next, None);
        assert_eq!(turns.due(utc("2026-12-02T12:00:00Z")), None);
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_stop_a_task() {
        let often = Plan::parse("t", "*/5 * * * * *").unwrap();
        let mut turns = Turns::since(often, utc("2026-12-01T12:00:00Z"));
        let due = turns.due(utc("2026-12-01T12:00:05Z")).unwrap();
        turns.came(due, None);
        assert_eq!(turns.due(utc("2026-12-01T09:00:01Z")), None);
        assert_eq!(turns.due(utc("2026-12-01T09:00:06Z")), Some(utc("2026-12-01T09:00:05Z").into()));
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_the_tasks_name() {
        let error = Plan::parse("feedback", "every morning").unwrap_err().to_string();
        assert!(error.starts_with("schedule.feedback: \"every morning\""), "{error}");
    }
}
