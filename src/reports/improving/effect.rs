//! What became of a measure since an action was raised (DOMAIN 8: "with the measure before and after"). The month in which
//! it was raised is on neither side. Whether it changed is said by the interval of the difference, never by two percentages
//! alone: a figure that stood out by chance goes back by itself.

use serde::{Deserialize, Serialize};

use super::difference::difference;
use super::measured::is_better_lower;
use crate::platform::codes::codes;
use crate::reports::{Month, Rate};

/// Months before that are taken together.
const MONTHS_BEFORE: usize = 12;

codes! {
    /// Whether a measure moved.
    pub enum Outcome {
        NotYet = "not_yet", "no whole month since";
        Nothing = "nothing", "nothing to compare with";
        TooFew = "too_few", "too few to say whether it changed";
        NoChange = "no_change", "no more change than chance brings";
        Better = "better", "better, by more than chance is likely to bring";
        Worse = "worse", "worse, by more than chance is likely to bring";
    }
}

/// A measure before an action and since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Of the twelve months before the one in which it was raised, as far as they are known.
    pub before: Rate,
    /// Of the months after that one.
    pub since: Rate,
    /// How many those are.
    pub months_since: usize,
    pub outcome: Outcome,
    /// The same in words.
    pub words: String,
}

/// How far two rates lie apart, in points of a hundred, rounded half-up from the exact value as every percentage.
fn points(before: Rate, since: Rate) -> String {
    let [n, of, m, of_m] =
        [since.numerator, since.denominator, before.numerator, before.denominator].map(u64::from);
    let (apart, over) = ((n * of_m).abs_diff(m * of), of * of_m);
    let tenths = (2000 * apart + over) / (2 * over);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn signed(share: f64) -> String {
    let sign = if share < 0.0 { '-' } else { '+' };
    format!("{sign}{:.1}", (share.abs() * 1000.0 + 0.5).floor() / 10.0)
}

impl Effect {
    /// Of a measure month by month, oldest first, for an action raised in a month.
    pub fn of(measure: &str, series: &[(Month, Rate)], raised: Month) -> Self {
        let before = series.iter().rev().filter(|(month, _)| *month < raised).take(MONTHS_BEFORE);
        let before: Rate = before.map(|(_, rate)| *rate).sum();
        let later: Vec<Rate> =
            series.iter().filter(|(month, _)| *month > raised).map(|(_, rate)| *rate).collect();
        let since: Rate = later.iter().copied().sum();
        let moved = difference(before, since);
        let outcome = match moved {
            _ if later.is_empty() => Outcome::NotYet,
            None => Outcome::Nothing,
            Some(_) if before.is_small() || since.is_small() => Outcome::TooFew,
            Some((_, low, high)) if low <= 0.0 && high >= 0.0 => Outcome::NoChange,
            Some((apart, ..)) if (apart < 0.0) == is_better_lower(measure) => Outcome::Better,
            Some(_) => Outcome::Worse,
        };
        let words = match (outcome, moved) {
            (Outcome::NoChange | Outcome::Better | Outcome::Worse, Some((apart, low, high))) => format!(
                "{} points {} (95% interval {} to {}): {}",
                points(before, since),
                if apart < 0.0 { "lower" } else { "higher" },
                signed(low),
                signed(high),
                outcome.label()
            ),
            _ => outcome.label().to_owned(),
        };
        Self { before, since, months_since: later.len(), outcome, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rates: &[(usize, usize)]) -> Vec<(Month, Rate)> {
        let mut month: Month = "2026-01".parse().unwrap();
        let mut all = Vec::new();
        for (n, of) in rates {
            all.push((month, Rate::of(*n, *of)));
            month = month.next();
        }
        all
    }

    fn effect(measure: &str, rates: &[(usize, usize)]) -> Effect {
        Effect::of(measure, &series(rates), "2026-03".parse().unwrap())
    }

    #[test]
    fn the_month_in_which_an_action_was_raised_is_neither_before_it_nor_after() {
        let of = effect("M2", &[(20, 40), (22, 40), (0, 40), (35, 40), (36, 40)]);
        assert_eq!((of.before.fraction(), of.since.fraction()), ("42 of 80".into(), "71 of 80".into()));
        assert_eq!((of.months_since, of.outcome), (2, Outcome::Better));
        assert_eq!(
            of.words,
            "36.3 points higher (95% interval +22.5 to +48.2): better, by more than chance is likely to bring"
        );
    }

    #[test]
    fn a_change_that_chance_may_bring_is_called_none_and_of_few_nothing_is_said() {
        assert_eq!(effect("M2", &[(20, 40), (22, 40), (0, 40), (24, 40)]).outcome, Outcome::NoChange);
        assert_eq!(effect("M2", &[(20, 40), (22, 40), (0, 40), (10, 10)]).outcome, Outcome::TooFew);
        assert_eq!(effect("M2", &[(20, 40), (22, 40), (0, 40)]).outcome, Outcome::NotYet);
        assert_eq!(effect("M2", &[(0, 0), (0, 0), (0, 40), (30, 40)]).outcome, Outcome::Nothing);
    }

    #[test]
    fn less_silence_is_better_and_so_are_fewer_plans_ended_without_a_core_agency() {
        for measure in ["M4", "M9"] {
            assert_eq!(effect(measure, &[(20, 40), (22, 40), (0, 40), (4, 40)]).outcome, Outcome::Better);
            assert_eq!(effect(measure, &[(4, 40), (4, 40), (0, 40), (30, 40)]).outcome, Outcome::Worse);
        }
        assert_eq!(effect("M2", &[(36, 40), (36, 40), (0, 40), (4, 40)]).outcome, Outcome::Worse);
    }

    #[test]
    fn twelve_months_before_are_compared_and_no_more() {
        let mut rates = vec![(0, 100)];
        rates.extend([(50, 100); 12]);
        let all = series(&rates);
        let raised = all.last().unwrap().0.next();
        assert_eq!(Effect::of("M2", &all, raised).before.fraction(), "600 of 1200");
    }
}
