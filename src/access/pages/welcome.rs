//! Choosing a password by a link that somebody was given: for a new account, after a reset, or for the first
//! account of all. Looking at the page changes nothing; choosing uses the link up.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::json;

use crate::access::account::{self, AccountError, NewAccount};
use crate::access::entity::account_link;
use crate::access::link::hashed;
use crate::access::{Role, password, store};
use crate::audit::{self, Actor, Event};
use crate::web::{Chrome, Desk, Errors, Fields, Page, Problem};

#[derive(Serialize)]
struct WelcomePage {
    action: String,
    /// Whose password it is; for the first account of all, nobody's yet.
    email: Option<String>,
    typed_email: String,
    typed_name: String,
    errors: Errors,
    gone: bool,
}

impl Page for WelcomePage {
    const TEMPLATE: &'static str = "access/pages/welcome";
    fn title(&self) -> String {
        if self.gone { "This link has ended".to_owned() } else { "Choose a password".to_owned() }
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

fn gone() -> Response {
    let page = WelcomePage {
        action: String::new(),
        email: None,
        typed_email: String::new(),
        typed_name: String::new(),
        errors: Errors::default(),
        gone: true,
    };
    page.show_as(StatusCode::GONE, Chrome::default())
}

/// A link that can be used, with the address of its account.
async fn found(desk: &Desk, token: &str) -> Result<Option<(account_link::Model, Option<String>)>, Problem> {
    let db = desk.db.read();
    let Some(link) = store::link(db, hashed(token), desk.clock.now()).await? else { return Ok(None) };
    let Some(id) = link.account_id else {
        // Once there is an account, nobody makes the first one.
        return Ok((store::count(db).await? == 0).then_some((link, None)));
    };
    let account = store::by_id(db, id).await?.filter(|account| account.disabled_at.is_none());
    Ok(account.map(|account| (link, Some(account.email))))
}

pub(super) async fn ask(State(desk): State<Desk>, Path(token): Path<String>) -> Result<Response, Problem> {
    let Some((_, email)) = found(&desk, &token).await? else { return Ok(gone()) };
    let (typed_email, typed_name) = (String::new(), String::new());
    let action = format!("/welcome/{token}");
    let page = WelcomePage { action, email, typed_email, typed_name, errors: Errors::default(), gone: false };
    Ok(page.show(Chrome::default()))
}

/// What is wrong with a password typed twice.
pub(super) fn typed_twice(form: &Fields, of_the_owner: &[&str]) -> Errors {
    let (new, again) = (form.raw("password"), form.raw("again"));
    let mut errors = Errors::default();
    if let Err(weak) = password::acceptable(new, of_the_owner) {
        errors.add("password", weak.to_string());
    } else if new != again {
        let text = "The two are not the same: type the password again".to_owned();
        errors.add("again", text);
    }
    errors
}

pub(super) async fn choose(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let Some((link, email)) = found(&desk, &token).await? else { return Ok(gone()) };
    let (typed_email, typed_name) = (form.text("email").to_owned(), form.text("name").to_owned());
    let owner = email.clone().unwrap_or_else(|| typed_email.clone());
    let mut errors = typed_twice(&form, &[&owner, &typed_name]);
    if email.is_none() && typed_name.is_empty() {
        errors.add("name", "Enter your name, as others are to see it");
    }
    if errors.is_empty() {
        let password_hash = password::hash(form.raw("password")).await?;
        let (tx, now) = (desk.db.begin("choose a password").await?, desk.clock.now());
        if !store::use_link(&tx, link.hash).await? {
            return Ok(gone());
        }
        let kept = match link.account_id {
            Some(id) => match store::take(&tx, id).await? {
                None => return Ok(gone()),
                Some(mut account) => {
                    (account.password_hash, account.failures, account.locked_until) =
                        (password_hash, 0, None);
                    store::end_sessions(&tx, id).await?;
                    let actor = account.actor();
                    let (action, object) = ("account.password_set", id.to_string());
                    let event = Event { action, object, payload: json!({ "by": "link" }) };
                    store::save(&tx, account).await?;
                    audit::record(&tx, &desk.keys, &actor, now, vec![event]).await?;
                    Ok(())
                }
            },
            None if store::count(tx.conn()).await? > 0 => return Ok(gone()),
            None => {
                let (email, name) = (typed_email.clone(), typed_name.clone());
                let first =
                    NewAccount { email, name, role: Role::SystemAdministrator, chair: None, password: None };
                let actor = Actor::system("set-up link");
                account::insert(&tx, &desk.keys, &actor, now, &first, password_hash).await.map(|_| ())
            }
        };
        match kept {
            Ok(()) => {
                tx.commit().await?;
                return Ok(Redirect::to("/sign-in?welcome=yes").into_response());
            }
            Err(AccountError::Db(e)) => return Err(e.into()),
            Err(why) => errors.add("email", why.to_string()),
        }
    }
    let action = format!("/welcome/{token}");
    let page = WelcomePage { action, email, typed_email, typed_name, errors, gone: false };
    Ok(page.show(Chrome::default()))
}
