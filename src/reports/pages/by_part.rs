//! The tables of the rates beside attendance, by part. The workbook and the long form have all splits; here are those that
//! something is decided from.

use serde::Serialize;

use super::rows::{Cell, Links};
use crate::reports::document::{Block, Cell as Printed, Column, Table};
use crate::reports::parts::Split;
use crate::reports::words::word;
use crate::reports::{Paper, Rate, titles};

const REPORTS: &[&str] = &["M6_received", "M6_on_time", "M14", "M5", "M12"];
const LETTERS: &[&str] = &["M15", "M16_replied", "M16_disputed", "M16_upheld"];
const PLANS: &[&str] = &["M7", "M9", "M9b", "M9_step_down", "M9c"];
const CLOCKS: &[&str] = &["M18_initial_in_15", "M18_reviews_in_time", "M19"];

const TABLES: [(Split, &str, &[&str]); 8] = [
    (Split::Agency, "Reports, answers and notice, by agency", REPORTS),
    (Split::Agency, "Our feedback and what was replied, by agency (previous month's conferences)", LETTERS),
    (Split::Lens, "Neglect beside the other conferences: quorum, and plans that ended", PLANS),
    (Split::Lens, "Neglect beside the other conferences: reports, answers and notice", REPORTS),
    (Split::Lens, "Neglect beside the other conferences: time limits and registers", CLOCKS),
    (Split::Mode, "Quorum, and plans that ended, by how it met", PLANS),
    (Split::Mode, "Reports, answers and notice, by how it met", REPORTS),
    (Split::Stage, "Quorum, and plans that ended, at initial conferences and reviews", PLANS),
];

/// Rates of the parts of one split.
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
    /// The percentage, or "3 of 4", or "none".
    pub(super) shown: Cell,
    /// Of how many, where that is not in it.
    pub(super) fraction: String,
    /// Its 95% interval, where it is a percentage.
    pub(super) interval: String,
}

/// The tables that have anything in them.
pub(super) fn tables(p: &Paper, links: &Links<'_>) -> Vec<RateTable> {
    let table = |(split, caption, measures): (Split, &'static str, &[&'static str])| {
        let parts = p.rates_by_part.get(split.code())?;
        // A column of which nothing is known says nothing.
        let is_known = |id: &&&str| parts.values().any(|rates| rates.contains_key(**id));
        let measures: Vec<&'static str> = measures.iter().filter(is_known).copied().collect();
        let name = |code: &String| match split {
            Split::Agency => p.agencies_called.get(code).unwrap_or(code).clone(),
            _ => word(split, code),
        };
        let cell = |code: &str, id: &'static str, rate: Rate| {
            // Whether a register was confirmed in time is no invitation's.
            let links = Links { on: links.on && id != "M19", ..*links };
            let part = format!("&{}={code}", split.code());
            let shown = Cell { text: rate.shown(), ..links.cell(rate.numerator as usize, id, false, &part) };
            let fraction =
                if rate.is_small() || rate.denominator == 0 { String::new() } else { rate.fraction() };
            let interval = if fraction.is_empty() { String::new() } else { rate.interval_text() };
            RateCell { shown, fraction, interval }
        };
        let mut rows: Vec<RateTableRow> = parts
            .iter()
            .filter(|(_, rates)| measures.iter().any(|id| rates.contains_key(*id)))
            .map(|(code, rates)| {
                let rate = |id: &str| rates.get(id).copied().unwrap_or(Rate::of(0, 0));
                let cells = measures.iter().map(|id| cell(code, id, rate(id))).collect();
                RateTableRow { name: name(code), cells }
            })
            .collect();
        if split == Split::Agency {
            rows.sort_by_key(|row| row.name.to_lowercase());
        }
        let columns = measures.iter().map(|id| match *id {
            // Its own title goes on from the one before it.
            "M9_step_down" => "M9 Stepped down without a core agency".to_owned(),
            _ => {
                let (measure, title) = (id.split('_').next().unwrap_or(id), titles::of(id).0);
                format!("{measure} {}", title.split(" (").next().unwrap_or(title))
            }
        });
        let first = crate::reports::words::capital(split.label());
        (!measures.is_empty()).then(|| RateTable { caption, first, columns: columns.collect(), rows })
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
