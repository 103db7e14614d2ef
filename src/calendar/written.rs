//! Dates and times as people write them. Nothing is guessed: what could be two days is neither.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};

/// `2026-09-30` or `30/09/2026`, between 1990 and 2100; a spreadsheet's midnight behind it is passed over.
pub fn day(text: &str) -> Option<NaiveDate> {
    let text =
        [" 00:00:00", " 00:00", "T00:00:00"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    let day =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%d/%m/%Y"));
    day.ok().filter(|day| (1990..=2100).contains(&day.year()))
}

/// `13:30`, `13.30`, `1330`, `1:30pm`, `1pm`.
pub fn time(text: &str) -> Option<NaiveTime> {
    let text = text.trim().to_lowercase().replace(' ', "");
    let on_the_hour =
        text.strip_suffix("am").or(text.strip_suffix("pm")).filter(|hour| hour.parse::<u8>().is_ok());
    let text = match on_the_hour {
        Some(hour) => format!("{hour}:00{}", &text[hour.len()..]),
        None => text,
    };
    // "15:4" is the beginning of a time, and no time yet.
    let minutes = text.split([':', '.']).nth(1);
    if minutes.is_some_and(|m| m.chars().take_while(char::is_ascii_digit).count() < 2) {
        return None;
    }
    let forms = ["%H:%M", "%H:%M:%S", "%H.%M", "%I:%M%p", "%H%M"];
    forms.iter().find_map(|form| NaiveTime::parse_from_str(&text, form).ok())
}

/// "3 minutes ago", "2 days ago": how long ago something was.
pub fn ago(time: TimeDelta) -> String {
    let (n, unit) = match time.num_seconds() {
        ..60 => return "less than a minute ago".to_owned(),
        60..3600 => (time.num_minutes(), "minute"),
        3600..86_400 => (time.num_hours(), "hour"),
        _ => (time.num_days(), "day"),
    };
    format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_two_forms_and_nothing_is_guessed() {
        let expected = "2026-09-30".parse().ok();
        for text in ["2026-09-30", "30/09/2026", "30/9/2026", "30/09/2026 00:00", "2026-09-30T00:00:00"] {
            assert_eq!(day(text), expected, "{text}");
        }
        for text in
            ["09/30/2026", "30-09-2026", "30/09/26", "46295", "2026-02-30", "0026-09-30", "-262143-01-01"]
        {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn how_long_ago_is_said_in_the_largest_unit_that_fits() {
        for (seconds, said) in [
            (5, "less than a minute ago"),
            (60, "1 minute ago"),
            (7300, "2 hours ago"),
            (90_000, "1 day ago"),
        ] {
            assert_eq!(ago(TimeDelta::seconds(seconds)), said);
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("13:30", "13:30"),
            ("13.30", "13:30"),
            ("1330", "13:30"),
            ("1:30pm", "13:30"),
            ("1:30 PM", "13:30"),
            ("1pm", "13:00"),
            ("12am", "00:00"),
            ("9:05:00", "09:05"),
        ] {
            assert_eq!(time(text), Some(format!("{expected}:00").parse().unwrap()), "{text}");
        }
        for text in ["24:00", "half past", "13:60", "13", "15:4"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
