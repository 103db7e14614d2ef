//! What an absence did, and what followed it: its effects on decisions, the feedback loop, the ladder, disputes.

use serde::Serialize;

use super::rows::{self, CountRow, Counts, Links};
use crate::invitations::ImpactCode;
use crate::reports::Paper;
use crate::reports::climbed::Climbed;
use crate::reports::document::{Block, Cell, Table, numbers};
use crate::reports::words::capital;

/// One rung of the ladder.
#[derive(Serialize)]
pub(super) struct RungRow {
    pub(super) name: &'static str,
    /// Proposed, approved, declined, answered, open.
    pub(super) counts: [usize; 5],
}

/// What the table of rungs is called.
pub(super) const LADDER: &str = "The ladder’s steps after the letter";

/// The columns of [`RungRow::counts`].
pub(super) const OF_A_RUNG: [&str; 5] = ["Proposed", "Approved", "Not taken", "Answered", "Open at the end"];

/// The ladder's steps; none where the paper was frozen before it told of them.
pub(super) fn ladder(p: &Paper) -> Vec<RungRow> {
    let name = |rung: &str| match rung {
        "2" => "To the safeguarding lead",
        "3" => "To the head of service or the named professional",
        _ => "To PAQA’s list",
    };
    let row = |(rung, of): (&String, &Climbed)| RungRow {
        name: name(rung),
        counts: [of.proposed, of.approved, of.declined, of.answered, of.open],
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
    let columns = numbers(("Step", 40), OF_A_RUNG.map(|name| (name, 12)));
    let caption = LADDER.to_owned();
    (!rows.is_empty()).then_some(Block::Table(Table { caption, level: 3, columns, rows }))
}

/// Effects of absences, the gravest first; adjournments and the days that they cost.
pub(super) fn impact(p: &Paper, links: &Links<'_>) -> Counts {
    let mut rows = vec![
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
        CountRow {
            id: "M11",
            title: format!(
                "Working days until those were reconvened ({} were not, or not yet)",
                p.M11.not_yet_reconvened
            ),
            count: rows::Cell { text: p.M11.working_days_lost.to_string(), href: None },
        },
        links.count(
            "M17",
            "M17",
            "Services missing twice running for the same child (previous month's conferences)",
            p.M17,
        ),
    ];
    // M10 says the first of them.
    let others = ImpactCode::ALL.iter().filter(|code| **code != ImpactCode::Pivotal);
    rows.extend(others.filter_map(|code| {
        let n = p.impact.get(code.code())?;
        let title = format!("{} (severity {})", capital(code.label()), code.severity());
        Some(CountRow { id: "", title, count: rows::Cell { text: n.to_string(), href: None } })
    }));
    Counts { caption: "Absences by what they did, and delay", rows }
}

/// Feedback that was sent, and what agencies made of it.
pub(super) fn feedback(p: &Paper, links: &Links<'_>) -> Counts {
    let of_sent = |title: &str| format!("{title} (of {} sent)", p.M16.sent);
    let count = |figure, title: &str, n| links.count("M16", figure, of_sent(title), n);
    let median = p.M16.median_working_days_to_reply.map_or("none".to_owned(), |days| days.to_string());
    Counts {
        caption: "Feedback and disputes",
        rows: vec![
            links.count("", "feedback_due", "Absences on which feedback is due", p.feedback_due),
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
                count: rows::Cell { text: median, href: None },
            },
            count("M16_disputed", "Feedback disputed", p.M16.disputed.numerator as usize),
            count("M16_upheld", "Disputes upheld", p.M16.upheld.numerator as usize),
            count("M16_disputes_open", "Disputes not settled yet", p.M16.disputes_open),
        ],
    }
}
