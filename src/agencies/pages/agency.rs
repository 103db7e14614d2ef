//! One agency: what it is called, while it holds, its services and who answers for all of it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use serde::Serialize;

use super::maintaining;
use super::rows::{ContactRow, ServiceRow};
use crate::access::{KeepDirectory, May, SignedIn};
use crate::agencies::entity::agency;
use crate::agencies::maintaining::{AgencyFacts, Kept};
use crate::agencies::store::{Directory, contacts_of, directory};
use crate::agencies::{AgencyGroup, AgencyId};
use crate::calendar::{london, written};
use crate::mail::Domains;
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, one_line, options};

/// What a name may be long.
const LONGEST: usize = 120;

#[derive(Serialize)]
struct Successor {
    code: String,
    label: String,
    chosen: bool,
}

#[derive(Serialize)]
struct AgencyPage {
    /// Of one that is in the directory.
    name: Option<String>,
    action: String,
    code: String,
    typed_name: String,
    groups: Vec<Choice>,
    valid_from: String,
    valid_to: String,
    successors: Vec<Successor>,
    services: Vec<ServiceRow>,
    contacts: Vec<ContactRow>,
    add_service: String,
    add_contact: String,
    service: String,
    done: bool,
    errors: Errors,
}

impl Page for AgencyPage {
    const TEMPLATE: &'static str = "agencies/pages/agency";
    fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| "Add an agency".to_owned())
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// A day as a form shows it.
fn slashed(day: Option<NaiveDate>) -> String {
    day.map(|day| day.format("%d/%m/%Y").to_string()).unwrap_or_default()
}

/// What the form shows: what was typed, or else what stands.
struct Typed {
    code: String,
    name: String,
    group: Option<AgencyGroup>,
    valid_from: String,
    valid_to: String,
    successor: String,
    service: String,
}

impl Typed {
    fn of_form(form: &Fields) -> Self {
        let text = |name| form.text(name).to_owned();
        Self {
            code: text("code"),
            name: text("name"),
            group: form.text("group").parse().ok(),
            valid_from: text("valid_from"),
            valid_to: text("valid_to"),
            successor: text("successor"),
            service: String::new(),
        }
    }

    fn of(a: &agency::Model, directory: &Directory) -> Self {
        let successor = a.successor_id.and_then(|id| directory.agencies.get(&id));
        Self {
            code: a.code.clone(),
            name: a.name.clone(),
            group: Some(a.agency_group),
            valid_from: slashed(a.valid_from),
            valid_to: slashed(a.valid_to),
            successor: successor.map(|a| a.code.clone()).unwrap_or_default(),
            service: String::new(),
        }
    }
}

