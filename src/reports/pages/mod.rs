//! PAQA's month in the browser.

mod action_rows;
mod actions;
mod afterwards;
mod agency;
mod around;
mod behind;
mod by_part;
mod month;
mod one_page;
mod printed;
mod public;
mod raise;
mod rows;
mod sections;
mod waits;
mod wider;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::json;

use self::waits::Waits;
use super::document::Document;
use super::{
    Circulating, Edition, FinancialYear, Form, FormError, Making, Month, Period, Press, PressError, Targets,
    Yearly, approve, edition, edition_together, is_circulated, newest_circulated, yearly,
};
use crate::access::{ApproveReport, May, Permission, SeeFigures, SignedIn};
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::feedback::Settings;
use crate::register::Policies;
use crate::web::{Desk, Page, Problem, download};

pub use month::MonthPage;
pub use public::PublicPage;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/agency", get(agency::own))
        .route("/agency/papers/{month}/{code}", get(one_page::show_own))
        .route("/agency/papers/{month}/{code}/paper.pdf", get(one_page::pdf_own))
        .route("/agency/answer/{id}", post(agency::answer))
        .route("/agency/contacts/{id}", post(agency::confirm))
        .route("/actions", get(actions::list).post(raise::raise))
        .route("/actions/new", get(raise::form))
        .route("/actions/{id}", get(actions::show))
        .route("/actions/{id}/reviews", post(actions::review))
        .route("/reports", get(latest))
        .route("/reports/public/{year}", get(public_year))
        .route("/reports/public/{year}/{file}", get(public_file))
        .route("/reports/over/{period}", get(over))
        .route("/reports/over/{period}/behind", get(behind::behind_period))
        .route("/reports/over/{period}/paper.pdf", get(over_pdf))
        .route("/reports/over/{period}/{file}", get(over_file))
        .route("/reports/{month}", get(month))
        .route("/reports/{month}/agency/{code}", get(one_page::show))
        .route("/reports/{month}/agency/{code}/paper.pdf", get(one_page::pdf))
        .route("/reports/{month}/approve", post(approve_month))
        .route("/reports/{month}/paper.pdf", get(month_pdf))
        .route("/reports/{month}/{file}", get(month_file))
        .route("/reports/{month}/behind", get(behind::behind_figure))
}

/// Whoever looks at a month.
#[derive(Clone, Copy)]
struct Looking {
    /// May see what is behind a figure.
    pub looks_behind: bool,
    /// May approve a month.
    pub approves: bool,
    /// May raise an improvement action.
    pub raises: bool,
    /// Papers can be printed here.
    pub prints: bool,
    /// The month of today.
    pub today: Month,
}

impl Looking {
    fn of(who: &SignedIn, desk: &Desk, press: &Press) -> Self {
        Self {
            looks_behind: who.role.may(Permission::SeeBehindFigures),
            approves: who.role.may(Permission::ApproveReport),
            raises: who.role.may(Permission::KeepActions),
            prints: press.is_there(),
            today: Month::of(london::date(desk.clock.now())),
        }
    }
}

/// Some months together by their name in an address.
fn months_together(who: &SignedIn, period: &str) -> Result<Period, Problem> {
    let period: Option<Period> = period.parse().ok().filter(|period| !matches!(period, Period::Month(_)));
    period.ok_or_else(|| Problem::NotFound(who.chrome()))
}

fn parse(who: &SignedIn, month: &str) -> Result<Month, Problem> {
    month.parse().map_err(|_| Problem::NotFound(who.chrome()))
}

/// A month's paper, if whoever asks may read it: before it is approved, those alone who make it.
async fn readable(who: &SignedIn, making: Making<'_>, month: Month) -> Result<(Edition, bool), Problem> {
    let mut edition = edition(making, month).await?;
    let may = edition.is_circulated() || who.role.may(Permission::SeeOpenMonths);
    if !who.role.may(Permission::SeeBehindFigures) {
        edition.snapshot.paper.for_members();
    }
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
    Extension(press): Extension<Press>,
    Path(month): Path<String>,
) -> Result<Response, Problem> {
    let month = parse(&may.who, &month)?;
    let (edition, is_readable) =
        readable(&may.who, Making::of(&desk, &policies, &settings, &targets), month).await?;
    if !is_readable {
        let newest = newest_circulated(desk.db.read()).await?;
        return Ok(Waits::of(&edition, month, newest, &policies).show(may.who.chrome()));
    }
    let looking = Looking::of(&may.who, &desk, &press);
    Ok(MonthPage::in_browser(&edition, looking, &policies).show(may.who.chrome()))
}

async fn approve_month(
    may: May<ApproveReport>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path(month): Path<String>,
) -> Result<Redirect, Problem> {
    let month = parse(&may.who, &month)?;
    let (making, actor) = (Making::of(&desk, &policies, &settings, &targets), may.who.actor());
    let circulating = Circulating {
        letterhead: &desk.letterhead,
        address: &settings.address,
        press: &press,
        domains: &settings.domains,
    };
    let approved = approve(making, circulating, &actor, month);
    match approved.await.map_err(|e| Problem::internal(e.to_string()))? {
        true => Ok(Redirect::to(&format!("/reports/{month}"))),
        false => Err(Problem::NotFound(may.who.chrome())),
    }
}

