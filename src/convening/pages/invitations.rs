//! The invitations of a conference: who was written to, when, with how much notice, what they answered.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::check::addresses;
use super::list::Listing;
use super::{Bureau, id_of, note_looks, when, working_days};
use crate::access::{Book, May, SeeConferences, SignedIn};
use crate::agencies::entity::contact;
use crate::agencies::store::{Directory, contacts_of, directory};
use crate::calendar::london;
use crate::conferences::{self, ConferenceId, Status};
use crate::convening::booking::{Invitee, places};
use crate::convening::inviting::messages;
use crate::convening::moving::Moved;
use crate::invitations::entity::invitation;
use crate::invitations::{Delivery, Necessity, Response as Answers, notice};
use crate::mail::masked;
use crate::outbox::NoticeError;
use crate::platform::Keys;
use crate::register::sealed;
use crate::register::store::{Record, record};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, choices, one_line};

#[derive(Serialize)]
struct Line {
    href: Option<String>,
    service: String,
    role: String,
    necessity: &'static str,
    invited: String,
    notice: String,
    late: bool,
    answer: String,
    report: &'static str,
    written: String,
}

#[derive(Serialize)]
struct ChildTick {
    n: usize,
    label: String,
    ticked: bool,
}

#[derive(Serialize)]
struct InvitationsPage {
    href: String,
    reference: String,
    when: String,
    /// What was done a moment ago, in words.
    done: Option<&'static str>,
    /// The text for the council's own secure letter.
    secure: String,
    lines: Vec<Line>,
    /// So many have not been invited.
    to_send: usize,
    send: Option<String>,
    change: Option<String>,
    cancel: Option<String>,
    add: Option<String>,
    directory: Vec<String>,
    typed_service: String,
    typed_role: String,
    necessity: Vec<Choice>,
    /// Where there are several: whom the agency concerns.
    children: Vec<ChildTick>,
    moved_to: Option<String>,
    cancelled: bool,
    errors: Errors,
}

