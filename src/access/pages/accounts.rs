//! Everybody's accounts, as system administrators keep them. Nobody ever sees a password: a link is handed
//! over, by which the owner chooses one.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::access::account::{AccountError, Keeping, NewAccount};
use crate::access::link::LINK_DAYS;
use crate::access::{KeepAccounts, May, Role, SignedIn, password, store};
use crate::conferences;
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, options};

#[derive(Serialize)]
struct Row {
    name: String,
    email: String,
    role: &'static str,
    state: &'static str,
    second_factor: bool,
    disabled: bool,
    own: bool,
    link: String,
    disable: String,
    forget: String,
    /// Where what it sees is kept, for an agency's account.
    scope: Option<String>,
}

#[derive(Serialize)]
struct AccountsPage {
    rows: Vec<Row>,
    /// A link that was just made, and whose it is: shown this once.
    made: Option<(String, String)>,
    days: i64,
    roles: Vec<Choice>,
    chairs: Vec<String>,
    email: String,
    name: String,
    chair: String,
    errors: Errors,
}

impl Page for AccountsPage {
    const TEMPLATE: &'static str = "access/pages/accounts";
    fn title(&self) -> String {
        "Accounts".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    made: Option<(String, String)>,
    typed: Option<(&Fields, AccountError)>,
) -> Result<Response, Problem> {
    let db = desk.db.read();
    let rows = store::all(db).await?.into_iter().map(|a| Row {
        state: match (a.disabled_at, a.password_hash == password::NONE) {
            (Some(_), _) => "disabled",
            (None, true) => "no password yet",
            (None, false) => "",
        },
        second_factor: a.second_factor.is_some(),
        disabled: a.disabled_at.is_some(),
        own: a.id == who.id,
        link: format!("/accounts/{}/link", a.id),
        disable: format!("/accounts/{}/disable", a.id),
        forget: format!("/accounts/{}/forget-second-factor", a.id),
        scope: (a.role == Role::AgencyLead).then(|| format!("/accounts/{}/scope", a.id)),
        role: a.role.label(),
        name: a.name,
        email: a.email,
    });
    let typed_text = |name| typed.as_ref().map_or(String::new(), |(fields, _)| fields.text(name).to_owned());
    let role: Option<Role> = typed.as_ref().and_then(|(fields, _)| fields.text("role").parse().ok());
    let page = AccountsPage {
        rows: rows.collect(),
        made,
        days: LINK_DAYS,
        roles: options("Choose a role", Role::ALL, role, |r| (r.code(), r.label())),
        chairs: conferences::store::chairs(db).await?.into_iter().map(|c| c.name).collect(),
        email: typed_text("email"),
        name: typed_text("name"),
        chair: typed_text("chair"),
        errors: typed.map(|(_, why)| Errors::one(why.field(), why)).unwrap_or_default(),
    };
    Ok(page.show(who.chrome()))
}

pub(super) async fn list(may: May<KeepAccounts>, State(desk): State<Desk>) -> Result<Response, Problem> {
    page(&desk, &may.who, None, None).await
}

fn keeping<'a>(desk: &'a Desk, actor: &'a crate::audit::Actor) -> Keeping<'a> {
    Keeping { db: &desk.db, keys: &desk.keys, actor, now: desk.clock.now() }
}

pub(super) async fn add(
    may: May<KeepAccounts>,
    State(desk): State<Desk>,
    form: Fields,
) -> Result<Response, Problem> {
    let text = |name| form.text(name).to_owned();
    let actor = may.who.actor();
    let made = match form.text("role").parse() {
        Err(_) => Err(AccountError::NoRole),
        Ok(role) => {
            let chair = Some(text("chair")).filter(|chair| !chair.is_empty());
            let new = NewAccount { email: text("email"), name: text("name"), role, chair, password: None };
            keeping(&desk, &actor).add(new).await
        }
    };
    match made {
        Ok(path) => {
            page(&desk, &may.who, path.map(|p| (text("email"), format!("{}{p}", desk.address))), None).await
        }
        Err(AccountError::Db(e)) => Err(e.into()),
        Err(why) => page(&desk, &may.who, None, Some((&form, why))).await,
    }
}

/// The address of an account; an account that is not there, and one's own, are not kept here.
async fn of(desk: &Desk, who: &SignedIn, id: &str) -> Result<String, Problem> {
    let not_found = || Problem::NotFound(who.chrome());
    let id = id.parse().map_err(|_| not_found())?;
    if id == who.id {
        let text = "Nobody does this to their own account: another system administrator can.";
        return Err(Problem::Bad(text.to_owned()));
    }
    Ok(store::by_id(desk.db.read(), id).await?.ok_or_else(not_found)?.email)
}

fn said(why: AccountError) -> Problem {
    match why {
        AccountError::Db(e) => e.into(),
        other => Problem::Bad(other.to_string()),
    }
}

pub(super) async fn link(
    may: May<KeepAccounts>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (email, actor) = (of(&desk, &may.who, &id).await?, may.who.actor());
    let path = keeping(&desk, &actor).reset(&email, None).await.map_err(said)?;
    page(&desk, &may.who, path.map(|p| (email, format!("{}{p}", desk.address))), None).await
}

pub(super) async fn disable(
    may: May<KeepAccounts>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (email, actor) = (of(&desk, &may.who, &id).await?, may.who.actor());
    keeping(&desk, &actor).disable(&email).await.map_err(said)?;
    Ok(Redirect::to("/accounts").into_response())
}

pub(super) async fn forget_second_factor(
    may: May<KeepAccounts>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (email, actor) = (of(&desk, &may.who, &id).await?, may.who.actor());
    keeping(&desk, &actor).forget_second_factor(&email).await.map_err(said)?;
    Ok(Redirect::to("/accounts").into_response())
}
