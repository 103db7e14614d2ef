//! Check, then confirm.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::row::ImpactFields;
use super::{Heading, child_name, heading, names, note_look, occasion, open, take_mine, written_on};
use crate::access::{ConfirmRegister, May, SignedIn};
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::conferences::{ConferenceId, ProceededReason};
use crate::invitations::InvitationId;
use crate::platform::Keys;
use crate::register::confirm::{Blocker, Reasons, Text, blockers, confirm as confirm_register};
use crate::register::form::{FieldError, Occasion, PutDown, Reader};
use crate::register::running::{runs_inquorate, tell_of_plan_end};
use crate::register::store::Record;
use crate::register::{Assessment, MaximumAge, Policies, Standing, assess, is_recent};
use crate::web::{Choice, Desk, Fields, Page, Problem, options};

#[derive(Serialize)]
struct PlanEndAlert {
    field: String,
    child: String,
    decision: &'static str,
    missing: Vec<String>,
    reason: String,
    error: Option<String>,
}

#[derive(Serialize)]
struct Absent {
    name: String,
    standing: String,
    /// What is known of its effect without the chair.
    derived: String,
    impact: ImpactFields,
    /// What follows: a letter, our apology, or a question to be settled first.
    follows: &'static str,
}

#[derive(Serialize)]
struct ConfirmPage {
    heading: Heading,
    action: String,
    register: String,
    quorum: String,
    quorate: bool,
    needs_reason: bool,
    reason_error: Option<String>,
    proceeded: Vec<Choice>,
    alerts: Vec<PlanEndAlert>,
    absent: Vec<Absent>,
    blockers: Vec<FieldError>,
    errors: Vec<FieldError>,
    version: i32,
    /// Something stands in the way, and nothing was typed that could be lost.
    hidden: bool,
    /// Somebody changed the register since this page was opened.
    changed: bool,
    letters: bool,
    restricted: bool,
    /// A reason seems to identify somebody.
    identifies: bool,
    /// The conference before was not quorate either.
    running: bool,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "register/pages/confirm";
    fn title(&self) -> String {
        format!("Confirm the register of {}", self.heading.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

pub(super) fn say(blocker: &Blocker, record: &Record, names: &[String], keys: &Keys) -> FieldError {
    let (field, text) = match blocker {
        Blocker::AlreadyConfirmed => ("".to_owned(), "The register is confirmed already.".to_owned()),
        Blocker::NotHeld => {
            ("conference.status".to_owned(), "Say whether the conference was held or adjourned.".to_owned())
        }
        Blocker::NotBegun => ("conference.status".to_owned(), "The conference has not begun.".to_owned()),
        Blocker::DecisionToCome => {
            ("conference.decision_time".to_owned(), "The decision time has not come yet.".to_owned())
        }
        Blocker::NoDecisionTime => {
            ("conference.decision_time".to_owned(), "Write when the decision was taken.".to_owned())
        }
        Blocker::Unrecorded(n) => (
            record.invitations[*n].id.to_string(),
            format!("{}: not recorded. Say whether it was there.", names[*n]),
        ),
        Blocker::NoDecision(n) => (
            format!("{}.decision", record.children[*n].id),
            format!("Child {}: no decision is recorded.", n + 1),
        ),
        Blocker::AdjournedOrNot(n) => (
            format!("{}.decision", record.children[*n].id),
            format!(
                "Child {}: the decision and the conference's status do not agree on whether it was adjourned.",
                n + 1
            ),
        ),
        Blocker::NoPlanEndReason(n) => (
            format!("why.{}", record.children[*n].id),
            format!("Say why the plan for {} still ends.", child_name(keys, &record.children[*n])),
        ),
        Blocker::Identifies(of, what) => {
            let (field, whose) = match of {
                Text::PlanEnd(n) => (format!("why.{}", record.children[*n].id), "Your reason".to_owned()),
                Text::Impact(n) => (
                    format!("{}.impact_note", record.invitations[*n].id),
                    format!("What you wrote about {}", names[*n]),
                ),
            };
            (
                field,
                format!(
                    "{whose} seems to hold {what}. Take it out, or tick below that it is meant as it is."
                ),
            )
        }
        Blocker::NoProceededReason => {
            ("proceeded".to_owned(), "Say why the conference went on without quorum.".to_owned())
        }
    };
    FieldError { field, text }
}

/// How the page is shown.
#[derive(Clone)]
struct Shown {
    submitted: bool,
    /// What was wrong with what was put down.
    wrong: Vec<FieldError>,
    changed: bool,
    letters: bool,
}

#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
async fn page(
    desk: &Desk,
    who: &SignedIn,
    record: &Record,
    directory: &Directory,
    assessment: &Assessment,
    policies: &Policies,
    reasons: &Reasons,
    shown: Shown,
) -> Result<Response, Problem> {
    let Shown { submitted, wrong, changed, letters } = shown;
    let names = names(record, directory);
    let now = desk.clock.now();
    let (asked, missing): (Vec<Blocker>, Vec<Blocker>) =
        blockers(record, assessment, reasons, now).into_iter().partition(|b| {
            matches!(b, Blocker::NoPlanEndReason(_) | Blocker::NoProceededReason | Blocker::Identifies(..))
        });
    let identifies = submitted && asked.iter().any(|b| matches!(b, Blocker::Identifies(..)));
    let errors: Vec<FieldError> =
        asked.iter().filter(|_| submitted).map(|b| say(b, record, &names, &desk.keys)).chain(wrong).collect();
    let error_of = |field: &str| errors.iter().find(|e| e.field == field).map(|e| e.text.clone());
    let place = |id| record.invitations.iter().position(|i| i.id == id).expect("of this conference");
    let alerts = assessment.plan_ends.iter().filter(|end| !end.missing.is_empty()).filter_map(|end| {
        let child = record.children.iter().find(|c| c.id == end.child)?;
        let field = format!("why.{}", child.id);
        Some(PlanEndAlert {
            error: error_of(&field),
            field,
            child: child_name(&desk.keys, child),
            decision: end.decision.label(),
            missing: end
                .missing
                .iter()
                .map(|id| {
                    let n = place(*id);
                    let row = &record.invitations[n];
                    let report = if row.report.was_received() { "sent a report" } else { "sent no report" };
                    let view = match row.view.filter(|v| v.was_given()) {
                        Some(view) => format!("It {}.", view.label()),
                        None => "Its view is not known.".to_owned(),
                    };
                    let there = match (assessment.invitations[n].standing, row.left_at) {
                        (Standing::LeftBeforeDecision, Some(at)) => format!("left at {}", london::clock(at)),
                        (Standing::LeftBeforeDecision, None) => "came after the decision".to_owned(),
                        _ => "was not there".to_owned(),
                    };
                    format!("{} (core) {there} and {report}. {view}", names[n])
                })
                .collect(),
            reason: reasons.plan_end.get(&end.child).cloned().unwrap_or_default(),
        })
    });
    let alerts = alerts.collect();
    let absent = assessment.invitations.iter().enumerate().filter(|(_, a)| a.standing.is_missing());
    let nothing = PutDown::default();
    let absent = absent.map(|(n, a)| Absent {
        name: names[n].clone(),
        standing: match a.fault {
            Some(fault) => format!("not there ({}: our fault)", fault.label()),
            None => a.standing.label().to_owned(),
        },
        derived: a.impact.iter().map(|i| i.code.label()).collect::<Vec<_>>().join("; "),
        impact: ImpactFields::of(
            &record.invitations[n].id.to_string(),
            reasons.impact.get(&record.invitations[n].id).unwrap_or(&nothing),
            record.invitations[n].report.was_received(),
            &errors,
        ),
        follows: match a.fault {
            Some(_) => "our apology, for the invitation was at fault",
            None if a.is_to_be_settled(record.invitations[n].absence_reason) => {
                "nothing until somebody has settled whose fault it was"
            }
            None => "a letter, or a call where there is no address",
        },
    });
    let absent = absent.collect();
    let c = &record.conference;
    let href = format!("/conferences/{}", c.id);
    let page = ConfirmPage {
        heading: heading(desk, record).await?,
        action: format!("{href}/confirm"),
        register: format!("{href}/register"),
        quorum: assessment.quoracy.sentence(),
        quorate: assessment.quoracy.quorate,
        needs_reason: c.status.code() == "held" && !assessment.quoracy.quorate,
        reason_error: error_of("proceeded"),
        proceeded: options("choose a reason", ProceededReason::ALL, reasons.proceeded, |r| {
            (r.code(), r.label())
        }),
        alerts,
        absent,
        blockers: missing.iter().map(|b| say(b, record, &names, &desk.keys)).collect(),
        errors,
        version: c.version,
        hidden: !missing.is_empty() && !submitted && !changed,
        changed,
        letters,
        restricted: record.conference.restricted,
        identifies,
        running: runs_inquorate(desk.db.read(), record, assessment, policies).await?,
    };
    Ok(page.show(who.chrome()))
}

/// What the form puts down of each absence, and what is wrong with it.
fn put_down(
    fields: &Fields,
    record: &Record,
    directory: &Directory,
    assessment: &Assessment,
    occasion: Occasion<'_>,
) -> (HashMap<InvitationId, PutDown>, Vec<FieldError>) {
    let (mut all, mut wrong) = (HashMap::new(), Vec::new());
    let rows = record.invitations.iter().zip(&assessment.invitations).zip(names(record, directory));
    for ((row, assessed), name) in rows.filter(|((_, assessed), _)| assessed.standing.is_missing()) {
        let mut reader = Reader::new(fields, row.id, &name, occasion);
        let report = row.report.was_received();
        all.extend(reader.put_down(report, &assessed.impact).map(|put| (row.id, put)));
        wrong.extend(reader.errors());
    }
    (all, wrong)
}

/// Whether a confirmation now is early enough for letters.
fn has_letters(record: &Record, desk: &Desk, maximum_age: MaximumAge, policies: &Policies) -> bool {
    let today = london::date(desk.clock.now());
    !record.is_of_a_tracker()
        && is_recent(record.conference.conference_date, today, maximum_age.0, &policies.calendar)
}

pub(super) async fn show(
    may: May<ConfirmRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(maximum_age): Extension<MaximumAge>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (record, directory) = open(&desk, &may.who, &id).await?;
    if record.register.is_some() {
        return Ok(Redirect::to(&format!("/conferences/{}", record.conference.id)).into_response());
    }
    let facts = record.facts(&directory);
    let assessment = assess(&facts, policies.on(facts.date));
    let letters = has_letters(&record, &desk, maximum_age, &policies);
    let shown = Shown { submitted: false, wrong: Vec::new(), changed: false, letters };
    page(&desk, &may.who, &record, &directory, &assessment, &policies, &Reasons::default(), shown).await
}

pub(super) async fn confirm(
    may: May<ConfirmRegister>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(MaximumAge(maximum_age)): Extension<MaximumAge>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    let tx = desk.db.begin("confirm register").await?;
    let (record, directory) = take_mine(&tx, &desk, &may.who, id).await?;
    let there = format!("/conferences/{id}");
    if record.register.is_some() {
        return Ok(Redirect::to(&there).into_response());
    }
    let plan_end: HashMap<_, _> =
        record.children.iter().map(|c| (c.id, fields.text(&format!("why.{}", c.id)).to_owned())).collect();
    let known = written_on(&desk, &record);
    let looked_again = fields.text("looked_again") == "yes";
    let facts = record.facts(&directory);
    let assessment = assess(&facts, policies.on(facts.date));
    let occasion = occasion(&desk, &record, &policies);
    let (impact, wrong) = put_down(&fields, &record, &directory, &assessment, occasion);
    let proceeded = fields.text("proceeded").parse().ok();
    let reasons = Reasons { plan_end, proceeded, impact, known, looked_again };
    // What is confirmed is what was read.
    let changed = fields.text("version") != record.conference.version.to_string();
    if !changed && wrong.is_empty() {
        let actor = may.who.actor();
        let done = confirm_register(
            &tx,
            &desk.keys,
            &actor,
            record.clone(),
            &directory,
            &policies,
            maximum_age,
            reasons.clone(),
            desk.clock.now(),
        );
        if done.await?.is_ok() {
            let told = tell_of_plan_end(&tx, &desk, &record, &directory, &policies).await;
            told.map_err(|e| Problem::internal(e.to_string()))?;
            tx.commit().await?;
            return Ok(Redirect::to(&format!("{there}?confirmed=yes")).into_response());
        }
    }
    tx.roll_back().await?;
    note_look(&desk, &may.who, &record.conference).await?;
    let letters = has_letters(&record, &desk, MaximumAge(maximum_age), &policies);
    let shown = Shown { submitted: !changed, wrong, changed, letters };
    page(&desk, &may.who, &record, &directory, &assessment, &policies, &reasons, shown).await
}
