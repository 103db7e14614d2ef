//! Whether a figure changed, or chance moved it: the p-chart (W. A. Shewhart, 1931) month by month, as DOMAIN 8 fixes it. The
//! centre is the pooled proportion, the limits lie three sigma from it, and a month with few has wide ones. Before twelve
//! months there are no limits: a run chart, about the same centre.

use serde::Serialize;

use super::tail::{at_least, at_most};

/// Months from which on there are limits.
const LIMITS_FROM: usize = 12;
/// How often a bell curve lies beyond three sigma on one side, and beyond two.
const BEYOND_THREE: f64 = 0.001_349_9;
const BEYOND_TWO: f64 = 0.022_750_1;
/// So many on one side, or each above (or below) the one before, are no chance.
const RUN: usize = 7;

/// Which side of the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Above,
    Below,
}

/// What chance does not explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// One point beyond three sigma.
    Outside(Side),
    /// Seven running on one side of the centre. A point on it is on no side.
    Shift(Side),
    /// Seven running, each higher (or lower) than the one before.
    Trend(Side),
    /// Two of three running beyond two sigma on one side.
    NearLimit(Side),
}

impl Signal {
    /// The verdict in words, of the newest month.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Outside(Side::Above) => "higher than chance is likely to bring it",
            Self::Outside(Side::Below) => "lower than chance is likely to bring it",
            Self::Shift(Side::Above) => {
                "seven months or more above the average: more likely a change than chance"
            }
            Self::Shift(Side::Below) => {
                "seven months or more below the average: more likely a change than chance"
            }
            Self::Trend(Side::Above) => "rising for seven months or more: more likely a change than chance",
            Self::Trend(Side::Below) => "falling for seven months or more: more likely a change than chance",
            Self::NearLimit(Side::Above) => "two of three months near the upper limit: perhaps a change",
            Self::NearLimit(Side::Below) => "two of three months near the lower limit: perhaps a change",
        }
    }
}

/// Where nothing stands out.
pub const NO_SIGNAL: &str = "no more change than chance brings";

/// Where there are too few months for limits, and nothing ran one way.
pub const RUN_CHART: &str = "too few months for limits of chance; no run stands out";

/// One month on the chart. Shares lie between 0 and 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Its place in the series given.
    pub place: usize,
    pub share: f64,
    /// Lower and upper limit, three sigma from the centre; `None` on a run chart.
    pub limits: Option<(f64, f64)>,
    /// Those that end at this point.
    pub signals: Vec<Signal>,
}

/// A figure month by month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    /// The pooled proportion.
    pub centre: f64,
    /// Months of nothing are left out.
    pub points: Vec<Point>,
}

impl Chart {
    /// What is said of the newest month: the first signal that ends there, or none.
    pub fn verdict(&self) -> Option<Signal> {
        self.points.last()?.signals.first().copied()
    }

    /// Whether there are months enough for limits.
    pub fn has_limits(&self) -> bool {
        self.points.last().is_some_and(|point| point.limits.is_some())
    }

    /// The verdict in words.
    pub fn verdict_text(&self) -> &'static str {
        self.verdict().map_or(NO_SIGNAL, Signal::label)
    }
}

