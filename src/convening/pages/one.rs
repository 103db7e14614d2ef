//! One invitation: what was answered by telephone, another address, a nudge, and that an agency is not to come.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::check::addresses;
use super::invitations::{announced, answered, invited, led, open};
use super::{Bureau, Pick, id_of, when};
use crate::access::{Book, May, SignedIn};
use crate::agencies::entity::contact;
use crate::agencies::store::{Directory, contacts_of};
use crate::calendar::london;
use crate::conferences::Status;
use crate::convening::answering::{Answer, Answered, REASONS, answer};
use crate::convening::moving::Moved;
use crate::invitations::entity::invitation;
use crate::invitations::{InvitationId, Report, Response as Answers};
use crate::register::store::Record;
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, choices, options};

pub(super) async fn nudge(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path((id, invitation)): Path<(String, String)>,
    form: Fields,
) -> Result<Response, Problem> {
    let (id, invitation) = (id_of(&may.who, &id)?, id_of(&may.who, &invitation)?);
    let actor = may.who.actor();
    let done = bureau.office(&actor).nudge(id, may.who.sight(desk.clock.now()), invitation).await;
    let code = if matches!(done, Ok(Moved::Done(_, 0))) { "nothing" } else { "nudged" };
    if form.text("back") == "board" && matches!(done, Ok(Moved::Done(..))) {
        return Ok(Redirect::to(&format!("/board?done={code}")).into_response());
    }
    led(&may.who, id, done, code)
}

pub(super) async fn withdraw(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path((id, invitation)): Path<(String, String)>,
    form: Fields,
) -> Result<Response, Problem> {
    let (id, invitation) = (id_of(&may.who, &id)?, id_of(&may.who, &invitation)?);
    if form.text("sure") != "yes" {
        return led(&may.who, id, Ok(Moved::Done(id, 0)), "sure");
    }
    let actor = may.who.actor();
    let done = bureau.office(&actor).withdraw(id, may.who.sight(desk.clock.now()), invitation).await;
    led(&may.who, id, done, "withdrawn")
}

