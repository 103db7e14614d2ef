//! What oversight holds the others to, as the settings say it.

use chrono::{DateTime, TimeDelta, Utc};

use super::site::Site;
use super::tasks::Task;
use crate::oversight::{self, DueTask, Expectations};

/// What the independent check holds the others to, as the settings say it.
pub(super) fn expectations<'a>(
    site: &'a Site,
    opens: &'a (dyn Fn(DateTime<Utc>) -> DateTime<Utc> + Sync),
    now: DateTime<Utc>,
) -> Expectations<'a> {
    let feedback = &site.rules.feedback;
    let missing = feedback.missing();
    let due = |task: Task| {
        let until = now - oversight::TASK_MAY_BE_LATE;
        let due_at = task.plan(site).ok()?.due(now - TimeDelta::days(31), until)?;
        Some(DueTask { name: task.name(), due_at })
    };
    let others = Task::ALL.into_iter().filter(|task| *task != Task::Oversight);
    Expectations {
        hold_minutes: feedback.hold_minutes,
        opens,
        calendar: &site.rules.policies.calendar,
        reply_working_days: feedback.reply_working_days,
        school_holidays: &feedback.school_holidays,
        nothing_because: (!missing.is_empty()).then(|| missing.join(", ")),
        tasks: others.filter_map(due).collect(),
        up_since: site.up_since.get().copied(),
    }
}
