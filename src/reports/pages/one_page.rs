//! One agency's page of a month: its own figures, where it stands among its like, its reasons, and what it said it would do.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::parse;
use super::readable;
use crate::access::{May, Permission, SeeFigures};
use crate::calendar::london;
use crate::feedback::Settings;
use crate::invitations::AbsenceReason;
use crate::register::Policies;
use crate::replies::promised;
use crate::reports::parts::Split;
use crate::reports::store::of_agency;
use crate::reports::trend::{ON_A_PAGE, data_url, trend};
use crate::reports::words::{capital, word};
use crate::reports::{Making, Month, Rate, Snapshot, Targets, titles};
use crate::web::{Desk, Page, Problem};

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
    month: String,
    month_name: String,
    name: String,
    group: String,
    rates: Vec<RateLine>,
    position: &'static str,
    verdict: String,
    target: String,
    chart: String,
    /// The same as a table, the newest month first.
    series: Vec<RateLine>,
    standings: Vec<CountLine>,
    services: Vec<RateLine>,
    reasons: Vec<CountLine>,
    ended_without: usize,
    ended_without_report: usize,
    ended_our_fault: usize,
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

/// The page of an agency, by its code; `None` where the month knows nothing of it.
fn page(snapshot: &Snapshot, month: Month, code: &str) -> Option<OnePage> {
    let (own, paper) = (snapshot.agencies.get(code)?, &snapshot.paper);
    let part = paper.by_agency.get(code);
    let title = |id: &str| format!("{id} {}", titles::of(id).0);
    let whole = part.map(|agency| &agency.part);
    let measures = whole.into_iter().flat_map(|b| [("M1", b.M1), ("M2", b.M2), ("M3", b.M3), ("M4", b.M4)]);
    let mut rates: Vec<RateLine> = measures.map(|(id, rate)| line(title(id), rate)).collect();
    rates.push(line("M2, the last twelve months", own.rolling));
    rates.push(line("M2, the last twelve months, all of its group", own.group_rolling));
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
    let ended = paper.plans_ended_without.get(code).cloned().unwrap_or_default();
    let mut services: Vec<_> = paper.by_service.values().filter(|s| s.agency == code).collect();
    services.sort_by_key(|service| service.name.to_lowercase());
    Some(OnePage {
        month: month.to_string(),
        month_name: month.name(),
        name: own.name.clone(),
        group: word(Split::Group, &own.group),
        rates,
        position: own.position.label(),
        verdict: capital(&own.verdict),
        target: own.target_in_words(),
        chart: data_url(&trend("Represented, month by month", &series, ON_A_PAGE)),
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
        reads: false,
        said: Vec::new(),
    })
}

pub(super) async fn show(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path((month, code)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let month = parse(&may.who, &month)?;
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (edition, is_readable) = readable(&may.who, making, month).await?;
    let page = is_readable.then(|| page(&edition.snapshot, month, &code)).flatten();
    let mut page = page.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    // What was written in replies is for those who may read the replies; PAQA's members read figures.
    page.reads = may.who.role.may(Permission::SeeBehindFigures);
    if page.reads {
        let said = promised(desk.db.read(), &desk.keys, of_agency(&code, month)).await?;
        page.said =
            said.into_iter().map(|s| SaidLine { on: london::full_date(s.on), text: s.text }).collect();
    }
    Ok(page.show(may.who.chrome()))
}
