//! Signing in and out.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::entity::account;
use super::{password, session, store};
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
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    let safe = |path: &&str| path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain);
    next.filter(safe).unwrap_or("/").to_owned()
}

async fn ask(Query(next): Query<Next>) -> Response {
    let page = SignInPage { email: String::new(), next: own_path(next.next.as_deref()), error: None };
    page.show(Chrome::default())
}

/// How many passwords are looked at at once: each takes 20 MB and a core.
static HASHING: Semaphore = Semaphore::const_new(2);

/// The same for an address that is not known, a wrong password, and a locked account: nobody learns which
/// addresses have accounts.
const REFUSED: &str = "The email address or the password is not right. After five wrong passwords an account is \
                       locked for 15 minutes.";

async fn sign_in(State(desk): State<Desk>, jar: CookieJar, form: Fields) -> Result<Response, Problem> {
    let (email, given) = (form.text("email").to_owned(), form.raw("password").to_owned());
    let next = own_path(Some(form.text("next")));
    let now = desk.clock.now();
    let account = count_attempt(&desk, &email).await?;
    let hash = account.as_ref().map(|a| a.password_hash.clone());
    let turn = HASHING.acquire().await.map_err(|e| Problem::internal(e.to_string()))?;
    let right = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => password::is_right(&given, &hash),
        // An address that is not known costs the same time as one that is.
        None => {
            password::hash(&given);
            false
        }
    });
    let right = right.await.map_err(|e| Problem::internal(e.to_string()))?;
    drop(turn);
    let Some(account) = account.filter(|_| right) else {
        let page = SignInPage { email, next, error: Some(REFUSED.to_owned()) };
        return Ok(page.show(Chrome::default()));
    };
    let tx = desk.db.begin("sign in").await?;
    let actor = Actor { name: account.name.clone(), role: account.role.code() };
    let event = Event { action: "account.signed_in", object: account.id.to_string(), payload: json!({}) };
    audit::record(&tx, &desk.keys, &actor, now, vec![event]).await?;
    let id = account.id;
    store::note_attempt(&tx, account, 0, None).await?;
    let jar = session::begin(&tx, &desk.sessions, jar, id, now).await?;
    tx.commit().await?;
    Ok((jar, Redirect::to(&next)).into_response())
}

/// Counts an attempt before the password is looked at, so that many at once are many. `None`: no such
/// account, or it is disabled or locked, and no password opens it.
async fn count_attempt(desk: &Desk, email: &str) -> Result<Option<account::Model>, Problem> {
    let now = desk.clock.now();
    let tx = desk.db.begin("count a sign-in").await?;
    let found = store::take_by_email(&tx, email).await?.filter(|a| a.disabled_at.is_none());
    let Some(account) = found.filter(|a| a.locked_until.is_none_or(|until| until <= now)) else {
        return Ok(None);
    };
    let failures = account.failures + 1;
    let locked_until = (failures >= TRIES).then(|| now + TimeDelta::minutes(LOCK_MINUTES));
    if locked_until.is_some() {
        let payload = json!({ "failures": failures });
        let event = Event { action: "account.locked", object: account.id.to_string(), payload };
        audit::record(&tx, &desk.keys, &Actor::system("sign-in"), now, vec![event]).await?;
    }
    let counted = if locked_until.is_some() { 0 } else { failures };
    store::note_attempt(&tx, account.clone(), counted, locked_until).await?;
    tx.commit().await?;
    Ok(Some(account))
}

async fn sign_out(State(desk): State<Desk>, jar: CookieJar) -> Result<Response, Problem> {
    let jar = session::end(&desk, jar).await?;
    Ok((jar, Redirect::to("/sign-in")).into_response())
}
