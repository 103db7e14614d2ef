//! The page of a month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::Looking;
use super::around::Around;
use super::wider::{Wider, wider};
use crate::calendar::london;
use crate::conferences::ProceededReason;
use crate::register::restating::Figure;
use crate::reports::paper::Breakdown;
use crate::reports::parts::Split;
use crate::reports::words::word;
use crate::reports::{Edition, FinancialYear, Month, Paper, Period, Rate, titles};
use crate::web::Page;

/// A figure as the page shows it; with links where the reader may see what is behind it.
#[derive(Serialize)]
struct Cell {
    text: String,
    href: Option<String>,
}

#[derive(Serialize)]
struct RateRow {
    id: &'static str,
    title: &'static str,
    definition: &'static str,
    numerator: Cell,
    denominator: Cell,
    percent: String,
    interval: String,
}

#[derive(Serialize)]
struct CountRow {
    id: &'static str,
    title: String,
    count: Cell,
}

#[derive(Serialize)]
struct PartRow {
    name: String,
    expected: Cell,
    counts: Vec<Cell>,
    rates: Vec<RateText>,
}

#[derive(Serialize)]
struct RateText {
    fraction: String,
    percent: String,
    interval: String,
}

#[derive(Serialize)]
struct PartTable {
    caption: String,
    first: &'static str,
    rows: Vec<PartRow>,
}

/// The page of a month.
#[derive(Serialize)]
pub struct MonthPage {
    month: String,
    name: String,
    /// Of some months together: the day on which they were counted.
    as_of: Option<String>,
    wider: Vec<Wider>,
    previous: Option<String>,
    next: Option<String>,
    downloads: bool,
    /// The newest financial year that may be over, as everybody may read it.
    public_year: String,
    conferences: usize,
    registers_open: usize,
    /// Conferences that a tracker brought.
    from_a_tracker: usize,
    expected: usize,
    invitations: Cell,
    headline: Vec<RateRow>,
    sensitivity: Vec<RateRow>,
    plan_ends: Vec<RateRow>,
    more: Vec<RateRow>,
    counts: Vec<CountRow>,
    ours: Vec<RateRow>,
    our_counts: Vec<CountRow>,
    parts: Vec<PartTable>,
    empty: bool,
    /// `None` where a paper stands alone.
    around: Option<Around>,
}

impl Page for MonthPage {
    const TEMPLATE: &'static str = "reports/month";
    fn title(&self) -> String {
        format!("Attendance at child protection conferences, {}", self.name)
    }
}

#[derive(Clone, Copy)]
struct Links<'a> {
    month: &'a str,
    on: bool,
}

impl Links<'_> {
    fn cell(&self, count: usize, figure: &str, denominator: bool, part: &str) -> Cell {
        let of = if denominator { "&of=all" } else { "" };
        let href = format!("/reports/{}/behind?figure={figure}{of}{part}", self.month);
        Cell { text: count.to_string(), href: (self.on && count > 0).then_some(href) }
    }

    fn rate(&self, id: &'static str, rate: Rate) -> RateRow {
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

    fn count(&self, id: &'static str, figure: &str, title: impl Into<String>, count: usize) -> CountRow {
        CountRow { id, title: title.into(), count: self.cell(count, figure, false, "") }
    }

    fn part(&self, name: String, filter: &str, b: &Breakdown) -> PartRow {
        let counts = [
            ("attended", b.attended),
            ("deputised", b.deputised),
            ("contributed", b.contributed),
            ("left_before_decision", b.left_before_decision),
            ("apologies", b.apologies),
            ("silent", b.silent),
        ];
        let text = |rate: Rate| RateText {
            fraction: if rate.is_small() { String::new() } else { rate.fraction() },
            percent: rate.shown(),
            interval: rate.interval_text(),
        };
        PartRow {
            name,
            expected: self.cell(b.expected, "expected", false, filter),
            counts: counts.map(|(figure, n)| self.cell(n, figure, false, filter)).into(),
            rates: [b.M1, b.M2, b.M3, b.M4].map(text).into(),
        }
    }
}

impl MonthPage {
    /// The figures alone, without links.
    pub fn figures_only(paper: &Paper) -> Self {
        Self::of(paper, false, None)
    }

