//! Improvement actions as a paper and their own pages show them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::calendar::london;
use crate::reports::improving::{ActionId, ActionLine, Progress, Written};
use crate::reports::trend::{IN_PRINT, ON_A_PAGE, data_url, trend};
use crate::reports::words::capital;
use crate::reports::{Month, Rate, titles};

/// A month of an action's measure.
#[derive(Serialize)]
pub struct MonthRow {
    pub(super) month: String,
    pub(super) fraction: String,
    pub(super) percent: String,
    pub(super) interval: String,
}

/// An action in a table, with its chart and the same as a table.
#[derive(Serialize)]
pub struct ActionRow {
    pub(super) id: String,
    pub(super) about: String,
    pub(super) measure: String,
    pub(super) objective: String,
    pub(super) lead: String,
    pub(super) due: String,
    pub(super) progress: String,
    /// The colour of its tag, which says nothing alone.
    pub(super) colour: &'static str,
    /// What its newest review says.
    pub(super) review: String,
    pub(super) before: String,
    /// "October 2025 to September 2026".
    pub(super) before_of: String,
    pub(super) since: String,
    pub(super) since_of: String,
    pub(super) effect: String,
    /// What in the chart marks the action, in a sentence; empty where the month in which it was raised is not in it.
    pub(super) marked: String,
    pub(super) chart: String,
    /// The chart as it is printed.
    #[serde(skip)]
    pub(super) svg: String,
    pub(super) months: Vec<MonthRow>,
}

/// "October 2025 to September 2026 (11 months)", where some of the months between are not known.
fn span(of: &str, months: usize) -> String {
    match months {
        0 => String::new(),
        1 => of.to_owned(),
        n => format!("{of} ({n} months)"),
    }
}

/// "34 of 40 (85.0%, 70.9 to 92.9)"; of few the count alone.
fn said(rate: Rate) -> String {
    match rate.interval {
        None => "none".to_owned(),
        Some(_) if rate.is_small() => rate.fraction(),
        Some(_) => format!("{} ({}, {})", rate.fraction(), rate.percent_text(), rate.interval_text()),
    }
}

fn month_row((month, rate): &(Month, Rate)) -> MonthRow {
    let is_none = rate.denominator == 0;
    MonthRow {
        month: month.name(),
        fraction: if is_none { "none".to_owned() } else { rate.fraction() },
        percent: if is_none || rate.is_small() { String::new() } else { rate.percent_text() },
        interval: rate.interval_text(),
    }
}

/// One action, with what is written of it.
pub fn action_row(line: &ActionLine, written: &Written) -> ActionRow {
    let raised: Option<Month> = line.raised.parse().ok();
    let series = line.series();
    let title = titles::of(&line.measure).0;
    let chart = |width| trend(&format!("{title}, month by month"), &series, raised, width);
    let id = line.measure.split('_').next().unwrap_or_default();
    ActionRow {
        id: line.id.to_string(),
        about: line.about().to_owned(),
        measure: format!("{id} {title}"),
        objective: written.objective.clone(),
        lead: written.lead.clone(),
        due: match line.first_due {
            None => london::full_date(line.due),
            Some(first) => format!("{}, at first {}", london::full_date(line.due), london::full_date(first)),
        },
        progress: capital(&line.progress_in_words()),
        colour: match line.progress {
            _ if line.is_overdue => "red",
            Some(Progress::OnTrack | Progress::Done) => "green",
            Some(Progress::AtRisk) => "orange",
            Some(Progress::OffTrack) => "red",
            Some(Progress::Withdrawn) | None => "grey",
        },
        review: written.review.clone(),
        before: said(line.effect.before),
        before_of: span(&line.effect.before_of, line.effect.months_before),
        since: said(line.effect.since),
        since_of: span(&line.effect.since_of, line.effect.months_since),
        effect: capital(&line.effect.words),
        marked: raised
            .filter(|raised| series.iter().any(|(month, _)| month == raised))
            .map_or(String::new(), |raised| {
                format!("A line marks {}, when the action was raised.", raised.name())
            }),
        chart: data_url(&chart(ON_A_PAGE)),
        svg: chart(IN_PRINT),
        months: series.iter().rev().map(month_row).collect(),
    }
}

/// The actions of a paper: those whose day is over first, then by their day.
pub fn action_rows(lines: &[ActionLine], written: &BTreeMap<ActionId, Written>) -> Vec<ActionRow> {
    let mut lines: Vec<&ActionLine> = lines.iter().collect();
    lines.sort_by_key(|line| (!line.is_overdue, line.progress.is_some_and(Progress::is_end), line.due));
    lines.into_iter().filter_map(|line| Some(action_row(line, written.get(&line.id)?))).collect()
}
