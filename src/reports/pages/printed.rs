//! A month as a document to be printed: the same figures and words as its page, fit for a committee's pack. What a decision
//! rests on comes first; every part, and the charts as tables, follow as appendices.

use super::action_rows::ActionRow;
use super::afterwards::{self, OF_IMPACT};
use super::around::Around;
use super::by_part;
use super::month::MonthPage;
use super::rows::{Counts, PartTable, Rates};
use super::sections::{Pictured, SlotRow, WithoutRow};
use crate::reports::document::{Block, Cell, Chart, Column, Document, Table, numbers, words};

const ACTIONS: &str = "How they go, and their measures before and since";

fn rates(table: &Rates) -> Block {
    let rows = table.rows.iter().map(|row| {
        let name = format!("{} {}", row.id, row.title);
        vec![
            Cell::from(name.trim()).under(row.definition),
            row.numerator.text.as_str().into(),
            row.denominator.text.as_str().into(),
            row.percent.as_str().into(),
            row.interval.as_str().into(),
        ]
    });
    Block::Table(Table {
        caption: table.caption.to_owned(),
        level: 3,
        columns: numbers(
            ("Measure", 50),
            [("Number", 10), ("Of", 10), ("Percent", 12), ("95% interval", 18)],
        ),
        rows: rows.collect(),
    })
}

fn counts(table: &Counts) -> Block {
    let rows = table
        .rows
        .iter()
        .map(|row| vec![format!("{} {}", row.id, row.title).trim().into(), row.count.text.as_str().into()]);
    Block::Table(Table {
        caption: table.caption.to_owned(),
        level: 3,
        columns: numbers(("What", 85), [("Number", 15)]),
        rows: rows.collect(),
    })
}

fn part(table: &PartTable) -> Block {
    let rows = table.rows.iter().map(|row| {
        let rates = row.rates.iter().map(|rate| {
            let interval = format!("({})", rate.interval);
            let under = [rate.fraction.as_str(), if rate.interval.is_empty() { "" } else { &interval }];
            let under: Vec<&str> = under.into_iter().filter(|text| !text.is_empty()).collect();
            Cell::from(rate.percent.text.as_str()).under(under.join("\n"))
        });
        let counts = row.counts.iter().map(|count| Cell::from(count.text.as_str()));
        let first = [row.name.as_str().into(), Cell::from(row.expected.text.as_str())];
        first.into_iter().chain(rates).chain(counts).collect()
    });
    Block::Table(Table {
        caption: table.caption.clone(),
        level: 3,
        columns: numbers(
            (table.first, 20),
            [
                ("Expected", 10),
                ("M1 attendance", 13),
                ("M2 representation", 13),
                ("M3 contribution", 13),
                ("M4 silent", 13),
                ("Attended", 10),
                ("Deputy", 8),
                ("Report only", 8),
                ("Left or late", 8),
                ("Apologies", 8),
                ("Silent", 8),
            ],
        ),
        rows: rows.collect(),
    })
}

fn stands(around: &Around) -> Block {
    let rules = format!("Definitions {}, quorum rule {}.", around.definitions, around.quorum_rules);
    let approved = match &around.approved {
        Some(approved) => format!(", approved by {approved}"),
        None if around.is_month => ", not approved yet".to_owned(),
        None => String::new(),
    };
    Block::text(match &around.closed {
        Some(closed) => {
            format!("Closed on {closed}{approved}. {rules} Frozen as SHA-256 {}.", around.hash)
        }
        None => format!("Open. {} {rules}", around.open.as_deref().unwrap_or_default()),
    })
}