pub(super) async fn reinstate(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path((id, invitation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, invitation) = (id_of(&may.who, &id)?, id_of(&may.who, &invitation)?);
    let actor = may.who.actor();
    let done = bureau.office(&actor).reinstate(id, may.who.sight(desk.clock.now()), invitation).await;
    led(&may.who, id, done, "reinstated")
}

pub(super) async fn telephoned(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path((id, invitation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, invitation) = (id_of(&may.who, &id)?, id_of(&may.who, &invitation)?);
    let actor = may.who.actor();
    let sight = may.who.sight(desk.clock.now());
    let done = bureau.office(&actor).invited_by_telephone(id, sight, invitation).await;
    led(&may.who, id, done, "telephoned")
}

/// Invites one agency, again or for the first time, at the address chosen.
pub(super) async fn readdress(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path((id, invitation)): Path<(String, String)>,
    form: Fields,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    let invitation: InvitationId = id_of(&may.who, &invitation)?;
    let Some(row) = record.invitations.iter().find(|row| row.id == invitation) else {
        return Err(Problem::NotFound(may.who.chrome()));
    };
    let offered = offered(&bureau, &known, row).await?;
    let chosen = offered.into_iter().map(|(email, _)| email).find(|email| email == form.text("email"));
    let actor = may.who.actor();
    let sight = may.who.sight(desk.clock.now());
    let id = record.conference.id;
    let wrong = form.text("wrong") == "yes";
    let done = match chosen {
        Some(email) => bureau.office(&actor).readdress(id, sight, invitation, &email, wrong).await,
        None => Ok(Moved::Nothing),
    };
    let code = if matches!(done, Ok(Moved::Done(_, 0))) { "nothing" } else { "sent" };
    led(&may.who, id, done, code)
}

async fn offered(
    bureau: &Bureau,
    known: &Directory,
    row: &invitation::Model,
) -> Result<Vec<(String, String)>, Problem> {
    let (service, agency) = known.of(row.service_id);
    let people = contacts_of(bureau.desk.db.read(), [agency.id]).await?;
    let people: Vec<&contact::Model> = people.iter().collect();
    let today = london::date(bureau.desk.clock.now());
    Ok(addresses(service.id, &row.role, &people, today, &bureau.domains))
}

#[derive(Serialize)]
struct OnePage {
    back: String,
    here: String,
    service: String,
    role: String,
    conference: String,
    invited: String,
    answered: String,
    answers: Vec<Choice>,
    reasons: Vec<Choice>,
    deputy: String,
    report: bool,
    addresses: Vec<Pick>,
    telephones: Vec<Pick>,
    nudge: bool,
    /// They are not to come, as it stands.
    excused: bool,
    /// Where it went, whole: whoever may change it may see it.
    address: String,
    /// Nobody has reached them yet.
    to_ring: bool,
    errors: Errors,
}

impl Page for OnePage {
    const TEMPLATE: &'static str = "convening/pages/one";
    fn title(&self) -> String {
        format!("Invitation of {}, {}", self.service, self.role)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

async fn one_page(
    bureau: &Bureau,
    who: &SignedIn,
    record: &Record,
    known: &Directory,
    invitation: InvitationId,
    typed: Option<&Fields>,
    errors: Errors,
) -> Result<Response, Problem> {
    let c = &record.conference;
    let Some(row) = record.invitations.iter().find(|row| row.id == invitation) else {
        return Err(Problem::NotFound(who.chrome()));
    };
    let back = format!("/conferences/{}/invitations", c.id);
    if c.status != Status::Scheduled || record.register.is_some() {
        return Ok(Redirect::to(&back).into_response());
    }
    let (service, agency) = known.of(row.service_id);
    let people = contacts_of(bureau.desk.db.read(), [agency.id]).await?;
    let keys = &bureau.desk.keys;
    let chosen = match typed {
        Some(form) => form.text("answer").parse().ok(),
        None => Some(row.response),
    };
    let reason = match typed {
        Some(form) => form.text("reason").parse().ok(),
        None => row.absence_reason,
    };
    let today = london::date(bureau.desk.clock.now());
    let reached = row.is_reached();
    let pick = |(value, label): (String, String)| {
        let chosen = row.contact_email.as_deref() == Some(&value);
        Pick { value, label, chosen }
    };
    let here_too = |p: &&contact::Model| p.is_valid(today) && p.service_id.is_none_or(|of| of == service.id);
    let telephones = people.iter().filter(here_too).filter_map(|p| {
        let number = p.telephone.clone()?;
        let whose = if p.name.is_empty() { p.role.clone() } else { format!("{}, {}", p.name, p.role) };
        Some(Pick { label: whose, value: number, chosen: false })
    });
    let page = OnePage {
        here: format!("{back}/{invitation}"),
        back,
        service: service.name.clone(),
        role: row.role.clone(),
        conference: format!("{}, {}", c.reference, when(c)),
        invited: invited(row),
        answered: answered(keys, row),
        answers: choices(&[Answers::Accepted, Answers::Apologies, Answers::Deputy], chosen, |r| {
            (r.code(), r.label())
        }),
        reasons: options("choose a reason", REASONS, reason, |r| (r.code(), r.label())),
        deputy: match typed {
            Some(form) => form.text("deputy").to_owned(),
            None => announced(keys, row).unwrap_or_default(),
        },
        report: typed.map_or(row.report_promised, |form| form.text("report") == "yes"),
        addresses: offered(bureau, known, row).await?.into_iter().map(pick).collect(),
        telephones: telephones.collect(),
        excused: row.excused.is_some(),
        address: row.contact_email.clone().unwrap_or_default(),
        nudge: reached
            && row.contact_email.is_some()
            && row.excused.is_none()
            && (row.response == Answers::None || row.report == Report::None),
        to_ring: !reached && row.excused.is_none(),
        errors,
    };
    Ok(page.show(who.chrome()))
}

pub(super) async fn show(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path((id, invitation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    let invitation = id_of(&may.who, &invitation)?;
    one_page(&bureau, &may.who, &record, &known, invitation, None, Errors::default()).await
}

/// An answer that somebody gave by telephone.
pub(super) async fn by_phone(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Path((id, invitation)): Path<(String, String)>,
    form: Fields,
) -> Result<Response, Problem> {
    let (record, known) = open(&desk, &may.who, &id).await?;
    let (id, invitation) = (record.conference.id, id_of(&may.who, &invitation)?);
    let mut errors = Errors::default();
    let Some(given) = Answer::read(&form, &mut errors) else {
        return one_page(&bureau, &may.who, &record, &known, invitation, Some(&form), errors).await;
    };
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let sight = may.who.sight(now);
    match answer(&desk.db, &desk.keys, &actor, now, (id, invitation), sight, &given).await? {
        Answered::Done => {
            let to = match form.text("back") {
                "board" => "/board?done=answered".to_owned(),
                _ => format!("/conferences/{id}/invitations?done=answered"),
            };
            Ok(Redirect::to(&to).into_response())
        }
        Answered::NotThere => Err(Problem::NotFound(may.who.chrome())),
        Answered::Closed(_) => {
            Ok(Redirect::to(&format!("/conferences/{id}/invitations?done=over")).into_response())
        }
    }
}
