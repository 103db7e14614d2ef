//! One's own account: password, second factor, where one is signed in.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sign_in::checked;
use super::welcome::typed_twice;
use crate::access::attempt::count_attempt;
use crate::access::entity::Stage;
use crate::access::{SignedIn, password, session, store};
use crate::audit::{self, Event};
use crate::calendar::{london, written};
use crate::web::{ClientAddress, Desk, Errors, Fields, Page, Problem};

#[derive(Serialize)]
struct Session {
    began: String,
    used: String,
    here: bool,
}

#[derive(Serialize)]
struct MyPage {
    name: String,
    role: &'static str,
    second_factor: bool,
    recovery_codes: u64,
    sessions: Vec<Session>,
    others: bool,
    told: Option<&'static str>,
    errors: Errors,
}

impl Page for MyPage {
    const TEMPLATE: &'static str = "access/pages/mine";
    fn title(&self) -> String {
        "Your account".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    told: Option<&'static str>,
    errors: Errors,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let account = store::by_id(db, who.id).await?.ok_or_else(|| Problem::SignIn("/me".to_owned()))?;
    let living = |s: &_| session::lives(&desk.sessions, s, who.role, now);
    let sessions: Vec<Session> = store::sessions_of(db, who.id)
        .await?
        .into_iter()
        .filter(living)
        .map(|s| Session {
            began: london::moment(s.began_at),
            used: written::ago(now - s.seen_at),
            here: s.id == who.session,
        })
        .collect();
    let page = MyPage {
        name: account.name,
        role: account.role.label(),
        second_factor: account.second_factor.is_some(),
        recovery_codes: store::recovery_codes(db, who.id).await?,
        others: sessions.len() > 1,
        sessions,
        told,
        errors,
    };
    Ok(page.show(who.chrome()))
}

pub(super) async fn show(
    who: SignedIn,
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let told = match asked.done.as_deref() {
        Some("password") => Some("Your password is changed, and every other session of yours has ended."),
        Some("sessions") => Some("Your other sessions have ended."),
        _ => None,
    };
    page(&desk, &who, told, Errors::default()).await
}

pub(super) async fn change_password(
    who: SignedIn,
    State(desk): State<Desk>,
    jar: CookieJar,
    from: ClientAddress,
    form: Fields,
) -> Result<Response, Problem> {
    let account = store::by_id(desk.db.read(), who.id).await?;
    let account = account.ok_or_else(|| Problem::SignIn("/me".to_owned()))?;
    let mut errors = typed_twice(&form, &[&account.email, &account.name]);
    if errors.is_empty() {
        // Guesses here count like guesses at sign-in.
        let attempt = count_attempt(&desk, &jar, &account.email, from).await?;
        let hash = attempt.as_ref().map(|attempt| attempt.account.password_hash.clone());
        if !checked(&desk, attempt.as_ref(), form.raw("current"), hash).await? {
            let text = "The password that you use now is not right".to_owned();
            errors.add("current", text);
        }
    }
    if !errors.is_empty() {
        return page(&desk, &who, None, errors).await;
    }
    let hash = password::hash(form.raw("password")).await?;
    let (tx, now) = (desk.db.begin("change password").await?, desk.clock.now());
    let taken = store::take(&tx, who.id).await?;
    // Reset or signed out while the password was looked at: then this changes nothing.
    let same = taken.filter(|now| now.password_hash == account.password_hash);
    let mut account = same.ok_or_else(|| Problem::SignIn("/me".to_owned()))?;
    if store::end_session(&tx, who.session.clone()).await? == 0 {
        return Err(Problem::SignIn("/me".to_owned()));
    }
    (account.password_hash, account.failures, account.locked_until) = (hash, 0, None);
    store::save(&tx, account).await?;
    store::end_sessions(&tx, who.id).await?;
    store::end_links(&tx, Some(who.id)).await?;
    store::forget_devices(&tx, who.id).await?;
    let event = Event {
        action: "account.password_set",
        object: who.id.to_string(),
        payload: json!({ "by": "its owner" }),
    };
    let jar = session::begin(&tx, &desk.sessions, jar, who.id, Stage::Whole, now).await?;
    audit::record(&tx, &desk.keys, &who.actor(), now, vec![event]).await?;
    tx.commit().await?;
    Ok((jar, Redirect::to("/me?done=password")).into_response())
}

pub(super) async fn end_other_sessions(who: SignedIn, State(desk): State<Desk>) -> Result<Redirect, Problem> {
    let tx = desk.db.begin("end sessions").await?;
    let ended = store::end_other_sessions(&tx, who.id, &who.session).await?;
    let object = who.id.to_string();
    let event = Event { action: "account.sessions_ended", object, payload: json!({ "ended": ended }) };
    audit::record(&tx, &desk.keys, &who.actor(), desk.clock.now(), vec![event]).await?;
    tx.commit().await?;
    Ok(Redirect::to("/me?done=sessions"))
}

/// Stays signed in: that it was asked for is enough.
pub(super) async fn stay(_: SignedIn) -> StatusCode {
    StatusCode::NO_CONTENT
}
