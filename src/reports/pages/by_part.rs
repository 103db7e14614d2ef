//! The tables of what stands beside attendance, by part: those that something is decided from. The workbook and the long form
//! have every split in which a figure is told.

use std::collections::BTreeSet;

use serde::Serialize;

use super::rows::{Cell, Links};
use crate::reports::by_part::{Counts, Rates};
use crate::reports::document::{Block, Cell as Printed, Column, Table};
use crate::reports::parts::Split;
use crate::reports::words::{capital, word};
use crate::reports::{Paper, Rate, titles};

const REPORTS: &[&str] = &["M6_received", "M6_on_time", "M14", "M5", "M12"];
const LETTERS: &[&str] = &["M15", "M16_replied", "M16_disputed", "M16_upheld", "M16_disputes_open", "M17"];
const PLANS: &[&str] = &["M7", "M9", "M9b", "M9_step_down", "M9c"];
const CLOCKS: &[&str] = &["M18_initial_in_15", "M18_reviews_in_time", "M19"];

const ABSENCES: &[&str] = &["M13_not_invited", "M13_undelivered", "M13_late", "feedback_due", "M10_pivotal"];
const DECISIONS: &[&str] = &[
    "M8_proceeded_inquorate",
    "M8_consecutive",
    "M9_our_fault",
    "M10_pivotal",
    "M11_adjournments",
    "M11_working_days_lost",
];

const TABLES: [(Split, &str, &[&str]); 11] = [
    (Split::Agency, "Reports, answers and notice, by agency", REPORTS),
    (
        Split::Agency,
        "Our feedback, what was replied, and who missed twice, by agency (conferences a month earlier)",
        LETTERS,
    ),
    (Split::Agency, "Our faults, and absences, by agency", ABSENCES),
    (Split::Lens, "Neglect beside the other conferences: quorum, and plans that ended", PLANS),
    (Split::Lens, "Neglect beside the other conferences: how often it was decided without", DECISIONS),
    (Split::Lens, "Neglect beside the other conferences: reports, answers and notice", REPORTS),
    (Split::Lens, "Neglect beside the other conferences: time limits and registers", CLOCKS),
    (Split::Mode, "Quorum, and plans that ended, by how it met", PLANS),
    (Split::Mode, "How often it was decided without, by how it met", DECISIONS),
    (Split::Mode, "Reports, answers and notice, by how it met", REPORTS),
    (Split::Stage, "Quorum, and plans that ended, at initial conferences and reviews", PLANS),
];

/// Rates, or counts, of the parts of one split.
#[derive(Serialize)]
pub(super) struct RateTable {
    pub(super) caption: &'static str,
    pub(super) first: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<RateTableRow>,
}

#[derive(Serialize)]
pub(super) struct RateTableRow {
    pub(super) name: String,
    pub(super) cells: Vec<RateCell>,
}

#[derive(Serialize)]
pub(super) struct RateCell {
    /// The percentage, or "3 of 4", or "none"; or a count.
    pub(super) shown: Cell,
    /// Of how many, where that is not in it.
    pub(super) fraction: String,
    /// Its 95% interval, where it is a percentage.
    pub(super) interval: String,
}

/// What one part has.
struct Part<'a> {
    code: &'a String,
    rates: Option<&'a Rates>,
    counts: Option<&'a Counts>,
}

impl Part<'_> {
    fn has(&self, id: &str) -> bool {
        self.rates.is_some_and(|rates| rates.contains_key(id))
            || self.counts.is_some_and(|counts| counts.contains_key(id))
    }

    fn cell(&self, split: Split, id: &'static str, links: &Links<'_>) -> RateCell {
        let part = format!("&{}={}", split.code(), self.code);
        if titles::is_count(id) {
            let count = self.counts.and_then(|counts| counts.get(id)).copied().unwrap_or(0);
            // Of adjournments and their days the same conferences are behind it.
            let figure = if id.starts_with("M11") { "M11" } else { id };
            let shown = links.cell(count, figure, false, &part);
            return RateCell { shown, fraction: String::new(), interval: String::new() };
        }
        let rate = self.rates.and_then(|rates| rates.get(id)).copied().unwrap_or(Rate::of(0, 0));
        let fraction = if rate.is_small() || rate.denominator == 0 { String::new() } else { rate.fraction() };
        let interval = if fraction.is_empty() { String::new() } else { rate.interval_text() };
        RateCell { shown: links.shown(rate, id, &part), fraction, interval }
    }
}

/// The heading of a figure's column: its caption says of which conferences.
fn column(id: &str) -> String {
    let title = titles::alone(id);
    let title = title.split([':', '(']).next().unwrap_or(title).trim();
    match id.split('_').next() {
        Some(measure) if measure.starts_with('M') => format!("{measure} {title}"),
        _ => title.to_owned(),
    }
}

/// The tables that have anything in them.
pub(super) fn tables(p: &Paper, links: &Links<'_>) -> Vec<RateTable> {
    let table = |(split, caption, figures): (Split, &'static str, &[&'static str])| {
        let (rates, counts) = (p.rates_by_part.get(split.code()), p.counts_by_part.get(split.code()));
        let codes = rates.into_iter().flat_map(|parts| parts.keys());
        let codes: BTreeSet<&String> =
            codes.chain(counts.into_iter().flat_map(|parts| parts.keys())).collect();
        let parts = codes.into_iter().map(|code| Part {
            code,
            rates: rates.and_then(|parts| parts.get(code)),
            counts: counts.and_then(|parts| parts.get(code)),
        });
        let parts: Vec<Part<'_>> = parts.collect();
        // A column of which nothing is known says nothing.
        let is_known = |id: &&&str| parts.iter().any(|part| part.has(id));
        let figures: Vec<&'static str> = figures.iter().filter(is_known).copied().collect();
        let name = |code: &String| match split {
            Split::Agency => p.agencies_called.get(code).unwrap_or(code).clone(),
            _ => word(split, code),
        };
        let mut rows: Vec<RateTableRow> = parts
            .iter()
            .filter(|part| figures.iter().any(|id| part.has(id)))
            .map(|part| RateTableRow {
                name: name(part.code),
                cells: figures.iter().map(|id| part.cell(split, id, links)).collect(),
            })
            .collect();
        if split == Split::Agency {
            rows.sort_by_key(|row| row.name.to_lowercase());
        }
        let columns = figures.iter().map(|id| column(id)).collect();
        let first = capital(split.label());
        (!figures.is_empty()).then_some(RateTable { caption, first, columns, rows })
    };
    TABLES.into_iter().filter_map(table).collect()
}

/// One of them in print.
pub(super) fn printed(table: &RateTable) -> Block {
    let column = |name: &str, share, number| Column { name: name.to_owned(), share, number };
    let columns = table.columns.iter().map(|name| column(name, 14, true));
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| match cell.fraction.as_str() {
            "" => Printed::from(cell.shown.text.as_str()),
            fraction => {
                Printed::from(cell.shown.text.as_str()).under(format!("{fraction}\n({})", cell.interval))
            }
        });
        std::iter::once(Printed::from(row.name.as_str())).chain(cells).collect()
    });
    Block::Table(Table {
        caption: table.caption.to_owned(),
        level: 3,
        columns: std::iter::once(column(&table.first, 20, false)).chain(columns).collect(),
        rows: rows.collect(),
    })
}