/// The chart of a series of months, each `(numerator, denominator)`; `None` where nothing was counted in any.
pub fn chart(series: &[(u32, u32)]) -> Option<Chart> {
    let counted: Vec<(usize, u32, u32)> =
        series.iter().enumerate().filter(|(_, (_, of))| *of > 0).map(|(n, (k, of))| (n, *k, *of)).collect();
    let (all, of_all) = counted
        .iter()
        .fold((0_u64, 0_u64), |(all, of_all), (_, k, of)| (all + u64::from(*k), of_all + u64::from(*of)));
    if of_all == 0 {
        return None;
    }
    let centre = all as f64 / of_all as f64;
    // On which side a point lies is asked of whole numbers: a share is not exact.
    let sides: Vec<Option<Side>> = counted
        .iter()
        .map(|(_, k, of)| match (u64::from(*k) * of_all).cmp(&(all * u64::from(*of))) {
            std::cmp::Ordering::Greater => Some(Side::Above),
            std::cmp::Ordering::Less => Some(Side::Below),
            std::cmp::Ordering::Equal => None,
        })
        .collect();
    let sigma = |of: u32| (centre * (1.0 - centre) / f64::from(of)).sqrt();
    // Beyond the limit as it is drawn, and as rare as the bell curve makes it: of few, or near none or all, it may not be.
    let beyond = |n: usize, times: f64, side: Side| {
        let (_, k, of) = counted[n];
        let away = f64::from(k) / f64::from(of) - centre;
        let outside = sides[n] == Some(side) && away.abs() > times * sigma(of) + f64::EPSILON;
        let rare = if times > 2.0 { BEYOND_THREE } else { BEYOND_TWO };
        outside
            && if side == Side::Above {
                at_least(k, of, centre) < rare
            } else {
                at_most(k, of, centre) < rare
            }
    };
    // Whether each of the newest so many is higher than the one before, exactly.
    let climbs = |n: usize, side: Side| {
        n + 1 >= RUN
            && counted[n + 1 - RUN..=n].windows(2).all(|pair| {
                let ((_, k, of), (_, next, of_next)) = (pair[0], pair[1]);
                let (before, after) = (u64::from(k) * u64::from(of_next), u64::from(next) * u64::from(of));
                if side == Side::Above { after > before } else { after < before }
            })
    };
    let has_limits = counted.len() >= LIMITS_FROM;
    let points = counted.iter().enumerate().map(|(n, (place, k, of))| {
        let mut signals = Vec::new();
        for side in [Side::Above, Side::Below] {
            if has_limits && beyond(n, 3.0, side) {
                signals.push(Signal::Outside(side));
            }
        }
        for side in [Side::Above, Side::Below] {
            if n + 1 >= RUN && sides[n + 1 - RUN..=n].iter().all(|s| *s == Some(side)) {
                signals.push(Signal::Shift(side));
            }
            if climbs(n, side) {
                signals.push(Signal::Trend(side));
            }
            let near = |m: usize| beyond(m, 2.0, side);
            if has_limits && near(n) && n >= 1 && (near(n - 1) || n >= 2 && near(n - 2)) {
                signals.push(Signal::NearLimit(side));
            }
        }
        let limits =
            has_limits.then(|| ((centre - 3.0 * sigma(*of)).max(0.0), (centre + 3.0 * sigma(*of)).min(1.0)));
        Point { place: *place, share: f64::from(*k) / f64::from(*of), limits, signals }
    });
    Some(Chart { centre, points: points.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signals(series: &[(u32, u32)]) -> Vec<Signal> {
        chart(series).unwrap().points.pop().unwrap().signals
    }

    /// Eleven months of the average, and then this.
    fn after_a_quiet_year(last: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let quiet = [60, 64, 58, 62, 66, 57, 63, 59, 61, 65, 60].map(|k| (k, 100));
        quiet.into_iter().chain(last.iter().copied()).collect()
    }

    #[test]
    fn the_limits_lie_three_sigma_from_the_pooled_proportion() {
        // By hand: 725 of 1200 is 0.604167; sigma of 100 is 0.048903.
        let chart = chart(&after_a_quiet_year(&[(50, 100)])).unwrap();
        assert!((chart.centre - 0.604_167).abs() < 1e-6, "{}", chart.centre);
        let (low, high) = chart.points[0].limits.unwrap();
        assert!((low - 0.457_458).abs() < 1e-5 && (high - 0.750_876).abs() < 1e-5, "{low} {high}");
        assert_eq!(chart.verdict_text(), NO_SIGNAL, "50 is low, and chance");
    }

    #[test]
    fn each_rule_gives_its_signal_and_chance_gives_none() {
        use Side::{Above, Below};
        assert_eq!(signals(&after_a_quiet_year(&[(40, 100)])), [Signal::Outside(Below)]);
        assert_eq!(
            signals(&after_a_quiet_year(&[(49, 100), (70, 100), (49, 100)])),
            [Signal::NearLimit(Below)]
        );
        let mut rising: Vec<_> = [62, 60, 63, 58, 64].map(|k| (k, 100)).into();
        rising.extend([57, 58, 59, 61, 62, 63, 64].map(|k| (k, 100)));
        assert_eq!(signals(&rising), [Signal::Trend(Above)]);
        let shift = [55, 66, 54, 67, 53, 62, 65, 62, 66, 63, 65, 62].map(|k| (k, 100));
        assert_eq!(signals(&shift), [Signal::Shift(Above)]);
        assert_eq!(signals(&after_a_quiet_year(&[(61, 100)])), []);
    }

    #[test]
    fn of_few_or_near_all_a_point_beyond_the_limit_may_still_be_chance() {
        // 98 of 100 each month, and then 3 of 4: beyond three sigma as drawn, and one time in thirteen by chance.
        let mut series = vec![(98, 100); 12];
        series.push((3, 4));
        let drawn = chart(&series).unwrap().points.pop().unwrap();
        assert!(drawn.share < drawn.limits.unwrap().0 && drawn.signals.is_empty(), "{drawn:?}");
        series.push((15, 20));
        assert_eq!(signals(&series), [Signal::Outside(Side::Below)], "one time in ten thousand");
    }

    #[test]
    fn before_twelve_months_there_are_no_limits_and_a_month_of_nothing_is_left_out() {
        let chart = chart(&[(10, 10), (0, 0), (0, 10)]).unwrap();
        assert!(chart.points.iter().all(|p| p.limits.is_none() && p.signals.is_empty()));
        assert_eq!(chart.points.iter().map(|p| p.place).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(super::chart(&[(0, 0)]), None);
    }

    proptest! {
        /// Counted from the other end, what was high is low: the rules know no good direction.
        #[test]
        fn attended_and_missed_give_the_same_signals_on_the_other_side(
            series in prop::collection::vec((0_u32..60, 0_u32..60).prop_map(|(k, more)| (k, k + more)), 1..30)
        ) {
            let turned: Vec<_> = series.iter().map(|(k, of)| (of - k, *of)).collect();
            let turn = |signal| {
                let turn = |side| if side == Side::Above { Side::Below } else { Side::Above };
                match signal {
                    Signal::Outside(side) => Signal::Outside(turn(side)),
                    Signal::Shift(side) => Signal::Shift(turn(side)),
                    Signal::Trend(side) => Signal::Trend(turn(side)),
                    Signal::NearLimit(side) => Signal::NearLimit(turn(side)),
                }
            };
            let (one, other) = (chart(&series), chart(&turned));
            prop_assert_eq!(one.is_some(), other.is_some());
            let (Some(one), Some(other)) = (one, other) else { return Ok(()) };
            for (p, q) in one.points.iter().zip(&other.points) {
                let mut seen: Vec<_> = p.signals.iter().map(|s| format!("{:?}", turn(*s))).collect();
                let mut theirs: Vec<_> = q.signals.iter().map(|s| format!("{s:?}")).collect();
                seen.sort();
                theirs.sort();
                prop_assert_eq!(seen, theirs);
            }
        }

        /// A series of one share has no signal, whatever the denominators.
        #[test]
        fn what_does_not_move_gives_no_signal(times in prop::collection::vec(1_u32..50, 1..30)) {
            let series: Vec<_> = times.iter().map(|n| (3 * n, 4 * n)).collect();
            prop_assert!(chart(&series).unwrap().points.iter().all(|p| p.signals.is_empty()));
        }
    }
}
