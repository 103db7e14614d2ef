//! A financial year, April to March.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::Month;

/// A financial year, by the calendar year in which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FinancialYear(i32);

impl FromStr for FinancialYear {
    type Err = String;

    /// "2026-27".
    fn from_str(text: &str) -> Result<Self, String> {
        let years = text.split_once('-').filter(|(from, to)| from.len() == 4 && to.len() == 2);
        let years = years.and_then(|(from, to)| Some((from.parse::<i32>().ok()?, to.parse::<i32>().ok()?)));
        match years {
            Some((from, to)) if (1990..2100).contains(&from) && (from + 1) % 100 == to => Ok(Self(from)),
            _ => Err(format!("\"{text}\" is not a financial year: write it as 2026-27")),
        }
    }
}

impl std::fmt::Display for FinancialYear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{:02}", self.0, (self.0 + 1) % 100)
    }
}

impl FinancialYear {
    /// The one in which a month lies.
    pub fn of(month: Month) -> Self {
        let first = month.first();
        Self(if first.month() < 4 { first.year() - 1 } else { first.year() })
    }

    /// The one before.
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }

    /// Its twelve months, April first.
    pub fn months(self) -> impl Iterator<Item = Month> {
        let april = NaiveDate::from_ymd_opt(self.0, 4, 1).expect("a first of April");
        std::iter::successors(Some(Month::of(april)), |month| Some(month.next())).take(12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_financial_year_begins_in_april_and_is_written_as_its_two_years() {
        let year: FinancialYear = "2026-27".parse().unwrap();
        let months: Vec<String> = year.months().map(|month| month.to_string()).collect();
        assert_eq!((months[0].as_str(), months[11].as_str()), ("2026-04", "2027-03"));
        for (month, of) in [("2027-03", "2026-27"), ("2026-04", "2026-27"), ("2026-03", "2025-26")] {
            assert_eq!(FinancialYear::of(month.parse().unwrap()).to_string(), of, "{month}");
        }
        assert_eq!(year.previous().to_string(), "2025-26");
        for text in ["2026-28", "2026-7", "26-27", "2026", "2026-09-01"] {
            assert!(text.parse::<FinancialYear>().is_err(), "{text}");
        }
    }
}