/// What is wrong with a form, or what it says.
fn read(form: &Fields, directory: &Directory, own: Option<AgencyId>) -> Result<AgencyFacts, Errors> {
    let mut errors = Errors::default();
    let (code, name) = (form.text("code").to_uppercase(), one_line(form.text("name")));
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if own.is_none() && !((1..=12).contains(&code.len()) && code.chars().all(plain)) {
        errors.add("code", "Enter a code of 1 to 12 letters and digits, as files use it");
    }
    if !(1..=LONGEST).contains(&name.chars().count()) {
        errors.add("name", format!("Enter the agency's name, in at most {LONGEST} characters"));
    }
    let group: Option<AgencyGroup> = form.text("group").parse().ok();
    if group.is_none() {
        errors.add("group", "Choose the sector: quorum counts by it");
    }
    let mut day = |field: &'static str, text: &str| match (form.text(field), written::day(form.text(field))) {
        ("", _) => None,
        (_, Some(day)) => Some(day),
        _ => {
            errors.add(field, format!("Enter {text}, as 30/09/2026, or leave it empty"));
            None
        }
    };
    let (valid_from, valid_to) = (day("valid_from", "its first day"), day("valid_to", "its last day"));
    if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
        errors.add("valid_to", "The last day must not be before the first");
    }
    let next = directory.agencies.values().find(|a| a.code == form.text("successor"));
    let successor = next.map(|a| a.id);
    if successor.is_none() && !form.text("successor").is_empty() {
        errors.add("successor", "Choose an agency from the list");
    }
    if next.and_then(|a| a.valid_to).zip(valid_to).is_some_and(|(theirs, ours)| theirs <= ours) {
        errors.add("successor", "Choose one that holds after it: this one has ended by then itself");
    }
    if successor.is_some() && valid_to.is_none() {
        errors.add("valid_to", "Enter the last day too: its successor comes after it");
    }
    if successor.is_some() && successor == own {
        errors.add("successor", "Choose another agency");
    }
    match (group, errors.is_empty()) {
        (Some(group), true) => Ok(AgencyFacts { code, name, group, valid_from, valid_to, successor }),
        _ => Err(errors),
    }
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    domains: &Domains,
    own: Option<AgencyId>,
    typed: Option<Typed>,
    done: bool,
    errors: Errors,
) -> Result<Response, Problem> {
    let (db, today) = (desk.db.read(), london::date(desk.clock.now()));
    let known = directory(db).await?;
    let found = own.map(|id| known.agencies.get(&id).ok_or_else(|| Problem::NotFound(who.chrome())));
    let found = found.transpose()?;
    let typed = typed.unwrap_or_else(|| match found {
        Some(a) => Typed::of(a, &known),
        None => Typed::of_form(&Fields::default()),
    });
    let mut successors: Vec<Successor> = known
        .agencies
        .values()
        .filter(|a| Some(a.id) != own)
        .map(|a| Successor {
            code: a.code.clone(),
            label: format!("{} ({})", a.name, a.code),
            chosen: a.code == typed.successor,
        })
        .collect();
    successors.sort_by(|a, b| a.label.cmp(&b.label));
    let services = known.services.values().filter(|s| Some(s.agency_id) == own && s.merged_into_id.is_none());
    let mut services: Vec<ServiceRow> =
        services.map(|s| ServiceRow::of(s, &known.agencies[&s.agency_id])).collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    let people = contacts_of(db, own).await?;
    let people = people.iter().filter(|c| c.service_id.is_none());
    let contacts = people.map(|c| ContactRow::of(c, &known, domains, today)).collect();
    let at = own.map(|id| format!("/{id}")).unwrap_or_default();
    let page = AgencyPage {
        name: found.map(|a| a.name.clone()),
        action: format!("/directory/agencies{at}"),
        code: typed.code,
        typed_name: typed.name,
        groups: options("Choose a sector", AgencyGroup::ALL, typed.group, |g| (g.code(), g.label())),
        valid_from: typed.valid_from,
        valid_to: typed.valid_to,
        successors,
        services,
        contacts,
        add_service: format!("/directory/agencies{at}/services"),
        add_contact: own.map(|id| format!("/directory/contacts?agency={id}")).unwrap_or_default(),
        service: typed.service,
        done,
        errors,
    };
    Ok(page.show(who.chrome()))
}

pub(super) async fn begin(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
) -> Result<Response, Problem> {
    page(&desk, &may.who, &domains, None, None, false, Errors::default()).await
}

pub(super) async fn add(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    form: Fields,
) -> Result<Response, Problem> {
    let errors = match read(&form, &directory(desk.db.read()).await?, None) {
        Err(errors) => errors,
        Ok(facts) => match maintaining(&desk, &may.who.actor()).add_agency(facts).await? {
            Kept::Done(id) => {
                return Ok(Redirect::to(&format!("/directory/agencies/{id}?done=yes")).into_response());
            }
            _ => Errors::one("code", "Another agency has this code: change that one, or choose another"),
        },
    };
    page(&desk, &may.who, &domains, None, Some(Typed::of_form(&form)), false, errors).await
}

pub(super) async fn show(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    done: super::Done,
) -> Result<Response, Problem> {
    let id = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    page(&desk, &may.who, &domains, Some(id), None, done.0, Errors::default()).await
}

pub(super) async fn change(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: AgencyId = id.parse().map_err(|_| not_found())?;
    match read(&form, &directory(desk.db.read()).await?, Some(id)) {
        Ok(facts) => match maintaining(&desk, &may.who.actor()).change_agency(id, facts).await? {
            Kept::Done(_) => Ok(Redirect::to(&format!("/directory/agencies/{id}?done=yes")).into_response()),
            _ => Err(not_found()),
        },
        Err(errors) => {
            page(&desk, &may.who, &domains, Some(id), Some(Typed::of_form(&form)), false, errors).await
        }
    }
}

pub(super) async fn add_service(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: AgencyId = id.parse().map_err(|_| not_found())?;
    let name = one_line(form.text("service"));
    let known = directory(desk.db.read()).await?;
    let own = known.agencies.get(&id).ok_or_else(not_found)?;
    let errors = if !(1..=LONGEST).contains(&name.chars().count()) {
        Errors::one("service", format!("Enter the service's name, in at most {LONGEST} characters"))
    } else {
        match maintaining(&desk, &may.who.actor()).add_service(id, &name).await? {
            Kept::Done(id) => {
                return Ok(Redirect::to(&format!("/directory/services/{id}?done=yes")).into_response());
            }
            _ => Errors::one("service", "This agency has, or had, a service of this name"),
        }
    };
    let typed = Typed { service: name, ..Typed::of(own, &known) };
    page(&desk, &may.who, &domains, Some(id), Some(typed), false, errors).await
}
