//! Signing in at the identity provider, and being signed out from there.

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::SameSite;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

use super::kept::again;
use super::own_path;
use super::sign_in::SignInPage;
use crate::access::entity::Stage;
use crate::access::link::{hashed, token};
use crate::access::provider::{Provider, Started};
use crate::access::{provided, session, store};
use crate::audit::{self, Actor, Event};
use crate::platform::Sealed;
use crate::web::{Chrome, ClientAddress, Desk, Fields, Page, Problem, SessionRules};

/// What a sign-in under way is sealed for.
const UNDER_WAY: &str = "provider.under_way";
/// Minutes for which somebody may be at the provider.
const MINUTES: i64 = 15;

/// A sign-in under way, in a cookie that only this service can read.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    at: DateTime<Utc>,
}

impl UnderWay {
    fn started(&self) -> Started<'_> {
        Started { state: &self.state, nonce: &self.nonce, verifier: &self.verifier }
    }
}

fn cookie_name(rules: &SessionRules) -> &'static str {
    if rules.secure_cookies { "__Host-quorate-provider" } else { "quorate-provider" }
}

fn refuse(desk: &Desk, text: impl Into<String>) -> Response {
    SignInPage::refusing(desk, text.into()).show(Chrome::default())
}

/// Where there is no provider, there is no such page.
type There = Extension<Option<Arc<Provider>>>;

fn there(provider: There) -> Result<Arc<Provider>, Problem> {
    provider.0.ok_or_else(|| Problem::NotFound(Chrome::default()))
}

/// Sends somebody there.
pub(super) async fn go(
    provider: There,
    State(desk): State<Desk>,
    jar: CookieJar,
    form: Fields,
) -> Result<Response, Problem> {
    let (provider, now) = (there(provider)?, desk.clock.now());
    let next = own_path(Some(form.text("next")));
    let under_way = UnderWay { state: token(), nonce: token(), verifier: token(), next, at: now };
    let address = match provider.sign_in_address(under_way.started()).await {
        Ok(address) => address,
        Err(error) => {
            tracing::error!(%error, "nobody can sign in at the identity provider");
            return Ok(refuse(
                &desk,
                format!(
                    "{} cannot be reached at this moment. Try again in a few minutes.",
                    provider.rules.name
                ),
            ));
        }
    };
    let kept = form.text("kept");
    if let Some(account) = super::kept::whose(&desk, kept) {
        // It does not fit into a cookie, and the provider is not to see it. One a person: the last.
        let tx = desk.db.begin("keep a form").await?;
        let until = now + TimeDelta::minutes(MINUTES);
        store::forget_of_provider(&tx, now).await?;
        store::keep_form(&tx, account, hashed(&under_way.state), kept.to_owned(), until).await?;
        tx.commit().await?;
    }
    let text = serde_json::to_string(&under_way).map_err(|e| Problem::internal(e.to_string()))?;
    let sealed = hex::encode(desk.keys.seal(UNDER_WAY, &text).0);
    let mut cookie = session::cookie(&desk.sessions, cookie_name(&desk.sessions), sealed);
    cookie.set_same_site(SameSite::Lax);
    // Not a redirect: our pages' policy lets a form lead to this site alone, redirects and all.
    let refresh = HeaderValue::from_str(&format!("0; url={address}"));
    let refresh = refresh.map_err(|e| Problem::internal(e.to_string()))?;
    let page = LeavingPage { name: provider.rules.name.clone(), address }.show(Chrome::default());
    Ok((jar.add(cookie), [(HeaderName::from_static("refresh"), refresh)], page).into_response())
}

#[derive(Serialize)]
struct LeavingPage {
    name: String,
    address: String,
}

impl Page for LeavingPage {
    const TEMPLATE: &'static str = "access/pages/leaving";
    fn title(&self) -> String {
        format!("On to {}", self.name)
    }
}

