//! What is looked for, and how long it may take.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::FindingKind;
use super::{absences, steps, store};
use crate::calendar::{Breaks, Calendar};
use crate::{outbox, schedule};

/// Days back from which is looked: what is older was found, or is settled.
pub const DAYS: u64 = 60;
/// How long what is due may take, inside the sending window.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// How long a message may be due: after an outage, or a large import, the post goes out evenly.
const STUCK: TimeDelta = TimeDelta::hours(1);
/// How long a task may be late.
pub const TASK: TimeDelta = TimeDelta::minutes(15);
/// What is known of a task's last run is as old as this at most.
const TO_THE_MINUTE: TimeDelta = TimeDelta::minutes(2);
/// The task that looks.
pub const NAME: &str = "oversight";

/// A task that runs by the schedule.
#[derive(Clone, Debug)]
pub struct DueTask {
    /// Its name.
    pub name: &'static str,
    /// The last time at which it was due, but for those that are not late yet.
    pub due_at: DateTime<Utc>,
}

/// What the others are to keep to, as the settings say it.
pub struct Expectations<'a> {
    /// Minutes between the confirmation of a register and its letters.
    pub hold_minutes: u32,
    /// When the sending window is open next, from a moment on.
    pub opens: &'a (dyn Fn(DateTime<Utc>) -> DateTime<Utc> + Sync),
    /// The working days.
    pub calendar: &'a Calendar,
    /// Working days that a letter gives for a reply.
    pub reply_working_days: u32,
    /// School holidays.
    pub school_holidays: &'a Breaks,
    /// Why nothing is sent at all, if so: a setting is empty.
    pub nothing_because: Option<String>,
    /// The tasks.
    pub tasks: Vec<DueTask>,
    /// Since when this process serves, if it does.
    pub up_since: Option<DateTime<Utc>>,
}

impl Expectations<'_> {
    /// Whether what came due at a moment is late by now. Due shortly before the window shuts, it may go when the window
    /// opens next.
    pub fn is_late(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now > (self.opens)((self.opens)(due) + PATIENCE) + PATIENCE
    }

    /// The day by which a letter of this day asked for a reply.
    pub fn reply_by(&self, sent: NaiveDate, is_school: bool) -> NaiveDate {
        let breaks = if is_school { self.school_holidays } else { &Breaks::none() };
        breaks.add_working_days(self.calendar, sent, self.reply_working_days)
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub kind: FindingKind,
    pub object: String,
    pub conference: Option<Uuid>,
}

/// Looks at everything. Reads alone, and takes nobody's word.
pub async fn look(
    db: &impl ConnectionTrait,
    expected: &Expectations<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Found>, DbErr> {
    let mut found = Vec::new();
    // While nothing is sent at all that is said in one place, and not once for each letter.
    let nothing_goes = expected.nothing_because.is_some() || outbox::held_back(db).await?.is_some();
    if !nothing_goes {
        found.extend(absences::without_feedback(db, expected, now).await?);
        found.extend(absences::without_message(db, expected, now).await?);
        found.extend(absences::letters_without(db, expected, now).await?);
        found.extend(steps::late(db, expected, now).await?);
        let stuck = store::stuck(db, now - STUCK, now - PATIENCE).await?;
        let stuck = stuck.into_iter().map(|id| (FindingKind::MessageStuck, id.to_string()));
        found.extend(stuck.map(|(kind, object)| Found { kind, object, conference: None }));
    }
    found.extend(steps::undecided(db, expected, now).await?);
    found.extend(late_tasks(db, expected).await?);
    Ok(found)
}

/// Tasks that were due a while ago and have not run since. What came due before anybody looked for the first time, or
/// while this process did not run, is nobody's fault now: what was missed is made up for at the start.
async fn late_tasks(db: &impl ConnectionTrait, expected: &Expectations<'_>) -> Result<Vec<Found>, DbErr> {
    let Some((watched_since, _)) = schedule::seen(db, NAME).await? else { return Ok(Vec::new()) };
    let from = expected.up_since.map_or(watched_since, |up| up.max(watched_since));
    let mut found = Vec::new();
    for task in expected.tasks.iter().filter(|task| task.due_at > from) {
        let seen = schedule::seen(db, task.name).await?;
        if seen.is_none_or(|(_, at)| at + TO_THE_MINUTE < task.due_at) {
            let (kind, object) = (FindingKind::TaskLate, task.name.to_owned());
            found.push(Found { kind, object, conference: None });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_when_the_window_shuts_is_late_a_quarter_of_an_hour_after_it_opens_again() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // Open from eight to six, every day.
        let opens = |moment: DateTime<Utc>| {
            let (day, hour) = (moment.date_naive(), moment.time());
            let clock = |h| chrono::NaiveTime::from_hms_opt(h, 0, 0).unwrap();
            match () {
                () if hour < clock(8) => day.and_time(clock(8)).and_utc(),
                () if hour > clock(18) => (day + chrono::Days::new(1)).and_time(clock(8)).and_utc(),
                () => moment,
            }
        };
        let calendar = Calendar::with_changes([]);
        let expected = Expectations {
            hold_minutes: 30,
            opens: &opens,
            calendar: &calendar,
            reply_working_days: 5,
            school_holidays: &Breaks::none(),
            nothing_because: None,
            tasks: Vec::new(),
            up_since: None,
        };
        for (due, last_moment_in_time) in [
            ("2026-09-30T10:00:00Z", "2026-09-30T10:30:00Z"),
            ("2026-09-30T17:59:00Z", "2026-10-01T08:15:00Z"),
            ("2026-09-30T21:00:00Z", "2026-10-01T08:30:00Z"),
        ] {
            assert!(!expected.is_late(at(due), at(last_moment_in_time)), "{due}");
            assert!(expected.is_late(at(due), at(last_moment_in_time) + TimeDelta::seconds(1)), "{due}");
        }
    }
}
