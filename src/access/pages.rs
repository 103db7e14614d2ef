//! Signing in and out.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_sessions::Session;

use super::entity::account;
use super::may::{ACCOUNT, SINCE};
use super::{password, store};
use crate::audit::{self, Actor, Event};
use crate::web::{Chrome, Desk, Fields, Page, Problem};

/// Wrong passwords before an account is locked.
const TRIES: i32 = 5;
/// Minutes for which it is locked.
const LOCK_MINUTES: i64 = 15;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new().route("/sign-in", get(ask).post(sign_in)).route("/sign-out", post(sign_out))
}

#[derive(Serialize)]
struct SignInPage {
    email: String,
    next: String,
    error: Option<String>,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "access/sign_in";
    fn title(&self) -> String {
        "Sign in".to_owned()
    }
    fn has_error(&self) -> bool {
        self.error.is_some()
    }
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

/// Only a path of this site: anything else would send people elsewhere after signing in.
fn own_path(next: Option<&str>) -> String {
    let safe =
        |path: &&str| path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r']);
    next.filter(safe).unwrap_or("/").to_owned()
}

async fn ask(Query(next): Query<Next>) -> Response {
    let page = SignInPage { email: String::new(), next: own_path(next.next.as_deref()), error: None };
    page.show(Chrome::default())
}

async fn sign_in(State(desk): State<Desk>, session: Session, form: Fields) -> Result<Response, Problem> {
    let (email, given) = (form.text("email"), form.raw("password"));
    let next = own_path(Some(form.text("next")));
    let now = desk.clock.now();
    let found = store::by_email(desk.db.read(), email).await?;
    let locked = found.as_ref().is_some_and(|a| a.locked_until.is_some_and(|until| until > now));
    let hash = found.as_ref().map(|a| a.password_hash.clone());
    let given = given.to_owned();
    // An address that is not known costs the same time as one that is.
    let right = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => password::is_right(&given, &hash),
        None => {
            password::hash(&given);
            false
        }
    });
    let right = right.await.map_err(|e| Problem::internal(e.to_string()))?;
    let refused = |error: &str| {
        let page = SignInPage { email: email.to_owned(), next: next.clone(), error: Some(error.to_owned()) };
        Ok(page.show(Chrome::default()))
    };
    if locked {
        return refused(
            "Too many wrong passwords. Wait 15 minutes and try again, or ask for a new password.",
        );
    }
    let Some(account) = found.filter(|a| a.disabled_at.is_none() && right) else {
        if let Some(account) = store::by_email(desk.db.read(), email).await? {
            note_failure(&desk, account).await?;
        }
        return refused("The email address or the password is not right.");
    };
    let tx = desk.db.begin("sign in").await?;
    let actor = Actor { name: account.name.clone(), role: account.role.code() };
    let event = Event { action: "account.signed_in", object: account.id.to_string(), payload: json!({}) };
    audit::record(&tx, &desk.keys, &actor, now, vec![event]).await?;
    let id = account.id;
    store::note_attempt(&tx, account, 0, None).await?;
    tx.commit().await?;
    // A new identifier, so that one planted before is worth nothing.
    session.cycle_id().await?;
    session.insert(ACCOUNT, id).await?;
    session.insert(SINCE, now).await?;
    Ok(Redirect::to(&next).into_response())
}

async fn note_failure(desk: &Desk, account: account::Model) -> Result<(), Problem> {
    let now = desk.clock.now();
    let failures = account.failures + 1;
    let locked_until = (failures >= TRIES).then(|| now + TimeDelta::minutes(LOCK_MINUTES));
    let tx = desk.db.begin("note a wrong password").await?;
    let payload = json!({ "failures": failures });
    let event = Event { action: "account.refused", object: account.id.to_string(), payload };
    audit::record(&tx, &desk.keys, &Actor::system("sign-in"), now, vec![event]).await?;
    store::note_attempt(&tx, account, if locked_until.is_some() { 0 } else { failures }, locked_until)
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn sign_out(session: Session) -> Result<Redirect, Problem> {
    session.flush().await?;
    Ok(Redirect::to("/sign-in"))
}
