//! Some months that are counted as one: a month, a quarter or the whole of a financial year, twelve months.

use std::str::FromStr;

use chrono::{DateTime, NaiveTime, Utc};

use super::{FinancialYear, Month};
use crate::calendar::london;

/// A span of whole months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Month(Month),
    /// Of a financial year, 1 to 4: April to June is the first.
    Quarter(FinancialYear, usize),
    Year(FinancialYear),
    /// The twelve months that end with this one.
    TwelveTo(Month),
}

impl From<Month> for Period {
    fn from(month: Month) -> Self {
        Self::Month(month)
    }
}

impl FromStr for Period {
    type Err = String;

    /// "2026-09", "2026-27-q2", "2026-27-year", "12-to-2026-09".
    fn from_str(text: &str) -> Result<Self, String> {
        let quarter = |text: &str| {
            let (year, quarter) = text.rsplit_once("-q")?;
            let quarter = quarter.parse().ok().filter(|n| (1..=4).contains(n))?;
            Some(Self::Quarter(year.parse().ok()?, quarter))
        };
        let year = |text: &str| Some(Self::Year(text.strip_suffix("-year")?.parse().ok()?));
        let twelve = |text: &str| Some(Self::TwelveTo(text.strip_prefix("12-to-")?.parse().ok()?));
        let month = |text: &str| text.parse().ok().map(Self::Month);
        month(text).or_else(|| quarter(text)).or_else(|| year(text)).or_else(|| twelve(text)).ok_or_else(
            || {
                format!(
                    "\"{text}\" is no period: write it as 2026-09, 2026-27-q2, 2026-27-year or 12-to-2026-09"
                )
            },
        )
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Month(month) => write!(f, "{month}"),
            Self::Quarter(year, quarter) => write!(f, "{year}-q{quarter}"),
            Self::Year(year) => write!(f, "{year}-year"),
            Self::TwelveTo(month) => write!(f, "12-to-{month}"),
        }
    }
}

impl Period {
    /// The quarter in which a month lies.
    pub fn quarter_of(month: Month) -> Self {
        let year = FinancialYear::of(month);
        let place = year.months().position(|of| of == month).expect("a month of its year");
        Self::Quarter(year, place / 3 + 1)
    }

    /// Its first month.
    pub fn first(self) -> Month {
        match self {
            Self::Month(month) => month,
            Self::Quarter(year, quarter) => year.months().nth(3 * (quarter - 1)).expect("twelve months"),
            Self::Year(year) => year.months().next().expect("twelve months"),
            Self::TwelveTo(month) => (1..12).fold(month, |month, _| month.previous()),
        }
    }

    /// Its last month.
    pub fn last(self) -> Month {
        match self {
            Self::Month(month) | Self::TwelveTo(month) => month,
            Self::Quarter(..) => self.first().next().next(),
            Self::Year(year) => year.months().last().expect("twelve months"),
        }
    }

    /// The address of its page.
    pub fn address(self) -> String {
        match self {
            Self::Month(month) => format!("/reports/{month}"),
            _ => format!("/reports/over/{self}"),
        }
    }

    /// How its figures and those of as many months before it are headed.
    pub const fn in_words(self) -> (&'static str, &'static str) {
        match self {
            Self::Month(_) => ("Month", "Month before"),
            Self::Quarter(..) => ("Quarter", "Quarter before"),
            Self::Year(_) => ("Year", "Year before"),
            Self::TwelveTo(_) => ("Twelve months", "Twelve before"),
        }
    }

    /// How many months it has.
    pub const fn months(self) -> usize {
        match self {
            Self::Month(_) => 1,
            Self::Quarter(..) => 3,
            Self::Year(_) | Self::TwelveTo(_) => 12,
        }
    }

    /// The same months, each a month earlier, by name.
    pub fn before_in_words(self) -> String {
        let (first, last) = (self.first().previous(), self.last().previous());
        if first == last { first.name() } else { format!("{} to {}", first.name(), last.name()) }
    }

    /// The moment at which it begins here.
    pub fn begins(self) -> DateTime<Utc> {
        london::to_utc_or_after(self.first().first(), NaiveTime::MIN)
    }

    /// "September 2026", "July 2026 to September 2026".
    pub fn name(self) -> String {
        match self {
            Self::Month(month) => month.name(),
            _ => format!("{} to {}", self.first().name(), self.last().name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_written_as_it_is_read_and_holds_its_months() {
        for (text, first, last) in [
            ("2026-09", "2026-09", "2026-09"),
            ("2026-27-q2", "2026-07", "2026-09"),
            ("2026-27-q4", "2027-01", "2027-03"),
            ("2026-27-year", "2026-04", "2027-03"),
            ("12-to-2026-09", "2025-10", "2026-09"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string(), text);
            assert_eq!((period.first().to_string(), period.last().to_string()), (first.into(), last.into()));
        }
        for text in ["2026-27", "2026-27-q5", "2026-27-q0", "12-to-2026", "year"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
        let name = |text: &str| text.parse::<Period>().unwrap().name();
        assert_eq!(name("2026-27-q2"), "July 2026 to September 2026");
        let quarter = |month: &str| Period::quarter_of(month.parse().unwrap()).to_string();
        assert_eq!((quarter("2026-04"), quarter("2027-03")), ("2026-27-q1".into(), "2026-27-q4".into()));
    }
}
