//! The pages: who sees a conference, and the glass.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::glass::{Broken, GlassError, REASON, shown_since};
use super::naming::{Named, Office, deciding};
use super::store;
use crate::access::{May, Permission, Restrict, SeeConferences, SignedIn, WatchRestricted};
use crate::calendar::london;
use crate::conferences::{self, BROKEN_GLASS, ConferenceId, NamedId};
use crate::web::{Desk, Errors, Fields, Page, Problem};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/conferences/{id}/restrict", get(show).post(restrict))
        .route("/conferences/{id}/restrict/lift", post(lift))
        .route("/conferences/{id}/restrict/{named}/end", post(end))
        .route("/restricted", get(list).post(break_glass))
        .route("/restricted/{opening}/end", post(end_opening))
}

fn office<'a>(desk: &'a Desk, who: &'a SignedIn) -> Office<'a> {
    Office { db: &desk.db, keys: &desk.keys, who, now: desk.clock.now() }
}

fn id_of<T: std::str::FromStr>(who: &SignedIn, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::NotFound(who.chrome()))
}

#[derive(Serialize)]
struct Name {
    who: String,
    role: &'static str,
    by: String,
    /// Until when, for a glass that was broken.
    until: Option<String>,
    end: String,
}

#[derive(Serialize)]
struct Candidate {
    id: String,
    who: String,
    role: &'static str,
    chosen: bool,
}

#[derive(Serialize)]
struct RestrictPage {
    reference: String,
    href: String,
    action: String,
    lift: String,
    restricted: bool,
    names: Vec<Name>,
    candidates: Vec<Candidate>,
    done: Option<&'static str>,
    errors: Errors,
}

/// What was done, as an address says it and as a page does.
const DONE: [(&str, &str); 2] = [
    ("named", "Who sees the conference is changed."),
    ("removed", "They do not see the conference any more."),
];

impl Page for RestrictPage {
    const TEMPLATE: &'static str = "restriction/restrict";
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
    fn title(&self) -> String {
        format!("Who sees conference {}", self.reference)
    }
}

fn still_open(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    until.is_none_or(|until| until > now)
}

#[derive(Deserialize)]
struct Shown {
    done: Option<String>,
}

async fn show(
    may: May<Restrict>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let done = DONE.iter().find(|(code, _)| Some(*code) == shown.done.as_deref()).map(|(_, text)| *text);
    who_sees(&desk, &may.who, id_of(&may.who, &id)?, done, Errors::default()).await
}

async fn who_sees(
    desk: &Desk,
    who: &SignedIn,
    id: ConferenceId,
    done: Option<&'static str>,
    errors: Errors,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let sight = deciding(db, who, id, now).await?;
    let found = conferences::store::by_ids(db, [id], sight).await?.pop();
    let conference = found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    let named = store::named(db, id).await?;
    let is_named = |account| named.iter().any(|(row, _)| row.account_id == account && row.until.is_none());
    let nameable = store::nameable(db, &conference, now).await?;
    // Nobody is suggested again to who has just taken them all away.
    let suggests = !conference.restricted && errors.is_empty();
    let candidates = nameable.into_iter().filter(|a| !is_named(a.id.0)).map(|a| Candidate {
        // The conference's own chair has its register to keep; who restricts it goes on seeing it.
        chosen: suggests && (a.chair_id.is_some() || a.id == who.id),
        id: a.id.to_string(),
        who: a.name,
        role: a.role.label(),
    });
    let candidates = candidates.collect();
    let action = format!("/conferences/{id}/restrict");
    let names = named.into_iter().filter(|(row, _)| still_open(row.until, now)).map(|(row, a)| Name {
        who: a.name,
        role: a.role.label(),
        by: row.named_by,
        until: row.until.map(london::short),
        end: format!("{action}/{}/end", row.id),
    });
    let page = RestrictPage {
        reference: conference.reference,
        href: format!("/conferences/{id}"),
        lift: format!("{action}/lift"),
        restricted: conference.restricted,
        names: names.collect(),
        candidates,
        done,
        errors,
        action,
    };
    Ok(page.show(who.chrome()))
}

async fn restrict(
    may: May<Restrict>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let (id, accounts) = (id_of(&may.who, &id)?, form.all("account"));
    if accounts.is_empty() {
        let errors = Errors::one("account", "Choose who goes on seeing it: yourself at least");
        return who_sees(&desk, &may.who, id, None, errors).await;
    }
    if office(&desk, &may.who).restrict(id, &accounts).await? == Named::NoQaManager {
        let errors = Errors::one("account", "Choose a QA manager too: somebody has to release its letters");
        return who_sees(&desk, &may.who, id, None, errors).await;
    }
    Ok(Redirect::to(&format!("/conferences/{id}/restrict?done=named")).into_response())
}

async fn end(
    may: May<Restrict>,
    State(desk): State<Desk>,
    Path((id, named)): Path<(String, String)>,
) -> Result<Redirect, Problem> {
    let (id, named): (ConferenceId, NamedId) = (id_of(&may.who, &id)?, id_of(&may.who, &named)?);
    office(&desk, &may.who).end(id, named).await?;
    let sight = may.who.sight(desk.clock.now()).named_only();
    let still = !conferences::store::by_ids(desk.db.read(), [id], sight).await?.is_empty();
    Ok(Redirect::to(&match still {
        true => format!("/conferences/{id}/restrict?done=removed"),
        false => "/restricted?done=removed".to_owned(),
    }))
}

