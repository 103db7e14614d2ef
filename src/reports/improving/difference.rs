//! How far two proportions differ, with a 95% interval: the hybrid of two Wilson intervals (R. G. Newcombe, 1998, method 10),
//! honest at small numbers where the textbook interval is not.

use crate::reports::Rate;
use crate::reports::wilson::wilson;

/// `since` less `before` as shares of 1, with the lower and upper bound; `None` where one of them is of nothing.
pub fn difference(before: Rate, since: Rate) -> Option<(f64, f64, f64)> {
    if before.denominator == 0 || since.denominator == 0 {
        return None;
    }
    let share = |rate: Rate| f64::from(rate.numerator) / f64::from(rate.denominator);
    let (p1, p2) = (share(since), share(before));
    let (l1, u1) = wilson(since.numerator, since.denominator);
    let (l2, u2) = wilson(before.numerator, before.denominator);
    let apart = p1 - p2;
    let lower = apart - (p1 - l1).hypot(u2 - p2);
    let upper = apart + (u1 - p1).hypot(p2 - l2);
    Some((apart, lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_difference_agrees_with_the_published_vectors() {
        // Newcombe 1998, table II, method 10.
        for (since, before, lower, upper) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            let (_, low, high) =
                difference(Rate::of(before.0, before.1), Rate::of(since.0, since.1)).unwrap();
            assert!((low - lower).abs() < 0.000_06, "{since:?} less {before:?}: {low}");
            assert!((high - upper).abs() < 0.000_06, "{since:?} less {before:?}: {high}");
        }
        assert_eq!(difference(Rate::of(0, 0), Rate::of(1, 2)), None);
    }

    proptest::proptest! {
        #[test]
        fn a_difference_lies_within_its_interval_and_turns_round_with_its_sides(
            a in 0usize..50, of_a in 1usize..50, b in 0usize..50, of_b in 1usize..50,
        ) {
            let (a, b) = (Rate::of(a.min(of_a), of_a), Rate::of(b.min(of_b), of_b));
            let (apart, low, high) = difference(a, b).unwrap();
            proptest::prop_assert!(low <= apart && apart <= high);
            proptest::prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&low) && high <= 1.0 + 1e-9);
            let (back, back_low, back_high) = difference(b, a).unwrap();
            proptest::prop_assert!((back + apart).abs() < 1e-9);
            proptest::prop_assert!((back_low + high).abs() < 1e-9 && (back_high + low).abs() < 1e-9);
        }
    }
}
