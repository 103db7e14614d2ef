//! Signing in and out.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::kept::again;
use super::second_factor::ask_with;
use super::{own_path, then};
use crate::access::attempt::{Attempt, count_attempt, forgive, take_back};
use crate::access::entity::{Stage, account};
use crate::access::{password, session, store};
use crate::audit::{self, Event};
use crate::platform::Tx;
use crate::web::{Chrome, ClientAddress, Desk, Fields, Page, Problem};

#[derive(Default, Serialize)]
pub(super) struct SignInPage {
    email: String,
    next: String,
    error: Option<String>,
    welcome: bool,
    /// A form that waits to be sent again, sealed.
    kept: String,
    /// The identity provider.
    provider: Option<Arc<str>>,
}

impl SignInPage {
    /// With a form that waits to be sent again.
    pub(super) fn keeping(desk: &Desk, kept: String) -> Self {
        Self { next: "/".to_owned(), kept, provider: desk.provider.clone(), ..Self::default() }
    }

    /// With what went wrong elsewhere.
    pub(super) fn refusing(desk: &Desk, error: String) -> Self {
        let (next, provider) = ("/".to_owned(), desk.provider.clone());
        Self { next, error: Some(error), provider, ..Self::default() }
    }
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

pub(super) async fn ask(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let (next, welcome) = (own_path(asked.next.as_deref()), asked.welcome.is_some());
    let provider = desk.provider.clone();
    SignInPage { next, welcome, provider, ..SignInPage::default() }.show(Chrome::default())
}

/// The same for an address that is not known, a wrong password, and a locked account: nobody learns which
/// addresses have accounts.
const REFUSED: &str = "The email address or the password is not right. After five wrong passwords an account is \
                       locked for 15 minutes.";

pub(super) async fn sign_in(
    State(desk): State<Desk>,
    jar: CookieJar,
    from: ClientAddress,
    form: Fields,
) -> Result<Response, Problem> {
    let (email, given) = (form.text("email").to_owned(), form.raw("password").to_owned());
    let next = own_path(Some(form.text("next")));
    let (now, kept) = (desk.clock.now(), form.text("kept").to_owned());
    let refuse = |next: String| {
        let (email, error) = (email.clone(), Some(REFUSED.to_owned()));
        let (kept, provider) = (kept.clone(), desk.provider.clone());
        let page = SignInPage { email, next, error, kept, provider, welcome: false };
        Ok(page.show(Chrome::default()))
    };
    let attempt = count_attempt(&desk, &jar, &email, from).await?;
    let hash = attempt.as_ref().map(|a| a.account.password_hash.clone());
    let right = checked(&desk, attempt.as_ref(), &given, hash).await?;
    let Some(attempt) = attempt.filter(|_| right) else {
        return refuse(next);
    };
    let account = &attempt.account;
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
        of(now) == of(account)
    };
    let Some(now_so) = store::take(&tx, id).await?.filter(same) else {
        return refuse(to);
    };
    let jar = session::begin(&tx, &desk.sessions, jar, id, stage, now).await?;
    let jar = if stage == Stage::Whole {
        signed_in(&tx, &desk, jar, now_so, json!({ "from": from.to_string() })).await?
    } else if take_back(&tx, &attempt, &now_so, now).await? {
        jar
    } else {
        return refuse(to);
    };
    tx.commit().await?;
    let waits = match stage {
        Stage::Whole => again(&desk, &kept, id),
        Stage::SecondFactor if !kept.is_empty() => Some(ask_with(own_path(Some(form.text("next"))), kept)),
        Stage::SecondFactor | Stage::SetUp => None,
    };
    Ok((jar, waits.unwrap_or_else(|| Redirect::to(&to).into_response())).into_response())
}

/// Looks at the password of an attempt. Who cannot be served now has not guessed either.
pub(super) async fn checked(
    desk: &Desk,
    attempt: Option<&Attempt>,
    given: &str,
    hash: Option<String>,
) -> Result<bool, Problem> {
    let busy = match password::is_right(given, hash).await {
        Ok(right) => return Ok(right),
        Err(busy) => busy,
    };
    if let Some(attempt) = attempt {
        let tx = desk.db.begin("take an attempt back").await?;
        if let Some(account) = store::take(&tx, attempt.account.id).await? {
            take_back(&tx, attempt, &account, desk.clock.now()).await?;
        }
        tx.commit().await?;
    }
    Err(busy.into())
}

/// Notes that somebody is in, forgets the attempts before, and knows the device from now on.
pub(super) async fn signed_in(
    tx: &Tx,
    desk: &Desk,
    jar: CookieJar,
    account: account::Model,
    how: serde_json::Value,
) -> Result<CookieJar, Problem> {
    let now = desk.clock.now();
    let jar = forgive(tx, &desk.sessions, jar, &account, now).await?;
    let event = Event { action: "account.signed_in", object: account.id.to_string(), payload: how };
    // The trail comes last in every transaction: it is what all others wait for.
    audit::record(tx, &desk.keys, &account.actor(), now, vec![event]).await?;
    Ok(jar)
}

pub(super) async fn sign_out(State(desk): State<Desk>, jar: CookieJar) -> Result<Response, Problem> {
    let jar = session::end(&desk, jar).await?;
    Ok((jar, Redirect::to("/sign-in")).into_response())
}
