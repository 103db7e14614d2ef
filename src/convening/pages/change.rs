//! Moving a conference, changing where it is, cancelling it: what would follow is said before.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::invitations::{led, open};
use super::{Bureau, Pick, id_of, when};
use crate::access::{Book, May, SignedIn};
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::conferences::{self, Mode, Status};
use crate::convening::booking::{History, booking};
use crate::convening::draft::{When, Where};
use crate::convening::hints::{Hint, hints};
use crate::convening::moving::Moved;
use crate::register::store::Record;
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, choices};

#[derive(Serialize)]
struct ChangePage {
    here: String,
    back: String,
    reference: String,
    when: String,
    version: String,
    date: String,
    time: String,
    minutes: String,
    place: String,
    link: String,
    mode: Vec<Choice>,
    chairs: Vec<Pick>,
    slots: Vec<String>,
    /// The second look, before anything is sent; and what was looked at.
    checks: bool,
    seen: String,
    /// What would happen.
    follows: String,
    hints: Vec<Hint>,
    errors: Errors,
}

impl Page for ChangePage {
    const TEMPLATE: &'static str = "convening/pages/change";
    fn title(&self) -> String {
        format!("Change {}", self.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

struct Typed<'a> {
    fields: &'a Fields,
    checks: Option<(When, Where)>,
    errors: Errors,
}

async fn page(
    bureau: &Bureau,
    who: &SignedIn,
    record: &Record,
    directory: &Directory,
    typed: Option<Typed<'_>>,
) -> Result<Response, Problem> {
    let (db, now) = (bureau.desk.db.read(), bureau.desk.clock.now());
    let c = &record.conference;
    let of = |name: &str, stands: String| typed.as_ref().map_or(stands, |t| t.fields.text(name).to_owned());
    let chairs = conferences::store::chairs(db).await?;
    let chair = of("chair", c.chair_id.to_string());
    let mode = typed.as_ref().map_or(Some(c.mode), |t| t.fields.text("mode").parse::<Mode>().ok());
    let (written_to, to_ring) = told(record, directory);
    let checks = typed.as_ref().and_then(|t| t.checks.as_ref());
    let (follows, said) = match checks {
        None => (String::new(), Vec::new()),
        Some((when, at)) => {
            let history = History::of_conference(db, &record.children, c.id, who.sight(now)).await?;
            let known = booking(
                db,
                &history,
                c.kind,
                *when,
                Some(at.chair),
                c.strategy_discussion_on,
                Some(c.id),
                who.sight(now),
                now,
            );
            let list = hints(&known.await?, bureau.policies.minimum_notice, &bureau.policies.calendar);
            match when.starts_at == c.starts_at {
                true => {
                    let text = format!(
                        "The day and time stay. {written_to} who were invited are written to, and their answers stand.{to_ring}"
                    );
                    // The day is not in question.
                    (text, list.into_iter().filter(|hint| hint.text.starts_with("The chair")).collect())
                }
                false => (
                    format!(
                        "It moves to {}, {}. The old date is cancelled and linked to the new one, {written_to} who were \
                         invited are invited anew, and what they answered to the old date does not count.{to_ring}",
                        london::full_date(when.date),
                        london::clock(when.starts_at)
                    ),
                    list,
                ),
            }
        }
    };
    let back = format!("/conferences/{}/invitations", c.id);
    let page = ChangePage {
        here: format!("/conferences/{}/change", c.id),
        back,
        reference: c.reference.clone(),
        when: when(c),
        version: of("version", c.version.to_string()),
        date: of("date", c.conference_date.format("%d/%m/%Y").to_string()),
        time: of("time", london::hhmm(c.starts_at)),
        minutes: of("minutes", c.minutes.to_string()),
        place: of("place", c.place.clone().unwrap_or_default()),
        link: of("link", c.link.clone().unwrap_or_default()),
        mode: choices(Mode::ALL, mode, |m| (m.code(), m.label())),
        chairs: chairs
            .iter()
            .map(|of| Pick {
                value: of.id.to_string(),
                label: of.name.clone(),
                chosen: of.id.to_string() == chair,
            })
            .collect(),
        slots: bureau.settings.slots.clone(),
        checks: checks.is_some(),
        seen: typed.as_ref().map(|t| seen(t.fields)).unwrap_or_default(),
        follows,
        hints: said,
        errors: typed.map(|t| t.errors).unwrap_or_default(),
    };
    Ok(page.show(who.chrome()))
}

/// What of a form is looked at before it is done.
fn seen(fields: &Fields) -> String {
    ["date", "time", "minutes", "chair", "mode", "place", "link"].map(|name| fields.text(name)).join("|")
}

/// How many of those who were invited are written to, and whom somebody has to ring.
fn told(record: &Record, known: &Directory) -> (usize, String) {
    let asked = record.invitations.iter().filter(|row| row.invited_on.is_some() && row.excused.is_none());
    let (written, rung): (Vec<_>, Vec<_>) = asked.partition(|row| row.contact_email.is_some());
    let names: Vec<&str> = rung.iter().map(|row| known.of(row.service_id).0.name.as_str()).collect();
    let to_ring = match names.is_empty() {
        true => String::new(),
        false => format!(" They have no address, so ring them: {}.", names.join(", ")),
    };
    (written.len(), to_ring)
}

/// To the invitations, where it is no longer to be held.
fn over(record: &Record) -> Option<Response> {
    let open = record.conference.status == Status::Scheduled && record.register.is_none();
    let to = format!("/conferences/{}/invitations?done=over", record.conference.id);
    (!open).then(|| Redirect::to(&to).into_response())
}

pub(super) async fn show(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    match over(&record) {
        Some(away) => Ok(away),
        None => page(&bureau, &may.who, &record, &known, None).await,
    }
}

pub(super) async fn change(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    if let Some(away) = over(&record) {
        return Ok(away);
    }
    let now = desk.clock.now();
    let chairs: Vec<_> =
        conferences::store::chairs(desk.db.read()).await?.into_iter().map(|c| c.id).collect();
    let mut errors = Errors::default();
    let to = When::read(&fields, now, &mut errors);
    let at = Where::read(&fields, &chairs, &mut errors);
    if to.zip(record.conference.strategy_discussion_on).is_some_and(|(to, day)| day > to.date) {
        errors.add("date", "The conference would be before its strategy discussion");
    }
    let (Some(to), Some(at), true) = (to, at, errors.is_empty()) else {
        let typed = Typed { fields: &fields, checks: None, errors };
        return page(&bureau, &may.who, &record, &known, Some(typed)).await;
    };
    // What is done is what was looked at.
    if fields.text("step") != "do" || fields.text("seen") != seen(&fields) {
        let typed = Typed { fields: &fields, checks: Some((to, at)), errors };
        return page(&bureau, &may.who, &record, &known, Some(typed)).await;
    }
    let c = &record.conference;
    let code = if to.starts_at == c.starts_at { "changed" } else { "moved" };
    let actor = may.who.actor();
    let version = fields.text("version").parse().unwrap_or(0);
    let done = bureau.office(&actor).change(c.id, may.who.sight(now), version, to, &at).await;
    led(&may.who, c.id, done, code)
}

#[derive(Serialize)]
struct CancelPage {
    here: String,
    back: String,
    reference: String,
    when: String,
    version: i32,
    asked: usize,
    to_ring: String,
    errors: Errors,
}

impl Page for CancelPage {
    const TEMPLATE: &'static str = "convening/pages/cancel";
    fn title(&self) -> String {
        format!("Cancel {}", self.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

fn cancel_page(who: &SignedIn, record: &Record, known: &Directory, errors: Errors) -> Response {
    let c = &record.conference;
    let (asked, to_ring) = told(record, known);
    let page = CancelPage {
        here: format!("/conferences/{}/cancel", c.id),
        back: format!("/conferences/{}/invitations", c.id),
        reference: c.reference.clone(),
        when: when(c),
        version: c.version,
        asked,
        to_ring,
        errors,
    };
    page.show(who.chrome())
}

pub(super) async fn ask_cancel(
    may: May<Book>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    Ok(over(&record).unwrap_or_else(|| cancel_page(&may.who, &record, &known, Errors::default())))
}

pub(super) async fn cancel(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    if fields.text("sure") != "yes" {
        let (record, known) = open(&desk, &may.who, &id).await?;
        let errors = Errors::one("sure", "Tick the box that says you are sure");
        return Ok(over(&record).unwrap_or_else(|| cancel_page(&may.who, &record, &known, errors)));
    }
    let id = id_of(&may.who, &id)?;
    let actor = may.who.actor();
    let version = fields.text("version").parse().unwrap_or(0);
    let done: Result<Moved, _> =
        bureau.office(&actor).cancel(id, may.who.sight(desk.clock.now()), version).await;
    led(&may.who, id, done, "cancelled")
}
