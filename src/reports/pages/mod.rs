//! PAQA's month in the browser.

mod agency;
mod around;
mod behind;
mod month;
mod one_page;
mod public;
mod waits;
mod wider;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::json;

use self::waits::Waits;
use super::close::closes_on;
use super::{
    Edition, FinancialYear, Making, Month, Paper, Period, Targets, Yearly, approve, csv, edition,
    newest_circulated, paper, xlsx, yearly, yearly_csv,
};
use crate::access::{ApproveReport, May, Permission, SeeFigures, SignedIn};
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::feedback::Settings;
use crate::register::Policies;
use crate::web::{Desk, Page, Problem, download};

pub use month::MonthPage;
pub use public::PublicPage;

/// The media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/agency", get(agency::own))
        .route("/agency/answer/{id}", post(agency::answer))
        .route("/agency/contacts/{id}", post(agency::confirm))
        .route("/reports", get(latest))
        .route("/reports/public/{year}", get(public_year))
        .route("/reports/public/{year}/figures.csv", get(public_csv))
        .route("/reports/public/{year}/figures.json", get(public_json))
        .route("/reports/over/{period}", get(over))
        .route("/reports/over/{period}/figures.csv", get(over_csv))
        .route("/reports/over/{period}/figures.json", get(over_json))
        .route("/reports/over/{period}/figures.xlsx", get(over_xlsx))
        .route("/reports/{month}", get(month))
        .route("/reports/{month}/agency/{code}", get(one_page::show))
        .route("/reports/{month}/approve", post(approve_month))
        .route("/reports/{month}/figures.csv", get(as_csv))
        .route("/reports/{month}/figures.json", get(as_json))
        .route("/reports/{month}/figures.xlsx", get(as_xlsx))
        .route("/reports/{month}/behind", get(behind::behind_figure))
}

/// Whoever looks at a month.
#[derive(Clone, Copy)]
struct Looking {
    /// May see what is behind a figure.
    pub looks_behind: bool,
    /// May approve a month.
    pub approves: bool,
    /// The month of today.
    pub today: Month,
}

fn parse(who: &SignedIn, month: &str) -> Result<Month, Problem> {
    month.parse().map_err(|_| Problem::NotFound(who.chrome()))
}

/// A month's paper, if whoever asks may read it: before it is approved, those alone who make it.
async fn readable(who: &SignedIn, making: Making<'_>, month: Month) -> Result<(Edition, bool), Problem> {
    let edition = edition(making, month).await?;
    let may = edition.is_circulated() || who.role.may(Permission::SeeOpenMonths);
    Ok((edition, may))
}

async fn latest(may: May<SeeFigures>, State(desk): State<Desk>) -> Result<Redirect, Problem> {
    // The month before this one is the newest that is whole.
    let whole = Month::of(london::date(desk.clock.now())).previous();
    let month = match may.who.role.may(Permission::SeeOpenMonths) {
        true => whole,
        false => newest_circulated(desk.db.read()).await?.unwrap_or(whole),
    };
    Ok(Redirect::to(&format!("/reports/{month}")))
}

async fn month(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path(month): Path<String>,
) -> Result<Response, Problem> {
    let month = parse(&may.who, &month)?;
    let (edition, is_readable) =
        readable(&may.who, Making::of(&desk, &policies, &settings, &targets), month).await?;
    if !is_readable {
        let newest = newest_circulated(desk.db.read()).await?;
        return Ok(Waits::of(&edition, month, newest, &policies).show(may.who.chrome()));
    }
    let looking = Looking {
        looks_behind: may.who.role.may(Permission::SeeBehindFigures),
        approves: may.who.role.may(Permission::ApproveReport),
        today: Month::of(london::date(desk.clock.now())),
    };
    Ok(MonthPage::in_browser(&edition, looking, closes_on(month, &policies)).show(may.who.chrome()))
}

async fn approve_month(
    may: May<ApproveReport>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path(month): Path<String>,
) -> Result<Redirect, Problem> {
    let month = parse(&may.who, &month)?;
    let (making, actor) = (Making::of(&desk, &policies, &settings, &targets), may.who.actor());
    let approved = approve(making, &desk.letterhead, &settings.address, &actor, month, desk.clock.now());
    match approved.await.map_err(|e| Problem::internal(e.to_string()))? {
        true => Ok(Redirect::to(&format!("/reports/{month}"))),
        false => Err(Problem::NotFound(may.who.chrome())),
    }
}

async fn as_csv(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path(month): Path<String>,
) -> Result<Response, Problem> {
    let month = parse(&may.who, &month)?;
    let (edition, true) =
        readable(&may.who, Making::of(&desk, &policies, &settings, &targets), month).await?
    else {
        return Err(Problem::NotFound(may.who.chrome()));
    };
    let bytes = csv(&edition.snapshot.paper, Some(&edition.snapshot))
        .map_err(|e| Problem::internal(e.to_string()))?;
    saved(&may.who, &desk, &month.to_string(), "csv").await?;
    Ok(download(&format!("attendance-{month}.csv"), "text/csv; charset=utf-8", bytes))
}

