//! Signing in and out.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{own_path, then};
use crate::access::entity::{Stage, account};
use crate::access::{password, session, store};
use crate::audit::{self, Actor, Event};
use crate::platform::Tx;
use crate::web::{Chrome, Desk, Fields, Page, Problem};

/// Wrong passwords before an account is locked.
const TRIES: i32 = 5;
/// Minutes for which it is locked.
const LOCK_MINUTES: i64 = 15;

#[derive(Serialize)]
struct SignInPage {
    email: String,
    next: String,
    error: Option<String>,
    welcome: bool,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "access/pages/sign_in";
    fn title(&self) -> String {
        "Sign in".to_owned()
    }
    fn has_error(&self) -> bool {
        self.error.is_some()
    }
}

/// What the page is asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    next: Option<String>,
    welcome: Option<String>,
}

pub(super) async fn ask(Query(asked): Query<Asked>) -> Response {
    let page = SignInPage {
        email: String::new(),
        next: own_path(asked.next.as_deref()),
        error: None,
        welcome: asked.welcome.is_some(),
    };
    page.show(Chrome::default())
}

/// The same for an address that is not known, a wrong password, and a locked account: nobody learns which
/// addresses have accounts.
const REFUSED: &str = "The email address or the password is not right. After five wrong passwords an account is \
                       locked for 15 minutes.";

pub(super) async fn sign_in(
    State(desk): State<Desk>,
    jar: CookieJar,
    form: Fields,
) -> Result<Response, Problem> {
    let (email, given) = (form.text("email").to_owned(), form.raw("password").to_owned());
    let next = own_path(Some(form.text("next")));
    let now = desk.clock.now();
    let account = count_attempt(&desk, &email).await?;
    let hash = account.as_ref().map(|a| a.password_hash.clone());
    let right = password::is_right(&given, hash).await?;
    let Some(account) = account.filter(|_| right) else {
        let page = SignInPage { email, next, error: Some(REFUSED.to_owned()), welcome: false };
        return Ok(page.show(Chrome::default()));
    };
    let wanted = desk.second_factor.iter().any(|role| role == account.role.code());
    let (stage, to) = match (&account.second_factor, wanted) {
        (Some(_), _) => (Stage::SecondFactor, then("/second-factor", &next)),
        (None, true) => (Stage::SetUp, then("/second-factor/set-up", &next)),
        (None, false) => (Stage::Whole, next),
    };
    let tx = desk.db.begin("sign in").await?;
    let id = account.id;
    // What was looked at outside must still be so: a reset in between ends this sign-in too.
    let same = |now: &account::Model| {
        let of = |a: &account::Model| (a.password_hash.clone(), a.second_factor.clone(), a.disabled_at);
        of(now) == of(&account)
    };
    let Some(now_so) = store::take(&tx, id).await?.filter(same) else {
        let page = SignInPage { email, next: to, error: Some(REFUSED.to_owned()), welcome: false };
        return Ok(page.show(Chrome::default()));
    };
    let jar = session::begin(&tx, &desk.sessions, jar, id, stage, now).await?;
    if stage == Stage::Whole {
        signed_in(&tx, &desk, now_so, json!({})).await?;
    } else {
        let locked = now_so.locked_until.is_some_and(|until| until > now);
        let Some(failures) = given_back(account.failures, now_so.failures, locked) else {
            let page = SignInPage { email, next: to, error: Some(REFUSED.to_owned()), welcome: false };
            return Ok(page.show(Chrome::default()));
        };
        store::note_attempt(&tx, now_so, failures, None).await?;
    }
    tx.commit().await?;
    Ok((jar, Redirect::to(&to)).into_response())
}

/// The count after a right password that a code must follow: its own attempt is taken back, a lock of its own
/// making with it. Wrong codes that were tried meanwhile stay counted, and a lock that they made stays (`None`):
/// otherwise sign-ins under way would be a way to guess codes without end.
fn given_back(before: i32, now: i32, locked: bool) -> Option<i32> {
    match (locked, before + 1 >= TRIES) {
        (true, false) => None,
        (_, true) => Some(before),
        (false, false) => Some((now - 1).max(0)),
    }
}

/// Notes that somebody is in, and forgets the attempts before.
pub(super) async fn signed_in(
    tx: &Tx,
    desk: &Desk,
    account: account::Model,
    how: serde_json::Value,
) -> Result<(), Problem> {
    let actor = account.actor();
    let event = Event { action: "account.signed_in", object: account.id.to_string(), payload: how };
    store::note_attempt(tx, account, 0, None).await?;
    // The trail comes last in every transaction: it is what all others wait for.
    Ok(audit::record(tx, &desk.keys, &actor, desk.clock.now(), vec![event]).await?)
}

/// Counts an attempt before the password is looked at, so that many at once are many. `None`: no such
/// account, or it is disabled or locked, and no password opens it.
pub(super) async fn count_attempt(desk: &Desk, email: &str) -> Result<Option<account::Model>, Problem> {
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

pub(super) async fn sign_out(State(desk): State<Desk>, jar: CookieJar) -> Result<Response, Problem> {
    let jar = session::end(&desk, jar).await?;
    Ok((jar, Redirect::to("/sign-in")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_password_takes_back_its_own_attempt_and_no_wrong_code() {
        assert_eq!(given_back(0, 1, false), Some(0));
        assert_eq!(given_back(0, 4, false), Some(3), "three codes were tried meanwhile");
        assert_eq!(given_back(0, 0, true), None, "they locked the account");
        assert_eq!(given_back(TRIES - 1, 0, true), Some(TRIES - 1), "it locked the account itself");
    }
}
