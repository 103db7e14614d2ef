//! What an absence did, and what followed it: its effects on decisions, the feedback loop, the ladder, disputes.

use serde::Serialize;

use super::rows::{self, CountRow, Counts, Links};
use crate::invitations::ImpactCode;
use crate::reports::Paper;
use crate::reports::climbed::{Climbed, effect, rung};
use crate::reports::document::{Block, Cell, Table, numbers};

/// One rung of the ladder.
#[derive(Serialize)]
pub(super) struct RungRow {
    pub(super) name: &'static str,
    /// In the order of [`Climbed::COLUMNS`].
    pub(super) counts: [usize; 7],
}

/// What the table of rungs is called.
pub(super) const LADDER: &str =
    "The ladder’s steps after the letter: what was done in this time, whenever they were proposed";

/// The ladder's steps; none where the paper was frozen before it told of them.
pub(super) fn ladder(p: &Paper) -> Vec<RungRow> {
    let row = |(number, of): (&String, &Climbed)| RungRow {
        name: rung(number),
        counts: of.named().map(|(_, count)| count),
    };
    p.ladder.iter().map(row).collect()
}

/// The ladder as a table in print.
pub(super) fn printed(rows: &[RungRow]) -> Option<Block> {
    let rows = rows.iter().map(|row| {
        let counts = row.counts.iter().map(|n| Cell::from(n.to_string()));
        [Cell::from(row.name)].into_iter().chain(counts).collect()
    });
    let rows: Vec<_> = rows.collect();
    let columns = numbers(("Step", 30), Climbed::COLUMNS.map(|name| (name, 10)));
    let caption = LADDER.to_owned();
    (!rows.is_empty()).then_some(Block::Table(Table { caption, level: 3, columns, rows }))
}

/// Pivotal and repeated absences; adjournments and the days that they cost.
pub(super) fn delay(p: &Paper, links: &Links<'_>) -> Counts {
    let days = format!(
        "Working days until those were reconvened ({} were not, or not yet)",
        p.M11.not_yet_reconvened
    );
    Counts {
        caption: "Pivotal absences, adjournments, repeats",
        rows: vec![
            links.count(
                "M10",
                "M10_pivotal",
                "Pivotal absences: each alone would have made quorum",
                p.M10_pivotal,
            ),
            links.count(
                "M11",
                "M11",
                "Adjourned as inquorate, or for a missing agency or report",
                p.M11.adjournments,
            ),
            links.count("M11", "M11", days, p.M11.working_days_lost),
            links.count(
                "M17",
                "M17",
                "Services missing twice running for the same child (previous month's conferences)",
                p.M17,
            ),
        ],
    }
}

/// What is said beside the table of effects.
pub(super) const OF_IMPACT: &str = "An absence may have had several of these effects, and counts once in each, whatever the number of children; one that was our fault is left out. Of a tracker's conferences quorum alone is known.";

/// Absences by what they did, the gravest first; `None` where the paper was frozen before it told of them.
pub(super) fn impact(p: &Paper, links: &Links<'_>) -> Option<Counts> {
    let rows = ImpactCode::ALL.iter().filter_map(|code| {
        let count = *p.impact.get(code.code())?;
        let title = format!("{} (severity {})", effect(*code), code.severity());
        Some(links.count("", &format!("impact_{}", code.code()), title, count))
    });
    (!p.impact.is_empty()).then(|| Counts { caption: "Absences by what they did", rows: rows.collect() })
}

/// Feedback that was sent, and what agencies made of it.
pub(super) fn feedback(p: &Paper, links: &Links<'_>) -> Counts {
    let of_sent = |title: &str| format!("{title} (of {} sent)", p.M16.sent);
    let count = |figure, title: &str, n| links.count("M16", figure, of_sent(title), n);
    let median = p.M16.median_working_days_to_reply.map_or("none".to_owned(), |days| days.to_string());
    Counts {
        caption: "Feedback and disputes",
        rows: vec![
            links.count(
                "",
                "feedback_due",
                "Absences on which feedback is due (this month's conferences)",
                p.feedback_due,
            ),
            links.count(
                "",
                "feedback_authority_fault",
                "Of those, letters of apology",
                p.feedback_authority_fault,
            ),
            links.count("M16", "M16", "Feedback sent (previous month's conferences)", p.M16.sent),
            count("M16_replied", "Feedback replied to", p.M16.replied.numerator as usize),
            CountRow {
                id: "",
                title: "Working days to the first reply (median of those replied to)".to_owned(),
                count: rows::Cell::plain(median),
            },
            count("M16_disputed", "Feedback disputed", p.M16.disputed.numerator as usize),
            count("M16_upheld", "Disputes upheld", p.M16.upheld.numerator as usize),
            count("M16_disputes_open", "Disputes not settled yet", p.M16.disputes_open),
        ],
    }
}