    /// The page without links, as a file: it stands alone.
    pub fn alone(edition: &Edition, closes: NaiveDate) -> Self {
        let page = Self::of(&edition.snapshot.paper, false, None);
        Self { around: Some(Around::of(edition, false, closes)), ..page }
    }

    /// The page in the browser.
    pub(super) fn in_browser(edition: &Edition, may: Looking, closes: NaiveDate) -> Self {
        let page = Self::of(&edition.snapshot.paper, may.looks_behind, Some(may.today));
        Self { around: Some(Around::of(edition, may.approves, closes)), ..page }
    }

    /// Each figure of the whole month as a line.
    pub(in crate::reports) fn lines(self) -> Vec<Figure> {
        let rates =
            [self.headline, self.sensitivity, self.plan_ends, self.more, self.ours].into_iter().flatten();
        let rates = rates.map(|row| Figure {
            title: row.title.to_owned(),
            stands: format!("{} of {}", row.numerator.text, row.denominator.text),
        });
        let counts = self.counts.into_iter().chain(self.our_counts);
        // What stands in brackets is a number of its own.
        let name = |title: String| title.split(" (").next().unwrap_or_default().to_owned();
        rates.chain(counts.map(|row| Figure { title: name(row.title), stands: row.count.text })).collect()
    }

    /// Some months together, in the browser or (`downloads`) as a file that stands alone.
    pub fn of_period(paper: &Paper, as_of: NaiveDate, downloads: bool) -> Self {
        let as_of = Some(london::full_date(as_of));
        Self { as_of, downloads, ..Self::of(paper, false, None) }
    }

