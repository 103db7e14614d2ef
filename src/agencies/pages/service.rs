//! One service: its name, its contacts, and the second name under which it stands in the directory.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::maintaining;
use super::rows::ContactRow;
use crate::access::{KeepDirectory, May, SignedIn};
use crate::agencies::ServiceId;
use crate::agencies::maintaining::Kept;
use crate::agencies::store::{contacts_of, directory, invitations_of};
use crate::calendar::london;
use crate::mail::Domains;
use crate::web::{Desk, Errors, Fields, Page, Problem, one_line};

const LONGEST: usize = 120;

#[derive(Serialize)]
struct Other {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct ServicePage {
    name: String,
    agency: String,
    agency_href: String,
    action: String,
    typed: String,
    contacts: Vec<ContactRow>,
    add_contact: String,
    others: Vec<Other>,
    /// What would move: "14 invitations and 1 contact".
    moves: String,
    merge: String,
    done: bool,
    errors: Errors,
}

impl Page for ServicePage {
    const TEMPLATE: &'static str = "agencies/pages/service";
    fn title(&self) -> String {
        format!("{}, {}", self.name, self.agency)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    domains: &Domains,
    id: ServiceId,
    typed: Option<&str>,
    done: bool,
    errors: Errors,
) -> Result<Response, Problem> {
    let (db, today) = (desk.db.read(), london::date(desk.clock.now()));
    let known = directory(db).await?;
    let Some(service) = known.services.get(&id) else { return Err(Problem::NotFound(who.chrome())) };
    if let Some(into) = service.merged_into_id {
        return Ok(Redirect::to(&format!("/directory/services/{into}")).into_response());
    }
    let agency = &known.agencies[&service.agency_id];
    let people = contacts_of(db, [agency.id]).await?;
    let people = people.iter().filter(|c| c.service_id == Some(id));
    let mut contacts: Vec<ContactRow> = people.map(|c| ContactRow::of(c, &known, domains, today)).collect();
    contacts.sort_by(|a, b| a.who.cmp(&b.who));
    let others = known
        .services
        .values()
        .filter(|s| s.agency_id == agency.id && s.id != id && s.merged_into_id.is_none());
    let mut others: Vec<Other> =
        others.map(|s| Other { id: s.id.to_string(), name: s.name.clone() }).collect();
    others.sort_by(|a, b| a.name.cmp(&b.name));
    let action = format!("/directory/services/{id}");
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let invitations = plural(invitations_of(db, id).await?, "invitation");
    let page = ServicePage {
        name: service.name.clone(),
        agency: agency.name.clone(),
        agency_href: format!("/directory/agencies/{}", agency.id),
        typed: typed.unwrap_or(&service.name).to_owned(),
        moves: format!("{invitations} and {}", plural(contacts.len(), "contact")),
        contacts,
        add_contact: format!("/directory/contacts?service={id}"),
        others,
        merge: format!("{action}/merge"),
        action,
        done,
        errors,
    };
    Ok(page.show(who.chrome()))
}

fn id_of(who: &SignedIn, text: &str) -> Result<ServiceId, Problem> {
    text.parse().map_err(|_| Problem::NotFound(who.chrome()))
}

pub(super) async fn show(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    done: super::Done,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    page(&desk, &may.who, &domains, id, None, done.0, Errors::default()).await
}

pub(super) async fn rename(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let (id, name) = (id_of(&may.who, &id)?, one_line(form.text("name")));
    let errors = if (1..=LONGEST).contains(&name.chars().count()) {
        match maintaining(&desk, &may.who.actor()).rename_service(id, &name).await? {
            Kept::Done(_) => {
                return Ok(Redirect::to(&format!("/directory/services/{id}?done=yes")).into_response());
            }
            Kept::Twice => {
                Errors::one("name", "This agency has, or had, a service of this name: merge them instead")
            }
            _ => return Err(Problem::NotFound(may.who.chrome())),
        }
    } else {
        Errors::one("name", format!("Enter the service's name, in at most {LONGEST} characters"))
    };
    page(&desk, &may.who, &domains, id, Some(&name), false, errors).await
}

pub(super) async fn merge(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    let errors = match form.text("into").parse::<ServiceId>() {
        Err(_) => Errors::one("into", "Choose the service that this one is"),
        Ok(_) if form.text("sure") != "yes" => Errors::one(
            "sure",
            "Tick the box that says you are sure: what was merged is not taken apart again",
        ),
        Ok(into) => match maintaining(&desk, &may.who.actor()).merge(id, into).await? {
            Kept::Done(into) => {
                return Ok(Redirect::to(&format!("/directory/services/{into}?done=yes")).into_response());
            }
            Kept::Both(n) => Errors::one(
                "into",
                format!(
                    "Both were invited to {n} of the same conferences in one role: they are two services, or one \
                     was invited twice. Correct those registers first"
                ),
            ),
            // Merged already, by the same form or by somebody else: its page leads there.
            _ => Errors::one("into", "Choose a service of this agency"),
        },
    };
    page(&desk, &may.who, &domains, id, None, false, errors).await
}
