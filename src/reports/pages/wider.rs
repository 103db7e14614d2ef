//! From a month to the spans in which it lies.

use serde::Serialize;

use crate::reports::{FinancialYear, Period};

/// A span of months in which this one lies.
#[derive(Serialize)]
pub(super) struct Wider {
    href: String,
    name: &'static str,
}

/// Those of a month; some months together have none.
pub(super) fn wider(period: Period) -> Vec<Wider> {
    let Period::Month(month) = period else { return Vec::new() };
    let spans = [
        (Period::quarter_of(month), "Its quarter"),
        (Period::Year(FinancialYear::of(month)), "Its financial year"),
        (Period::TwelveTo(month), "Twelve months"),
    ];
    spans.map(|(period, name)| Wider { href: format!("/reports/over/{period}"), name }).into()
}
