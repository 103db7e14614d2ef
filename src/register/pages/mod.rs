//! The register in the browser: today, a conference, its register, confirmation, amendments.

mod amend;
mod amend_check;
mod conference;
mod confirm;
mod live;
mod register;
mod row;
mod sheet;
mod today;

use axum::Router;
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::json;

use super::form::Occasion;
use super::save::{Clash, open_deputy, take};
use super::store::{Record, record};
use super::{Assessment, Policies, assess_at};
use crate::access::SignedIn;
use crate::agencies::store::Directory;
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::conferences::{self, ConferenceId, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{
    AbsenceReason, Attendance, ChairImpact, ChildViews, Delivery, Excused, ImpactCode, Necessity, Report,
    Response, View, notice,
};
use crate::platform::{Keys, Tx};
use crate::web::{Desk, Problem};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/", get(today::today))
        .route("/conferences/{id}", get(conference::conference))
        .route("/conferences/{id}/register", get(register::show).post(register::save))
        .route("/conferences/{id}/sheet", get(sheet::sheet))
        .route("/conferences/{id}/register/live", get(live::news).post(live::save))
        .route("/conferences/{id}/register/walk-in", post(live::walk_in))
        .route("/conferences/{id}/confirm", get(confirm::show).post(confirm::confirm))
        .route("/conferences/{id}/amend", get(amend::show_conference).post(amend::amend_conference))
        .route("/conferences/{id}/amend/{invitation}", get(amend::show).post(amend::amend))
}

/// The record of a conference, to be changed in `tx`: not there, not theirs and restricted look the same.
async fn take_mine(
    tx: &Tx,
    desk: &Desk,
    who: &SignedIn,
    id: ConferenceId,
) -> Result<(Record, Directory), Problem> {
    let taken = take(tx, id, who.sight(desk.clock.now())).await?;
    taken.ok_or_else(|| Problem::NotFound(who.chrome()))
}

async fn open(desk: &Desk, who: &SignedIn, id: &str) -> Result<(Record, Directory), Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(who.chrome()))?;
    let found = record(desk.db.read(), id, who.sight(desk.clock.now())).await?;
    let (record, directory) = found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    note_look(desk, who, &record.conference).await?;
    Ok((record, directory))
}

/// Notes that somebody looked at a restricted conference, whichever way it was come by.
pub async fn note_look(
    desk: &Desk,
    who: &SignedIn,
    c: &crate::conferences::entity::conference::Model,
) -> Result<(), Problem> {
    if c.restricted {
        let event = Event { action: "restricted.looked", object: c.id.to_string(), payload: json!({}) };
        audit::looked(&desk.db, &desk.keys, &who.actor(), desk.clock.now(), event).await?;
    }
    Ok(())
}

/// What is derived as of the decision, or as of now while there is none yet.
fn as_it_stands(record: &Record, directory: &Directory, policies: &Policies, desk: &Desk) -> Assessment {
    let facts = record.facts(directory);
    let moment = facts.decision_at.unwrap_or_else(|| desk.clock.now().max(record.conference.starts_at));
    assess_at(&facts, policies.on(facts.date), Some(moment))
}

/// The name of each invitation, in their order.
pub fn names(record: &Record, directory: &Directory) -> Vec<String> {
    record.invitations.iter().map(|i| format!("{}, {}", directory.of(i.service_id).0.name, i.role)).collect()
}

/// The meeting that a form is about.
fn occasion<'a>(desk: &Desk, record: &Record, policies: &'a Policies) -> Occasion<'a> {
    let today = london::date(desk.clock.now());
    Occasion { date: record.conference.conference_date, today, policies }
}

/// A child's case reference; one that does not open is said to be so.
fn child_name(keys: &Keys, child: &crate::conferences::entity::child::Model) -> String {
    keys.open(conferences::CHILD, &child.child).unwrap_or_else(|_| "(does not open)".to_owned())
}

/// References and names that are written on a conference.
pub fn written_on(desk: &Desk, record: &Record) -> Vec<String> {
    let children = record.children.iter().map(|child| child_name(&desk.keys, child));
    let deputies = record.invitations.iter().map(|row| open_deputy(&desk.keys, row));
    let names = deputies.map(|who| who.split(',').next().unwrap_or_default().trim().to_owned());
    children.chain(names).filter(|name| !name.is_empty()).collect()
}

/// What stands at the top of every page about a conference.
#[derive(Serialize)]
struct Heading {
    href: String,
    reference: String,
    conference_ref: String,
    kind: &'static str,
    when: String,
    chair: String,
}

async fn heading(desk: &Desk, record: &Record) -> Result<Heading, Problem> {
    let c = &record.conference;
    Ok(Heading {
        href: format!("/conferences/{}", c.id),
        reference: c.reference.clone(),
        conference_ref: c.conference_ref.clone(),
        kind: c.kind.label(),
        when: match record.is_of_a_tracker() {
            true => london::full_date(c.conference_date),
            false => format!("{}, {}", london::full_date(c.conference_date), london::clock(c.starts_at)),
        },
        chair: conferences::store::chair(desk.db.read(), c.chair_id).await?,
    })
}

/// Facts that two people changed, in words.
#[derive(Serialize)]
struct ClashLine {
    href: String,
    text: String,
}

