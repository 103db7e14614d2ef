//! Working days: Monday to Friday less the bank holidays of England and Wales. Office closures and
//! school holidays are other calendars: the statutory clock ignores them.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::bank_holidays;

/// The bank holidays of 2000 to 2100, with the changes that were proclaimed.
#[derive(Clone, Debug)]
pub struct Calendar {
    holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// The usual days, changed by `(day, is a holiday)`.
    pub fn with_changes(changes: impl IntoIterator<Item = (NaiveDate, bool)>) -> Self {
        let mut holidays: BTreeSet<_> = (2000..=2100).flat_map(bank_holidays::usual).collect();
        for (day, is_holiday) in changes {
            if is_holiday {
                holidays.insert(day);
            } else {
                holidays.remove(&day);
            }
        }
        Self { holidays }
    }

    /// Whether offices and the statutory clock work on this day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.contains(&day)
    }

    /// The number of working days `d` with `after < d ≤ until`; 0 when `until` is not later.
    pub fn working_days(&self, after: NaiveDate, until: NaiveDate) -> u32 {
        after
            .iter_days()
            .skip(1)
            .take_while(|day| *day <= until)
            .filter(|day| self.is_working_day(*day))
            .count() as u32
    }

    /// The day on which `count` working days after `day` have passed; with 0, the day itself.
    pub fn add_working_days(&self, day: NaiveDate, count: u32) -> NaiveDate {
        let mut reached = day;
        for _ in 0..count {
            reached = self.next_working_day(reached + Days::new(1));
        }
        reached
    }

    /// This day if it is a working day, else the next that is.
    pub fn next_working_day(&self, mut day: NaiveDate) -> NaiveDate {
        while !self.is_working_day(day) {
            day = day + Days::new(1);
        }
        day
    }

    /// The last working day before this day.
    pub fn previous_working_day(&self, mut day: NaiveDate) -> NaiveDate {
        loop {
            day = day - Days::new(1);
            if self.is_working_day(day) {
                return day;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn working_days_are_counted_over_weekends_and_bank_holidays() {
        let calendar = Calendar::with_changes([]);
        for (after, until, count) in [
            ("2026-11-16", "2026-11-20", 4), // Monday for Friday
            ("2026-11-20", "2026-11-23", 1), // Friday for Monday
            ("2026-04-02", "2026-04-07", 1), // Maundy Thursday for the Tuesday after Easter
            ("2026-12-24", "2026-12-29", 1), // over Christmas and its substitute day
            ("2026-11-20", "2026-11-20", 0),
            ("2026-11-20", "2026-11-10", 0),
        ] {
            assert_eq!(calendar.working_days(day(after), day(until)), count, "{after} to {until}");
        }
    }

    #[test]
    fn a_proclaimed_change_moves_a_holiday() {
        let calendar = Calendar::with_changes([(day("2020-05-04"), false), (day("2020-05-08"), true)]);
        assert!(calendar.is_working_day(day("2020-05-04")));
        assert!(!calendar.is_working_day(day("2020-05-08")));
    }

    #[test]
    fn adding_working_days_skips_what_is_not_one() {
        let calendar = Calendar::with_changes([]);
        assert_eq!(calendar.add_working_days(day("2026-09-30"), 5), day("2026-10-07"));
        assert_eq!(calendar.add_working_days(day("2026-04-02"), 1), day("2026-04-07"));
        assert_eq!(calendar.add_working_days(day("2026-04-04"), 0), day("2026-04-04"));
    }
}
