//! The rows of a month's page: figures as the reader sees them.

use serde::Serialize;

use crate::reports::paper::Breakdown;
use crate::reports::{Rate, titles};

/// A figure as the page shows it; with links where the reader may see what is behind it.
#[derive(Clone, Serialize)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) href: Option<String>,
}

#[derive(Serialize)]
pub(super) struct RateRow {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) definition: &'static str,
    pub(super) numerator: Cell,
    pub(super) denominator: Cell,
    pub(super) percent: String,
    pub(super) interval: String,
}

#[derive(Serialize)]
pub(super) struct CountRow {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) count: Cell,
}

#[derive(Serialize)]
pub(super) struct PartRow {
    pub(super) name: String,
    pub(super) expected: Cell,
    pub(super) counts: Vec<Cell>,
    pub(super) rates: Vec<RateText>,
}

#[derive(Serialize)]
pub(super) struct RateText {
    pub(super) fraction: String,
    pub(super) percent: Cell,
    pub(super) interval: String,
}

#[derive(Serialize)]
pub(super) struct PartTable {
    pub(super) caption: String,
    pub(super) first: &'static str,
    pub(super) rows: Vec<PartRow>,
}

/// Rates under a caption.
#[derive(Serialize)]
pub(super) struct Rates {
    pub(super) caption: &'static str,
    pub(super) rows: Vec<RateRow>,
}

/// Counts under a caption.
#[derive(Serialize)]
pub(super) struct Counts {
    pub(super) caption: &'static str,
    pub(super) rows: Vec<CountRow>,
}

/// What makes the cells of a page of figures; with links where they are `on`.
#[derive(Clone, Copy)]
pub(super) struct Links<'a> {
    /// The address of the page.
    pub(super) at: &'a str,
    pub(super) on: bool,
}

impl Cell {
    /// One behind which there is nothing to see.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), href: None }
    }
}

impl Links<'_> {
    pub(super) fn cell(&self, count: usize, figure: &str, denominator: bool, part: &str) -> Cell {
        let of = if denominator { "&of=all" } else { "" };
        let href = format!("{}/behind?figure={figure}{of}{part}", self.at);
        Cell { text: count.to_string(), href: (self.on && count > 0).then_some(href) }
    }

    /// A rate as it is shown alone, with what is in its numerator behind it.
    pub(super) fn shown(&self, rate: Rate, figure: &str, part: &str) -> Cell {
        Cell { text: rate.shown(), ..self.cell(rate.numerator as usize, figure, false, part) }
    }

    pub(super) fn rate(&self, id: &'static str, rate: Rate) -> RateRow {
        let (title, definition) = titles::of(id);
        RateRow {
            id: if id.starts_with('M') { id.split('_').next().unwrap_or(id) } else { "" },
            title,
            definition,
            numerator: self.cell(rate.numerator as usize, id, false, ""),
            denominator: self.cell(rate.denominator as usize, id, true, ""),
            // The two columns before it say "3 of 4" already.
            percent: if rate.is_small() { "too few".to_owned() } else { rate.shown() },
            interval: rate.interval_text(),
        }
    }

    pub(super) fn count(
        &self,
        id: &'static str,
        figure: &str,
        title: impl Into<String>,
        count: usize,
    ) -> CountRow {
        CountRow { id, title: title.into(), count: self.cell(count, figure, false, "") }
    }

    pub(super) fn part(&self, name: String, filter: &str, b: &Breakdown) -> PartRow {
        let counts = [
            ("attended", b.attended),
            ("deputised", b.deputised),
            ("contributed", b.contributed),
            ("left_before_decision", b.left_before_decision),
            ("apologies", b.apologies),
            ("silent", b.silent),
        ];
        let text = |(figure, rate): (&str, Rate)| RateText {
            fraction: if rate.is_small() { String::new() } else { rate.fraction() },
            percent: self.shown(rate, figure, filter),
            interval: rate.interval_text(),
        };
        PartRow {
            name,
            expected: self.cell(b.expected, "expected", false, filter),
            counts: counts.map(|(figure, n)| self.cell(n, figure, false, filter)).into(),
            rates: [("M1", b.M1), ("M2", b.M2), ("M3", b.M3), ("M4", b.M4)].map(text).into(),
        }
    }
}
