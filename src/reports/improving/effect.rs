//! What became of a measure since an action was raised (DOMAIN 8: "with the measure before and after"). Two months are on
//! neither side: that of the paper which gave reason for it, for a figure that stood out by chance goes back by itself; and that
//! in which it was raised. Whether it changed is said by the interval of the difference, never by two percentages alone; where
//! the months differ more among themselves than chance has them differ, the interval is as much wider.

use serde::{Deserialize, Serialize};

use super::difference::difference;
use super::measured::{is_better_lower, is_of_the_month_before};
use crate::platform::codes::codes;
use crate::reports::{Month, Rate};

/// Months before that are taken together.
const MONTHS_BEFORE: usize = 12;
/// Of fewer nothing is compared: they may all have been raised from.
const AT_LEAST_BEFORE: usize = 6;

codes! {
    /// Whether a measure moved.
    pub enum Outcome {
        Nothing = "nothing", "nothing to compare with";
        NotYet = "not_yet", "no whole month since";
        FewMonths = "few_months", "too few months before to compare with";
        TooFew = "too_few", "too few to say whether it changed";
        NoChange = "no_change", "cannot be told from chance";
        Better = "better", "better: more likely a change than chance";
        Worse = "worse", "worse: more likely a change than chance";
    }
}

/// A measure before an action and since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Of the twelve months before, as far as they are known.
    pub before: Rate,
    /// How many those are.
    pub months_before: usize,
    /// "October 2025 to September 2026"; empty where there is none.
    pub before_of: String,
    /// Of the months after the one in which it was raised.
    pub since: Rate,
    /// How many those are.
    pub months_since: usize,
    /// In words.
    pub since_of: String,
    pub outcome: Outcome,
    /// The same in words.
    pub words: String,
}

/// One side: its months with something counted.
struct Side(Vec<(Month, Rate)>);

impl Side {
    fn of(months: impl Iterator<Item = (Month, Rate)>) -> Self {
        Self(months.filter(|(_, rate)| rate.denominator > 0).collect())
    }

    fn rate(&self) -> Rate {
        self.0.iter().map(|(_, rate)| *rate).sum()
    }

    fn span(&self) -> String {
        match (self.0.first(), self.0.last()) {
            (Some((first, _)), Some((last, _))) if first == last => first.name(),
            (Some((first, _)), Some((last, _))) => format!("{} to {}", first.name(), last.name()),
            _ => String::new(),
        }
    }

    /// How far its months lie from the rate of all of them, in squares of what chance has them lie.
    fn squares(&self) -> f64 {
        let (rate, mut squares) = (self.rate(), 0.0);
        let share = f64::from(rate.numerator) / f64::from(rate.denominator.max(1));
        let spread = share * (1.0 - share);
        for (_, month) in self.0.iter().filter(|_| spread > 0.0) {
            let of = f64::from(month.denominator);
            squares += (f64::from(month.numerator) - of * share).powi(2) / (of * spread);
        }
        squares
    }
}

/// By how much an interval is wider than chance alone makes it (dispersion, as of a chi-square by its degrees of freedom).
fn wider(before: &Side, since: &Side) -> f64 {
    let freedom = (before.0.len() + since.0.len()).saturating_sub(2);
    if freedom == 0 {
        return 1.0;
    }
    ((before.squares() + since.squares()) / freedom as f64).max(1.0).sqrt()
}

/// "5.1 points lower", rounded half-up as every percentage.
fn points(share: f64) -> String {
    let side = if share < 0.0 { "lower" } else { "higher" };
    format!("{:.1} points {side}", (share.abs() * 1000.0 + 0.5).floor() / 10.0)
}

/// The range in words: "5.1 points lower to 13.8 points higher".
fn range(low: f64, high: f64) -> String {
    if low >= 0.0 || high <= 0.0 {
        let (near, far) = if low >= 0.0 { (low, high) } else { (high, low) };
        let near = points(near);
        return format!("{} to {}", near.split(' ').next().unwrap_or_default(), points(far));
    }
    format!("{} to {}", points(low), points(high))
}

