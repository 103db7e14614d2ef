//! The sending window: working days, between two times of the day in Europe/London (DOMAIN 7). A letter
//! that comes at night reads like an accusation. Demonstrations and rehearsals may open it every day.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveTime, Utc};

use crate::calendar::{Calendar, london};

/// From when until when letters may go, on working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    opens: NaiveTime,
    closes: NaiveTime,
    every_day: bool,
}

impl FromStr for Window {
    type Err = String;

    /// "08:00-18:00", or "every day 08:00-18:00".
    fn from_str(text: &str) -> Result<Self, String> {
        let time = |t: &str| match t.trim() {
            "24:00" => Some(NaiveTime::from_hms_opt(23, 59, 59).expect("a time")),
            t => NaiveTime::parse_from_str(t, "%H:%M").ok(),
        };
        let (every_day, hours) = match text.trim().strip_prefix("every day") {
            Some(hours) => (true, hours),
            None => (false, text),
        };
        let times =
            hours.split_once(['-', '–']).and_then(|(opens, closes)| Some((time(opens)?, time(closes)?)));
        match times {
            Some((opens, closes)) if opens < closes => Ok(Self { opens, closes, every_day }),
            _ => Err(format!("\"{text}\" is not a window: write two times of one day, as 08:00-18:00")),
        }
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = if self.every_day { "every day " } else { "" };
        write!(f, "{days}{}-{}", self.opens.format("%H:%M"), self.closes.format("%H:%M"))
    }
}

impl Window {
    /// The first moment from `from` on at which it is this time of a day on which the window opens.
    pub fn next_at(&self, from: DateTime<Utc>, time: NaiveTime, calendar: &Calendar) -> DateTime<Utc> {
        let mut day = london::local(from).date();
        while london::to_utc_or_after(day, time) < from || !(self.every_day || calendar.is_working_day(day)) {
            day = day + Days::new(1);
        }
        london::to_utc_or_after(day, time)
    }

    /// Whether this time of the day lies in it.
    pub fn holds(&self, time: NaiveTime) -> bool {
        self.opens <= time && time <= self.closes
    }

    /// Now, if the window is open; else when it opens next.
    pub fn next_open(&self, now: DateTime<Utc>, calendar: &Calendar) -> DateTime<Utc> {
        let local = london::local(now);
        let is_a_day = self.every_day || calendar.is_working_day(local.date());
        if is_a_day && local.time() <= self.closes {
            if local.time() >= self.opens {
                return now;
            }
            return london::to_utc_or_after(local.date(), self.opens);
        }
        let tomorrow = local.date() + Days::new(1);
        let next = if self.every_day { tomorrow } else { calendar.next_working_day(tomorrow) };
        london::to_utc_or_after(next, self.opens)
    }

    /// Whether letters may go now.
    pub fn is_open(&self, now: DateTime<Utc>, calendar: &Calendar) -> bool {
        self.next_open(now, calendar) == now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_the_window_a_letter_waits_for_the_next_opening_in_london() {
        let calendar = Calendar::with_changes([]);
        let window: Window = "08:00-18:00".parse().unwrap();
        let next = |now: &str| window.next_open(now.parse().unwrap(), &calendar).to_rfc3339();
        assert_eq!(next("2026-07-01T07:30:00Z"), "2026-07-01T07:30:00+00:00", "08:30 in summer is open");
        assert_eq!(
            next("2026-07-01T17:30:00Z"),
            "2026-07-02T07:00:00+00:00",
            "18:30 in summer waits for 08:00"
        );
        assert_eq!(next("2026-10-23T18:00:00Z"), "2026-10-26T08:00:00+00:00", "over the autumn clock change");
        assert_eq!(next("2026-12-24T19:00:00Z"), "2026-12-29T08:00:00+00:00", "over Christmas");
        assert_eq!(next("2026-12-01T07:59:00Z"), "2026-12-01T08:00:00+00:00");
    }

    #[test]
    fn a_window_of_every_day_is_open_on_sundays_too() {
        let calendar = Calendar::with_changes([]);
        let window: Window = "every day 08:00-18:00".parse().unwrap();
        assert!(window.is_open("2026-11-22T10:00:00Z".parse().unwrap(), &calendar));
        let evening = "2026-11-21T19:00:00Z".parse().unwrap();
        assert_eq!(window.next_open(evening, &calendar).to_rfc3339(), "2026-11-22T08:00:00+00:00");
        assert_eq!(window.to_string(), "every day 08:00-18:00");
    }

    #[test]
    fn a_window_that_is_none_is_refused() {
        for text in ["", "08:00", "18:00-08:00", "8-18"] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }
}
