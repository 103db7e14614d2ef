//! Green, amber or red (DOMAIN 8): only where a partnership has agreed on a target, only of twenty or more, and only beside the
//! verdict on whether the figure changed at all.

use super::Rate;
use super::targets::Target;
use super::wilson::wilson;
use crate::platform::codes::codes;

/// Of fewer nothing is coloured.
const AT_LEAST: u32 = 20;

codes! {
    /// How a rate stands to its target.
    pub enum Rag {
        Green = "green", "green: at the target or above it";
        Amber = "amber", "amber: below it, and chance may explain that";
        Red = "red", "red: below it with its whole interval";
    }
}

impl Rag {
    /// Of a rate; `None` where there are too few to colour.
    pub fn of(rate: Rate, target: &Target) -> Option<Self> {
        if rate.denominator < AT_LEAST {
            return None;
        }
        // The bound itself, and not as it is printed: 79.96 lies below 80.
        let (_, high) = wilson(rate.numerator, rate.denominator);
        Some(match target.is_met(rate)? {
            true => Self::Green,
            false if 100.0 * high < f64::from(target.percent) => Self::Red,
            false => Self::Amber,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::AgencyGroup;
    use crate::reports::targets::TargetMeasure;

    #[test]
    fn a_rate_is_red_only_with_its_whole_interval_below_the_target_and_of_few_it_has_no_colour() {
        let target = Target {
            group: AgencyGroup::ALL[0],
            role: None,
            measure: TargetMeasure::M2,
            percent: 80,
            valid_from: "2026-04-01".parse().unwrap(),
            valid_to: None,
        };
        // Wilson: 24 of 40 is 44.6 to 73.7, 30 of 40 is 59.8 to 85.8.
        for (count, of, rag) in [
            (32, 40, Some(Rag::Green)),
            (31, 40, Some(Rag::Amber)),
            (30, 40, Some(Rag::Amber)),
            (24, 40, Some(Rag::Red)),
            (0, 19, None),
            (0, 0, None),
        ] {
            assert_eq!(Rag::of(Rate::of(count, of), &target), rag, "{count} of {of}");
        }
    }
}
