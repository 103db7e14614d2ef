//! The report of a meeting beside its register: who is who, as somebody confirms it. Nothing of the file is stored, and
//! nothing is confirmed by it.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Router};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::matching::{Invited, Match, matches};
use super::reading::{Seen, as_facts, read};
use crate::access::{KeepRegister, May, SignedIn};
use crate::agencies::store::{Directory, contacts_of};
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::conferences::{self, ConferenceId, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{self, Attendance};
use crate::mail::Domains;
use crate::register::save::take;
use crate::register::sealed;
use crate::register::store::{Record, record};
use crate::web::{Choice, Desk, Fields, Page, Problem, one_line};

/// A report of a thousand people is 300 KB.
const FILE_LIMIT: usize = 5 * 1024 * 1024;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/conferences/{id}/register/teams", post(propose).layer(DefaultBodyLimit::max(FILE_LIMIT)))
        .route("/conferences/{id}/register/teams/take", post(take_over))
}

#[derive(Serialize)]
struct Person {
    n: usize,
    name: String,
    address: String,
    /// "9:26am to 11:06am".
    times: String,
    /// "away from 10:10 to 10:14", where it was.
    away: String,
    how: &'static str,
    colour: &'static str,
    choices: Vec<Choice>,
    joined: String,
    /// Empty for whoever stayed until the meeting ended.
    left: String,
}

/// How an invitation stood when the page was made: another's entry since is not overwritten.
#[derive(Serialize)]
struct Base {
    id: String,
    stands: String,
}

#[derive(Serialize)]
struct TeamsPage {
    reference: String,
    back: String,
    action: String,
    people: Vec<Person>,
    bases: Vec<Base>,
    /// Invited, and nobody in the report is surely or perhaps they.
    not_seen: Vec<String>,
    error: Option<String>,
}

impl Page for TeamsPage {
    const TEMPLATE: &'static str = "imports/teams/teams";
    fn title(&self) -> String {
        format!("Teams report for {}", self.reference)
    }
    fn has_error(&self) -> bool {
        self.error.is_some()
    }
}

async fn opened(desk: &Desk, who: &SignedIn, id: &str) -> Result<(Record, Directory), Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(who.chrome()))?;
    let found = record(desk.db.read(), id, who.sight(desk.clock.now())).await?;
    let (record, directory) = found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    if record.conference.restricted {
        let event = Event { action: "restricted.looked", object: id.to_string(), payload: json!({}) };
        audit::looked(&desk.db, &desk.keys, &who.actor(), desk.clock.now(), event).await?;
    }
    Ok((record, directory))
}

fn closed(record: &Record) -> Option<Response> {
    let c = &record.conference;
    let to = format!("/conferences/{}", c.id);
    (record.register.is_some() || c.status == Status::Cancelled).then(|| Redirect::to(&to).into_response())
}

/// Who was invited, with the name that the directory has for the address.
async fn invited(desk: &Desk, record: &Record, directory: &Directory) -> Result<Vec<Invited>, Problem> {
    let agencies = record.services().map(|id| directory.of(id).1.id);
    let contacts = contacts_of(desk.db.read(), agencies).await?;
    let one = |row: &invitation::Model| {
        let (service, agency) = directory.of(row.service_id);
        let same = |email: &str| row.contact_email.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(email));
        let named = || contacts.iter().filter(|c| c.agency_id == agency.id && !c.name.is_empty());
        let in_role =
            || named().find(|c| c.service_id == Some(service.id) && c.role.eq_ignore_ascii_case(&row.role));
        let contact = named().find(|c| same(&c.email)).or_else(in_role);
        Invited {
            address: row.contact_email.clone(),
            name: contact.map(|c| c.name.clone()).unwrap_or_default(),
            role: row.role.clone(),
            agency: agency.name.clone(),
            service: service.name.clone(),
        }
    };
    Ok(record.invitations.iter().map(one).collect())
}

/// Minutes before the last one left within which whoever left stayed to the end.
const END_MINUTES: i64 = 5;

/// What of an invitation a report changes, as it stands.
fn stands(row: &invitation::Model) -> String {
    let time = |at: Option<DateTime<Utc>>| at.map(london::hhmm).unwrap_or_default();
    let attendance = row.attendance.map(|a| a.code()).unwrap_or_default();
    format!("{attendance}|{}|{}|{}", time(row.joined_at), time(row.left_at), row.by_deputy)
}

fn hhmm(at: Option<NaiveDateTime>) -> String {
    at.map(|at| at.format("%H:%M").to_string()).unwrap_or_default()
}

