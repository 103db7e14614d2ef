//! A month of conferences, by Europe/London date.

use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: NaiveDate,
}

impl FromStr for Month {
    type Err = String;

    /// "2026-09".
    fn from_str(text: &str) -> Result<Self, String> {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        match first {
            Ok(first) if text.len() == 7 && (1990..=2100).contains(&first.year()) => Ok(Self { first }),
            _ => Err(format!("\"{text}\" is not a month: write it as 2026-09")),
        }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.first.format("%Y-%m"))
    }
}

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self { first: day.with_day(1).expect("every month has a first") }
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    pub fn last(self) -> NaiveDate {
        self.first + Months::new(1) - Days::new(1)
    }

    /// The month before.
    pub fn previous(self) -> Self {
        Self { first: self.first - Months::new(1) }
    }

    /// The month after.
    pub fn next(self) -> Self {
        Self { first: self.first + Months::new(1) }
    }

    /// "September 2026".
    pub fn name(self) -> String {
        self.first.format("%B %Y").to_string()
    }
}
