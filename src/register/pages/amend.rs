//! Amending a confirmed register.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::register::{ChildFields, ConferenceFields, child_fields, conference_fields};
use super::{
    ClashLine, Heading, RowFields, as_it_stands, clash_lines, heading, names, occasion, open, row_fields,
    take_mine,
};
use crate::access::{AmendRegister, May, SignedIn};
use crate::agencies::store::Directory;
use crate::conferences::ConferenceId;
use crate::register::Policies;
use crate::register::amend::{Amendment, NotAmended};
use crate::register::form::{FieldError, Reader, Submission};
use crate::register::save::{Clash, open_deputy};
use crate::register::store::Record;
use crate::web::{Desk, Fields, Page, Problem};

#[derive(Serialize)]
struct AmendPage {
    heading: Heading,
    action: String,
    errors: Vec<FieldError>,
    clashes: Vec<ClashLine>,
    row: Option<RowFields>,
    conference: Option<ConferenceFields>,
    children: Vec<ChildFields>,
    why: String,
}

impl Page for AmendPage {
    const TEMPLATE: &'static str = "register/pages/amend";
    fn title(&self) -> String {
        format!("Amend the register of {}", self.heading.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

fn say(why_not: NotAmended) -> (Vec<FieldError>, Vec<Clash>) {
    let error = |field: &str, text: &str| vec![FieldError { field: field.to_owned(), text: text.to_owned() }];
    match why_not {
        NotAmended::NotConfirmed => (error("why", "The register is still open: keep it there."), Vec::new()),
        NotAmended::NoReason => (error("why", "Say why the register is amended."), Vec::new()),
        NotAmended::NothingChanged => (error("why", "Nothing was changed."), Vec::new()),
        NotAmended::LeavesOpen => (
            error("why", "A confirmed register cannot lose its attendance, decision or decision time."),
            Vec::new(),
        ),
        NotAmended::Clashes(clashes) => (Vec::new(), clashes),
    }
}

/// What the page shows: one invitation (by its place), or the conference.
struct Shown<'a> {
    place: Option<usize>,
    typed: Option<(&'a Submission, &'a Fields)>,
    errors: Vec<FieldError>,
    clashes: Vec<Clash>,
    why: &'a str,
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    record: &Record,
    directory: &Directory,
    shown: Shown<'_>,
) -> Result<Response, Problem> {
    let assessment = as_it_stands(record, directory, policies, desk);
    let names = names(record, directory);
    let (rows, deputies): (Vec<_>, Vec<String>) = match shown.typed {
        None => (
            record.invitations.clone(),
            record.invitations.iter().map(|i| open_deputy(&desk.keys, i)).collect(),
        ),
        Some((s, _)) => s.invitations.iter().map(|(p, typed)| (p.row.clone(), typed.text.clone())).unzip(),
    };
    let id = record.conference.id;
    let action = match shown.place {
        Some(n) => format!("/conferences/{id}/amend/{}", record.invitations[n].id),
        None => format!("/conferences/{id}/amend"),
    };
    let typed = shown.typed.map(|(_, fields)| fields);
    let mut fields = row_fields(
        record,
        &rows,
        &deputies,
        directory,
        &assessment,
        policies,
        &desk.keys,
        &shown.errors,
        typed,
    );
    let decisions: Vec<_> = record.children.iter().map(|c| c.decision).collect();
    let page = AmendPage {
        heading: heading(desk, record).await?,
        action,
        clashes: clash_lines(&shown.clashes, record, &names, desk.clock.now()),
        row: shown.place.map(|n| fields.swap_remove(n)),
        conference: shown.place.is_none().then(|| conference_fields(record, &record.conference, None)),
        children: if shown.place.is_none() { child_fields(record, &decisions, desk) } else { Vec::new() },
        why: shown.why.to_owned(),
        errors: shown.errors,
    };
    let status = if shown.clashes.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(page.show_as(status, who.chrome()))
}

fn fresh(place: Option<usize>) -> Shown<'static> {
    Shown { place, typed: None, errors: Vec::new(), clashes: Vec::new(), why: "" }
}

fn place(who: &SignedIn, record: &Record, invitation: &str) -> Result<usize, Problem> {
    let found = record.invitations.iter().position(|i| i.id.to_string() == invitation);
    found.ok_or_else(|| Problem::NotFound(who.chrome()))
}

pub(super) async fn show(
    may: May<AmendRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path((id, invitation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (record, directory) = open(&desk, &may.who, &id).await?;
    let place = place(&may.who, &record, &invitation)?;
    page(&desk, &may.who, &policies, &record, &directory, fresh(Some(place))).await
}

pub(super) async fn show_conference(
    may: May<AmendRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (record, directory) = open(&desk, &may.who, &id).await?;
    page(&desk, &may.who, &policies, &record, &directory, fresh(None)).await
}

pub(super) async fn amend(
    may: May<AmendRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path((id, invitation)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    let tx = desk.db.begin("amend register").await?;
    let (record, directory) = take_mine(&tx, &desk, &may.who, id).await?;
    let place = place(&may.who, &record, &invitation)?;
    let ours = &record.invitations[place];
    let name = &names(&record, &directory)[place];
    let mut reader = Reader::new(&fields, ours.id, name, occasion(&desk, &record, &policies));
    let (proposed, deputy) = reader.invitation(ours, directory.of(ours.service_id).1.agency_group);
    let errors = reader.errors();
    let actor = may.who.actor();
    let why = fields.text("why");
    let (errors, clashes) = if errors.is_empty() {
        let amendment = Amendment { keys: &desk.keys, actor: &actor, why, now: desk.clock.now() };
        match amendment.invitation(&tx, record.clone(), place, proposed, deputy).await? {
            Ok(()) => {
                tx.commit().await?;
                return Ok(Redirect::to(&format!("/conferences/{id}")).into_response());
            }
            Err(why_not) => say(why_not),
        }
    } else {
        (errors, Vec::new())
    };
    tx.roll_back().await?;
    let typed = Submission::read(
        &fields,
        &record,
        &directory,
        &names(&record, &directory),
        occasion(&desk, &record, &policies),
    );
    let typed = clashes.is_empty().then_some((&typed, &fields));
    let shown = Shown { place: Some(place), typed, errors, clashes, why };
    page(&desk, &may.who, &policies, &record, &directory, shown).await
}

pub(super) async fn amend_conference(
    may: May<AmendRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    let tx = desk.db.begin("amend register").await?;
    let (record, directory) = take_mine(&tx, &desk, &may.who, id).await?;
    let submission = Submission::read(
        &fields,
        &record,
        &directory,
        &names(&record, &directory),
        occasion(&desk, &record, &policies),
    );
    let own = |e: &FieldError| record.invitations.iter().all(|i| !e.field.starts_with(&i.id.to_string()));
    let errors: Vec<FieldError> = submission.errors.into_iter().filter(own).collect();
    let actor = may.who.actor();
    let why = fields.text("why");
    let (errors, clashes) = if errors.is_empty() {
        let amendment = Amendment { keys: &desk.keys, actor: &actor, why, now: desk.clock.now() };
        let done = amendment.conference(&tx, record.clone(), submission.conference, submission.children);
        match done.await? {
            Ok(()) => {
                tx.commit().await?;
                return Ok(Redirect::to(&format!("/conferences/{id}")).into_response());
            }
            Err(why_not) => say(why_not),
        }
    } else {
        (errors, Vec::new())
    };
    tx.roll_back().await?;
    let shown = Shown { place: None, typed: None, errors, clashes, why };
    page(&desk, &may.who, &policies, &record, &directory, shown).await
}