fn away(seen: &Seen) -> String {
    let gaps = seen.stays.windows(2).filter_map(|two| {
        let (left, joined) = (two[0].1?, two[1].0?);
        (joined > left).then(|| format!("away from {} to {}", hhmm(Some(left)), hhmm(Some(joined))))
    });
    gaps.collect::<Vec<_>>().join(", ")
}

/// Reads the file, and proposes who is who.
async fn propose(
    may: May<KeepRegister>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Result<Response, Problem> {
    let (record, directory) = opened(&desk, &may.who, &id).await?;
    if let Some(away) = closed(&record) {
        return Ok(away);
    }
    let unreadable = |e: axum::extract::multipart::MultipartError| Problem::Bad(e.body_text());
    let mut bytes = Vec::new();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("report") {
            bytes = field.bytes().await.map_err(unreadable)?.to_vec();
        }
    }
    let c = &record.conference;
    let here = format!("/conferences/{}/register", c.id);
    let bases = record.invitations.iter().map(|row| Base { id: row.id.to_string(), stands: stands(row) });
    let bases: Vec<Base> = bases.collect();
    let page = |people, not_seen, error| TeamsPage {
        bases,
        reference: c.reference.clone(),
        back: here.clone(),
        action: format!("{here}/teams/take"),
        people,
        not_seen,
        error,
    };
    if bytes.is_empty() {
        let error = Some("Choose the attendance report that you downloaded from Teams.".to_owned());
        return Ok(page(Vec::new(), Vec::new(), error).show(may.who.chrome()));
    }
    if c.conference_date > london::date(desk.clock.now()) {
        let error = Some("The conference has not taken place yet.".to_owned());
        return Ok(page(Vec::new(), Vec::new(), error).show(may.who.chrome()));
    }
    let report = match read(&bytes, london::local(c.starts_at)) {
        Ok(report) => report,
        Err(why) => {
            return Ok(page(Vec::new(), Vec::new(), Some(why.to_string())).show(may.who.chrome()));
        }
    };
    let seen = report.people;
    let decision = c.decision_at.map(london::local);
    // Whoever went with the last stayed to the end.
    let to_the_end = |left: Option<NaiveDateTime>| {
        left.filter(|left| report.ends.is_none_or(|ends| *left < ends - TimeDelta::minutes(END_MINUTES)))
    };
    let invited = invited(&desk, &record, &directory).await?;
    let found = matches(&seen, &invited, &domains);
    let words = |n: usize| format!("{}, {}", invited[n].service, invited[n].role);
    let person = |(n, (seen, found)): (usize, (&Seen, &Match))| {
        let (how, colour, first): (_, _, Vec<usize>) = match found {
            Match::Sure(one) => ("sure", "green", vec![*one]),
            Match::Doubtful(some) => ("perhaps", "yellow", some.clone()),
            Match::Unknown => ("not known", "grey", Vec::new()),
        };
        let rest = (0..invited.len()).filter(|place| !first.contains(place));
        let choice = |place: usize, perhaps: bool| Choice {
            value: record.invitations[place].id.to_string().into(),
            label: format!(
                "{}{}{}",
                if perhaps { "perhaps: " } else { "" },
                words(place),
                record.invitations[place]
                    .attendance
                    .map(|a| format!(" (register: {})", a.label()))
                    .unwrap_or_default()
            )
            .into(),
            // Somebody who was put down as absent, or of whom the report has no times, is looked at.
            chosen: *found == Match::Sure(place)
                && record.invitations[place].attendance != Some(Attendance::Absent)
                && (seen.joined().is_some() || seen.left().is_some()),
        };
        let is_sure = matches!(found, Match::Sure(_));
        let choices =
            first.iter().map(|place| choice(*place, !is_sure)).chain(rest.map(|p| choice(p, false)));
        let covered = as_facts(seen, decision);
        let (joined, left) = (hhmm(seen.joined()), hhmm(seen.left()));
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        Person {
            n,
            name: seen.name.clone(),
            address: seen.address.clone().unwrap_or_default(),
            times: format!("{} to {}", or(&joined, "from before the report"), or(&left, "the end")),
            away: match decision.filter(|_| covered.1 != seen.left()) {
                Some(at) => format!("away at the decision at {}", hhmm(Some(at))),
                None => away(seen),
            },
            how,
            colour,
            choices: choices.collect(),
            joined: hhmm(covered.0),
            left: hhmm(to_the_end(covered.1)),
        }
    };
    let people = seen.iter().zip(&found).enumerate().map(person).collect();
    let named = |place: usize| {
        found.iter().any(|m| match m {
            Match::Sure(one) => *one == place,
            Match::Doubtful(some) => some.contains(&place),
            Match::Unknown => false,
        })
    };
    let not_seen = (0..invited.len()).filter(|place| !named(*place)).map(words).collect();
    Ok(page(people, not_seen, None).show(may.who.chrome()))
}

