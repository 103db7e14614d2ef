//! What is said of a paper's own months on a chart (DOMAIN 8): whether a figure changed, or chance moved it.

use super::known::Known;
use super::spc::{Chart, NO_SIGNAL, RUN_CHART, chart};
use super::{Month, Rate};

/// The chart of one figure over some months; of a month that is not known nothing is counted.
pub fn charted(months: impl Iterator<Item = Option<Rate>>) -> Option<Chart> {
    let of = |rate: Option<Rate>| rate.map_or((0, 0), |r| (r.numerator, r.denominator));
    chart(&months.map(of).collect::<Vec<_>>())
}

/// Where months together have a figure, and none of them is closed.
const NONE_CLOSED: &str = "none of these months is closed: nothing to judge yet";

/// The months that a paper is of, which its charts end with: each with what is known of it.
pub type Newest<'a> = &'a [(Month, Option<&'a Known>)];

/// The verdict of the newest months in words, and whether something stands out. Of several it names each that does, and each
/// that is not closed. Months of nothing have none.
pub fn verdict(chart: Option<&Chart>, rate: Rate, newest: Newest<'_>, before: usize) -> (String, bool) {
    if rate.denominator == 0 {
        return ("nothing to judge".to_owned(), false);
    }
    if newest.iter().all(|(_, known)| known.is_none()) {
        return (NONE_CLOSED.to_owned(), false);
    }
    let signal = |place| chart?.points.iter().find(|point| point.place == place)?.signals.first();
    let of = |(n, (month, _)): (usize, &(Month, Option<&Known>))| {
        let signal = signal(before + n)?.label();
        Some(if newest.len() == 1 { signal.to_owned() } else { format!("{}: {signal}", month.name()) })
    };
    let said: Vec<String> = newest.iter().enumerate().filter_map(of).collect();
    let stands_out = !said.is_empty();
    let said = match stands_out {
        true => said.join("; "),
        false if chart.is_some_and(Chart::has_limits) => NO_SIGNAL.to_owned(),
        false => RUN_CHART.to_owned(),
    };
    let open = newest.iter().filter(|(_, known)| known.is_none()).map(|(month, _)| month.name());
    let open: Vec<String> = open.collect();
    (
        if open.is_empty() { said } else { format!("{said} (without {}, not closed)", open.join(", ")) },
        stands_out,
    )
}
