//! School holidays: while they last, a school's clock to answer by stands still (DOMAIN 7). Statutory clocks ignore them.

use std::str::FromStr;

use chrono::{Days, NaiveDate};

use super::Calendar;

/// Days on which somebody is away, beside those on which nobody works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaks(Vec<(NaiveDate, NaiveDate)>);

impl Breaks {
    /// None at all.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether a day is in one of them.
    pub fn contain(&self, day: NaiveDate) -> bool {
        self.0.iter().any(|(from, until)| (*from..=*until).contains(&day))
    }

    /// The day on which `count` working days after `day` have passed on which nobody is away.
    pub fn add_working_days(&self, calendar: &Calendar, day: NaiveDate, count: u32) -> NaiveDate {
        let mut reached = day;
        for _ in 0..count {
            reached = calendar.next_working_day(reached + Days::new(1));
            while self.contain(reached) {
                reached = calendar.next_working_day(reached + Days::new(1));
            }
        }
        reached
    }
}

impl FromIterator<Span> for Breaks {
    fn from_iter<T: IntoIterator<Item = Span>>(spans: T) -> Self {
        Self(spans.into_iter().map(|span| (span.0, span.1)).collect())
    }
}

/// One break, its last day included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(NaiveDate, NaiveDate);

impl FromStr for Span {
    type Err = String;

    /// Reads `2026-10-26..2026-10-30`, or one day.
    fn from_str(text: &str) -> Result<Self, String> {
        let day = |part: &str| part.trim().parse::<NaiveDate>();
        let (from, until) = text.split_once("..").unwrap_or((text, text));
        match (day(from), day(until)) {
            (Ok(from), Ok(until)) if from <= until => Ok(Self(from, until)),
            _ => Err(format!("\"{text}\" is no span of days: write it as \"2026-10-26..2026-10-30\"")),
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
    fn a_schools_clock_stands_still_in_its_holidays() {
        let calendar = Calendar::with_changes([]);
        let half_term: Breaks = ["2026-10-26..2026-10-30".parse::<Span>().unwrap()].into_iter().collect();
        assert_eq!(half_term.add_working_days(&calendar, day("2026-10-21"), 5), day("2026-11-04"));
        assert_eq!(Breaks::default().add_working_days(&calendar, day("2026-10-21"), 5), day("2026-10-28"));
        assert_eq!(
            half_term.add_working_days(&calendar, day("2026-10-27"), 1),
            day("2026-11-02"),
            "begun in them"
        );
    }

    #[test]
    fn a_span_of_days_that_cannot_be_one_is_refused() {
        assert!("2026-10-26".parse::<Span>().is_ok());
        for wrong in ["", "half term", "2026-10-30..2026-10-26", "2026-10-26..", "26/10/2026"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
