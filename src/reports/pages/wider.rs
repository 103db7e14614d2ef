//! From a page to others about the same.

use serde::Serialize;

use crate::reports::{FinancialYear, Period};

/// Another page: of a span of months in which this one lies, of an agency.
#[derive(Serialize)]
pub(super) struct Wider {
    pub(super) href: String,
    pub(super) name: String,
}

/// From a month to those it lies in; from a quarter to the one before it and to its months, from a year to its quarters.
pub(super) fn wider(period: Period) -> Vec<Wider> {
    let link = |period: Period, name: String| Wider { href: period.address(), name };
    match period {
        Period::Month(month) => vec![
            link(Period::quarter_of(month), "Its quarter".to_owned()),
            link(Period::Year(FinancialYear::of(month)), "Its financial year".to_owned()),
            link(Period::TwelveTo(month), "Twelve months".to_owned()),
        ],
        Period::Quarter(year, _) => {
            let (before, first) = (Period::quarter_of(period.first().previous()), period.first());
            let months = [first, first.next(), first.next().next()];
            let months = months.map(|month| link(month.into(), month.name()));
            let around = [(before, "Quarter before"), (Period::Year(year), "Its financial year")];
            around.map(|(period, name)| link(period, name.to_owned())).into_iter().chain(months).collect()
        }
        Period::Year(year) => {
            let quarter = |n| Period::Quarter(year, n);
            (1..=4).map(|n| link(quarter(n), quarter(n).name())).collect()
        }
        Period::TwelveTo(_) => Vec::new(),
    }
}
