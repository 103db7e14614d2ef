//! A form that comes when its session has ended is not lost: it waits on the page that asks to sign in, sealed,
//! and is sent again by the one button of the page after. It goes through the browser only, opens for the
//! account that wrote it, and for no other.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::own_path;
use super::sign_in::SignInPage;
use crate::access::AccountId;
use crate::access::session::{self, KEPT_HOURS};
use crate::platform::Sealed;
use crate::web::{Chrome, Desk, FORM_LIMIT, Page, Problem};

/// What it is sealed for.
const KEPT: &str = "form.kept";
/// A form of a register of forty agencies is 100 KB; sealed and in hexadecimal it must fit into a form again.
const LARGEST: usize = 200 * 1024;

/// A form that waits.
#[derive(Serialize, Deserialize)]
struct Kept {
    path: String,
    fields: Vec<(String, String)>,
    account: AccountId,
    at: DateTime<Utc>,
}

/// The layer: a form that is turned away because nobody is signed in is kept on the page that asks.
pub async fn keep_entries(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let path = request.uri().path().to_owned();
    // What signs somebody in or out, or holds a password, is kept nowhere.
    let never = ["/sign-in", "/sign-out", "/second-factor", "/me/", "/welcome/"];
    let never = never.iter().any(|p| path.starts_with(p));
    if request.method() != Method::POST || !is_form || never {
        return next.run(request).await;
    }
    let jar = CookieJar::from_headers(request.headers());
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, FORM_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let again = (bytes.len() <= LARGEST).then(|| bytes.clone());
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    let turned_away = to.is_some_and(|to| to.starts_with("/sign-in?next="));
    let Some(bytes) = again.filter(|bytes| turned_away && !bytes.is_empty()) else { return response };
    // Somebody's whose session has ended, that is: a stranger's is not kept, and offered to nobody.
    match session::whose(&desk, &jar).await {
        Ok(Some(account)) => ask(&desk, account, path, bytes).unwrap_or_else(IntoResponse::into_response),
        Ok(None) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}

fn ask(desk: &Desk, account: AccountId, path: String, bytes: Bytes) -> Result<Response, Problem> {
    let fields: Vec<(String, String)> =
        url::form_urlencoded::parse(&bytes).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    let kept = Kept { path, fields, account, at: desk.clock.now() };
    let text = serde_json::to_string(&kept).map_err(|e| Problem::internal(e.to_string()))?;
    let page = SignInPage::keeping(desk, hex::encode(desk.keys.seal(KEPT, &text).0));
    Ok(page.show_as(StatusCode::UNAUTHORIZED, Chrome::default()))
}

#[derive(Serialize)]
struct KeptPage {
    path: String,
    fields: Vec<(String, String)>,
}

impl Page for KeptPage {
    const TEMPLATE: &'static str = "access/pages/kept";
    fn title(&self) -> String {
        "You are signed in again".to_owned()
    }
}

/// Whose form this is, if we sealed it.
pub(super) fn whose(desk: &Desk, kept: &str) -> Option<AccountId> {
    let sealed = Sealed(hex::decode(kept).ok().filter(|bytes| !bytes.is_empty())?);
    let kept: Kept = serde_json::from_str(&desk.keys.open(KEPT, &sealed).ok()?).ok()?;
    Some(kept.account)
}

/// The page that sends a kept form again, for the account that is signed in now; `None` where it is somebody
/// else's, too old, or nothing of ours.
pub(super) fn again(desk: &Desk, kept: &str, account: AccountId) -> Option<Response> {
    let sealed = Sealed(hex::decode(kept).ok()?);
    let kept: Kept = serde_json::from_str(&desk.keys.open(KEPT, &sealed).ok()?).ok()?;
    let fresh = desk.clock.now() - kept.at < TimeDelta::hours(KEPT_HOURS);
    let theirs = kept.account == account;
    let ours = own_path(Some(&kept.path)) == kept.path;
    let page = KeptPage { path: kept.path, fields: kept.fields };
    (fresh && theirs && ours).then(|| page.show(Chrome::default()))
}
