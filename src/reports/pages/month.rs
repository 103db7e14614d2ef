//! The page of a month.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Looking;
use super::action_rows::{ActionRow, action_rows};
use super::afterwards::{LADDER, OF_IMPACT, RungRow, delay, feedback, impact, ladder};
use super::around::Around;
use super::by_part::{self, RateTable};
use super::rows::{Cell, Counts, Links, PartTable, Rates};
use super::sections::{
    ExceptionRow, Pictured, SlotRow, WithoutRow, exception_rows, notes, slots, standings, without,
};
use super::wider::{Wider, wider};
use crate::calendar::london;
use crate::conferences::ProceededReason;
use crate::register::Policies;
use crate::register::restating::Figure;
use crate::reports::climbed::Climbed;
use crate::reports::paper::Breakdown;
use crate::reports::parts::Split;
use crate::reports::words::{counted, word};
use crate::reports::{Edition, FinancialYear, Month, Paper, Period, titles};
use crate::web::Page;

/// The page of a month.
#[derive(Serialize)]
pub struct MonthPage {
    pub(super) month: String,
    pub(super) name: String,
    /// The day that it bears in print: its last, or the day on which some months together were counted.
    pub(super) dated: String,
    /// Of some months together: the day on which they were counted.
    pub(super) as_of: Option<String>,
    pub(super) wider: Vec<Wider>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    pub(super) downloads: bool,
    /// Where its files are.
    pub(super) at: String,
    /// It can be printed here.
    pub(super) pdf: bool,
    /// The newest financial year that may be over, as everybody may read it.
    pub(super) public_year: String,
    pub(super) conferences: usize,
    pub(super) registers_open: usize,
    /// What its figures do not know, in sentences.
    pub(super) notes: Vec<String>,
    pub(super) expected: usize,
    pub(super) invitations: Cell,
    pub(super) headline: Rates,
    pub(super) sensitivity: Rates,
    pub(super) plan_ends: Rates,
    pub(super) more: Rates,
    pub(super) counts: Counts,
    pub(super) ours: Rates,
    pub(super) our_counts: Counts,
    pub(super) delay: Counts,
    /// What absences did.
    pub(super) impact: Option<Counts>,
    of_impact: &'static str,
    pub(super) feedback: Counts,
    pub(super) ladder: Vec<RungRow>,
    ladder_caption: &'static str,
    of_a_rung: [&'static str; 7],
    pub(super) parts: Vec<PartTable>,
    pub(super) by_part: Vec<RateTable>,
    /// What the words and signs mean.
    pub(super) how_to_read: [&'static str; 2],
    pub(super) empty: bool,
    pub(super) exceptions: Vec<ExceptionRow>,
    /// Whoever looks may raise an action from one.
    pub(super) raises: bool,
    pub(super) without: Vec<WithoutRow>,
    /// Improvement actions.
    pub(super) actions: Vec<ActionRow>,
    pub(super) slots: Vec<SlotRow>,
    /// What came of invitations, by agency group.
    pub(super) standings: Pictured,
    /// `None` for figures alone.
    pub(super) around: Option<Around>,
}

impl Page for MonthPage {
    const TEMPLATE: &'static str = "reports/month";
    fn title(&self) -> String {
        format!("Attendance at child protection conferences, {}", self.name)
    }
}

impl MonthPage {
    /// The figures alone, without links.
    pub fn figures_only(paper: &Paper) -> Self {
        Self::of(paper, false, None)
    }

    /// The page without links, as a file: it stands alone.
    pub fn alone(edition: &Edition, policies: &Policies) -> Self {
        let page = Self::of(&edition.snapshot.paper, false, None);
        Self { around: Some(Around::of(edition, None, policies)), ..page.with(edition) }
    }

    /// The page in the browser.
    pub(super) fn in_browser(edition: &Edition, may: Looking, policies: &Policies) -> Self {
        let page = Self::of(&edition.snapshot.paper, may.looks_behind, Some(may.today));
        let around = Some(Around::of(edition, Some(may), policies));
        Self { around, pdf: may.prints, raises: may.raises && edition.is_circulated(), ..page.with(edition) }
    }

    /// With what was frozen beside a month's figures.
    fn with(self, edition: &Edition) -> Self {
        let snapshot = &edition.snapshot;
        let exceptions = exception_rows(&snapshot.exceptions, &self.month);
        let actions = action_rows(&snapshot.actions, &edition.written);
        let mut page = Self { exceptions, actions, ..self };
        let (period, untouched) = (edition.period(), snapshot.paper.still_scheduled);
        if untouched > 0 && edition.as_of > period.last().last() {
            let conferences =
                counted(untouched, "conference of this time is", "conferences of this time are");
            page.notes.push(format!(
                "{conferences} recorded neither as held nor as cancelled: not counted anywhere in this paper."
            ));
        }
        match period {
            Period::Month(_) => page,
            period => page.together(period, edition),
        }
    }

    /// What is said of some months together.
    fn together(mut self, period: Period, edition: &Edition) -> Self {
        let (last, as_of) = (period.last(), edition.as_of);
        let by_month = &edition.snapshot.paper.conferences_by_month;
        let nothing = |month: &Month| !by_month.contains_key(&month.to_string());
        let months = std::iter::successors(Some(period.first()), |month| Some(month.next()));
        let without: Vec<String> =
            months.take_while(|month| *month <= last).filter(nothing).map(Month::name).collect();
        // What was frozen before it was counted by month says nothing of them.
        let is_known = !by_month.is_empty() || edition.snapshot.paper.conferences == 0;
        if edition.closed.is_some() && is_known && !without.is_empty() {
            self.notes.push(format!("No conference is counted of {}.", without.join(", ")));
        }
        if as_of <= last.last() {
            let name = last.name();
            self.notes.insert(0, format!("{name} is not over: what follows is of a part of these months."));
        }
        Self { as_of: Some(london::full_date(as_of)), dated: as_of.to_string(), ..self }
    }

    /// Each figure of the whole month as a line.
    pub(in crate::reports) fn lines(self) -> Vec<Figure> {
        let rates = [self.headline, self.sensitivity, self.plan_ends, self.more, self.ours].into_iter();
        let rates = rates.flat_map(|table| table.rows).map(|row| Figure {
            title: row.title.to_owned(),
            stands: format!("{} of {}", row.numerator.text, row.denominator.text),
        });
        let tables = [self.counts, self.our_counts, self.delay, self.feedback];
        let counts = tables.into_iter().flat_map(|table| table.rows);
        // What stands in brackets is a number of its own.
        let name = |title: String| title.split(" (").next().unwrap_or_default().to_owned();
        rates.chain(counts.map(|row| Figure { title: name(row.title), stands: row.count.text })).collect()
    }

    fn of(p: &Paper, links: bool, navigation: Option<Month>) -> Self {
        let period: Period = p.month.parse().expect("a paper's own period");
        let month = period.last();
        let (at, is_month) = (period.address(), matches!(period, Period::Month(_)));
        let links = Links { at: &at, on: links };
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
        let rates = |caption, rows| Rates { caption, rows };
        let none = BTreeMap::new();
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
        ];
        for (reason, n) in &p.M8_by_reason {
            let words = reason.parse::<ProceededReason>().map_or("reason not recorded", |r| r.label());
            let (figure, title) = (format!("M8_by_reason_{reason}"), format!("Held without quorum: {words}"));
            counts.push(links.count("M8", &figure, title, *n));
        }
        Self {
            name: period.name(),
            dated: month.last().to_string(),
            as_of: None,
            wider: wider(period),
            previous: navigation.filter(|_| is_month).map(|_| month.previous().to_string()),
            next: navigation.filter(|this| is_month && month < *this).map(|_| month.next().to_string()),
            downloads: navigation.is_some(),
            at: at.clone(),
            pdf: false,
            public_year: FinancialYear::of(month).previous().to_string(),
            conferences: p.conferences,
            registers_open: p.registers_open,
            notes: notes(p),
            expected: p.whole.expected,
            invitations: links.cell(p.invitations, "invitations", false, ""),
            headline: rates(
                "Attendance, representation, contribution, silence",
                vec![
                    links.rate("M1", p.whole.M1),
                    links.rate("M2", p.whole.M2),
                    links.rate("M3", p.whole.M3),
                    links.rate("M4", p.whole.M4),
                ],
            ),
            sensitivity: rates(
                "What leaving out our own faults does to the attendance rate",
                vec![
                    links.rate("faults_as_absent", p.sensitivity.faults_as_absent),
                    links.rate("everything", p.sensitivity.everything),
                ],
            ),
            plan_ends: rates(
                "Plans ended without a core agency",
                vec![
                    links.rate("M9", p.M9),
                    links.rate("M9b", p.M9b),
                    links.rate("M9_step_down", p.M9_step_down),
                    links.rate("M9c", p.M9c),
                ],
            ),
            more: rates(
                "Quorum, reports and answers",
                vec![
                    links.rate("M7", p.M7),
                    links.rate("M5", p.M5),
                    links.rate("M6_received", p.M6_received),
                    links.rate("M6_on_time", p.M6_on_time),
                    links.rate("M14", p.M14),
                ],
            ),
            counts: Counts { caption: "Held without quorum, and our part in plans that ended", rows: counts },
            delay: delay(p, &links),
            impact: impact(p, &links),
            of_impact: OF_IMPACT,
            feedback: feedback(p, &links),
            ladder: ladder(p),
            ladder_caption: LADDER,
            of_a_rung: Climbed::COLUMNS,
            ours: rates(
                "Notice, feedback, clocks and registers",
                vec![
                    links.rate("M12", p.M12),
                    links.rate("M15", p.M15),
                    links.rate("M18_initial_in_15", p.M18_initial_in_15),
                    links.rate("M18_reviews_in_time", p.M18_reviews_in_time),
                    links.rate("M19", p.M19),
                ],
            ),
            our_counts: Counts {
                caption: "Invitation faults",
                rows: vec![
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
                ],
            },
            parts: [
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
                // Of one kind of days alone nothing is compared, and without a calendar of holidays there is one.
                split(
                    "Within the school holidays, and outside",
                    Split::Holiday,
                    if p.by_holiday.len() > 1 { &p.by_holiday } else { &none },
                ),
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
            ]
            .into_iter()
            .filter(|table| !table.rows.is_empty())
            .collect(),
            by_part: by_part::tables(p, &links),
            exceptions: Vec::new(),
            raises: false,
            without: without(p, &links),
            actions: Vec::new(),
            slots: slots(p, &links),
            standings: standings(p),
            around: None,
            how_to_read: titles::HOW_TO_READ,
            empty: p.conferences == 0,
            month: p.month.clone(),
        }
    }
}