impl Page for InvitationsPage {
    const TEMPLATE: &'static str = "convening/pages/invitations";
    fn title(&self) -> String {
        format!("Invitations to {}", self.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// What was done, by the code in the address.
const DONE: &[(&str, &str)] = &[
    ("booked", "The conference is booked."),
    ("already", "This is booked already: the form was sent before."),
    ("sent", "The invitations are on their way."),
    ("added", "The agency is invited."),
    (
        "moved",
        "The conference is moved. Those who were written to are invited anew. It has a new reference: send your secure letter again.",
    ),
    ("changed", "The change is saved, and those who were invited are told."),
    ("answered", "The answer is recorded."),
    ("nudged", "The reminder is on its way."),
    ("telephoned", "It is noted that they were invited by telephone today."),
    ("withdrawn", "The agency is no longer expected. If it had been invited, it is told."),
    ("reinstated", "The agency is expected again, and is invited anew."),
    ("sure", "Nothing was changed: tick the box that says you are sure."),
    ("cancelled", "The conference is cancelled, and those who were invited are told."),
    ("nothing", "Nothing was sent: there is no address to write to, or it was done a moment ago."),
    ("meanwhile", "Somebody changed this conference meanwhile. Look at how it stands now, and try again."),
    ("over", "This conference is no longer to be held: nothing was changed."),
    ("expected", "Children's social care convenes, and is always expected: nothing was changed."),
    ("twice", "This service is invited already, in this role."),
];

#[derive(Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

pub(super) async fn open(desk: &Desk, who: &SignedIn, id: &str) -> Result<(Record, Directory), Problem> {
    let id: ConferenceId = id_of(who, id)?;
    let found = record(desk.db.read(), id, who.sight(desk.clock.now())).await?;
    let (record, directory) = found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    note_looks(desk, who, record.conference.restricted.then_some(id)).await?;
    Ok((record, directory))
}

pub(super) fn announced(keys: &Keys, row: &invitation::Model) -> Option<String> {
    let who = row.announced_deputy.as_ref()?;
    keys.open(sealed::ANNOUNCED_DEPUTY, who).ok()
}

pub(super) fn answered(keys: &Keys, row: &invitation::Model) -> String {
    let on = row.responded_on.map(|day| format!(", {}", london::long_date(day))).unwrap_or_default();
    let more = match row.response {
        Answers::Apologies => row.absence_reason.map(|r| format!(" ({})", r.label())),
        Answers::Deputy => announced(keys, row).map(|who| format!(": {who}")),
        Answers::Accepted | Answers::None => None,
    };
    let report = if row.report_promised { "; a report will come" } else { "" };
    format!("{}{}{on}{report}", row.response.label(), more.unwrap_or_default())
}

pub(super) fn invited(row: &invitation::Model) -> String {
    let to = row.contact_email.as_deref().map(masked).unwrap_or_default();
    match (row.excused, row.invited_on, row.delivery) {
        (Some(excused), ..) => excused.label().to_owned(),
        (_, _, Delivery::Bounced) => format!("came back from {to}"),
        (_, Some(day), Delivery::Sent) if to.is_empty() => {
            format!("{}, by telephone", london::long_date(day))
        }
        (_, Some(day), Delivery::Sent) => format!("{} to {to}", london::long_date(day)),
        _ if row.contact_email.is_none() => "not yet: no address, invite by telephone".to_owned(),
        _ => "not yet".to_owned(),
    }
}

/// The text for the secure letter that names the child.
fn secure(record: &Record, chair: &str) -> String {
    let c = &record.conference;
    let at = [Some(c.mode.label()), c.place.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut text =
        format!("Child protection conference, reference {}\n{}\n{at}\nChair: {chair}", c.reference, when(c));
    if let Some(link) = &c.link {
        text.push_str(&format!("\nJoin by video: {link}"));
    }
    text
}

async fn page(
    bureau: &Bureau,
    who: &SignedIn,
    record: &Record,
    known: &Directory,
    done: Option<&str>,
    typed: &Fields,
    errors: Errors,
) -> Result<Response, Problem> {
    let (db, keys) = (bureau.desk.db.read(), &bureau.desk.keys);
    let c = &record.conference;
    let chair = conferences::store::chair(db, c.chair_id).await?;
    let written = messages(db, c.id).await?;
    let owed = bureau.policies.minimum_notice.for_type(c.kind);
    let here = format!("/conferences/{}", c.id);
    let may_book = who.role.may(crate::access::Permission::Book);
    let open = c.status == Status::Scheduled && record.register.is_none() && c.erased_at.is_none();
    let line = |row: &invitation::Model| {
        let service = &known.of(row.service_id).0.name;
        let given = row.invited_on.filter(|_| row.delivery == Delivery::Sent);
        let given = given.map(|day| notice(day, c.conference_date, &bureau.policies.calendar));
        let late = given.is_some_and(|days| days < owed);
        let messages = written.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let words = |m: &crate::convening::entity::invitation_message::Model| {
            format!("{} {}", m.kind.label(), london::short(m.made_at))
        };
        Line {
            href: (may_book && open).then(|| format!("{here}/invitations/{}", row.id)),
            service: service.clone(),
            role: row.role.clone(),
            necessity: row.necessity.label(),
            invited: invited(row),
            notice: given.map(working_days).unwrap_or_default(),
            late,
            answer: answered(keys, row),
            report: row.report.label(),
            written: messages.iter().map(words).collect::<Vec<_>>().join("; "),
        }
    };
    let to_send = record.invitations.iter().filter(|row| {
        row.excused.is_none()
            && row.contact_email.is_some()
            && (row.invited_on.is_none() || row.delivery == Delivery::NotSent)
    });
    let may = |path: &str| (may_book && open).then(|| format!("{here}{path}"));
    let services = match may_book && open {
        true => {
            let directory = directory(db).await?;
            let places = places(&directory, &[], c.conference_date);
            let words = |id| format!("{}, {}", directory.of(id).0.name, directory.of(id).1.name);
            places.iter().map(|p| words(p.service)).collect()
        }
        false => Vec::new(),
    };
    let page = InvitationsPage {
        reference: c.reference.clone(),
        when: when(c),
        done: done.and_then(|code| DONE.iter().find(|(known, _)| *known == code)).map(|(_, text)| *text),
        secure: secure(record, &chair),
        lines: record.invitations.iter().filter(|row| !row.walk_in).map(line).collect(),
        to_send: to_send.count(),
        send: may("/invitations/send"),
        change: may("/change"),
        cancel: may("/cancel"),
        add: may("/invitations"),
        directory: services,
        typed_service: typed.text("service").to_owned(),
        typed_role: typed.text("role").to_owned(),
        necessity: choices(Necessity::ALL, Some(Necessity::Expected), |n| (n.code(), n.label())),
        children: match record.children.len() {
            0 | 1 => Vec::new(),
            _ => record
                .children
                .iter()
                .enumerate()
                .map(|(n, child)| ChildTick {
                    n,
                    label: keys.open(conferences::CHILD, &child.child).unwrap_or_default(),
                    ticked: errors.is_empty() || typed.all("child").contains(&n.to_string()),
                })
                .collect(),
        },
        moved_to: c.moved_to_id.map(|id| format!("/conferences/{id}/invitations")),
        cancelled: c.status == Status::Cancelled,
        href: here,
        errors,
    };
    Ok(page.show(who.chrome()))
}

pub(super) async fn show(
    may: May<SeeConferences>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    let none = Fields::default();
    page(&bureau, &may.who, &record, &known, asked.done.as_deref(), &none, Errors::default()).await
}

/// Where somebody is led after something was done, or was not.
pub(super) fn led(
    who: &SignedIn,
    id: ConferenceId,
    done: Result<Moved, NoticeError>,
    code: &str,
) -> Result<Response, Problem> {
    let (id, code) = match done.map_err(|e| Problem::internal(e.to_string()))? {
        Moved::Done(id, _) => (id, code),
        Moved::NotThere => return Err(Problem::NotFound(who.chrome())),
        Moved::NotScheduled => (id, "over"),
        Moved::Meanwhile => (id, "meanwhile"),
        Moved::Nothing => (id, "nothing"),
        Moved::Twice => (id, "twice"),
        Moved::AlwaysExpected => (id, "expected"),
    };
    Ok(Redirect::to(&format!("/conferences/{id}/invitations?done={code}")).into_response())
}

/// One more agency.
pub(super) async fn add(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    let db = desk.db.read();
    let directory = directory(db).await?;
    let day = record.conference.conference_date;
    let listing = Listing::only(directory, day);
    let role = one_line(form.text("role"));
    let mut errors = Errors::default();
    let service = listing.typed(form.text("service"));
    if service.is_none() {
        errors.add("service", "Choose a service that the directory offers");
    }
    if role.is_empty() || role.chars().count() > 120 {
        errors.add("role", "Enter the role that is invited");
    }
    let mut only_children: Vec<usize> = form.all("child").iter().filter_map(|n| n.parse().ok()).collect();
    only_children.retain(|n| *n < record.children.len());
    if record.children.len() > 1 && only_children.is_empty() {
        errors.add("children", "Tick the children whom it concerns");
    }
    if only_children.len() == record.children.len() {
        only_children.clear();
    }
    let (Some(service), true) = (service, errors.is_empty()) else {
        return page(&bureau, &may.who, &record, &known, None, &form, errors).await;
    };
    let agency = listing.directory.of(service).1.id;
    let people = contacts_of(db, [agency]).await?;
    let people: Vec<&contact::Model> = people.iter().collect();
    let today = london::date(desk.clock.now());
    let email = addresses(service, &role, &people, today, &bureau.domains).into_iter().next();
    let necessity = form.text("necessity").parse().unwrap_or(Necessity::Expected);
    let of = Invitee { service, role, necessity, email: email.map(|(email, _)| email), only_children };
    let actor = may.who.actor();
    let sight = may.who.sight(desk.clock.now());
    let done = bureau.office(&actor).add(record.conference.id, sight, &of).await;
    let code = if of.email.is_some() { "added" } else { "nothing" };
    led(&may.who, record.conference.id, done, code)
}

pub(super) async fn send(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: ConferenceId = id_of(&may.who, &id)?;
    let actor = may.who.actor();
    let sight = may.who.sight(desk.clock.now());
    let done = bureau.office(&actor).send(id, sight).await;
    let code = if matches!(done, Ok(Moved::Done(_, 0))) { "nothing" } else { "sent" };
    led(&may.who, id, done, code)
}