fn headlines(around: &Around) -> Block {
    let rows = around.headlines.iter().map(|row| {
        vec![
            Cell::from(format!("{} {}", row.id, row.title)).under(row.definition),
            Cell::from(row.now.text.as_str()).strong_if(true).under(row.fraction.as_str()),
            row.interval.as_str().into(),
            row.previous.as_str().into(),
            row.rolling.as_str().into(),
            Cell::from(row.verdict.as_str()).strong_if(row.stands_out),
        ]
    });
    let rolling = format!("{} of the last 12 months", around.rolling_months);
    Block::Table(Table {
        caption: "Headlines".to_owned(),
        level: 3,
        columns: words([
            ("Measure", 36),
            (around.these, 13),
            ("95% interval", 16),
            (around.before, 15),
            (&rolling, 18),
            ("Change or chance", 22),
        ]),
        rows: rows.collect(),
    })
}

fn agencies(around: &Around) -> Block {
    let rows = around.agencies.iter().map(|row| {
        vec![
            Cell::from(row.name.as_str()).under(row.group.as_str()),
            Cell::from(row.month.text.as_str()).under(row.target.as_str()),
            row.rolling.as_str().into(),
            row.of_group.as_str().into(),
            Cell::from(row.position).strong_if(row.is_low),
            Cell::from(row.verdict.as_str()).strong_if(row.stands_out),
        ]
    });
    Block::Table(Table {
        caption: "Representation by agency (M2), in alphabetical order".to_owned(),
        level: 3,
        columns: words([
            ("Agency", 22),
            (around.these, 17),
            ("Twelve months", 18),
            ("Its group", 14),
            ("Among its group", 14),
            ("Month by month", 20),
        ]),
        rows: rows.collect(),
    })
}

fn without(all: &[WithoutRow]) -> Option<[Block; 2]> {
    let rows = all.iter().map(|row| {
        vec![
            row.name.as_str().into(),
            row.children.text.as_str().into(),
            row.with_report.into(),
            row.without_report.text.as_str().into(),
            row.our_fault.text.as_str().into(),
        ]
    });
    let table = Table {
        caption: "Which agency was missing when a plan ended".to_owned(),
        level: 3,
        columns: numbers(
            ("Agency", 48),
            [("Children", 12), ("With its report", 14), ("Without", 12), ("Of which our fault", 14)],
        ),
        rows: rows.collect(),
    };
    let adds = "A child counts once for each agency that was missing: these may add up to more than the children above.";
    (!all.is_empty()).then(|| [Block::Table(table), Block::text(adds)])
}

fn charts(around: &Around) -> Block {
    let charts = around.headlines.iter().map(|row| Chart {
        caption: row.title.to_owned(),
        svg: row.svg.clone(),
        alt: format!(
            "{}, month by month, each with its 95% interval, with the average and the limits of chance. {} {}: {}. Appendix A says the same as a table.",
            row.title, around.these, row.now.text, row.verdict
        ),
    });
    Block::Charts { charts: charts.collect() }
}

/// The section on improvement actions; their charts are in an appendix.
fn actions(all: &[ActionRow]) -> Vec<Block> {
    if all.is_empty() {
        return Vec::new();
    }
    let rows = all.iter().map(|row| {
        vec![
            Cell::from(format!("{}: {}", row.about, row.measure)).under(row.objective.as_str()),
            Cell::from(row.lead.as_str()).under(row.due.as_str()),
            Cell::from(row.progress.as_str()).under(row.review.as_str()),
            Cell::from(row.before.as_str()).under(row.before_of.as_str()),
            Cell::from(row.since.as_str()).under(row.since_of.as_str()),
            row.effect.as_str().into(),
        ]
    });
    let table = Table {
        caption: ACTIONS.to_owned(),
        level: 3,
        columns: words([
            ("Objective", 30),
            ("Led by, and until", 17),
            ("How it goes", 20),
            ("Measure before", 14),
            ("Since", 14),
            ("Change or chance", 18),
        ]),
        rows: rows.collect(),
    };
    vec![Block::heading("Improvement actions"), Block::Table(table)]
}