async fn month_file(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path((month, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (month, form) = (parse(&may.who, &month)?, form(&may.who, &file)?);
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (edition, true) = readable(&may.who, making, month).await? else {
        return Err(Problem::NotFound(may.who.chrome()));
    };
    save(&may.who, &desk, &month.to_string(), form, form.of_edition(&edition)).await
}

async fn month_pdf(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path(month): Path<String>,
) -> Result<Response, Problem> {
    let month = parse(&may.who, &month)?;
    let making = Making::of(&desk, &policies, &settings, &targets);
    let (edition, true) = readable(&may.who, making, month).await? else {
        return Err(Problem::NotFound(may.who.chrome()));
    };
    let page = MonthPage::alone(&edition, &policies);
    print(&may.who, &desk, &press, &month.to_string(), &page.printed()).await
}

/// The figures of some months together. Whoever reads approved months alone reads of them once each of these is: the live
/// figures of one that waits would say what its own page does not yet.
async fn together(who: &SignedIn, making: Making<'_>, period: &str) -> Result<Edition, Problem> {
    let period = months_together(who, period)?;
    let approved_only = !who.role.may(Permission::SeeOpenMonths);
    if approved_only && !is_circulated(making.db.read(), period, making.newest_due()).await? {
        return Err(Problem::NotFound(who.chrome()));
    }
    let mut edition = edition_together(making, period, approved_only).await?;
    if !who.role.may(Permission::SeeBehindFigures) {
        // Of two periods that differ by a month, the month's would follow.
        edition.snapshot.paper.tell_no_locality();
    }
    Ok(edition)
}

async fn over(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path(period): Path<String>,
) -> Result<Response, Problem> {
    let making = Making::of(&desk, &policies, &settings, &targets);
    let edition = together(&may.who, making, &period).await?;
    let looking = Looking::of(&may.who, &desk, &press);
    Ok(MonthPage::in_browser(&edition, looking, &policies).show(may.who.chrome()))
}

async fn over_file(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Path((period, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let form = form(&may.who, &file)?;
    let edition = together(&may.who, Making::of(&desk, &policies, &settings, &targets), &period).await?;
    save(&may.who, &desk, &edition.period().to_string(), form, form.of_edition(&edition)).await
}

async fn over_pdf(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Extension(press): Extension<Press>,
    Path(period): Path<String>,
) -> Result<Response, Problem> {
    let edition = together(&may.who, Making::of(&desk, &policies, &settings, &targets), &period).await?;
    let page = MonthPage::alone(&edition, &policies);
    print(&may.who, &desk, &press, &edition.period().to_string(), &page.printed()).await
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

async fn public_file(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Path((year, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let form = form(&may.who, &file)?;
    let not_found = || Problem::NotFound(may.who.chrome());
    let yearly = published(&may.who, &desk, &year).await?.ok_or_else(not_found)?;
    match form.of_year(&yearly) {
        Err(FormError::NotOfAYear) => Err(not_found()),
        written => save(&may.who, &desk, &yearly.year, form, written).await,
    }
}

fn form(who: &SignedIn, file: &str) -> Result<Form, Problem> {
    Form::of_file(file).ok_or_else(|| Problem::NotFound(who.chrome()))
}

/// Figures as a file. What leaves so is noted.
async fn save(
    who: &SignedIn,
    desk: &Desk,
    of: &str,
    form: Form,
    written: Result<Vec<u8>, FormError>,
) -> Result<Response, Problem> {
    let bytes = written.map_err(|e| Problem::internal(e.to_string()))?;
    note_saved(who, desk, of, form.extension()).await?;
    Ok(download(&format!("attendance-{of}.{}", form.extension()), form.media_type(), bytes))
}

/// A document as PDF; not found where nothing prints.
async fn print(
    who: &SignedIn,
    desk: &Desk,
    press: &Press,
    of: &str,
    document: &Document,
) -> Result<Response, Problem> {
    let bytes = match press.print(document).await {
        Err(PressError::NotThere) => return Err(Problem::NotFound(who.chrome())),
        printed => printed.map_err(|e| Problem::internal(e.to_string()))?,
    };
    note_saved(who, desk, of, "pdf").await?;
    Ok(download(&format!("attendance-{of}.pdf"), "application/pdf", bytes))
}

async fn note_saved(who: &SignedIn, desk: &Desk, of: &str, form: &str) -> Result<(), Problem> {
    let event = Event { action: "figures.saved", object: of.to_owned(), payload: json!({ "form": form }) };
    Ok(audit::looked(&desk.db, &desk.keys, &who.actor(), desk.clock.now(), event).await?)
}
