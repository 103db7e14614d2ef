//! The register while it is filled in: what changed is saved as it is entered, and what others enter is shown. The
//! page works without this; the same form is then sent whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::register::{Adding, Shown, page};
use super::row::{base_of, times};
use super::{as_it_stands, clash_lines, here, names, note_look, occasion, open, quorum, take_mine};
use crate::access::{KeepRegister, May};
use crate::agencies::store::{Directory, directory};
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::conferences::{self, ConferenceId, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{self, Attendance, Necessity};
use crate::register::form::{FieldError, Submission, view_field};
use crate::register::save::{Clash, open_deputy, save as save_register};
use crate::register::store::{Record, record};
use crate::register::{Policies, merge};
use crate::web::{Desk, Fields, Problem, one_line};

/// A row as it stands: its fields by name, as the page writes them.
#[derive(Serialize)]
struct Row {
    id: String,
    base: String,
    values: BTreeMap<String, String>,
    /// Of an agency: its standing, and its times in words.
    standing: &'static str,
    times: String,
}

/// A fact that two people changed.
#[derive(Serialize)]
struct Twice {
    /// The field.
    name: String,
    text: String,
}

#[derive(Serialize)]
struct News {
    version: i32,
    quorum: String,
    quorum_at: String,
    here: String,
    rows: Vec<Row>,
    errors: Vec<FieldError>,
    clashes: Vec<Twice>,
    /// It is confirmed or cancelled: nothing is entered any more.
    closed: bool,
}

fn day(day: Option<chrono::NaiveDate>) -> String {
    day.map(|day| day.format("%d/%m/%Y").to_string()).unwrap_or_default()
}

fn values(desk: &Desk, record: &Record, row: &invitation::Model) -> BTreeMap<String, String> {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(london::hhmm).unwrap_or_default();
    let facts = [
        ("attendance", row.attendance.map(|a| a.code()).unwrap_or_default().to_owned()),
        ("by_deputy", if row.by_deputy { "yes" } else { "" }.to_owned()),
        ("deputy", open_deputy(&desk.keys, row)),
        ("joined_at", time(row.joined_at)),
        ("left_at", time(row.left_at)),
        ("report", row.report.code().to_owned()),
        ("report_received_on", day(row.report_received_on)),
        ("absence_reason", row.absence_reason.map(|r| r.code()).unwrap_or_default().to_owned()),
        ("excused", row.excused.map(|e| e.code()).unwrap_or_default().to_owned()),
        ("view", row.view.map(|v| v.code()).unwrap_or_default().to_owned()),
        ("response", row.response.code().to_owned()),
        ("delivery", row.delivery.code().to_owned()),
        ("necessity", row.necessity.code().to_owned()),
        ("invited_on", day(row.invited_on)),
        ("contact_email", row.contact_email.clone().unwrap_or_default()),
    ];
    let on = |child| row.child_views.on(child).map(|v| v.code()).unwrap_or_default().to_owned();
    let views = record.viewed(row.id).into_iter().map(|child| (view_field(child), on(child)));
    facts.into_iter().map(|(field, text)| (field.to_owned(), text)).chain(views).collect()
}

fn stands(
    desk: &Desk,
    policies: &Policies,
    record: &Record,
    directory: &Directory,
    errors: Vec<FieldError>,
    clashes: &[Clash],
) -> News {
    let assessment = as_it_stands(record, directory, policies, desk);
    let names = names(record, directory);
    let c = &record.conference;
    let mut rows = vec![Row {
        id: "conference".to_owned(),
        base: merge::as_text(merge::CONFERENCE, c),
        values: BTreeMap::from([
            ("decision_time".to_owned(), c.decision_at.map(london::hhmm).unwrap_or_default()),
            ("status".to_owned(), c.status.code().to_owned()),
            (
                "adjournment_reason".to_owned(),
                c.adjournment_reason.map(|r| r.code()).unwrap_or_default().to_owned(),
            ),
        ]),
        standing: "",
        times: String::new(),
    }];
    rows.extend(record.children.iter().map(|child| Row {
        id: child.id.to_string(),
        base: merge::as_text(merge::CHILD, child),
        values: BTreeMap::from([(
            "decision".to_owned(),
            child.decision.map(|d| d.code()).unwrap_or_default().to_owned(),
        )]),
        standing: "",
        times: String::new(),
    }));
    rows.extend(record.invitations.iter().zip(&assessment.invitations).map(|(row, assessed)| Row {
        id: row.id.to_string(),
        base: base_of(&desk.keys, row),
        values: values(desk, record, row),
        standing: assessed.standing.label(),
        times: times(row),
    }));
    let said = clash_lines(clashes, record, &names, desk.clock.now());
    let clashes = said.into_iter().map(|line| {
        let name = line.href.trim_start_matches('#').to_owned();
        Twice { name, text: line.text }
    });
    News {
        version: c.version,
        quorum: quorum(record, directory, &assessment),
        quorum_at: super::register::quorum_at(c),
        here: here(record, &assessment),
        rows,
        errors,
        clashes: clashes.collect(),
        closed: record.register.is_some() || c.status == Status::Cancelled,
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    version: Option<i32>,
}

/// What others entered since a version; 204 where nothing changed.
pub(super) async fn news(
    may: May<KeepRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let who = &may.who;
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(who.chrome()))?;
    let (db, sight) = (desk.db.read(), who.sight(desk.clock.now()));
    let found = conferences::store::by_ids(db, [id], sight).await?.pop();
    let found = found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    if asked.version == Some(found.version) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    note_look(&desk, who, &found).await?;
    let found = record(db, id, sight).await?;
    let (record, directory) = found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    Ok(Json(stands(&desk, &policies, &record, &directory, Vec::new(), &[])).into_response())
}

/// Saves the lines that changed. A line in which something is wrong is not taken, and is said; the others are.
pub(super) async fn save(
    may: May<KeepRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    let tx = desk.db.begin("save register").await?;
    let (held, directory) = take_mine(&tx, &desk, &may.who, id).await?;
    if held.register.is_some() || held.conference.status == Status::Cancelled {
        return Ok(Json(stands(&desk, &policies, &held, &directory, Vec::new(), &[])).into_response());
    }
    let names = names(&held, &directory);
    let submission = Submission::read(&fields, &held, &directory, &names, occasion(&desk, &held, &policies));
    let looked_at = held.conference.clone();
    let (submission, errors) = submission.without_what_is_wrong(&held);
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let clashes = save_register(&tx, &desk.keys, &actor, held, submission, now).await?;
    tx.commit().await?;
    note_look(&desk, &may.who, &looked_at).await?;
    let found = record(desk.db.read(), id, may.who.sight(now)).await?;
    let (record, directory) = found.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    Ok(Json(stands(&desk, &policies, &record, &directory, errors, &clashes)).into_response())
}

/// Somebody who came without being invited: present for quorum, and outside every count of invitations (DOMAIN 3).
pub(super) async fn walk_in(
    may: May<KeepRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    let here = format!("/conferences/{}", record.conference.id);
    if record.register.is_some() || record.conference.status == Status::Cancelled {
        return Ok(Redirect::to(&here).into_response());
    }
    let whole = directory(desk.db.read()).await?;
    let role = one_line(form.text("role"));
    let service = super::register::services(&whole, record.conference.conference_date)
        .into_iter()
        .find(|(_, words)| words.eq_ignore_ascii_case(form.text("service")))
        .map(|(id, _)| id);
    let mut adding =
        Adding { service: form.text("service").to_owned(), role: role.clone(), ..Adding::default() };
    if service.is_none() {
        adding.service_error = Some("Choose a service that the directory offers");
    }
    let same =
        |row: &invitation::Model| Some(row.service_id) == service && row.role.eq_ignore_ascii_case(&role);
    if role.is_empty() || role.chars().count() > 120 {
        adding.role_error = Some("Enter the role in which they came");
    } else if record.invitations.iter().any(same) {
        adding.role_error = Some("They are in the register already, in this role");
    }
    let before = record.conference.conference_date > london::date(desk.clock.now());
    if before {
        adding.service_error = Some("The conference has not taken place yet: invite them instead");
    }
    let (Some(service), None, None) = (service, adding.service_error, adding.role_error) else {
        return page(&desk, &may.who, &policies, &record, &known, Shown::with(adding)).await;
    };
    let tx = desk.db.begin("add a walk-in").await?;
    let (held, _) = take_mine(&tx, &desk, &may.who, record.conference.id).await?;
    if held.register.is_some() || held.invitations.iter().any(same) {
        return Ok(Redirect::to(&format!("{here}/register")).into_response());
    }
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let mut row = invitation::Model::new(held.conference.id, service, role, Necessity::Expected);
    row.walk_in = true;
    row.attendance = Some(match held.conference.mode {
        conferences::Mode::Video => Attendance::Video,
        conferences::Mode::Room | conferences::Mode::Hybrid => Attendance::InPerson,
    });
    (row.recorded_by, row.recorded_at) = (Some(actor.name.clone()), Some(now));
    let payload = json!({ "walk_in": row.id, "service": service, "role": row.role });
    let place = row.id;
    let mut writes = vec![conferences::store::bumping(held.conference)?];
    writes.extend(invitations::store::saving(&[row]));
    let event = Event { action: "register.walk_in", object: record.conference.id.to_string(), payload };
    audit::record_with(&tx, &desk.keys, &actor, now, vec![event], writes).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{here}/register#{place}")).into_response())
}