/// A fact's code as a person reads it, in quotation marks.
pub fn words(record: &Record, field: &str, code: &str) -> String {
    fn of<T: std::str::FromStr>(code: &str, label: impl Fn(T) -> &'static str) -> Option<String> {
        code.parse().ok().map(|c| label(c).to_owned())
    }
    let known = match field {
        "attendance" => of(code, Attendance::label),
        "response" => of(code, Response::label),
        "report" => of(code, Report::label),
        "delivery" => of(code, Delivery::label),
        "view" => of(code, View::label),
        "absence_reason" => of(code, AbsenceReason::label),
        "excused" => of(code, Excused::label),
        "decision" => of(code, conferences::Decision::label),
        "necessity" => of(code, Necessity::label),
        "status" => of(code, conferences::Status::label),
        "adjournment_reason" => of(code, conferences::AdjournmentReason::label),
        "proceeded_reason" => of(code, conferences::ProceededReason::label),
        "decision_time" | "joined_at" | "left_at" => code.split_once(' ').map(|(_, time)| time.to_owned()),
        "child_views" => code.parse().ok().map(|views| views_in_words(record, &views)),
        "invited_on" | "report_received_on" => code.parse().ok().map(london::full_date),
        "impact" => code
            .parse()
            .ok()
            .map(|codes: ChairImpact| codes.iter().map(ImpactCode::label).collect::<Vec<_>>().join("; ")),
        _ => None,
    };
    let text = known.unwrap_or_else(|| code.to_owned());
    if text.is_empty() { "nothing".to_owned() } else { format!("“{text}”") }
}

/// "child 1 agrees, child 2 disagrees".
fn views_in_words(record: &Record, views: &ChildViews) -> String {
    let place = |id| record.children.iter().position(|c| c.id == id);
    let each =
        views.iter().filter_map(|(id, view)| Some(format!("child {} {}", place(id)? + 1, view.label())));
    each.collect::<Vec<_>>().join(", ")
}

fn clash_lines(
    clashes: &[Clash],
    record: &Record,
    names: &[String],
    now: chrono::DateTime<chrono::Utc>,
) -> Vec<ClashLine> {
    clashes
        .iter()
        .map(|clash| {
            let place = record.invitations.iter().position(|i| i.id.to_string() == clash.row);
            let whose = place.map_or("this conference".to_owned(), |n| names[n].clone());
            let who = clash.by.as_deref().unwrap_or("Somebody else");
            let when = clash.at.map(|at| ago(now - at)).unwrap_or_else(|| "meanwhile".to_owned());
            let field = clash.field.replace('_', " ");
            let (stands, wanted) = (words(record, clash.field, &clash.stands), words(record, clash.field, &clash.wanted));
            ClashLine {
                href: format!("#{}.{}", clash.row, clash.field),
                text: format!(
                    "{whose}: {who} recorded {stands} as {field} {when}. That stands. You had {wanted}: choose it again here if yours is right."
                ),
            }
        })
        .collect()
}

fn ago(time: chrono::TimeDelta) -> String {
    match time.num_minutes() {
        ..=0 => "a moment ago".to_owned(),
        1 => "a minute ago".to_owned(),
        n @ 2..=59 => format!("{n} minutes ago"),
        n => format!("{} hour(s) ago", n / 60),
    }
}

/// How and when it was invited, with the fault if there is one.
fn invited(
    record: &Record,
    row: &invitation::Model,
    assessment: &Assessment,
    place: usize,
    policies: &Policies,
) -> String {
    let c = &record.conference;
    if row.walk_in {
        return "Came without being invited".to_owned();
    }
    if row.attendance_only {
        return "Invited on a day that the tracker does not say".to_owned();
    }
    let fault = assessment.invitations[place].fault;
    match (row.invited_on, fault) {
        (None, _) if c.status == Status::Scheduled => "Not invited yet".to_owned(),
        (_, Some(crate::invitations::Fault::NotInvited)) | (None, _) => "Not invited: our fault".to_owned(),
        (Some(day), fault) => {
            let days = notice(day, c.conference_date, &policies.calendar);
            let owed = policies.minimum_notice.for_type(c.kind);
            let fault = match fault {
                Some(crate::invitations::Fault::Undelivered) => "; it came back: our fault".to_owned(),
                Some(_) => format!("; {owed} were owed: our fault"),
                None => String::new(),
            };
            format!("Invited {}, {} before{fault}", london::long_date(day), working_days(days))
        }
    }
}

/// "1 working day", "12 working days".
fn working_days(n: u32) -> String {
    if n == 1 { "1 working day".to_owned() } else { format!("{n} working days") }
}

/// Quorum in words: the reason, who would have made it so, and on whom it hangs.
fn quorum(record: &Record, directory: &Directory, assessment: &Assessment) -> String {
    let named = |ids: &[crate::invitations::InvitationId]| {
        let of = record.invitations.iter().filter(|row| ids.contains(&row.id));
        let mut names: Vec<&str> = of.map(|row| directory.of(row.service_id).0.name.as_str()).collect();
        names.dedup();
        names.join(" or ")
    };
    let sentence = assessment.quoracy.sentence();
    let (pivotal, hangs_on) = (named(&assessment.quoracy.pivotal), named(&assessment.hangs_on));
    match (pivotal.is_empty(), hangs_on.is_empty()) {
        (false, _) => format!("{sentence} With {pivotal} it would be quorate."),
        (_, false) => format!("{sentence} Without {hangs_on} it would not be."),
        _ => sentence,
    }
}

/// "3 of 8 are here at the decision": how many take part, or took part at the decision.
fn here(record: &Record, assessment: &Assessment) -> String {
    let there = assessment.invitations.iter().filter(|a| a.standing.is_represented()).count();
    let when = if record.conference.decision_at.is_some() { " at the decision" } else { "" };
    format!("{there} of {} are here{when}.", record.invitations.len())
}
