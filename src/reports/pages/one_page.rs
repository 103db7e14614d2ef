//! One agency's page of a month: its own figures, where it stands among its like, its reasons, and what it said it would do.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::{parse, print, readable};
use crate::access::{May, Permission, SeeFigures, SeeOwnAgency, SignedIn};
use crate::agencies::store::directory;
use crate::agencies::{Grant, grants};
use crate::calendar::london;
use crate::feedback::Settings;
use crate::invitations::AbsenceReason;
use crate::register::Policies;
use crate::replies::promised;
use crate::reports::closed::leaves_out_the_same;
use crate::reports::document::{Block, Chart, Document, Table, numbers};
use crate::reports::parts::Split;
use crate::reports::store::of_agency;
use crate::reports::trend::{IN_PRINT, ON_A_PAGE, data_url, trend};
use crate::reports::words::{capital, word};
use crate::reports::{Edition, Making, Month, Press, Rate, Targets, edition, titles};
use crate::web::{Desk, Page, Problem};

const LEFT_OUT: &str = "Restricted conferences are in no figure here.";
const NOT_TO_HAND_OUT: &str = "Not to be handed out: a conference was restricted, or a restriction lifted, after this was frozen, and beside other figures it would be told.";
const STANDINGS: &str = "What came of its invitations that count";
const SERVICES: &str = "Represented (M2), by service of those expected at least five times";
const REASONS: &str = "Reasons recorded where it was not there";
const READING: &str = "Where the fault was ours, an invitation is counted in no rate here; a plan that ended without the agency counts whatever the fault. In the intervals chance alone may move a figure; of fewer than 20 there is no percentage.";

#[derive(Serialize)]
struct RateLine {
    title: String,
    fraction: String,
    percent: String,
    interval: String,
}

#[derive(Serialize)]
struct CountLine {
    name: String,
    count: usize,
}

#[derive(Serialize)]
struct SaidLine {
    on: String,
    text: String,
}

#[derive(Serialize)]
struct OnePage {
    /// Where the reader came from: the page of all agencies, or the agency's own.
    all: String,
    all_name: String,
    /// Where this page is printed, if it is.
    pdf: Option<String>,
    last_day: String,
    month_name: String,
    name: String,
    group: String,
    rates: Vec<RateLine>,
    position: &'static str,
    verdict: String,
    target: String,
    chart: String,
    #[serde(skip)]
    svg: String,
    /// The same as a table, the newest month first.
    series: Vec<RateLine>,
    standings: Vec<CountLine>,
    services: Vec<RateLine>,
    reasons: Vec<CountLine>,
    ended_without: usize,
    ended_without_report: usize,
    ended_our_fault: usize,
    /// Whether restricted conferences are left out, as they are now.
    left_out: &'static str,
    /// Whoever looks may read what was said.
    reads: bool,
    said: Vec<SaidLine>,
}

impl Page for OnePage {
    const TEMPLATE: &'static str = "reports/one_page";
    fn title(&self) -> String {
        format!("{} at child protection conferences, {}", self.name, self.month_name)
    }
}

fn line(title: impl Into<String>, rate: Rate) -> RateLine {
    RateLine {
        title: title.into(),
        fraction: if rate.denominator == 0 { "none".to_owned() } else { rate.fraction() },
        percent: if rate.is_small() || rate.denominator == 0 { String::new() } else { rate.percent_text() },
        interval: rate.interval_text(),
    }
}

/// Agencies of a group from which on its figures stand on the page of one: of two the other's would follow.
const OF_A_GROUP: usize = 3;