#[derive(Deserialize)]
pub(super) struct Back {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Somebody comes back.
pub(super) async fn back(
    provider: There,
    State(desk): State<Desk>,
    jar: CookieJar,
    from: ClientAddress,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    let (provider, now) = (there(provider)?, desk.clock.now());
    let name = cookie_name(&desk.sessions);
    let under_way = jar.get(name).and_then(|cookie| {
        let sealed = Sealed(hex::decode(cookie.value()).ok()?);
        serde_json::from_str::<UnderWay>(&desk.keys.open(UNDER_WAY, &sealed).ok()?).ok()
    });
    let jar = jar.remove(session::cookie(&desk.sessions, name, String::new()));
    let same = |one: &UnderWay| {
        Some(&one.state) == back.state.as_ref() && now - one.at < TimeDelta::minutes(MINUTES)
    };
    let Some(under_way) = under_way.filter(same) else {
        return Ok((jar, refuse(&desk, "That sign-in was not begun here, or took too long. Begin again."))
            .into_response());
    };
    let Some(code) = back.code.filter(|_| back.error.is_none()) else {
        let text = format!("{} did not sign you in.", provider.rules.name);
        return Ok((jar, refuse(&desk, text)).into_response());
    };
    let identity = match provider.identity(&code, under_way.started()).await {
        Ok(identity) => identity,
        Err(error) => {
            tracing::error!(%error, "a sign-in at the identity provider was not taken");
            let text = format!("What {} said could not be taken. Begin again.", provider.rules.name);
            return Ok((jar, refuse(&desk, text)).into_response());
        }
    };
    let tx = desk.db.begin("sign in by the identity provider").await?;
    let settled = provided::settle(&tx, &provider.rules, &identity, now).await?;
    let (account, mut events) = match settled {
        Ok(settled) => settled,
        Err(refused) => {
            provided::end_of_refused(&tx, &provider.rules, &identity).await?;
            let (email, subject) = (identity.email().map(|(email, _)| email), &identity.subject);
            let payload = json!({
                "why": refused.to_string(), "from": from.to_string(), "email": email, "subject": subject,
            });
            let event = Event { action: "account.refused", object: "identity provider".to_owned(), payload };
            audit::record(&tx, &desk.keys, &Actor::system("sign-in"), now, vec![event]).await?;
            tx.commit().await?;
            return Ok((jar, refuse(&desk, refused.to_string())).into_response());
        }
    };
    let of = provided::session_of(&provider.rules, &identity);
    let jar = session::begin_from(&tx, &desk.sessions, jar, account.id, Stage::Whole, of, now).await?;
    let kept = store::take_kept_form(&tx, hashed(&under_way.state), now).await?;
    let payload = json!({ "from": from.to_string(), "by": "identity provider" });
    events.push(Event { action: "account.signed_in", object: account.id.to_string(), payload });
    audit::record(&tx, &desk.keys, &account.actor(), now, events).await?;
    tx.commit().await?;
    let waits = kept.and_then(|kept| again(&desk, &kept, account.id));
    let to = waits.unwrap_or_else(|| Redirect::to(&under_way.next).into_response());
    Ok((jar, to).into_response())
}

/// The provider says, from machine to machine, that somebody's session there has ended: so does the one here.
pub(super) async fn ended(
    provider: There,
    State(desk): State<Desk>,
    form: Fields,
) -> Result<Response, Problem> {
    let (provider, now) = (there(provider)?, desk.clock.now());
    let logout = match provider.ended(form.text("logout_token")).await {
        Ok(logout) => logout,
        Err(error) => {
            tracing::warn!(%error, "a logout token was not taken");
            return Ok(StatusCode::BAD_REQUEST.into_response());
        }
    };
    let tx = desk.db.begin("end sessions by the identity provider").await?;
    // A token counts once: one that is caught and sent again ends nobody's next session.
    if !store::see_provider_token(&tx, logout.id.clone(), logout.until).await? {
        return Ok(StatusCode::BAD_REQUEST.into_response());
    }
    let ended = provided::end_sessions(&tx, &provider.rules, &logout).await?;
    let payload = json!({ "ended": ended });
    let object = "identity provider".to_owned();
    let event = Event { action: "account.sessions_ended", object, payload };
    audit::record(&tx, &desk.keys, &Actor::system("identity provider"), now, vec![event]).await?;
    tx.commit().await?;
    Ok(StatusCode::OK.into_response())
}
