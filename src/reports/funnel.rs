//! Where an agency stands among those like it: the funnel of DOMAIN 8, within an agency group, about the group's own rate of
//! the last twelve months. One centre for police and social care would mean nothing.

use serde::{Deserialize, Serialize};

use super::Rate;

/// 95 of 100 lie within so many sigma, where only chance is at work; and 998 of 1,000 within so many.
pub const NEAR: f64 = 1.959_964;
pub const FAR: f64 = 3.090_232;
/// Of fewer nothing is said.
const AT_LEAST: u32 = 20;

/// A place in the funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    TooFew,
    /// It has no other agency beside it to be compared with.
    Alone,
    Within,
    Above95,
    Below95,
    Above998,
    Below998,
}

impl Position {
    /// As a table says it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooFew => "too few to judge",
            Self::Alone => "the only one of its group",
            Self::Within => "as others of its group",
            Self::Above95 => "higher than 95% limit",
            Self::Below95 => "lower than 95% limit",
            Self::Above998 => "higher than 99.8% limit",
            Self::Below998 => "lower than 99.8% limit",
        }
    }

    /// Whether chance hardly explains it, and to its disadvantage. Of forty agencies one lies below the 95% limit by chance
    /// alone: that is for the table, and no exception.
    pub const fn is_low(self) -> bool {
        matches!(self, Self::Below998)
    }
}

/// The limits about a centre (0 to 1) for so many, at so many sigma, between 0 and 1.
pub fn limits(centre: f64, of: f64, sigmas: f64) -> (f64, f64) {
    let sigma = (centre * (1.0 - centre) / of).sqrt();
    ((centre - sigmas * sigma).max(0.0), (centre + sigmas * sigma).min(1.0))
}

/// Where a rate stands in the funnel about the rate of its whole group, itself included.
pub fn position(own: Rate, group: Rate) -> Position {
    if own.denominator < AT_LEAST {
        return Position::TooFew;
    }
    if own.denominator == group.denominator {
        return Position::Alone;
    }
    let centre = f64::from(group.numerator) / f64::from(group.denominator);
    let share = f64::from(own.numerator) / f64::from(own.denominator);
    let beyond = |sigmas| {
        let (low, high) = limits(centre, f64::from(own.denominator), sigmas);
        (share < low, share > high)
    };
    match (beyond(FAR), beyond(NEAR)) {
        ((true, _), _) => Position::Below998,
        ((_, true), _) => Position::Above998,
        (_, (true, _)) => Position::Below95,
        (_, (_, true)) => Position::Above95,
        _ => Position::Within,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limits_are_those_worked_out_by_hand() {
        // Of 100 about 80%: sigma is 4 points, so 72.16 to 87.84 and 67.64 to 92.36.
        let (low, high) = limits(0.8, 100.0, NEAR);
        assert!((low - 0.721_601).abs() < 1e-6 && (high - 0.878_399).abs() < 1e-6, "{low} {high}");
        let (low, high) = limits(0.8, 100.0, FAR);
        assert!((low - 0.676_391).abs() < 1e-6 && (high - 0.923_609).abs() < 1e-6, "{low} {high}");
        let group = Rate::of(800, 1000);
        for (count, stands) in [
            (67, Position::Below998),
            (68, Position::Below95),
            (72, Position::Below95),
            (73, Position::Within),
            (87, Position::Within),
            (88, Position::Above95),
            (92, Position::Above95),
            (93, Position::Above998),
        ] {
            assert_eq!(position(Rate::of(count, 100), group), stands, "{count}");
        }
        assert_eq!(position(Rate::of(0, 19), group), Position::TooFew);
        assert_eq!(position(Rate::of(40, 100), Rate::of(40, 100)), Position::Alone);
    }

    proptest! {
        #[test]
        fn turned_over_an_agency_stands_on_the_other_side(k in 0usize..=60, others in 1usize..400, all in 0usize..400) {
            let (own, group) = (Rate::of(k, 60), Rate::of(k + all.min(others), 60 + others));
            let (not, of) = (Rate::of(60 - k, 60), Rate::of(60 + others - k - all.min(others), 60 + others));
            let turned = match position(own, group) {
                Position::Above95 => Position::Below95,
                Position::Below95 => Position::Above95,
                Position::Above998 => Position::Below998,
                Position::Below998 => Position::Above998,
                same => same,
            };
            prop_assert_eq!(position(not, of), turned);
        }
    }
}
