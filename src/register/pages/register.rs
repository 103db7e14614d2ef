//! The register as one page: every agency with its facts, the decisions, quorum as it stands.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::row::{RowFields, row_fields};
use super::{
    ClashLine, Heading, as_it_stands, child_name, clash_lines, heading, here, names, occasion, open, quorum,
    take_mine,
};
use crate::access::{KeepRegister, May, SignedIn};
use crate::agencies::ServiceId;
use crate::agencies::store::{Directory, directory as whole_directory};
use crate::calendar::london;
use crate::conferences::entity::conference;
use crate::conferences::{AdjournmentReason, ConferenceId, Decision, Status};
use crate::register::form::{FieldError, Submission};
use crate::register::save::{Clash, open_deputy, save as save_register};
use crate::register::store::Record;
use crate::register::{Policies, merge};
use crate::web::{Choice, Desk, Fields, Page, Problem, choices, options};

/// A child with the decisions that fit.
#[derive(Serialize)]
pub(super) struct ChildFields {
    id: String,
    name: String,
    category: &'static str,
    decision: Vec<Choice>,
    base: String,
}

/// The facts of the conference itself, as fields.
#[derive(Serialize)]
pub(super) struct ConferenceFields {
    decision_time: String,
    status: Vec<Choice>,
    adjournment_reason: Vec<Choice>,
    base: String,
}

#[derive(Serialize)]
struct RegisterPage {
    heading: Heading,
    action: String,
    /// Where what is entered is saved as it is entered.
    live: String,
    walk_in: String,
    id: String,
    /// Whose entries a device keeps while there is no connection.
    account: String,
    version: i32,
    mode: &'static str,
    /// A device keeps nothing of a restricted conference.
    keeps: bool,
    confirm: bool,
    quorum: String,
    quorum_at: String,
    here: String,
    directory: Vec<String>,
    typed_service: String,
    typed_role: String,
    service_error: Option<&'static str>,
    role_error: Option<&'static str>,
    saved: bool,
    errors: Vec<FieldError>,
    clashes: Vec<ClashLine>,
    conference: ConferenceFields,
    children: Vec<ChildFields>,
    rows: Vec<RowFields>,
}

impl Page for RegisterPage {
    const TEMPLATE: &'static str = "register/pages/register";
    fn title(&self) -> String {
        format!("Register of {}", self.heading.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty() || self.service_error.is_some() || self.role_error.is_some()
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    saved: Option<String>,
}

pub(super) fn conference_fields(
    record: &Record,
    shown: &conference::Model,
    typed: Option<&Fields>,
) -> ConferenceFields {
    let stands = shown.decision_at.map(london::hhmm).unwrap_or_default();
    ConferenceFields {
        decision_time: typed.map_or(stands, |fields| fields.text("conference.decision_time").to_owned()),
        status: choices(&[Status::Scheduled, Status::Held, Status::Adjourned], Some(shown.status), |s| {
            (s.code(), s.label())
        }),
        adjournment_reason: options("not adjourned", AdjournmentReason::ALL, shown.adjournment_reason, |r| {
            (r.code(), r.label())
        }),
        base: merge::as_text(merge::CONFERENCE, &record.conference),
    }
}

pub(super) fn child_fields(record: &Record, shown: &[Option<Decision>], desk: &Desk) -> Vec<ChildFields> {
    let fitting: Vec<Decision> =
        Decision::ALL.iter().copied().filter(|d| d.fits(record.conference.kind)).collect();
    record
        .children
        .iter()
        .zip(shown)
        .map(|(child, decision)| ChildFields {
            id: child.id.to_string(),
            name: child_name(&desk.keys, child),
            category: child.category.label(),
            decision: options("not recorded", &fitting, *decision, |d| (d.code(), d.label())),
            base: merge::as_text(merge::CHILD, child),
        })
        .collect()
}

/// What the page shows over what stands: a form that was refused is shown as it was typed.
#[derive(Default)]
pub(super) struct Shown<'a> {
    submission: Option<(&'a Submission, &'a Fields)>,
    clashes: &'a [Clash],
    saved: bool,
    /// Somebody who was to be added and could not be.
    adding: Adding,
}

impl Shown<'_> {
    /// Somebody could not be added.
    pub(super) fn with(adding: Adding) -> Self {
        Self { adding, ..Self::default() }
    }
}

/// Somebody who came uninvited, as typed.
#[derive(Default)]
pub(super) struct Adding {
    pub service: String,
    pub role: String,
    pub service_error: Option<&'static str>,
    pub role_error: Option<&'static str>,
}

/// The services that can come on a day, in words.
pub(super) fn services(directory: &Directory, day: chrono::NaiveDate) -> Vec<(ServiceId, String)> {
    let living = directory.services.values().filter(|s| s.merged_into_id.is_none());
    let mut words: Vec<(ServiceId, String)> = living
        .map(|s| (s.id, directory.of(s.id)))
        .filter(|(_, (_, agency))| agency.is_valid(day))
        .map(|(id, (service, agency))| (id, format!("{}, {}", service.name, agency.name)))
        .collect();
    words.sort_by(|a, b| a.1.cmp(&b.1));
    words
}

