//! The sections that a month and some months together have alike: what to look at first, which agency was missing when a plan
//! ended, what is being done about it, and the slots of the week.

use serde::Serialize;

use super::around::fraction;
use super::rows::{Cell, Links};
use crate::reports::bars::{bars, height};
use crate::reports::exceptions::Exception;
use crate::reports::paper::EndedWithout;
use crate::reports::parts::Split;
use crate::reports::trend::{IN_PRINT, ON_A_PAGE, data_url};
use crate::reports::words::{capital, counted, weekdays, word};
use crate::reports::{Paper, Rate};

#[derive(Serialize)]
pub(super) struct ExceptionRow {
    pub(super) text: String,
    /// Where an action is raised from it.
    raise: String,
}

#[derive(Serialize)]
pub(super) struct WithoutRow {
    pub(super) name: String,
    pub(super) children: Cell,
    pub(super) with_report: usize,
    pub(super) without_report: Cell,
    pub(super) our_fault: Cell,
}

#[derive(Serialize)]
pub(super) struct SlotCell {
    pub(super) shown: Cell,
    pub(super) of: String,
    /// 0 for nothing or too few, else 1 (lowest fifth) to 5.
    pub(super) shade: usize,
}

#[derive(Serialize)]
pub(super) struct SlotRow {
    pub(super) day: &'static str,
    pub(super) cells: Vec<SlotCell>,
}

/// A picture beside a table that says the same.
#[derive(Serialize)]
pub(super) struct Pictured {
    pub(super) caption: String,
    pub(super) chart: String,
    pub(super) height: f64,
    pub(super) alt: String,
    /// What the numbers in it stand for.
    pub(super) names: Vec<String>,
    /// As it is printed.
    #[serde(skip)]
    pub(super) svg: String,
}

/// What came of the invitations that count, by agency group.
pub(super) fn standings(paper: &Paper) -> Pictured {
    let parts = paper.by_group.iter().map(|(code, part)| (capital(&word(Split::Group, code)), part));
    let parts: Vec<_> = parts.collect();
    let caption = "What came of the invitations that count, by agency group".to_owned();
    Pictured {
        chart: data_url(&bars(&caption, &parts, ON_A_PAGE)),
        svg: bars(&caption, &parts, IN_PRINT),
        height: height(parts.len(), ON_A_PAGE),
        alt: format!(
            "{caption}, a bar for each: attended, deputy, report only, left or late, apologies, silent. The table by agency group says the same."
        ),
        names: Vec::new(),
        caption,
    }
}

/// Exceptions as rows, each with where an action is raised from it.
pub(super) fn exception_rows(exceptions: &[Exception], month: &str) -> Vec<ExceptionRow> {
    let row = |(n, exception): (usize, &Exception)| ExceptionRow {
        text: exception.text.clone(),
        raise: format!("/actions/new?month={month}&exception={n}"),
    };
    exceptions.iter().enumerate().map(row).collect()
}

/// Agencies that were missing when a plan ended, in alphabetical order.
pub(super) fn without(paper: &Paper, links: &Links<'_>) -> Vec<WithoutRow> {
    let mut without: Vec<_> = paper.plans_ended_without.iter().collect();
    without.sort_by_key(|(_, agency)| agency.name.to_lowercase());
    let row = |(code, agency): (&String, &EndedWithout)| {
        let cell = |n, figure| links.cell(n, figure, false, &format!("&agency={code}"));
        WithoutRow {
            name: agency.name.clone(),
            children: cell(agency.children, "M9"),
            with_report: agency.children - agency.without_report,
            without_report: cell(agency.without_report, "M9b"),
            our_fault: cell(agency.our_fault, "M9_our_fault"),
        }
    };
    without.into_iter().map(row).collect()
}

/// Representation by weekday and time.
pub(super) fn slots(paper: &Paper, links: &Links<'_>) -> Vec<SlotRow> {
    let all = &paper.by_slot;
    let rows = weekdays().filter_map(|(n, day)| {
        let both = ["morning", "afternoon"].map(|begins| {
            let slot = format!("{n}-{begins}");
            let rate = all.get(&slot).map(|part| part.M2);
            (slot, rate)
        });
        let is_any = both.iter().any(|(_, rate)| rate.is_some());
        let cells = both.map(|(slot, rate)| {
            let rate = rate.unwrap_or(Rate::of(0, 0));
            let percent = rate.percent.filter(|_| !rate.is_small()).map(|p| p.as_percent());
            SlotCell {
                shown: links.shown(rate, "M2", &format!("&slot={slot}")),
                of: fraction(rate),
                shade: percent.map_or(0, |p| ((p / 20.0).floor() as usize).min(4) + 1),
            }
        });
        is_any.then(|| SlotRow { day, cells: cells.into() })
    });
    rows.collect()
}

/// What a month's figures do not know.
pub(super) fn notes(p: &Paper) -> Vec<String> {
    let tracker = (p.from_a_tracker > 0).then(|| {
        format!("{} of these conferences came from a tracker, which knows the attendance alone: M5, M6, M9, M9b, M11 to M14, M18 and M19, and what leaving out our own faults does, leave them out. M8 and M17 cannot see runs in them.", p.from_a_tracker)
    });
    let open = (p.registers_open > 0).then(|| {
        let took = counted(
            p.registers_open,
            "conference of this time took place and has",
            "conferences of this time took place and have",
        );
        format!("{took} no confirmed register: not counted anywhere in this paper.")
    });
    tracker.into_iter().chain(open).collect()
}
