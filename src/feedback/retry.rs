//! When a letter is tried again (DOMAIN 7): every 5 minutes for 4 hours, then hourly for 2 working days,
//! then a person gets the task to telephone. Always inside the sending window.

use chrono::{DateTime, TimeDelta, Utc};

use super::Window;
use crate::calendar::{Calendar, london};

/// The next attempt after a passing error at what has been due since then, or `None` to give up.
pub fn next_attempt(
    due_since: DateTime<Utc>,
    now: DateTime<Utc>,
    window: Window,
    calendar: &Calendar,
) -> Option<DateTime<Utc>> {
    let last_day = calendar.add_working_days(london::date(due_since), 2);
    let gives_up = london::to_utc_or_after(last_day, london::local(due_since).time()) + TimeDelta::hours(4);
    let early = now < due_since + TimeDelta::hours(4);
    let next = now + if early { TimeDelta::minutes(5) } else { TimeDelta::hours(1) };
    (next <= gives_up).then(|| window.next_open(next, calendar))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_tried_every_five_minutes_then_hourly_then_given_up() {
        let calendar = Calendar::with_changes([]);
        let window = "08:00-18:00".parse().unwrap();
        let posted = "2026-12-01T10:00:00Z".parse().unwrap();
        let next = |now: &str| {
            next_attempt(posted, now.parse().unwrap(), window, &calendar).map(|at| at.to_rfc3339())
        };
        assert_eq!(next("2026-12-01T10:00:00Z").as_deref(), Some("2026-12-01T10:05:00+00:00"));
        assert_eq!(next("2026-12-01T13:59:00Z").as_deref(), Some("2026-12-01T14:04:00+00:00"));
        assert_eq!(next("2026-12-01T14:00:00Z").as_deref(), Some("2026-12-01T15:00:00+00:00"));
        assert_eq!(next("2026-12-01T17:30:00Z").as_deref(), Some("2026-12-02T08:00:00+00:00"));
        assert_eq!(next("2026-12-03T13:00:00Z").as_deref(), Some("2026-12-03T14:00:00+00:00"));
        assert_eq!(next("2026-12-03T13:30:00Z"), None);
    }
}
