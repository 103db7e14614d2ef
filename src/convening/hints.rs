//! What is said at once while a conference is booked or moved: by when it must be, the day, the chair, the notice
//! that agencies would have. Nothing here refuses: a late conference is better than none.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::calendar::{Calendar, london};
use crate::conferences::{ConferenceType, INITIAL_WORKING_DAYS, latest_day};
use crate::invitations::{MinimumNotice, notice};

/// What starts a conference's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockStart {
    /// The strategy discussion, or the notification of a transfer.
    Discussion(NaiveDate),
    /// The conference before: the last held one (reviews), or the adjourned one (reconvened).
    Before(NaiveDate),
    /// Not known here.
    Unknown,
}

/// What keeps a chair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChairBusy {
    /// A conference from when to when.
    Hours((DateTime<Utc>, DateTime<Utc>)),
    /// One of which nothing may be said.
    Somewhere,
}

/// What is known while booking.
#[derive(Clone, Debug)]
pub struct Booking {
    pub kind: ConferenceType,
    pub date: NaiveDate,
    pub starts: ClockStart,
    pub today: NaiveDate,
    /// Where the chair is at that time.
    pub chair_busy: Vec<ChairBusy>,
    /// Conferences that one of the children has coming, each as its reference and day.
    pub children_booked: Vec<(String, NaiveDate)>,
}

/// One thing to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// It should make somebody think again.
    pub warns: bool,
    pub text: String,
}

fn says(text: String) -> Hint {
    Hint { warns: false, text }
}

fn warns(text: String) -> Hint {
    Hint { warns: true, text }
}

fn days(n: u32) -> String {
    if n == 1 { "1 working day".to_owned() } else { format!("{n} working days") }
}

/// The rule behind the last day in time, in words.
fn rule(kind: ConferenceType) -> String {
    match kind {
        ConferenceType::Initial => {
            format!("{INITIAL_WORKING_DAYS} working days after the strategy discussion")
        }
        ConferenceType::PreBirth => format!(
            "before the birth, and at most {INITIAL_WORKING_DAYS} working days after the strategy discussion"
        ),
        ConferenceType::TransferIn => format!("{INITIAL_WORKING_DAYS} working days after the notification"),
        ConferenceType::FirstReview => "3 months after the initial conference".to_owned(),
        ConferenceType::Review => "6 months after the conference before".to_owned(),
        ConferenceType::Reconvened => "10 working days after the adjourned conference".to_owned(),
    }
}

/// The last day in time, if it is known.
pub fn latest(kind: ConferenceType, starts: ClockStart, calendar: &Calendar) -> Option<NaiveDate> {
    match starts {
        ClockStart::Discussion(day) | ClockStart::Before(day) => Some(latest_day(kind, day, calendar)),
        ClockStart::Unknown => None,
    }
}

/// Everything worth saying, what warns first.
pub fn hints(booking: &Booking, minimum: MinimumNotice, calendar: &Calendar) -> Vec<Hint> {
    let Booking { kind, date, starts, today, .. } = *booking;
    let mut list = Vec::new();
    if !calendar.is_working_day(date) {
        list.push(warns(format!("{} is not a working day.", london::full_date(date))));
    }
    match (latest(kind, starts, calendar), starts) {
        (Some(last), ClockStart::Discussion(day) | ClockStart::Before(day)) => {
            let by = format!(
                "The last day in time is {}: {} of {}.",
                london::full_date(last),
                rule(kind),
                london::long_date(day)
            );
            let late = calendar.working_days(last, date);
            // Working days are counted, so the weekend after the last of them is no later; months end on a date.
            if date > last && (late > 0 || kind.is_review()) {
                list.push(warns(format!("{} is {} too late. {by}", london::full_date(date), days(late.max(1)))));
            } else {
                list.push(says(by));
            }
        }
        _ if kind.is_initial() => list.push(warns(format!(
            "Nobody can tell whether it is in time: the last day is {}, and that date is missing.",
            rule(kind)
        ))),
        _ if kind == ConferenceType::Reconvened => list.push(warns(
            "No conference of these children that you may see is adjourned and waits to be reconvened.".to_owned(),
        )),
        _ => list.push(warns(format!(
            "Nobody can tell whether it is in time: the last day is {}, and no such conference of these children is \
             known here.",
            rule(kind)
        ))),
    }
    let (given, owed) = (notice(today, date, calendar), minimum.for_type(kind));
    if given < owed {
        list.push(warns(format!(
            "Invitations that go today give {}, and at least {owed} are owed. An agency that is invited late and stays \
             away is not counted against: the fault would be ours.",
            days(given)
        )));
    } else {
        list.push(says(format!("Invitations that go today give {}; at least {owed} are owed.", days(given))));
    }
    for busy in &booking.chair_busy {
        list.push(warns(match busy {
            ChairBusy::Hours((from, until)) => format!(
                "The chair has another conference from {} to {}.",
                london::clock(*from),
                london::clock(*until)
            ),
            ChairBusy::Somewhere => "The chair is not free at that time.".to_owned(),
        }));
    }
    for (reference, day) in &booking.children_booked {
        list.push(warns(format!(
            "One of these children has a conference booked already: {reference} on {}.",
            london::full_date(*day)
        )));
    }
    list.sort_by_key(|hint| !hint.warns);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn said(kind: ConferenceType, date: &str, starts: ClockStart) -> Vec<Hint> {
        let minimum = MinimumNotice { initial: 5, review: 10, reconvened: 3 };
        let booking = Booking {
            kind,
            date: day(date),
            starts,
            today: day("2026-11-02"),
            chair_busy: vec![],
            children_booked: vec![],
        };
        hints(&booking, minimum, &Calendar::with_changes([]))
    }

    #[test]
    fn the_last_day_in_time_is_said_with_its_rule() {
        let hints = said(ConferenceType::Initial, "2026-11-20", ClockStart::Discussion(day("2026-11-02")));
        assert!(hints.iter().all(|hint| !hint.warns), "{hints:?}");
        assert_eq!(
            hints[0].text,
            "The last day in time is Monday 23 November 2026: 15 working days after the strategy discussion of \
             2 November 2026."
        );
        let hints = said(ConferenceType::Review, "2027-03-01", ClockStart::Before(day("2026-08-31")));
        assert!(
            hints[0].warns && hints[0].text.starts_with("Monday 1 March 2027 is 1 working day too late."),
            "{hints:?}"
        );
    }

    #[test]
    fn a_weekend_short_notice_and_an_unknown_clock_are_said() {
        let hints = said(ConferenceType::Review, "2026-11-07", ClockStart::Unknown);
        let all: Vec<&str> = hints.iter().map(|hint| hint.text.as_str()).collect();
        assert!(hints.iter().all(|hint| hint.warns), "{hints:?}");
        assert!(all.contains(&"Saturday 7 November 2026 is not a working day."), "{all:?}");
        assert!(
            all.iter().any(|text| text.starts_with("Invitations that go today give 4 working days")),
            "{all:?}"
        );
        assert!(all.iter().any(|text| text.contains("no such conference of these children")), "{all:?}");
    }
}
