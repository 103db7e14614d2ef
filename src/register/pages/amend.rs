//! Amending a confirmed register.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::amend_check::{Asks, Check, held};
use super::register::{ChildFields, ConferenceFields, child_fields, conference_fields};
use super::row::{ImpactFields, RowFields, row_fields};
use super::{
    ClashLine, Heading, as_it_stands, clash_lines, heading, names, note_look, occasion, open, take_mine,
};
use crate::access::{AmendRegister, May, SignedIn};
use crate::agencies::store::Directory;
use crate::conferences::ConferenceId;
use crate::invitations::ImpactCode;
use crate::register::Policies;
use crate::register::amend::{Amendment, NotAmended};
use crate::register::form::{FieldError, PutDown, Reader, Submission};
use crate::register::impact::is_grave;
use crate::register::restating::{Restates, Side};
use crate::register::running::tell_of_plan_end;
use crate::register::save::{Clash, open_deputy, open_note};
use crate::register::store::Record;
use crate::web::{Desk, Fields, Page, Problem};

#[derive(Serialize)]
struct AmendPage {
    heading: Heading,
    action: String,
    errors: Vec<FieldError>,
    clashes: Vec<ClashLine>,
    row: Option<RowFields>,
    /// What the chair put down of its absence.
    impact: Option<ImpactFields>,
    missing: bool,
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
        Some((s, _)) => {
            s.invitations.iter().map(|(p, typed)| (p.row.clone(), typed.deputy.text.clone())).unzip()
        }
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
    let (conference, decisions): (_, Vec<_>) = match shown.typed {
        None => (&record.conference, record.children.iter().map(|c| c.decision).collect()),
        Some((s, _)) => (&s.conference.row, s.children.iter().map(|c| c.row.decision).collect()),
    };
    let impact = shown.place.map(|n| {
        let note = match shown.typed {
            None => open_note(&desk.keys, &record.invitations[n]),
            Some((s, _)) => s.invitations[n].1.note.text.clone(),
        };
        let put = PutDown { codes: rows[n].chair_impact.clone(), note, shown: rows[n].impact_note_shown };
        ImpactFields::of(
            &record.invitations[n].id.to_string(),
            &put,
            rows[n].report.was_received(),
            &shown.errors,
        )
    });
    let page = AmendPage {
        heading: heading(desk, record).await?,
        action,
        clashes: clash_lines(&shown.clashes, record, &names, desk.clock.now()),
        row: shown.place.map(|n| fields.swap_remove(n)),
        conference: shown.place.is_none().then(|| conference_fields(record, conference, typed)),
        children: if shown.place.is_none() { child_fields(record, &decisions, desk) } else { Vec::new() },
        missing: shown.place.is_some_and(|n| assessment.invitations[n].standing.is_missing()),
        impact,
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
    Extension(restates): Extension<Restates>,
    Path((id, invitation)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    amended(&desk, &may.who, &policies, restates, &id, Some(&invitation), &fields).await
}

pub(super) async fn amend_conference(
    may: May<AmendRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(restates): Extension<Restates>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    amended(&desk, &may.who, &policies, restates, &id, None, &fields).await
}

/// What was sent is looked at first, with what it restates: the amendment is made in a transaction, read back, and
/// taken back. Only when that page says so, of the same register, is it made for good.
async fn amended(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    restates: Restates,
    id: &str,
    invitation: Option<&str>,
    fields: &Fields,
) -> Result<Response, Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(who.chrome()))?;
    let tx = desk.db.begin("amend register").await?;
    let (record, directory) = take_mine(&tx, desk, who, id).await?;
    let place = invitation.map(|invitation| place(who, &record, invitation)).transpose()?;
    let names = names(&record, &directory);
    let occasion = occasion(desk, &record, policies);
    let mut typed = Submission::read(fields, &record, &directory, &names, occasion);
    let (mut errors, mut clashes) = (std::mem::take(&mut typed.errors), Vec::new());
    if let Some(n) = place {
        let mut reader = Reader::new(fields, record.invitations[n].id, &names[n], occasion);
        let (proposed, words) = &mut typed.invitations[n];
        if let Some(put) = reader.put_down(proposed.row.report.was_received(), &[]) {
            (proposed.row.chair_impact, proposed.row.impact_note_shown) = (put.codes, put.shown);
            words.note.text = put.note;
        }
        errors.extend(reader.errors());
    }
    let why = fields.text("why");
    if errors.is_empty() && fields.text("back").is_empty() {
        let actor = who.actor();
        let amendment = Amendment { keys: &desk.keys, actor: &actor, why, now: desk.clock.now() };
        let done = match place {
            Some(n) => {
                let (proposed, words) = typed.invitations[n].clone();
                amendment.invitation(&tx, record.clone(), n, proposed, words).await?
            }
            None => {
                let (conference, children) = (typed.conference.clone(), typed.children.clone());
                amendment.conference(&tx, record.clone(), conference, children).await?
            }
        };
        match done {
            Err(why_not) => (errors, clashes) = say(why_not),
            Ok(made) => {
                let (after, _) = take_mine(&tx, desk, who, id).await?;
                let sides = [&record, &after].map(|r| Side::of(r, &directory, policies, restates));
                let asks = Asks::of(desk, &sides, fields);
                errors.extend(place.and_then(|n| no_effect_beside_a_grave_one(&sides[1], n, &names[n])));
                errors.append(&mut asks.contradictions(&sides[1], &names, &desk.keys));
                if errors.is_empty() {
                    let (sure, version) = (fields.text("make") == "yes", fields.text("version"));
                    let same = version == record.conference.version.to_string();
                    let held = held(desk, &record, &after, why, &asks);
                    let looked_again = held.is_empty() || fields.text("looked_again") == "yes";
                    if sure && same && looked_again && asks.is_answered() {
                        amendment.reasons(&tx, after.clone(), &asks.plan_end, asks.proceeded).await?;
                        if ends_inquorate(&sides[1]) && !ends_inquorate(&sides[0]) {
                            let told = tell_of_plan_end(&tx, desk, &after, &directory, policies).await;
                            told.map_err(|e| Problem::internal(e.to_string()))?;
                        }
                        tx.commit().await?;
                        return Ok(Redirect::to(&format!("/conferences/{id}?amended=yes")).into_response());
                    }
                    tx.roll_back().await?;
                    note_look(desk, who, &record.conference).await?;
                    let changed = sure && !same;
                    let check =
                        Check { made, place, sides: &sides, names: &names, held, asks, sure, changed };
                    return check.page(desk, who, fields).await;
                }
            }
        }
    }
    tx.roll_back().await?;
    note_look(desk, who, &record.conference).await?;
    let typed = clashes.is_empty().then_some((&typed, fields));
    let shown = Shown { place, typed, errors, clashes, why };
    page(desk, who, policies, &record, &directory, shown).await
}

/// What the chair puts down is looked at beside what follows from the facts as they would be.
fn no_effect_beside_a_grave_one(after: &Side<'_>, place: usize, name: &str) -> Option<FieldError> {
    let row = &after.record.invitations[place];
    let put = row.chair_impact.has(ImpactCode::NoMaterialEffect);
    (put && is_grave(&after.assessment.invitations[place].impact)).then(|| FieldError {
        field: format!("{}.impact", row.id),
        text: format!("{name}: by the register it had an effect"),
    })
}

/// A plan ended, and nobody who makes quorum was there.
fn ends_inquorate(side: &Side<'_>) -> bool {
    !side.assessment.plan_ends.is_empty() && !side.assessment.quoracy.quorate
}