/// The measures of actions month by month: the chart of each, then the same as tables.
fn measured(all: &[ActionRow]) -> Vec<Block> {
    if all.is_empty() {
        return Vec::new();
    }
    let charts = all.iter().map(|row| Chart {
        caption: format!("{}: {}", row.about, row.measure),
        svg: row.svg.clone(),
        alt: format!(
            "{}: {}, month by month, with the average and the limits of chance. {} Before: {}. Since: {}. A table below says the same.",
            row.about, row.measure, row.marked, row.before, row.since
        ),
    });
    let charts = Block::Charts { charts: charts.collect() };
    [charts].into_iter().chain(all.iter().map(months)).collect()
}

fn picture(of: &Pictured) -> Chart {
    Chart { caption: of.caption.clone(), svg: of.svg.clone(), alt: of.alt.clone() }
}

/// The funnels of groups, each with the names of its numbers.
fn funnels(around: &Around) -> Vec<Block> {
    if around.funnels.is_empty() {
        return Vec::new();
    }
    let names = around.funnels.iter().map(|of| format!("{}. {}", of.caption, of.names.join("; ")));
    vec![
        Block::Charts { charts: around.funnels.iter().map(picture).collect() },
        Block::List { items: names.collect() },
    ]
}

/// The measure of an action month by month.
fn months(row: &ActionRow) -> Block {
    let rows = row.months.iter().map(|month| {
        [&month.month, &month.fraction, &month.percent, &month.interval].map(|t| t.as_str().into()).into()
    });
    Block::Table(Table {
        caption: format!("{}: {}, the newest month first", row.about, row.measure),
        level: 3,
        columns: numbers(("Month", 46), [("Of how many", 18), ("Percent", 16), ("95% interval", 20)]),
        rows: rows.collect(),
    })
}

fn revised(around: &Around) -> Vec<Block> {
    let mut blocks = vec![Block::heading("What was restated of earlier months")];
    if around.revisions.is_empty() {
        blocks.push(Block::text("No figure of an earlier month was restated."));
    } else {
        let rows = around
            .revisions
            .iter()
            .map(|r| [&r.month, &r.figure, &r.was, &r.is].map(|text| Cell::from(text.as_str())).into());
        blocks.push(Block::Table(Table {
            caption: "Figures of earlier months that are not as they were".to_owned(),
            level: 3,
            columns: words([("Month", 20), ("Figure", 50), ("Was", 15), ("Is", 15)]),
            rows: rows.collect(),
        }));
    }
    if !around.changed.is_empty() {
        blocks.push(Block::text("Registers that changed since their month was counted last:"));
        let items = around.changed.iter().map(|changed| {
            format!("{}: {} amended, {} confirmed late", changed.month, changed.amended, changed.late)
        });
        blocks.push(Block::List { items: items.collect() });
    }
    blocks
}

fn series(around: &Around) -> Block {
    let first = Column { name: "Month".to_owned(), share: 20, number: false };
    let others = around.series_titles.iter().map(|title| Column {
        name: (*title).to_owned(),
        share: 16,
        number: false,
    });
    let rows = around.series.iter().map(|row| {
        let rates = row.rates.iter().map(|text| Cell::from(text.as_str()));
        [Cell::from(row.month.as_str())].into_iter().chain(rates).collect()
    });
    Block::Table(Table {
        caption: "Headlines month by month, the newest first".to_owned(),
        level: 3,
        columns: [first].into_iter().chain(others).collect(),
        rows: rows.collect(),
    })
}

fn slots(all: &[SlotRow]) -> Block {
    let rows = all.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| {
            let shown = Cell::from(cell.shown.text.as_str()).under(cell.of.as_str());
            Cell { shade: cell.shade, ..shown }
        });
        [Cell::from(row.day)].into_iter().chain(cells).collect()
    });
    Block::Table(Table {
        caption: "Representation (M2) by weekday and time: the darker, the higher".to_owned(),
        level: 3,
        columns: words([("Day", 40), ("Before noon", 30), ("From noon", 30)]),
        rows: rows.collect(),
    })
}