    fn of(p: &Paper, links: bool, navigation: Option<Month>) -> Self {
        let period: Period = p.month.parse().expect("a paper's own period");
        let month = period.last();
        let links = Links { month: &p.month, on: links };
        let mut agencies: Vec<_> = p.by_agency.iter().collect();
        agencies.sort_by_key(|(_, a)| a.name.to_lowercase());
        let mut services: Vec<_> = p.by_service.iter().collect();
        services.sort_by_key(|(_, s)| s.name.to_lowercase());
        let table = |caption: &str, first, rows| PartTable { caption: caption.to_owned(), first, rows };
        let split = |caption: &str, split: Split, parts: &BTreeMap<String, Breakdown>| {
            let rows = parts.iter().map(|(code, part)| {
                links.part(word(split, code), &format!("&{}={code}", split.code()), part)
            });
            table(caption, "Part", rows.collect())
        };
        let of_sent = |title: &str| format!("{title} (of {} sent)", p.M16.sent);
        let mut counts = vec![
            links.count("M8", "M8_proceeded_inquorate", "Held without quorum", p.M8_proceeded_inquorate),
            links.count("M8", "M8_consecutive", "The second inquorate conference running", p.M8_consecutive),
            links.count(
                "M9",
                "M9_our_fault",
                "Of M9's children: at least one missing core agency had been invited wrongly by us",
                p.M9_our_fault,
            ),
            links.count(
                "M9",
                "M9_step_down_our_fault",
                "The same, of endings that step down only",
                p.M9_step_down_our_fault,
            ),
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
        ];
        counts.push(CountRow {
            id: "M11",
            title: format!(
                "Working days until those were reconvened ({} were not, or not yet)",
                p.M11.not_yet_reconvened
            ),
            count: Cell { text: p.M11.working_days_lost.to_string(), href: None },
        });
        counts.push(links.count(
            "M17",
            "M17",
            "Services missing twice running for the same child (previous month's conferences)",
            p.M17,
        ));
        for (reason, n) in &p.M8_by_reason {
            let words = reason.parse::<ProceededReason>().map_or("reason not recorded", |r| r.label());
            counts.push(CountRow {
                id: "M8",
                title: format!("Held without quorum: {words}"),
                count: Cell { text: n.to_string(), href: None },
            });
        }
        Self {
            name: period.name(),
            as_of: None,
            wider: wider(period),
            previous: navigation.map(|_| month.previous().to_string()),
            next: navigation.filter(|this| month < *this).map(|_| month.next().to_string()),
            downloads: navigation.is_some(),
            public_year: FinancialYear::of(month).previous().to_string(),
            conferences: p.conferences,
            registers_open: p.registers_open,
            from_a_tracker: p.from_a_tracker,
            expected: p.whole.expected,
            invitations: links.cell(p.invitations, "invitations", false, ""),
            headline: vec![
                links.rate("M1", p.whole.M1),
                links.rate("M2", p.whole.M2),
                links.rate("M3", p.whole.M3),
                links.rate("M4", p.whole.M4),
            ],
            sensitivity: vec![
                links.rate("faults_as_absent", p.sensitivity.faults_as_absent),
                links.rate("everything", p.sensitivity.everything),
            ],
            plan_ends: vec![
                links.rate("M9", p.M9),
                links.rate("M9b", p.M9b),
                links.rate("M9_step_down", p.M9_step_down),
                links.rate("M9c", p.M9c),
            ],
            more: vec![
                links.rate("M7", p.M7),
                links.rate("M5", p.M5),
                links.rate("M6_received", p.M6_received),
                links.rate("M6_on_time", p.M6_on_time),
                links.rate("M14", p.M14),
            ],
            counts,
            ours: vec![
                links.rate("M12", p.M12),
                links.rate("M15", p.M15),
                links.rate("M18_initial_in_15", p.M18_initial_in_15),
                links.rate("M18_reviews_in_time", p.M18_reviews_in_time),
                Links { on: false, ..links }.rate("M19", p.M19),
            ],
            our_counts: vec![
                links.count(
                    "M13",
                    "M13_not_invited",
                    format!("Not invited (of {} invitations)", p.M13_of),
                    p.M13.not_invited,
                ),
                links.count(
                    "M13",
                    "M13_undelivered",
                    format!("Invitation came back undelivered (of {})", p.M13_of),
                    p.M13.undelivered,
                ),
                links.count("M13", "M13_late", format!("Invited too late (of {})", p.M13_of), p.M13.late),
                links.count("", "feedback_due", "Absences on which feedback is due", p.feedback_due),
                links.count(
                    "",
                    "feedback_authority_fault",
                    "Of those, letters of apology",
                    p.feedback_authority_fault,
                ),
                links.count("M16", "M16", "Feedback sent (previous month's conferences)", p.M16.sent),
                links.count(
                    "",
                    "M16_replied",
                    of_sent("Feedback replied to"),
                    p.M16.replied.numerator as usize,
                ),
                links.count(
                    "",
                    "M16_disputed",
                    of_sent("Feedback disputed"),
                    p.M16.disputed.numerator as usize,
                ),
                links.count("", "M16_upheld", of_sent("Disputes upheld"), p.M16.upheld.numerator as usize),
                links.count(
                    "",
                    "M16_disputes_open",
                    of_sent("Disputes not settled yet"),
                    p.M16.disputes_open,
                ),
                CountRow {
                    id: "",
                    title: "Working days to the first reply (median of those replied to)".to_owned(),
                    count: Cell {
                        text: p.M16.median_working_days_to_reply.map_or("none".to_owned(), |m| m.to_string()),
                        href: None,
                    },
                },
            ],
            parts: vec![
                split("By agency group", Split::Group, &p.by_group),
                table(
                    "By agency",
                    "Agency",
                    agencies
                        .into_iter()
                        .map(|(code, a)| links.part(a.name.clone(), &format!("&agency={code}"), &a.part))
                        .collect(),
                ),
                split("By locality", Split::Locality, &p.by_locality),
                split("Initial conferences and reviews", Split::Stage, &p.by_stage),
                split("By type of conference", Split::Type, &p.by_type),
                split("By how it met", Split::Mode, &p.by_mode),
                split("By weekday and time", Split::Slot, &p.by_slot),
                split("Within the school holidays, and outside", Split::Holiday, &p.by_holiday),
                table(
                    "By service, of those expected at least five times",
                    "Service",
                    services
                        .into_iter()
                        .map(|(id, s)| links.part(s.name.clone(), &format!("&service={id}"), &s.part))
                        .collect(),
                ),
                table(
                    "Neglect: conferences of any child with this category",
                    "Lens",
                    vec![links.part("Neglect".to_owned(), "&lens=neglect", &p.neglect)],
                ),
            ],
            around: None,
            empty: p.conferences == 0,
            month: p.month.clone(),
        }
    }
}