/// The page of an agency, by its code; `None` where the month knows nothing of it. No restricted conference is in it
/// (DOMAIN 8), and of other agencies nothing but all of a group together.
fn page(edition: &Edition, month: Month, code: &str) -> Option<OnePage> {
    let (snapshot, paper) = (&edition.snapshot, &edition.snapshot.paper);
    let own = snapshot.own_agencies.as_ref().unwrap_or(&snapshot.agencies).get(code)?;
    let sheets = paper.own_sheets.as_ref();
    let part = sheets.map_or(&paper.by_agency, |own| &own.by_agency).get(code);
    let by_service = sheets.map_or(&paper.by_service, |own| &own.by_service);
    let ended = sheets.map_or(&paper.plans_ended_without, |own| &own.plans_ended_without);
    let is_comparable = own.of_group >= OF_A_GROUP;
    let title = |id: &str| format!("{id} {}", titles::of(id).0);
    let whole = part.map(|agency| &agency.part);
    let measures = whole.into_iter().flat_map(|b| [("M1", b.M1), ("M2", b.M2), ("M3", b.M3), ("M4", b.M4)]);
    let mut rates: Vec<RateLine> = measures.map(|(id, rate)| line(title(id), rate)).collect();
    rates.push(line("M2, the last twelve months", own.rolling));
    if is_comparable {
        rates.push(line("M2, the last twelve months, all of its group", own.group_rolling));
    }
    let standings = whole.into_iter().flat_map(|b| {
        [
            ("attended", b.attended),
            ("deputised", b.deputised),
            ("sent a report, and nobody was there", b.contributed),
            ("left before the decision, or came after it", b.left_before_decision),
            ("sent apologies", b.apologies),
            ("absent without word", b.silent),
        ]
    });
    let reason = |code: &str| code.parse::<AbsenceReason>().map_or("not recorded", |reason| reason.label());
    let series: Vec<(Month, Rate)> =
        own.months.iter().filter_map(|(month, rate)| Some((month.parse().ok()?, *rate))).collect();
    let ended = ended.get(code).cloned().unwrap_or_default();
    let mut services: Vec<_> = by_service.values().filter(|s| s.agency == code).collect();
    services.sort_by_key(|service| service.name.to_lowercase());
    let chart = |width| trend("Represented, month by month", &series, None, width);
    Some(OnePage {
        all: format!("/reports/{month}"),
        all_name: format!("All agencies in {}", month.name()),
        pdf: None,
        last_day: month.last().to_string(),
        month_name: month.name(),
        name: own.name.clone(),
        group: word(Split::Group, &own.group),
        rates,
        position: if is_comparable {
            own.position.label()
        } else {
            "too few agencies of its kind to compare"
        },
        verdict: capital(&own.verdict),
        target: own.target_in_words(),
        chart: data_url(&chart(ON_A_PAGE)),
        svg: chart(IN_PRINT),
        series: series.iter().rev().map(|(month, rate)| line(month.name(), *rate)).collect(),
        standings: standings.map(|(name, count)| CountLine { name: capital(name), count }).collect(),
        services: services.into_iter().map(|s| line(s.name.clone(), s.part.M2)).collect(),
        reasons: part
            .into_iter()
            .flat_map(|agency| &agency.reasons)
            .map(|(code, count)| CountLine { name: capital(reason(code)), count: *count })
            .collect(),
        ended_without: ended.children,
        ended_without_report: ended.without_report,
        ended_our_fault: ended.our_fault,
        left_out: LEFT_OUT,
        reads: false,
        said: Vec::new(),
    })
}

impl OnePage {
    /// The page as a document of one sheet, or two.
    fn printed(&self) -> Document {
        let rates = |caption: &str, first: &str, lines: &[RateLine]| {
            let rows = lines.iter().map(|line| {
                [&line.title, &line.fraction, &line.percent, &line.interval].map(|t| t.as_str().into()).into()
            });
            Block::Table(Table {
                caption: caption.to_owned(),
                level: 2,
                columns: numbers((first, 52), [("Of how many", 16), ("Percent", 14), ("95% interval", 18)]),
                rows: rows.collect(),
            })
        };
        let counts = |caption: &str, lines: &[CountLine]| {
            let rows = lines.iter().map(|line| vec![line.name.as_str().into(), line.count.into()]);
            let columns = numbers(("What", 84), [("Number", 16)]);
            Block::Table(Table { caption: caption.to_owned(), level: 2, columns, rows: rows.collect() })
        };
        let ended = match self.ended_without {
            0 => "No plan of a child ended without it.".to_owned(),
            children => format!(
                "Children whose plan ended without it: {children}, without its report either: {}, our fault in inviting it: {}.",
                self.ended_without_report, self.ended_our_fault
            ),
        };
        let mut stands = vec![
            format!("Month by month: {}.", self.verdict),
            format!("Among its group ({}): {}.", self.group, self.position),
            ended,
        ];
        if !self.target.is_empty() {
            stands.push(format!("Target: {}.", self.target));
        }
        let chart = Chart {
            caption: "Represented (M2), month by month".to_owned(),
            svg: self.svg.clone(),
            alt: "Represented, month by month, each with its 95% interval, with the average and the limits of chance. The table of months says the same.".to_owned(),
        };
        let mut blocks = vec![
            Block::List { items: stands },
            Block::Charts { charts: vec![chart] },
            rates("Its figures", "Measure", &self.rates),
        ];
        blocks.extend((!self.standings.is_empty()).then(|| counts(STANDINGS, &self.standings)));
        blocks.extend((!self.services.is_empty()).then(|| rates(SERVICES, "Service", &self.services)));
        blocks.extend((!self.reasons.is_empty()).then(|| counts(REASONS, &self.reasons)));
        blocks.push(rates("Represented (M2), month by month", "Month", &self.series));
        blocks.extend([self.left_out, READING].map(Block::text));
        Document {
            title: self.title(),
            marking: "OFFICIAL-SENSITIVE. For the agency and the PAQA sub-group",
            author: "Quorate",
            date: self.last_day.clone(),
            blocks,
        }
    }
}

