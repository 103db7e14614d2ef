//! Calendar months, as review clocks count them.

use chrono::{Months, NaiveDate};

/// The same day `count` months later, or that month's last day where it has no such day
/// (31 August + 6 months = 28 February).
pub fn add_months(day: NaiveDate, count: u32) -> NaiveDate {
    day + Months::new(count)
}

/// The same day `count` months earlier, or that month's last day where it has no such day.
pub fn months_before(day: NaiveDate, count: u32) -> NaiveDate {
    day - Months::new(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_month_becomes_the_end_of_a_short_one() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(add_months(day("2026-08-31"), 6), day("2027-02-28"));
        assert_eq!(add_months(day("2026-11-30"), 3), day("2027-02-28"));
        assert_eq!(add_months(day("2026-01-15"), 3), day("2026-04-15"));
    }
}
