//! A rate: always with its numerator, its denominator and its interval.

use serde::{Deserialize, Serialize, Serializer};

use super::wilson::wilson;

/// Tenths of a percent, rounded half-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenths(u32);

impl Tenths {
    /// As a number, for drawing.
    pub fn as_percent(self) -> f64 {
        f64::from(self.0) / 10.0
    }
}

impl Serialize for Tenths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_percent())
    }
}

impl std::fmt::Display for Tenths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// `numerator` of `denominator`. Of nothing there is no percentage: it prints "none", never 0 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Counts")]
pub struct Rate {
    /// How many.
    pub numerator: u32,
    /// Of how many.
    pub denominator: u32,
    /// The percentage, from the exact value.
    pub percent: Option<Tenths>,
    /// The Wilson 95 % interval, in percent.
    pub interval: Option<(Tenths, Tenths)>,
}

/// What a rate is read from: percentage and interval follow from the counts, and are never taken on trust.
#[derive(Deserialize)]
struct Counts {
    numerator: u32,
    denominator: u32,
}

impl From<Counts> for Rate {
    fn from(counts: Counts) -> Self {
        Self::of(counts.numerator as usize, counts.denominator as usize)
    }
}

impl std::iter::Sum for Rate {
    /// Of all of them together.
    fn sum<I: Iterator<Item = Self>>(rates: I) -> Self {
        let add = |(n, d): (usize, usize), r: Self| (n + r.numerator as usize, d + r.denominator as usize);
        let (numerator, denominator) = rates.fold((0, 0), add);
        Self::of(numerator, denominator)
    }
}

impl Rate {
    /// The rate of two counts.
    pub fn of(numerator: usize, denominator: usize) -> Self {
        let (numerator, denominator) = (numerator as u32, denominator as u32);
        if denominator == 0 {
            return Self { numerator, denominator, percent: None, interval: None };
        }
        let (n, d) = (u64::from(numerator), u64::from(denominator));
        let percent = Tenths(((2000 * n + d) / (2 * d)) as u32);
        let (low, high) = wilson(numerator, denominator);
        let tenths = |share: f64| Tenths((share * 1000.0 + 0.5).floor() as u32);
        Self { numerator, denominator, percent: Some(percent), interval: Some((tenths(low), tenths(high))) }
    }

    /// "59.7%", or "none".
    pub fn percent_text(&self) -> String {
        self.percent.map_or("none".to_owned(), |p| format!("{p}%"))
    }

    /// Too few for a percentage: under 20.
    pub fn is_small(&self) -> bool {
        (1..20).contains(&self.denominator)
    }

    /// "3 of 4".
    pub fn fraction(&self) -> String {
        format!("{} of {}", self.numerator, self.denominator)
    }

    /// For people: under 20 the count itself, "3 of 4", for a percentage of so few says more than it knows.
    pub fn shown(&self) -> String {
        match self.denominator {
            0 => "none".to_owned(),
            _ if self.is_small() => self.fraction(),
            _ => self.percent_text(),
        }
    }

    /// "55.5 to 63.8", or nothing.
    pub fn interval_text(&self) -> String {
        self.interval.map_or(String::new(), |(low, high)| format!("{low} to {high}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_agrees_with_the_published_vectors() {
        for (count, of, interval) in [
            (0, 4, "0.0 to 49.0"),
            (3, 4, "30.1 to 95.4"),
            (9, 12, "46.8 to 91.1"),
            (34, 40, "70.9 to 92.9"),
            (10, 10, "72.2 to 100.0"),
        ] {
            assert_eq!(Rate::of(count, of).interval_text(), interval, "{count} of {of}");
        }
    }

    #[test]
    fn percentages_round_half_up_from_the_exact_value() {
        assert_eq!(Rate::of(1, 8).percent_text(), "12.5%");
        assert_eq!(Rate::of(1, 16).percent_text(), "6.3%"); // 6.25
        assert_eq!(Rate::of(1, 2000).percent_text(), "0.1%"); // 0.05
        assert_eq!(Rate::of(320, 536).percent_text(), "59.7%");
    }

    #[test]
    fn of_nothing_there_is_no_percentage() {
        assert_eq!(Rate::of(0, 0).percent_text(), "none");
        assert_eq!(serde_json::to_value(Rate::of(0, 0)).unwrap()["percent"], serde_json::Value::Null);
    }

    proptest::proptest! {
        #[test]
        fn the_percentage_lies_within_its_interval(of in 1usize..5000, share in 0.0f64..=1.0) {
            let rate = Rate::of((of as f64 * share) as usize, of);
            let (low, high) = rate.interval.unwrap();
            proptest::prop_assert!(low.0 <= rate.percent.unwrap().0 && rate.percent.unwrap().0 <= high.0);
            proptest::prop_assert!(high.0 <= 1000);
        }
    }
}
