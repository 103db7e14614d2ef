//! How long a link in a letter lives, and how long a dispute may wait (DOMAIN 7): 10 working days.

use chrono::NaiveDate;

use crate::calendar::Calendar;

/// Working days for which a link lives after the last event on its item, and in which a dispute is settled.
const WORKING_DAYS: u32 = 10;

/// The last day on which a link opens, given the day of the last event on its item. While a dispute waits for its
/// answer it lives on: the answer is told behind it.
pub fn link_ends(last_event: NaiveDate, calendar: &Calendar) -> NaiveDate {
    calendar.add_working_days(last_event, WORKING_DAYS)
}

/// The day by which a dispute is settled.
pub fn settle_by(raised: NaiveDate, calendar: &Calendar) -> NaiveDate {
    calendar.add_working_days(raised, WORKING_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_working_days_leave_out_weekends_and_bank_holidays() {
        let calendar = Calendar::with_changes([]);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (event, last, why) in [
            ("2026-09-30", "2026-10-14", "a Wednesday: two weeks"),
            ("2026-10-03", "2026-10-16", "a Saturday counts as the Friday before"),
            ("2026-12-18", "2027-01-06", "over Christmas and New Year"),
        ] {
            assert_eq!(link_ends(day(event), &calendar), day(last), "{why}");
            assert_eq!(settle_by(day(event), &calendar), day(last), "{why}");
        }
    }
}
