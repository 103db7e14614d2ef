//! The eight usual bank holidays of England and Wales in a year (Banking and Financial Dealings
//! Act 1971, with New Year's Day and the early May day as proclaimed each year). A day that falls on
//! a weekend moves to the next weekday that is not already one. One-off days are data: see
//! `bank_holiday_change`.

use chrono::{Datelike, Days, NaiveDate, Weekday};

pub(super) fn usual(year: i32) -> Vec<NaiveDate> {
    let easter = easter_sunday(year);
    let mut days = vec![
        easter - Days::new(2),
        easter + Days::new(1),
        monday_on_or_after(year, 5, 1),
        monday_on_or_after(year, 5, 25),
        monday_on_or_after(year, 8, 25),
    ];
    for (month, day) in [(1, 1), (12, 25), (12, 26)] {
        days.push(on_a_weekday(date(year, month, day), &days));
    }
    days.sort();
    days
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

fn monday_on_or_after(year: i32, month: u32, day: u32) -> NaiveDate {
    let first = date(year, month, day);
    first + Days::new(u64::from((7 - first.weekday().num_days_from_monday()) % 7))
}

fn on_a_weekday(mut day: NaiveDate, taken: &[NaiveDate]) -> NaiveDate {
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) || taken.contains(&day) {
        day = day + Days::new(1);
    }
    day
}

/// The computus in the form of Meeus, Jones and Butcher.
fn easter_sunday(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, g) = (b / 4, b % 4, (8 * b + 13) / 25);
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    date(year, (n / 31) as u32, (n % 31 + 1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(year: i32) -> Vec<String> {
        usual(year).iter().map(|d| d.format("%m-%d").to_string()).collect()
    }

    #[test]
    fn a_year_has_the_published_days() {
        assert_eq!(of(2024), ["01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26"]);
        assert_eq!(of(2025), ["01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26"]);
        assert_eq!(of(2026), ["01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"]);
        assert_eq!(of(2027), ["01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28"]);
    }

    #[test]
    fn a_day_on_a_weekend_moves_past_a_day_that_is_taken() {
        assert_eq!(of(2021)[6..], ["12-27", "12-28"]); // Christmas on a Saturday
        assert_eq!(of(2022)[6..], ["12-26", "12-27"]); // Christmas on a Sunday, Boxing Day stays
        assert_eq!(of(2022)[0], "01-03"); // New Year's Day on a Saturday
    }
}
