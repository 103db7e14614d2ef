//! Days as trackers have them.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use crate::calendar::written;

/// A day as trackers have it, and the time that stands behind it, if one does. Day before month, always.
pub(super) fn day_and_time(cell: &str) -> Option<(NaiveDate, Option<NaiveTime>)> {
    let weekday = |word: &str| word.trim_end_matches(',').parse::<Weekday>().is_ok();
    let cell = cell.split_once(' ').filter(|(word, _)| weekday(word)).map_or(cell, |(_, rest)| rest.trim());
    let whole = |text: &str| {
        // Two digits are a year of this century: read with four, "5.1.26" would be the year 26.
        let short = text.rsplit(['.', '/', '-', ' ']).next().is_some_and(|year| year.len() == 2);
        let forms: &[&str] = match short {
            true => &["%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%d-%b-%y", "%d %b %y"],
            false => &["%d.%m.%Y", "%d-%m-%Y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y"],
        };
        let read = || forms.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
        written::day(text).or_else(read).filter(|day| (1990..=2100).contains(&day.year()))
    };
    if let Some(day) = whole(cell) {
        return Some((day, None));
    }
    let (first, time) = cell.split_once(['T', ' '])?;
    Some((whole(first)?, Some(written::time(time)?)))
}

/// Whether a date can only be read month first.
pub(super) fn is_month_first(cell: &str) -> bool {
    let mut parts = cell.split('/').map(|part| part.parse::<u32>().unwrap_or(0));
    matches!((parts.next(), parts.next()), (Some(1..=12), Some(13..=31)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_trackers_have_them_and_never_month_first() {
        let expected: Option<NaiveDate> = "2026-01-05".parse().ok();
        for cell in [
            "2026-01-05",
            "05/01/2026",
            "5.1.26",
            "05/01/26",
            "05-Jan-2026",
            "5 Jan 2026",
            "5 January 2026",
            "Mon 5 January 2026",
            "05-01-2026",
            "5-Jan-26",
        ] {
            assert_eq!(day_and_time(cell).map(|(day, _)| day), expected, "{cell}");
        }
        let time = NaiveTime::from_hms_opt(9, 30, 0);
        for cell in ["2026-01-05 09:30", "2026-01-05T09:30:00", "05/01/2026 9:30am"] {
            assert_eq!(day_and_time(cell), expected.map(|day| (day, time)), "{cell}");
        }
        for cell in ["01/13/2026", "January", "46027", "5 Jan", "", "32/01/2026"] {
            assert_eq!(day_and_time(cell), None, "{cell}");
        }
        assert!(
            is_month_first("05/13/2026") && !is_month_first("13/05/2026") && !is_month_first("05/06/2026")
        );
    }
}
