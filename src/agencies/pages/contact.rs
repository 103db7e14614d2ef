//! One contact: added, changed, checked, and when they have left.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::rows::{Tag, tags, verified as checked, who as called};
use super::{Done, maintaining};
use crate::access::{KeepDirectory, May, SignedIn};
use crate::agencies::entity::contact;
use crate::agencies::maintaining::{ContactFacts, Kept};
use crate::agencies::store::{Directory, contact as by_id, directory};
use crate::agencies::{AgencyId, ContactId, ServiceId};
use crate::calendar::london;
use crate::mail::{Domains, is_address};
use crate::web::{Desk, Errors, Fields, Page, Problem, one_line};

const LONGEST: usize = 120;

/// Where a contact belongs.
#[derive(Clone, Copy)]
struct Place {
    agency: AgencyId,
    service: Option<ServiceId>,
}

impl Place {
    fn words(self, directory: &Directory) -> String {
        let agency = &directory.agencies[&self.agency].name;
        match self.service {
            Some(id) => format!("{}, {agency}", directory.services[&id].name),
            None => format!("{agency}, the whole agency"),
        }
    }

    fn href(self) -> String {
        match self.service {
            Some(id) => format!("/directory/services/{id}"),
            None => format!("/directory/agencies/{}", self.agency),
        }
    }
}

#[derive(Serialize)]
struct Form {
    name: String,
    role: String,
    email: String,
    telephone: String,
    is_safeguarding_lead: bool,
    daily_digest: bool,
    verified: bool,
}

impl Form {
    fn typed(form: &Fields, prefix: &str) -> Self {
        let text = |name: &str| form.text(&format!("{prefix}{name}")).to_owned();
        Self {
            name: one_line(&text("name")),
            role: one_line(&text("role")),
            email: text("email"),
            telephone: one_line(&text("telephone")),
            is_safeguarding_lead: text("lead") == "yes",
            daily_digest: text("digest") == "yes",
            verified: text("checked") == "yes",
        }
    }

    fn of(c: &contact::Model) -> Self {
        Self {
            name: c.name.clone(),
            role: c.role.clone(),
            email: c.email.clone(),
            telephone: c.telephone.clone().unwrap_or_default(),
            is_safeguarding_lead: c.is_safeguarding_lead,
            daily_digest: c.daily_digest,
            verified: false,
        }
    }

    fn facts(&self) -> ContactFacts {
        ContactFacts {
            name: self.name.clone(),
            role: self.role.clone(),
            email: self.email.to_lowercase(),
            telephone: (!self.telephone.is_empty()).then(|| self.telephone.clone()),
            is_safeguarding_lead: self.is_safeguarding_lead,
            daily_digest: self.daily_digest,
            verified: self.verified,
        }
    }

    fn errors(&self, fields: [&'static str; 4]) -> Errors {
        let mut errors = Errors::default();
        let [name, role, email, telephone] = fields;
        if !is_telephone(&self.telephone) {
            errors.add(telephone, "Enter one telephone number, as 01865 000000, or leave it empty");
        }
        if self.name.chars().count() > LONGEST {
            errors.add(name, format!("Shorten the name to {LONGEST} characters"));
        }
        if !(1..=LONGEST).contains(&self.role.chars().count()) {
            errors.add(role, "Enter the role, as it is invited: for example, Health visitor");
        }
        if !is_address(&self.email) {
            errors.add(email, "Enter one mail address, as name@organisation.nhs.uk");
        }
        errors
    }
}

/// Whether a text is a number that can be rung, or nothing.
fn is_telephone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = text.chars().all(|c| c.is_ascii_digit() || " +()-x".contains(c));
    text.is_empty() || plain && (5..=20).contains(&digits) && text.len() <= 30
}

const TWICE: &str = "This address is in the directory already, in this role at this place. If its entry has ended, open \
                     it and choose \"They are here again\"";

