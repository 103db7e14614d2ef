//! What differs between two papers of one month (DOMAIN 8): old and new, side by side.

use std::collections::BTreeSet;

use super::snapshot::Revision;
use super::{Month, MonthPage, Paper};
use crate::register::restating::Figure;

/// Figures that are about the month before and what came of its letters: they end with their own paper.
const OF_THE_LOOP: [&str; 4] =
    ["Feedback", "Dispute", "Services missing twice running", "Working days to the first reply"];

/// Each figure of the whole month as a line, and of each agency those that it is asked about, without those that end with their own paper.
pub(super) fn lines(paper: &Paper) -> Vec<Figure> {
    let mut lines = MonthPage::figures_only(paper).lines();
    lines.retain(|line| !OF_THE_LOOP.iter().any(|start| line.title.starts_with(start)));
    let represented = paper.by_agency.values().map(|agency| Figure {
        title: format!("{}: represented", agency.name),
        stands: format!("{} of {}", agency.part.M2.numerator, agency.part.M2.denominator),
    });
    let ended = paper.plans_ended_without.values().map(|agency| Figure {
        title: format!("{}: missing when a plan ended, children", agency.name),
        stands: agency.children.to_string(),
    });
    lines.extend(represented.chain(ended));
    lines
}

/// What differs, figure by figure. One that stood only in the one is nothing in the other.
pub(super) fn revisions(month: Month, was: &[Figure], is: &[Figure]) -> Vec<Revision> {
    let titles: BTreeSet<&str> = was.iter().chain(is).map(|line| line.title.as_str()).collect();
    let stands = |lines: &[Figure], title: &str| {
        let line = lines.iter().find(|line| line.title == title);
        line.map_or("none".to_owned(), |line| line.stands.clone())
    };
    let revised = titles.into_iter().map(|title| Revision {
        month: month.to_string(),
        figure: title.to_owned(),
        was: stands(was, title),
        is: stands(is, title),
    });
    revised.filter(|revision| revision.was != revision.is).collect()
}
