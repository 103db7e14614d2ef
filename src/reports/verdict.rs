//! What is said of a paper's own months on a chart (DOMAIN 8): whether a figure changed, or chance moved it.

use super::known::Known;
use super::spc::{Chart, NO_SIGNAL, RUN_CHART, chart};
use super::{Month, Paper, Period, Rate};

/// The chart of one figure over some months; of a month that is not known nothing is counted.
pub fn charted(months: impl Iterator<Item = Option<Rate>>) -> Option<Chart> {
    let of = |rate: Option<Rate>| rate.map_or((0, 0), |r| (r.numerator, r.denominator));
    chart(&months.map(of).collect::<Vec<_>>())
}

/// Where months together have a figure, and no chart has any of them.
const NONE_CHARTED: &str = "none of these months is on the charts yet: nothing to judge";

/// A month that a paper is of.
#[derive(Clone, Copy)]
pub struct Newest {
    month: Month,
    /// The paper counts conferences of it.
    is_counted: bool,
    /// The charts have it.
    is_charted: bool,
}

/// The months that a paper is of, which its charts end with. `all`: what is known of each month of the charts.
pub fn newest(months: &[Month], all: &[Option<&Known>], paper: &Paper) -> Vec<Newest> {
    let period: Period = paper.month.parse().expect("a paper's own period");
    let is_counted = |month: &Month| match period {
        Period::Month(_) => true,
        _ => paper.conferences_by_month.contains_key(&month.to_string()),
    };
    // A month may have closed without a register: what was confirmed of it since no chart has yet.
    let has_any = |known: &Known| known.headlines.get("M7").is_some_and(|rate| rate.denominator > 0);
    let of = |(month, known): (&Month, &Option<&Known>)| Newest {
        month: *month,
        is_counted: is_counted(month),
        is_charted: matches!(period, Period::Month(_)) || known.is_some_and(has_any),
    };
    months.iter().zip(all).skip(months.len() - period.months()).map(of).collect()
}

/// The verdict of the newest months in words, and whether something stands out. Of several it names each that does, and each
/// that no chart has yet. Months of nothing have none.
pub fn verdict(chart: Option<&Chart>, rate: Rate, newest: &[Newest], before: usize) -> (String, bool) {
    if rate.denominator == 0 {
        return ("nothing to judge".to_owned(), false);
    }
    let missing = newest.iter().filter(|of| of.is_counted && !of.is_charted);
    let missing: Vec<String> = missing.map(|of| of.month.name()).collect();
    if newest.iter().all(|of| !of.is_charted) {
        return (NONE_CHARTED.to_owned(), false);
    }
    let signal = |place| chart?.points.iter().find(|point| point.place == place)?.signals.first();
    let of = |(n, of): (usize, &Newest)| {
        let signal = signal(before + n)?.label();
        Some(if newest.len() == 1 { signal.to_owned() } else { format!("{}: {signal}", of.month.name()) })
    };
    let said: Vec<String> = newest.iter().enumerate().filter_map(of).collect();
    let stands_out = !said.is_empty();
    let said = match stands_out {
        true => said.join("; "),
        false if chart.is_some_and(Chart::has_limits) => NO_SIGNAL.to_owned(),
        false => RUN_CHART.to_owned(),
    };
    let without = match missing.is_empty() {
        true => String::new(),
        false => format!(" (without {}, not on the charts yet)", missing.join(", ")),
    };
    (said + &without, stands_out)
}