async fn lift(
    may: May<Restrict>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    if form.text("sure") != "yes" {
        let text = "Tick the box that says you are sure: what others see from now on they have seen";
        return who_sees(&desk, &may.who, id, None, Errors::one("sure", text)).await;
    }
    office(&desk, &may.who).lift(id).await?;
    Ok(Redirect::to(&format!("/conferences/{id}")).into_response())
}

#[derive(Serialize)]
struct Seen {
    href: String,
    reference: String,
    /// How: named, or until when.
    how: String,
    when: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Opening {
    reference: String,
    who: String,
    role: &'static str,
    at: String,
    until: String,
    why: String,
    end: Option<String>,
}

#[derive(Serialize)]
struct RestrictedPage {
    seen: Vec<Seen>,
    watches: bool,
    openings: Vec<Opening>,
    hours: i64,
    reference: String,
    why: String,
    untold: Option<String>,
    done: bool,
    errors: Errors,
}

impl Page for RestrictedPage {
    const TEMPLATE: &'static str = "restriction/restricted";
    fn title(&self) -> String {
        "Restricted conferences".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

#[derive(Default, Deserialize)]
struct Asked {
    /// The conference that was opened while nobody could be told by mail.
    untold: Option<ConferenceId>,
    /// Somebody has just taken their own name off.
    done: Option<String>,
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    asked: Asked,
    typed: (&str, &str),
    errors: Errors,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let mut seen = Vec::new();
    for c in store::seen(db, who.sight(now)).await? {
        let until = conferences::store::opened_until(db, c.id, who.id.0, now).await?;
        seen.push(Seen {
            how: until.map_or("named".to_owned(), |until| format!("until {}", london::short(until))),
            href: format!("/conferences/{}", c.id),
            reference: c.reference,
            when: format!("{}, {}", london::full_date(c.conference_date), london::clock(c.starts_at)),
            kind: c.kind.label(),
        });
    }
    let watches = who.role.may(Permission::WatchRestricted);
    let openings = match watches {
        true => store::openings(db, shown_since(now)).await?,
        false => Vec::new(),
    };
    let openings = openings.into_iter().map(|(row, c, account)| Opening {
        reference: c.reference,
        who: account.name,
        role: account.role.label(),
        at: london::short(row.named_at),
        until: row.until.map(london::short).unwrap_or_default(),
        why: row.why.and_then(|why| desk.keys.open(BROKEN_GLASS, &why).ok()).unwrap_or_default(),
        end: still_open(row.until, now).then(|| format!("/restricted/{}/end", row.id)),
    });
    let page = RestrictedPage {
        seen,
        watches,
        openings: openings.collect(),
        hours: desk.broken_glass.num_hours(),
        reference: typed.0.to_owned(),
        why: typed.1.to_owned(),
        done: asked.done.is_some(),
        untold: asked.untold.map(|id| format!("/conferences/{id}")),
        errors,
    };
    Ok(page.show(who.chrome()))
}

async fn list(
    may: May<SeeConferences>,
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    page(&desk, &may.who, asked, ("", ""), Errors::default()).await
}

async fn break_glass(
    may: May<SeeConferences>,
    State(desk): State<Desk>,
    form: Fields,
) -> Result<Response, Problem> {
    let (reference, why) = (form.text("reference"), form.text("why"));
    let mut errors = Errors::default();
    if reference.is_empty() {
        errors.add("reference", "Enter the conference's reference");
    }
    if !REASON.contains(&why.chars().count()) {
        let text =
            format!("Say why you need to see it, in {} to {} characters", REASON.start(), REASON.end());
        errors.add("why", text);
    }
    if errors.is_empty() {
        let opened = office(&desk, &may.who)
            .break_glass(reference, why, desk.broken_glass, &desk.letterhead, &desk.address)
            .await;
        match opened {
            Ok(Broken::Open { id, told: true }) => {
                return Ok(Redirect::to(&format!("/conferences/{id}")).into_response());
            }
            Ok(Broken::Open { id, told: false }) => {
                return Ok(Redirect::to(&format!("/restricted?untold={id}")).into_response());
            }
            Ok(Broken::Nothing) => {
                errors.add("reference", "There is no restricted conference of yours with this reference");
            }
            Err(GlassError::Db(e)) => return Err(e.into()),
            Err(e) => return Err(Problem::internal(e.to_string())),
        }
    }
    page(&desk, &may.who, Asked::default(), (reference, why), errors).await
}

async fn end_opening(
    may: May<WatchRestricted>,
    State(desk): State<Desk>,
    Path(opening): Path<String>,
) -> Result<Redirect, Problem> {
    let opening = id_of(&may.who, &opening)?;
    if !office(&desk, &may.who).end_opening(opening).await? {
        return Err(Problem::NotFound(may.who.chrome()));
    }
    Ok(Redirect::to("/restricted"))
}