impl OnePage {
    /// With what the agency's replies about the month say that it would do.
    async fn with_what_it_said(self, desk: &Desk, code: &str, month: Month) -> Result<Self, Problem> {
        let said = promised(desk.db.read(), &desk.keys, of_agency(code, month)).await?.into_iter();
        let said = said.map(|s| SaidLine { on: london::full_date(s.on), text: s.text }).collect();
        Ok(Self { reads: true, said, ..self })
    }
}

/// What an agency's page is made with, from a month that its reader may read.
async fn of_reader(
    desk: &Desk,
    who: &SignedIn,
    making: Making<'_>,
    month: &str,
    code: &str,
) -> Result<(Month, OnePage), Problem> {
    let month = parse(who, month)?;
    let (edition, is_readable) = readable(who, making, month).await?;
    let page = is_readable.then(|| page(&edition, month, code)).flatten();
    let mut page = page.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    if !leaves_out_the_same(desk.db.read(), &edition.snapshot).await? {
        page.left_out = NOT_TO_HAND_OUT;
    }
    // What was written in replies is for those who may read the replies; PAQA's members read figures.
    match who.role.may(Permission::SeeBehindFigures) {
        true => Ok((month, page.with_what_it_said(desk, code, month).await?)),
        false => Ok((month, page)),
    }
}

pub(super) async fn show(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path((month, code)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (month, mut page) = of_reader(&desk, &may.who, making, &month, &code).await?;
    page.pdf = press.is_there().then(|| format!("/reports/{month}/agency/{code}/paper.pdf"));
    Ok(page.show(may.who.chrome()))
}

pub(super) async fn pdf(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path((month, code)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (month, page) = of_reader(&desk, &may.who, making, &month, &code).await?;
    print(&may.who, &desk, &press, &format!("{month}-{code}"), &page.printed()).await
}

/// The page of an agency for an account that was granted the whole of it, from a month that is circulated.
async fn of_own(
    desk: &Desk,
    who: &SignedIn,
    making: Making<'_>,
    month: &str,
    code: &str,
) -> Result<(Month, OnePage), Problem> {
    let not_found = || Problem::NotFound(who.chrome());
    let (month, directory) = (parse(who, month)?, directory(desk.db.read()).await?);
    let granted = grants(desk.db.read(), who.id).await?.into_iter().any(|grant| match grant {
        Grant::WholeAgency(id) => directory.agencies.get(&id).is_some_and(|agency| agency.code == code),
        Grant::Service(_) => false,
    });
    if !granted {
        return Err(not_found());
    }
    let edition = edition(making, month).await?;
    let stands = edition.is_circulated() && leaves_out_the_same(desk.db.read(), &edition.snapshot).await?;
    let page = stands.then(|| page(&edition, month, code)).flatten().ok_or_else(not_found)?;
    let page = OnePage { all: "/agency".to_owned(), all_name: "Your agency".to_owned(), ..page };
    // Whoever was granted the whole of it reads what it wrote itself.
    Ok((month, page.with_what_it_said(desk, code, month).await?))
}

pub(super) async fn show_own(
    may: May<SeeOwnAgency>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path((month, code)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (month, mut page) = of_own(&desk, &may.who, making, &month, &code).await?;
    page.pdf = press.is_there().then(|| format!("/agency/papers/{month}/{code}/paper.pdf"));
    Ok(page.show(may.who.chrome()))
}

pub(super) async fn pdf_own(
    may: May<SeeOwnAgency>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path((month, code)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (month, page) = of_own(&desk, &may.who, making, &month, &code).await?;
    print(&may.who, &desk, &press, &format!("{month}-{code}"), &page.printed()).await
}
