//! From a page to others about the same.

use serde::Serialize;

use crate::reports::{FinancialYear, Period};

/// Another page: of a span of months in which this one lies, of an agency.
#[derive(Serialize)]
pub(super) struct Wider {
    pub(super) href: String,
    pub(super) name: String,
}

/// Those of a month; some months together have none.
pub(super) fn wider(period: Period) -> Vec<Wider> {
    let Period::Month(month) = period else { return Vec::new() };
    let spans = [
        (Period::quarter_of(month), "Its quarter"),
        (Period::Year(FinancialYear::of(month)), "Its financial year"),
        (Period::TwelveTo(month), "Twelve months"),
    ];
    spans.map(|(period, name)| Wider { href: period.address(), name: name.to_owned() }).into()
}