/// What a form was made from: another's change in between is not overwritten.
fn seen(c: &contact::Model) -> String {
    let lead = if c.is_safeguarding_lead { "lead" } else { "" };
    let digest = if c.daily_digest { "digest" } else { "" };
    [c.name.as_str(), &c.role, &c.email, c.telephone.as_deref().unwrap_or_default(), lead, digest].join("|")
}

#[derive(Serialize)]
struct Existing {
    seen: String,
    who: String,
    tags: Vec<Tag>,
    checked: String,
    verified: String,
    came_back: String,
    left: String,
    /// Where an end is taken back.
    back: Option<String>,
    /// Who takes over.
    next: Form,
    /// Whether that part of the form was sent.
    with_next: bool,
}

#[derive(Serialize)]
struct ContactPage {
    place: String,
    place_href: String,
    action: String,
    agency: String,
    service: String,
    form: Form,
    existing: Option<Existing>,
    done: bool,
    errors: Errors,
}

impl Page for ContactPage {
    const TEMPLATE: &'static str = "agencies/pages/contact";
    fn title(&self) -> String {
        match &self.existing {
            Some(existing) => format!("{}, {}", existing.who, self.place),
            None => format!("Add a contact of {}", self.place),
        }
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// For which place a contact is added.
#[derive(Deserialize)]
pub(super) struct Asked {
    agency: Option<String>,
    service: Option<String>,
}

async fn place_of(
    desk: &Desk,
    who: &SignedIn,
    agency: &str,
    service: &str,
) -> Result<(Directory, Place), Problem> {
    let not_found = || Problem::NotFound(who.chrome());
    let known = directory(desk.db.read()).await?;
    let place = if service.is_empty() {
        let agency: AgencyId = agency.parse().map_err(|_| not_found())?;
        Place { agency: known.agencies.get(&agency).ok_or_else(not_found)?.id, service: None }
    } else {
        let id: ServiceId = service.parse().map_err(|_| not_found())?;
        let service = known.services.get(&id).filter(|s| s.merged_into_id.is_none()).ok_or_else(not_found)?;
        Place { agency: service.agency_id, service: Some(id) }
    };
    Ok((known, place))
}

fn new(who: &SignedIn, known: &Directory, place: Place, form: Form, errors: Errors) -> Response {
    let page = ContactPage {
        place: place.words(known),
        place_href: place.href(),
        action: "/directory/contacts".to_owned(),
        agency: place.agency.to_string(),
        service: place.service.map(|id| id.to_string()).unwrap_or_default(),
        form,
        existing: None,
        done: false,
        errors,
    };
    page.show(who.chrome())
}

pub(super) async fn begin(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (agency, service) = (asked.agency.unwrap_or_default(), asked.service.unwrap_or_default());
    let (known, place) = place_of(&desk, &may.who, &agency, &service).await?;
    Ok(new(&may.who, &known, place, Form::typed(&Fields::default(), ""), Errors::default()))
}

pub(super) async fn add(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (known, place) = place_of(&desk, &may.who, fields.text("agency"), fields.text("service")).await?;
    let form = Form::typed(&fields, "");
    let mut errors = form.errors(["name", "role", "email", "telephone"]);
    if errors.is_empty() {
        let actor = may.who.actor();
        let added = maintaining(&desk, &actor).add_contact(place.agency, place.service, form.facts());
        match added.await? {
            Kept::Done(_) => return Ok(Redirect::to(&format!("{}?done=yes", place.href())).into_response()),
            Kept::NotThere => return Err(Problem::NotFound(may.who.chrome())),
            _ => errors.add("email", TWICE),
        }
    }
    Ok(new(&may.who, &known, place, form, errors))
}

struct Shown {
    form: Option<Form>,
    next: Option<Form>,
    done: bool,
    errors: Errors,
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    domains: &Domains,
    id: ContactId,
    shown: Shown,
) -> Result<Response, Problem> {
    let (db, today) = (desk.db.read(), london::date(desk.clock.now()));
    let c = by_id(db, id).await?.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    let known = directory(db).await?;
    let place = Place { agency: c.agency_id, service: c.service_id };
    let action = format!("/directory/contacts/{id}");
    let with_next = shown.next.is_some();
    let existing = Existing {
        seen: seen(&c),
        who: called(&c),
        tags: tags(&c, domains, today),
        checked: checked(&c),
        verified: format!("{action}/verified"),
        came_back: format!("{action}/came-back"),
        left: format!("{action}/left"),
        back: c.valid_to.is_some_and(|to| to < today).then(|| format!("{action}/back")),
        next: shown
            .next
            .unwrap_or_else(|| Form { role: c.role.clone(), ..Form::typed(&Fields::default(), "") }),
        with_next,
    };
    let page = ContactPage {
        place: place.words(&known),
        place_href: place.href(),
        action,
        agency: String::new(),
        service: String::new(),
        form: shown.form.unwrap_or_else(|| Form::of(&c)),
        existing: Some(existing),
        done: shown.done,
        errors: shown.errors,
    };
    Ok(page.show(who.chrome()))
}

fn id_of(who: &SignedIn, text: &str) -> Result<ContactId, Problem> {
    text.parse().map_err(|_| Problem::NotFound(who.chrome()))
}

pub(super) async fn show(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    done: Done,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    let shown = Shown { form: None, next: None, done: done.0, errors: Errors::default() };
    page(&desk, &may.who, &domains, id, shown).await
}

/// Where one goes after something was done to a contact.
fn after(who: &SignedIn, kept: Kept<ContactId>) -> Result<Response, Problem> {
    match kept {
        Kept::Done(id) => Ok(Redirect::to(&format!("/directory/contacts/{id}?done=yes")).into_response()),
        _ => Err(Problem::NotFound(who.chrome())),
    }
}

pub(super) async fn change(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (id, form) = (id_of(&may.who, &id)?, Form::typed(&fields, ""));
    let mut errors = form.errors(["name", "role", "email", "telephone"]);
    let c = by_id(desk.db.read(), id).await?.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    if fields.raw("seen") != seen(&c) {
        let text = "Somebody changed this contact meanwhile. It is shown as it is now: enter what you want to change";
        let errors = Errors::one("name", text);
        return page(&desk, &may.who, &domains, id, Shown { form: None, next: None, done: false, errors })
            .await;
    }
    if errors.is_empty() {
        match maintaining(&desk, &may.who.actor()).change_contact(id, form.facts()).await? {
            Kept::Twice => errors.add("email", TWICE),
            kept => return after(&may.who, kept),
        }
    }
    page(&desk, &may.who, &domains, id, Shown { form: Some(form), next: None, done: false, errors }).await
}

pub(super) async fn verified(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    after(&may.who, maintaining(&desk, &may.who.actor()).verify(id).await?)
}

pub(super) async fn came_back(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    after(&may.who, maintaining(&desk, &may.who.actor()).came_back(id).await?)
}

pub(super) async fn back(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    after(&may.who, maintaining(&desk, &may.who.actor()).back(id).await?)
}

pub(super) async fn left(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let (id, next) = (id_of(&may.who, &id)?, Form::typed(&fields, "next_"));
    let c = by_id(desk.db.read(), id).await?.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    // Whatever was entered of whoever takes over: nobody is lost by a field that was forgotten.
    let role = !next.role.is_empty() && next.role != c.role;
    let ticked = next.is_safeguarding_lead || next.daily_digest || next.verified;
    let given = role || ticked || !next.name.is_empty() || !next.email.is_empty();
    let mut errors = match given {
        true => next.errors(["next_name", "next_role", "next_email", "next_telephone"]),
        false => Errors::default(),
    };
    if errors.is_empty() {
        let facts = given.then(|| next.facts());
        match maintaining(&desk, &may.who.actor()).left(id, facts).await? {
            Kept::Twice => errors.add("next_email", TWICE),
            kept => return after(&may.who, kept),
        }
    }
    page(&desk, &may.who, &domains, id, Shown { form: None, next: Some(next), done: false, errors }).await
}
