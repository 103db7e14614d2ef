//! When a report counts as on time (DOMAIN 4): two working days before (config), late after that,
//! tabled on the day.

use chrono::NaiveDate;

use super::Report;
use crate::calendar::Calendar;

/// What a report received on this day is. `None` after the conference: nobody there could read it.
pub fn report_timing(
    received_on: NaiveDate,
    conference_date: NaiveDate,
    on_time_working_days: u32,
    calendar: &Calendar,
) -> Option<Report> {
    if received_on > conference_date {
        None
    } else if received_on == conference_date {
        Some(Report::Tabled)
    } else if calendar.working_days(received_on, conference_date) >= on_time_working_days {
        Some(Report::OnTime)
    } else {
        Some(Report::Late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_on_time_two_working_days_before_and_tabled_on_the_day() {
        let calendar = Calendar::with_changes([]);
        let of = |received: &str, held: &str| {
            report_timing(received.parse().unwrap(), held.parse().unwrap(), 2, &calendar)
        };
        assert_eq!(of("2026-11-18", "2026-11-20"), Some(Report::OnTime));
        assert_eq!(of("2026-11-19", "2026-11-20"), Some(Report::Late));
        assert_eq!(
            of("2026-11-20", "2026-11-23"),
            Some(Report::Late),
            "Friday for Monday is one working day"
        );
        assert_eq!(of("2026-11-20", "2026-11-20"), Some(Report::Tabled));
        assert_eq!(of("2026-11-21", "2026-11-20"), None);
    }
}
