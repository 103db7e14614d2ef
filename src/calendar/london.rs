//! Europe/London: times are stored in UTC, and written and read by people in local time.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Europe::London;

/// The moment at which London's clocks show this. `None` in the hour that the spring change leaves
/// out; the earlier of the two in the hour that autumn repeats.
pub fn to_utc(day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    match London.from_local_datetime(&day.and_time(time)) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => None,
    }
}

/// The first moment at or after which London's clocks show this: 01:30 on the spring Sunday is
/// taken as 02:00, when the gap ends.
pub fn to_utc_or_after(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let mut local = day.and_time(time);
    loop {
        if let Some(at) = to_utc(local.date(), local.time()) {
            return at;
        }
        local += chrono::TimeDelta::minutes(30 - i64::from(local.minute() % 30));
    }
}

/// What London's calendar and clocks show.
pub fn local(at: DateTime<Utc>) -> NaiveDateTime {
    at.with_timezone(&London).naive_local()
}

/// London's date.
pub fn date(at: DateTime<Utc>) -> NaiveDate {
    local(at).date()
}

/// "1:30pm", "10am", "noon": the way people write it.
pub fn clock(at: DateTime<Utc>) -> String {
    let time = local(at).time();
    let (pm, hour) = time.hour12();
    match (time.hour(), time.minute()) {
        (12, 0) => "noon".into(),
        (0, 0) => "midnight".into(),
        (_, 0) => format!("{hour}{}", if pm { "pm" } else { "am" }),
        (_, minute) => format!("{hour}:{minute:02}{}", if pm { "pm" } else { "am" }),
    }
}

/// "30 Sep 2026, 14:10", for tables.
pub fn short(at: DateTime<Utc>) -> String {
    local(at).format("%-d %b %Y, %H:%M").to_string()
}

/// "14:10", as a time field wants it.
pub fn hhmm(at: DateTime<Utc>) -> String {
    local(at).format("%H:%M").to_string()
}

/// "30 September 2026".
pub fn long_date(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// "Wednesday 30 September 2026".
pub fn full_date(day: NaiveDate) -> String {
    day.format("%A %-d %B %Y").to_string()
}

/// "Wednesday 30 September 2026, 1:30pm GMT": exact enough for a schedule or an audit trail.
pub fn moment(at: DateTime<Utc>) -> String {
    let zoned = at.with_timezone(&London);
    let zone = if zoned.offset().fix().local_minus_utc() == 0 { "GMT" } else { "BST" };
    format!("{}, {} {zone}", full_date(zoned.date_naive()), zoned.format("%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn at(day: &str, time: &str) -> Option<DateTime<Utc>> {
        to_utc(day.parse().unwrap(), time.parse().unwrap())
    }

    #[test]
    fn summer_is_an_hour_ahead_and_winter_is_not() {
        assert_eq!(at("2026-07-01", "13:30:00"), Some(utc("2026-07-01T12:30:00Z")));
        assert_eq!(at("2026-12-01", "13:30:00"), Some(utc("2026-12-01T13:30:00Z")));
    }

    #[test]
    fn the_hour_that_spring_leaves_out_is_no_time_and_autumns_double_hour_is_the_earlier() {
        assert_eq!(at("2026-03-29", "01:30:00"), None);
        assert_eq!(at("2026-10-25", "01:30:00"), Some(utc("2026-10-25T00:30:00Z")));
        let half_past_one = "01:30:00".parse().unwrap();
        assert_eq!(
            to_utc_or_after("2026-03-29".parse().unwrap(), half_past_one),
            utc("2026-03-29T01:00:00Z")
        );
    }

    #[test]
    fn people_read_times_as_they_write_them() {
        assert_eq!(clock(utc("2026-09-30T12:30:00Z")), "1:30pm");
        assert_eq!(clock(utc("2026-12-01T10:00:00Z")), "10am");
        assert_eq!(clock(utc("2026-12-01T12:00:00Z")), "noon");
        assert_eq!(full_date("2026-09-30".parse().unwrap()), "Wednesday 30 September 2026");
    }
}