/// One line of the page as it was sent.
#[derive(Deserialize)]
struct Told {
    invitation: String,
    name: String,
    joined: Option<DateTime<Utc>>,
    left: Option<DateTime<Utc>>,
    deputy: bool,
}

fn told(form: &Fields, record: &Record) -> Vec<Told> {
    let c = &record.conference;
    let at = |text: &str| {
        let time = crate::calendar::written::time(text)?;
        london::to_utc(c.conference_date, time)
    };
    let line = |n: usize| {
        let text = |name: &str| form.text(&format!("person.{n}.{name}"));
        (!text("invitation").is_empty()).then(|| Told {
            invitation: text("invitation").to_owned(),
            name: one_line(text("name")).chars().take(120).collect(),
            joined: at(text("joined")),
            left: at(text("left")),
            deputy: text("deputy") == "yes",
        })
    };
    let count = (0..).take_while(|n| !form.text(&format!("person.{n}.name")).is_empty()).count();
    (0..count).filter_map(line).collect()
}

/// Takes what was chosen into the register: who took part by video, from when to when.
async fn take_over(
    may: May<KeepRegister>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let id: ConferenceId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let tx = desk.db.begin("take a Teams report").await?;
    let taken = take(&tx, id, may.who.sight(now)).await?;
    let (record, known) = taken.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    if let Some(away) = closed(&record) {
        return Ok(away);
    }
    let reference = record.conference.reference.clone();
    let told = told(&form, &record);
    let (mut rows, mut changes, mut meanwhile) = (Vec::new(), Vec::new(), Vec::new());
    for row in &record.invitations {
        let of: Vec<&Told> = told.iter().filter(|t| t.invitation == row.id.to_string()).collect();
        if of.is_empty() || record.conference.conference_date > london::date(now) {
            continue;
        }
        if form.text(&format!("base.{}", row.id)) != stands(row) {
            meanwhile.push(row.service_id);
            continue;
        }
        let before = row.clone();
        let mut row = row.clone();
        // Somebody who sat in the room with a laptop was there in person, and not from when to when the laptop was.
        if matches!(row.attendance, Some(Attendance::InPerson | Attendance::Phone)) {
            continue;
        }
        (row.attendance, row.absence_reason) = (Some(Attendance::Video), None);
        // Several people of one service: from the first to come to the last to go.
        let joined = of.iter().map(|t| t.joined).min().flatten();
        row.joined_at = joined.filter(|at| *at > record.conference.starts_at);
        row.left_at = match of.iter().any(|t| t.left.is_none()) {
            true => None,
            false => of.iter().filter_map(|t| t.left).max(),
        };
        if row.joined_at.zip(row.left_at).is_some_and(|(joined, left)| left < joined) {
            row.left_at = None;
        }
        let deputies: Vec<&str> = of.iter().filter(|t| t.deputy).map(|t| t.name.as_str()).collect();
        if deputies.len() == of.len() {
            row.by_deputy = true;
            row.deputy = Some(desk.keys.seal(sealed::DEPUTY, &deputies.join(", ")));
        }
        if row == before {
            continue;
        }
        let said = |row: &invitation::Model| {
            json!({
                "attendance": row.attendance, "joined_at": row.joined_at, "left_at": row.left_at,
                "by_deputy": row.by_deputy,
            })
        };
        changes.push(json!({ "row": row.id, "before": said(&before), "after": said(&row) }));
        (row.recorded_by, row.recorded_at) = (Some(actor.name.clone()), Some(now));
        rows.push(row);
    }
    if !rows.is_empty() {
        let mut writes = vec![conferences::store::bumping(record.conference)?];
        writes.extend(invitations::store::saving(&rows));
        let payload = json!({ "from": "a Teams report", "changes": changes });
        let event = Event { action: "register.saved", object: id.to_string(), payload };
        audit::record_with(&tx, &desk.keys, &actor, now, vec![event], writes).await?;
    }
    tx.commit().await?;
    if !meanwhile.is_empty() {
        let names: Vec<&str> = meanwhile.iter().map(|id| known.of(*id).0.name.as_str()).collect();
        let text = format!(
            "Somebody entered these in the register while you were looking, and what they entered stands: {}. \
             Everything else was entered.",
            names.join(", ")
        );
        let here = format!("/conferences/{id}/register");
        let page = TeamsPage {
            reference: reference.clone(),
            action: format!("{here}/teams/take"),
            back: here,
            people: Vec::new(),
            bases: Vec::new(),
            not_seen: Vec::new(),
            error: Some(text),
        };
        return Ok(page.show_as(StatusCode::CONFLICT, may.who.chrome()));
    }
    Ok(Redirect::to(&format!("/conferences/{id}/register?saved=yes")).into_response())
}