/// For which moment quorum is said.
pub(super) fn quorum_at(c: &conference::Model) -> String {
    c.decision_at.map_or("as last saved".to_owned(), |at| {
        format!("as last saved, at the decision at {}", london::clock(at))
    })
}

pub(super) async fn page(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    record: &Record,
    directory: &Directory,
    shown: Shown<'_>,
) -> Result<Response, Problem> {
    let assessment = as_it_stands(record, directory, policies, desk);
    let names = names(record, directory);
    let errors: Vec<FieldError> = shown.submission.map(|(s, _)| s.errors.clone()).unwrap_or_default();
    let (rows, deputies) = match shown.submission {
        None => {
            let deputies = record.invitations.iter().map(|i| open_deputy(&desk.keys, i)).collect();
            (record.invitations.clone(), deputies)
        }
        Some((s, _)) => {
            let deputies: Vec<String> =
                s.invitations.iter().map(|(_, typed)| typed.deputy.text.clone()).collect();
            (s.invitations.iter().map(|(p, _)| p.row.clone()).collect(), deputies)
        }
    };
    let conference = shown.submission.map_or(&record.conference, |(s, _)| &s.conference.row);
    let decisions: Vec<Option<Decision>> = match shown.submission {
        None => record.children.iter().map(|c| c.decision).collect(),
        Some((s, _)) => s.children.iter().map(|c| c.row.decision).collect(),
    };
    let c = &record.conference;
    let whole = whole_directory(desk.db.read()).await?;
    let typed = shown.submission.map(|(_, fields)| fields);
    let page = RegisterPage {
        heading: heading(desk, record).await?,
        action: format!("/conferences/{}/register", c.id),
        confirm: who.role.may(crate::access::Permission::ConfirmRegister),
        quorum: quorum(record, directory, &assessment),
        quorum_at: quorum_at(c),
        here: here(record, &assessment),
        live: format!("/conferences/{}/register/live", c.id),
        walk_in: format!("/conferences/{}/register/walk-in", c.id),
        id: c.id.to_string(),
        account: who.id.to_string(),
        version: c.version,
        mode: c.mode.code(),
        keeps: !c.restricted,
        directory: services(&whole, c.conference_date).into_iter().map(|(_, words)| words).collect(),
        typed_service: shown.adding.service,
        typed_role: shown.adding.role,
        service_error: shown.adding.service_error,
        role_error: shown.adding.role_error,
        saved: shown.saved,
        clashes: clash_lines(shown.clashes, record, &names, desk.clock.now()),
        conference: conference_fields(record, conference, typed),
        children: child_fields(record, &decisions, desk),
        rows: row_fields(
            record,
            &rows,
            &deputies,
            directory,
            &assessment,
            policies,
            &desk.keys,
            &errors,
            typed,
        ),
        errors,
    };
    let status = if shown.clashes.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(page.show_as(status, who.chrome()))
}

pub(super) async fn show(
    may: May<KeepRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (record, directory) = open(&desk, &may.who, &id).await?;
    if record.register.is_some() || record.conference.status == Status::Cancelled {
        return Ok(Redirect::to(&format!("/conferences/{}", record.conference.id)).into_response());
    }
    let shown = Shown { saved: asked.saved.is_some(), ..Shown::default() };
    page(&desk, &may.who, &policies, &record, &directory, shown).await
}

pub(super) async fn save(
    may: May<KeepRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    let tx = desk.db.begin("save register").await?;
    let (record, directory) = take_mine(&tx, &desk, &may.who, id).await?;
    let to = format!("/conferences/{id}");
    if record.register.is_some() || record.conference.status == Status::Cancelled {
        return Ok(Redirect::to(&to).into_response());
    }
    let submission = Submission::read(
        &fields,
        &record,
        &directory,
        &names(&record, &directory),
        occasion(&desk, &record, &policies),
    );
    if !submission.errors.is_empty() {
        tx.roll_back().await?;
        let shown = Shown { submission: Some((&submission, &fields)), ..Shown::default() };
        return page(&desk, &may.who, &policies, &record, &directory, shown).await;
    }
    let clashes =
        save_register(&tx, &desk.keys, &may.who.actor(), record, submission, desk.clock.now()).await?;
    tx.commit().await?;
    if !clashes.is_empty() {
        let (record, directory) = open(&desk, &may.who, &id.to_string()).await?;
        let shown = Shown { clashes: &clashes, ..Shown::default() };
        return page(&desk, &may.who, &policies, &record, &directory, shown).await;
    }
    let next = if fields.text("then") == "confirm" { "confirm" } else { "register?saved=yes" };
    Ok(Redirect::to(&format!("{to}/{next}")).into_response())
}