impl MonthPage {
    /// The page as a document.
    pub fn printed(&self) -> Document {
        let mut blocks = Vec::new();
        if let Some(as_of) = &self.as_of {
            blocks.push(Block::text(format!(
                "All of these months together, as their registers stood on {as_of}. The months’ own papers are frozen each on its own day, and may stand otherwise; the months before them stand as they were known that day."
            )));
        }
        blocks.push(Block::Lead {
            text: format!(
                "{} conferences with a confirmed register, {} invitations, {} of them counted.",
                self.conferences, self.invitations.text, self.expected
            ),
        });
        blocks.extend(self.notes.iter().map(Block::text));
        if let Some(around) = &self.around {
            blocks.push(stands(around));
        }
        blocks.push(Block::heading("At a glance"));
        blocks.extend(self.around.iter().map(headlines));
        blocks.push(Block::heading("What to look at first"));
        blocks.push(match self.exceptions.is_empty() {
            true if self.empty => Block::text("Nothing is counted yet, so nothing can be said."),
            true => Block::text("Nothing stands out: no plan ended without a core agency, and no figure moved further than chance moves it."),
            false => Block::List { items: self.exceptions.iter().map(|e| e.text.clone()).collect() },
        });
        blocks.push(rates(&self.sensitivity));
        blocks.extend(self.around.iter().map(charts));
        blocks.push(Block::heading("Plans that ended"));
        blocks.push(rates(&self.plan_ends));
        blocks.extend(without(&self.without).into_iter().flatten());
        if let Some(around) = &self.around {
            blocks.extend([Block::heading("Agencies"), agencies(around)]);
            blocks.extend(funnels(around));
        }
        blocks.extend([Block::heading("Quorum and reports"), rates(&self.more), counts(&self.counts)]);
        blocks.extend([Block::heading("Impact and delay"), counts(&self.delay)]);
        blocks.extend(self.impact.iter().flat_map(|impact| [counts(impact), Block::text(OF_IMPACT)]));
        blocks.push(Block::heading("The authority's own performance"));
        blocks.extend([rates(&self.ours), counts(&self.our_counts)]);
        blocks.extend([Block::heading("Feedback, the ladder and disputes"), counts(&self.feedback)]);
        blocks.extend(afterwards::printed(&self.ladder));
        blocks.extend(actions(&self.actions));
        let by_month = self.around.iter().filter(|around| !around.series.is_empty()).map(series);
        let by_month: Vec<Block> = by_month.chain(measured(&self.actions)).collect();
        let [of_parts, to_read] = if by_month.is_empty() { ["A", "B"] } else { ["B", "C"] };
        if !by_month.is_empty() {
            blocks.extend([Block::NewPage, Block::heading("Appendix A: month by month")]);
            blocks.extend(by_month);
        }
        // A bar for each of sixteen groups is higher than a page that lies on its side.
        blocks.extend([Block::NewPage, Block::heading(&format!("Appendix {of_parts}: parts"))]);
        blocks.push(Block::Charts { charts: vec![picture(&self.standings)] });
        let mut parts = vec![rates(&self.headline)];
        parts.extend((!self.slots.is_empty()).then(|| slots(&self.slots)));
        parts.extend(self.parts.iter().map(part).chain(self.by_part.iter().map(by_part::printed)));
        blocks.push(Block::Wide { blocks: parts });
        blocks.extend(
            self.around.iter().filter(|around| around.is_month && around.closed.is_some()).flat_map(revised),
        );
        blocks.push(Block::heading(&format!("Appendix {to_read}: how to read this")));
        blocks.extend(self.how_to_read.map(Block::text));
        Document {
            title: crate::web::Page::title(self),
            marking: "OFFICIAL-SENSITIVE. For the PAQA sub-group",
            author: "Quorate",
            date: self.dated.clone(),
            blocks,
        }
    }
}