async fn as_xlsx(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path(month): Path<String>,
) -> Result<Response, Problem> {
    let month = parse(&may.who, &month)?;
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (Edition { snapshot, .. }, true) = readable(&may.who, making, month).await? else {
        return Err(Problem::NotFound(may.who.chrome()));
    };
    let bytes = xlsx(&snapshot.paper, Some(&snapshot)).map_err(|e| Problem::internal(e.to_string()))?;
    saved(&may.who, &desk, &month.to_string(), "xlsx").await?;
    Ok(download(&format!("attendance-{month}.xlsx"), XLSX, bytes))
}

async fn as_json(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path(month): Path<String>,
) -> Result<Response, Problem> {
    let month = parse(&may.who, &month)?;
    let (edition, true) =
        readable(&may.who, Making::of(&desk, &policies, &settings, &targets), month).await?
    else {
        return Err(Problem::NotFound(may.who.chrome()));
    };
    saved(&may.who, &desk, &month.to_string(), "json").await?;
    Ok(axum::Json(edition.snapshot).into_response())
}

/// The figures of some months together, for those who may read its months: of the last, once it is approved.
async fn together(
    who: &SignedIn,
    desk: &Desk,
    policies: &Policies,
    settings: &Settings,
    period: &str,
) -> Result<Paper, Problem> {
    let period: Period = period.parse().map_err(|_| Problem::NotFound(who.chrome()))?;
    let is_circulated = newest_circulated(desk.db.read()).await? >= Some(period.last());
    if !is_circulated && !who.role.may(Permission::SeeOpenMonths) {
        return Err(Problem::NotFound(who.chrome()));
    }
    Ok(paper(desk.db.read(), period, policies, &settings.school_holidays).await?)
}

async fn over(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(period): Path<String>,
) -> Result<Response, Problem> {
    let paper = together(&may.who, &desk, &policies, &settings, &period).await?;
    let today = london::date(desk.clock.now());
    Ok(MonthPage::of_period(&paper, today, true).show(may.who.chrome()))
}

async fn over_csv(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(period): Path<String>,
) -> Result<Response, Problem> {
    let paper = together(&may.who, &desk, &policies, &settings, &period).await?;
    let bytes = csv(&paper, None).map_err(|e| Problem::internal(e.to_string()))?;
    saved(&may.who, &desk, &period, "csv").await?;
    Ok(download(&format!("attendance-{period}.csv"), "text/csv; charset=utf-8", bytes))
}

async fn over_xlsx(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(period): Path<String>,
) -> Result<Response, Problem> {
    let paper = together(&may.who, &desk, &policies, &settings, &period).await?;
    let bytes = xlsx(&paper, None).map_err(|e| Problem::internal(e.to_string()))?;
    saved(&may.who, &desk, &period, "xlsx").await?;
    Ok(download(&format!("attendance-{period}.xlsx"), XLSX, bytes))
}

async fn over_json(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(period): Path<String>,
) -> Result<Response, Problem> {
    let paper = together(&may.who, &desk, &policies, &settings, &period).await?;
    saved(&may.who, &desk, &period, "json").await?;
    Ok(axum::Json(paper).into_response())
}

/// What was published of a year.
async fn published(who: &SignedIn, desk: &Desk, year: &str) -> Result<Option<Yearly>, Problem> {
    let year: FinancialYear = year.parse().map_err(|_| Problem::NotFound(who.chrome()))?;
    Ok(yearly(desk.db.read(), year).await?)
}

async fn public_year(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Path(year): Path<String>,
) -> Result<Response, Problem> {
    let yearly = published(&may.who, &desk, &year).await?;
    Ok(PublicPage::of(yearly.as_ref(), &year, true).show(may.who.chrome()))
}

async fn public_csv(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Path(year): Path<String>,
) -> Result<Response, Problem> {
    let yearly = published(&may.who, &desk, &year).await?;
    let yearly = yearly.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    let bytes = yearly_csv(&yearly).map_err(|e| Problem::internal(e.to_string()))?;
    saved(&may.who, &desk, &yearly.year, "csv").await?;
    Ok(download(&format!("attendance-{year}.csv"), "text/csv; charset=utf-8", bytes))
}

async fn public_json(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Path(year): Path<String>,
) -> Result<Response, Problem> {
    let yearly = published(&may.who, &desk, &year).await?;
    let yearly = yearly.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    saved(&may.who, &desk, &yearly.year, "json").await?;
    Ok(axum::Json(yearly).into_response())
}

/// What leaves as a file is noted.
async fn saved(who: &SignedIn, desk: &Desk, of: &str, form: &str) -> Result<(), Problem> {
    let event = Event { action: "figures.saved", object: of.to_owned(), payload: json!({ "form": form }) };
    Ok(audit::looked(&desk.db, &desk.keys, &who.actor(), desk.clock.now(), event).await?)
}