impl Effect {
    /// Of a measure month by month, oldest first, for an action raised in a month from the paper of another.
    pub fn of(measure: &str, series: &[(Month, Rate)], raised: Month, raised_from: Month) -> Self {
        // Of which month's conferences a paper's figure is.
        let about = |month: Month| if is_of_the_month_before(measure) { month.previous() } else { month };
        let months = || series.iter().copied().filter(|(month, _)| *month != raised_from);
        let mut before: Vec<_> = months().filter(|(month, _)| about(*month) < raised).collect();
        before.drain(..before.len().saturating_sub(MONTHS_BEFORE));
        let before = Side::of(before.into_iter());
        let since = Side::of(months().filter(|(month, _)| about(*month) > raised));
        let (was, is) = (before.rate(), since.rate());
        let moved = difference(was, is).map(|(apart, low, high)| {
            let wider = wider(&before, &since);
            let (low, high) = (apart - (apart - low) * wider, apart + (high - apart) * wider);
            (apart, low.max(-1.0), high.min(1.0))
        });
        let outcome = match moved {
            _ if was.denominator == 0 => Outcome::Nothing,
            None => Outcome::NotYet,
            Some(_) if before.0.len() < AT_LEAST_BEFORE => Outcome::FewMonths,
            Some(_) if was.is_small() || is.is_small() => Outcome::TooFew,
            Some((_, low, high)) if low <= 0.0 && high >= 0.0 => Outcome::NoChange,
            Some((apart, ..)) if (apart < 0.0) == is_better_lower(measure) => Outcome::Better,
            Some(_) => Outcome::Worse,
        };
        let words = match (outcome, moved) {
            (Outcome::NoChange | Outcome::Better | Outcome::Worse, Some((_, low, high))) => {
                format!("{} (95% interval): {}", range(low, high), outcome.label())
            }
            _ => outcome.label().to_owned(),
        };
        Self {
            before: was,
            months_before: before.0.len(),
            before_of: before.span(),
            since: is,
            months_since: since.0.len(),
            since_of: since.span(),
            outcome,
            words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    /// Months from January 2026 on.
    fn series(rates: &[(usize, usize)]) -> Vec<(Month, Rate)> {
        let months = std::iter::successors(Some(month("2026-01")), |month| Some(month.next()));
        months.zip(rates).map(|(month, (n, of))| (month, Rate::of(*n, *of))).collect()
    }

    /// Six months, the month of the paper, the month of raising, and what follows.
    fn effect(measure: &str, before: (usize, usize), since: &[(usize, usize)]) -> Effect {
        let mut rates = vec![before; 6];
        rates.extend([(0, 40), (0, 40)]);
        rates.extend(since);
        Effect::of(measure, &series(&rates), month("2026-08"), month("2026-07"))
    }

    #[test]
    fn neither_the_month_of_the_paper_nor_that_of_raising_is_before_an_action_or_after() {
        let of = effect("M2", (7, 14), &[(12, 14), (13, 14)]);
        assert_eq!((of.before.fraction(), of.since.fraction()), ("42 of 84".into(), "25 of 28".into()));
        assert_eq!((of.months_before, of.months_since, of.outcome), (6, 2, Outcome::Better));
        assert_eq!(
            (of.before_of.as_str(), of.since_of.as_str()),
            ("January 2026 to June 2026", "September 2026 to October 2026")
        );
        // Newcombe's interval of 25 of 28 less 42 of 84, worked out apart.
        assert_eq!(
            of.words,
            "19.8 to 51.9 points higher (95% interval): better: more likely a change than chance"
        );
    }

    #[test]
    fn what_cannot_be_told_from_chance_says_how_much_it_may_be_and_of_few_nothing_is_said() {
        let of = effect("M2", (20, 40), &[(24, 40)]);
        assert_eq!(of.outcome, Outcome::NoChange);
        assert_eq!(
            of.words,
            "6.6 points lower to 25.0 points higher (95% interval): cannot be told from chance"
        );
        assert_eq!(effect("M2", (20, 40), &[(10, 10)]).outcome, Outcome::TooFew);
        assert_eq!(effect("M2", (20, 40), &[]).outcome, Outcome::NotYet);
        assert_eq!(effect("M2", (0, 0), &[(30, 40)]).outcome, Outcome::Nothing);
        let short = series(&[(20, 40), (20, 40), (0, 40), (0, 40), (39, 40)]);
        assert_eq!(Effect::of("M2", &short, month("2026-04"), month("2026-03")).outcome, Outcome::FewMonths);
    }

    #[test]
    fn less_silence_is_better_and_so_are_fewer_plans_ended_without_a_core_agency() {
        for measure in ["M4", "M9"] {
            assert_eq!(effect(measure, (20, 40), &[(4, 40)]).outcome, Outcome::Better);
            assert_eq!(effect(measure, (4, 40), &[(30, 40)]).outcome, Outcome::Worse);
        }
        assert_eq!(effect("M2", (36, 40), &[(4, 40)]).outcome, Outcome::Worse);
    }

    #[test]
    fn where_the_months_differ_more_than_chance_has_them_the_interval_is_as_much_wider() {
        let steady = series(&[
            (20, 40),
            (20, 40),
            (20, 40),
            (20, 40),
            (20, 40),
            (20, 40),
            (0, 40),
            (0, 40),
            (28, 40),
            (28, 40),
        ]);
        let restless = series(&[
            (4, 40),
            (36, 40),
            (4, 40),
            (36, 40),
            (4, 40),
            (36, 40),
            (0, 40),
            (0, 40),
            (28, 40),
            (28, 40),
        ]);
        let of = |series: &[(Month, Rate)]| Effect::of("M2", series, month("2026-08"), month("2026-07"));
        let (steady, restless) = (of(&steady), of(&restless));
        assert_eq!((steady.before, steady.since), (restless.before, restless.since));
        assert_eq!((steady.outcome, restless.outcome), (Outcome::Better, Outcome::NoChange));
    }

    #[test]
    fn feedback_is_of_the_month_before_its_paper() {
        let of = effect("M15", (30, 40), &[(38, 40), (40, 40)]);
        assert_eq!(of.since.fraction(), "40 of 40", "the first paper after is of the month of raising");
        assert_eq!(of.months_before, 7, "and the paper of the month of raising is of the month before it");
    }

    #[test]
    fn twelve_months_before_are_compared_and_no_more() {
        let mut rates = vec![(0, 100)];
        rates.extend([(50, 100); 13]);
        let all = series(&rates);
        let from = all.last().unwrap().0;
        let of = Effect::of("M2", &all, from.next(), from);
        assert_eq!((of.before.fraction(), of.months_before), ("600 of 1200".into(), 12));
    }
}
