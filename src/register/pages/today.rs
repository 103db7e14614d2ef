//! The conferences of a day.

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Days;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::as_it_stands;
use crate::access::{Permission, SignedIn};
use crate::agencies::store::directory;
use crate::calendar::{london, written};
use crate::conferences::{self, Status};
use crate::register::Policies;
use crate::register::store::records;
use crate::web::{Desk, Page, Problem};

#[derive(Deserialize)]
pub(super) struct Asked {
    day: Option<String>,
}

#[derive(Serialize)]
struct Row {
    href: String,
    time: String,
    reference: String,
    conference_ref: String,
    kind: &'static str,
    chair: String,
    place: String,
    state: String,
}

/// A register that nobody has confirmed.
#[derive(Serialize)]
struct OpenRow {
    href: String,
    text: String,
}

/// Open registers shown; the older ones follow as these are confirmed.
const OPEN_SHOWN: u64 = 20;

#[derive(Serialize)]
struct TodayPage {
    heading: String,
    date: String,
    iso: String,
    before: String,
    after: String,
    rows: Vec<Row>,
    next: Option<String>,
    next_day: Option<String>,
    own_only: bool,
    open: Vec<OpenRow>,
}

impl Page for TodayPage {
    const TEMPLATE: &'static str = "register/pages/today";
    fn title(&self) -> String {
        self.heading.clone()
    }
}

/// The first page. Who does not see conferences is taken to what they do see.
pub(super) async fn today(
    who: SignedIn,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    if !who.role.may(Permission::SeeConferences) {
        return Ok(Redirect::to(who.home()).into_response());
    }
    let today = london::date(desk.clock.now());
    let day = match asked.day.as_deref().map(str::trim).filter(|d| !d.is_empty()) {
        None => today,
        Some(text) => written::day(text)
            .ok_or_else(|| Problem::Bad(format!("\"{text}\" is not a date: write it as 30/09/2026.")))?,
    };
    let (db, sight) = (desk.db.read(), who.sight(desk.clock.now()));
    let found = conferences::store::between(db, day, day, sight).await?;
    let directory = directory(db).await?;
    let chairs = conferences::store::chairs(db).await?;
    let mut rows = Vec::new();
    for record in records(db, found).await? {
        let c = &record.conference;
        let assessment = as_it_stands(&record, &directory, &policies, &desk);
        let state = match (c.status, &record.register) {
            (Status::Cancelled, _) => "Cancelled".to_owned(),
            (_, Some(_)) if assessment.quoracy.quorate => "Register confirmed. Quorate".to_owned(),
            (_, Some(_)) => "Register confirmed. Not quorate".to_owned(),
            (_, None) => {
                let missing =
                    assessment.invitations.iter().filter(|a| a.standing.code() == "unrecorded").count();
                match missing {
                    0 => "To be confirmed".to_owned(),
                    n => format!("Register open: {n} not recorded"),
                }
            }
        };
        rows.push(Row {
            href: format!("/conferences/{}", c.id),
            time: london::clock(c.starts_at),
            reference: c.reference.clone(),
            conference_ref: c.conference_ref.clone(),
            kind: c.kind.label(),
            chair: chairs
                .iter()
                .find(|chair| chair.id == c.chair_id)
                .map(|c| c.name.clone())
                .unwrap_or_default(),
            place: format!("{}, {}", c.locality.label(), c.mode.label()),
            state,
        });
    }
    let next = match rows.is_empty() {
        true => conferences::store::next_after(db, day, sight).await?,
        false => None,
    };
    let since = today - Days::new(366);
    let open = conferences::store::with_open_register(db, since, today, sight, OPEN_SHOWN).await?;
    let open = open.into_iter().map(|c| OpenRow {
        href: format!("/conferences/{}", c.id),
        text: format!("{}, {}, {}", c.reference, london::full_date(c.conference_date), c.kind.label()),
    });
    let page = TodayPage {
        open: open.collect(),
        heading: if day == today { "Today".to_owned() } else { london::full_date(day) },
        date: london::full_date(day),
        iso: day.to_string(),
        before: (day - Days::new(1)).to_string(),
        after: (day + Days::new(1)).to_string(),
        next: next
            .as_ref()
            .map(|c| format!("{}, {}", london::full_date(c.conference_date), london::clock(c.starts_at))),
        next_day: next.map(|c| c.conference_date.to_string()),
        own_only: who.chair.is_some(),
        rows,
    };
    Ok(page.show(who.chrome()))
}
