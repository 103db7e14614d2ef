//! What an agency safeguarding lead's account sees, as a system administrator keeps it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::access::entity::account;
use crate::access::{self, AccountId, KeepAccounts, May, Role, SignedIn};
use crate::agencies::scope::{Grant, Granting, grants};
use crate::agencies::store::{Directory, directory};
use crate::web::{Desk, Errors, Fields, Page, Problem};

#[derive(Serialize)]
struct Granted {
    label: String,
}

#[derive(Serialize)]
struct ScopePage {
    name: String,
    action: String,
    granted: Vec<Granted>,
    known: Vec<String>,
    typed: String,
    errors: Errors,
}

impl Page for ScopePage {
    const TEMPLATE: &'static str = "agencies/pages/scope";
    fn title(&self) -> String {
        format!("What {} sees", self.name)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// The words for a grant: what is chosen from the list, and shown in it.
fn label(directory: &Directory, grant: Grant) -> String {
    match grant {
        Grant::Service(id) => {
            let (service, agency) = directory.of(id);
            format!("{}: {}", agency.name, service.name)
        }
        Grant::WholeAgency(id) => format!("{}: the whole agency", directory.agencies[&id].name),
    }
}

/// Everything that can be granted, by its words.
fn known(directory: &Directory) -> Vec<(String, Grant)> {
    let agencies = directory.agencies.keys().map(|id| Grant::WholeAgency(*id));
    let services = directory.services.values().filter(|s| s.merged_into_id.is_none());
    let services = services.map(|s| Grant::Service(s.id));
    let mut all: Vec<_> = agencies.chain(services).map(|g| (label(directory, g), g)).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

async fn lead(desk: &Desk, who: &SignedIn, id: &str) -> Result<account::Model, Problem> {
    let not_found = || Problem::NotFound(who.chrome());
    let id: AccountId = id.parse().map_err(|_| not_found())?;
    let found = access::store::by_id(desk.db.read(), id).await?;
    found.filter(|a| a.role == Role::AgencyLead).ok_or_else(not_found)
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    account: account::Model,
    typed: &str,
    errors: Errors,
) -> Result<Response, Problem> {
    let directory = directory(desk.db.read()).await?;
    let granted = grants(desk.db.read(), account.id).await?;
    let mut labels: Vec<String> = granted.iter().map(|g| label(&directory, *g)).collect();
    labels.sort();
    let page = ScopePage {
        action: format!("/accounts/{}/scope", account.id),
        name: account.name,
        granted: labels.into_iter().map(|label| Granted { label }).collect(),
        known: known(&directory).into_iter().filter(|(_, g)| !granted.contains(g)).map(|(l, _)| l).collect(),
        typed: typed.to_owned(),
        errors,
    };
    Ok(page.show(who.chrome()))
}

pub(super) async fn show(
    may: May<KeepAccounts>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let account = lead(&desk, &may.who, &id).await?;
    page(&desk, &may.who, account, "", Errors::default()).await
}

async fn set(
    desk: &Desk,
    who: &SignedIn,
    id: &str,
    form: &Fields,
    granted: bool,
) -> Result<Response, Problem> {
    let account = lead(desk, who, id).await?;
    let typed = form.text("what");
    let all = known(&directory(desk.db.read()).await?);
    let Some((_, grant)) = all.into_iter().find(|(label, _)| label.eq_ignore_ascii_case(typed)) else {
        let errors = Errors::one("what", "Choose a service or an agency from the list");
        return page(desk, who, account, typed, errors).await;
    };
    let granting = Granting { db: &desk.db, keys: &desk.keys, actor: &who.actor(), now: desk.clock.now() };
    granting.set(account.id, grant, granted).await?;
    Ok(Redirect::to(&format!("/accounts/{}/scope", account.id)).into_response())
}

pub(super) async fn grant(
    may: May<KeepAccounts>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    set(&desk, &may.who, &id, &form, true).await
}

pub(super) async fn end(
    may: May<KeepAccounts>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    set(&desk, &may.who, &id, &form, false).await
}
