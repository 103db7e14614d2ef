//! The second factor: asked for after the password, and set up.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Serialize;
use serde_json::json;

use super::kept::again;
use super::sign_in::{checked, signed_in};
use super::{Next, own_path, then};
use crate::access::attempt::{count_attempt, forgive};
use crate::access::entity::{Stage, account, session as row};
use crate::access::may::Halfway;
use crate::access::second_factor::{new_secret, picture, plain, recovery_codes, step};
use crate::access::{SECOND_FACTOR, SignedIn, session, store};
use crate::audit::{self, Event};
use crate::platform::{Keys, Sealed, Tx};
use crate::web::{Chrome, ClientAddress, Desk, Errors, Fields, Page, Problem};

/// What a secret is sealed for while it is on the page and not yet proved.
const OFFERED: &str = "second_factor.offered";

#[derive(Serialize)]
struct CodePage {
    next: String,
    kept: String,
    error: Option<&'static str>,
}

impl Page for CodePage {
    const TEMPLATE: &'static str = "access/pages/code";
    fn title(&self) -> String {
        "Your code".to_owned()
    }
    fn has_error(&self) -> bool {
        self.error.is_some()
    }
}

pub(super) async fn ask(_: Halfway, Query(next): Query<Next>) -> Response {
    ask_with(own_path(next.next.as_deref()), String::new())
}

/// Asks for the code, with a form that waits to be sent again.
pub(super) fn ask_with(next: String, kept: String) -> Response {
    CodePage { next, kept, error: None }.show(Chrome::default())
}

pub(super) async fn answer(
    half: Halfway,
    State(desk): State<Desk>,
    jar: CookieJar,
    from: ClientAddress,
    form: Fields,
) -> Result<Response, Problem> {
    let next = own_path(Some(form.text("next")));
    let wrong = "The code is not right, or was used before. After five wrong ones the account is locked for 15 minutes";
    let kept = form.text("kept");
    let refuse =
        |next| Ok(CodePage { next, kept: kept.to_owned(), error: Some(wrong) }.show(Chrome::default()));
    if half.session.stage == Stage::SetUp {
        return Ok(Redirect::to(&then("/second-factor/set-up", &next)).into_response());
    }
    if count_attempt(&desk, &jar, &half.account.email, from).await?.is_none() {
        return refuse(next);
    }
    let tx = desk.db.begin("second factor").await?;
    let Some(account) = store::take(&tx, half.account.id).await? else { return refuse(next) };
    let id = account.id;
    let Some((account, how)) = taken(&tx, &desk, account, form.text("code")).await? else {
        return refuse(next);
    };
    // Ended in between, by a reset: then it leads nowhere.
    if store::end_session(&tx, half.session.id).await? == 0 {
        return refuse(next);
    }
    let jar = session::begin(&tx, &desk.sessions, jar, id, Stage::Whole, desk.clock.now()).await?;
    let how = json!({ "second_factor": how, "from": from.to_string() });
    let jar = signed_in(&tx, &desk, jar, account, how).await?;
    tx.commit().await?;
    let to = again(&desk, kept, id).unwrap_or_else(|| Redirect::to(&next).into_response());
    Ok((jar, to).into_response())
}

/// A recovery code's hash: worth nothing at another account, and nothing without the keys.
fn hashed(keys: &Keys, account: &account::Model, code: &str) -> Vec<u8> {
    keys.find("recovery_code", format!("{} {}", account.id, plain(code)))
}

/// Takes a code of the app or a recovery code, once. Says which it was.
async fn taken(
    tx: &Tx,
    desk: &Desk,
    mut account: account::Model,
    code: &str,
) -> Result<Option<(account::Model, &'static str)>, Problem> {
    let Some(sealed) = &account.second_factor else { return Ok(None) };
    let secret = desk.keys.open(SECOND_FACTOR, sealed).map_err(|e| Problem::internal(e.to_string()))?;
    if let Some(step) = step(&secret, code, desk.clock.now(), account.second_factor_step) {
        account.second_factor_step = Some(step);
        store::save(tx, account.clone()).await?;
        return Ok(Some((account, "code")));
    }
    let used = store::use_recovery_code(tx, hashed(&desk.keys, &account, code)).await?;
    Ok(used.then_some((account, "recovery code")))
}

#[derive(Serialize)]
struct SetUpPage {
    next: String,
    secret: String,
    picture: Option<String>,
    offered: String,
    ask_password: bool,
    errors: Errors,
}

impl Page for SetUpPage {
    const TEMPLATE: &'static str = "access/pages/set_up";
    fn title(&self) -> String {
        "Set up a second factor".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// Who may set one up: somebody signed in, or somebody who may not go on without.
async fn settling(desk: &Desk, jar: &CookieJar) -> Result<(row::Model, account::Model), Problem> {
    let found = session::find(desk, jar).await?;
    let may = found.filter(|(session, _)| session.stage != Stage::SecondFactor);
    may.ok_or_else(|| Problem::SignIn("/second-factor/set-up".to_owned()))
}

fn chrome(desk: &Desk, session: &row::Model, account: &account::Model) -> Chrome {
    match session.stage {
        Stage::Whole => SignedIn::new(desk, session.clone(), account.clone()).chrome(),
        _ => Chrome::default(),
    }
}

fn page(
    desk: &Desk,
    (session, account): (&row::Model, &account::Model),
    next: String,
    secret: String,
    errors: Errors,
) -> Response {
    let offered = desk.keys.seal(OFFERED, &format!("{} {secret}", account.id));
    let spaced: Vec<&str> =
        (0..secret.len()).step_by(4).map(|n| &secret[n..(n + 4).min(secret.len())]).collect();
    let page = SetUpPage {
        next,
        picture: picture(&secret, &account.email),
        offered: hex::encode(offered.0),
        ask_password: session.stage == Stage::Whole,
        errors,
        secret: spaced.join(" "),
    };
    page.show(chrome(desk, session, account))
}

pub(super) async fn offer(
    State(desk): State<Desk>,
    jar: CookieJar,
    Query(next): Query<Next>,
) -> Result<Response, Problem> {
    let (session, account) = settling(&desk, &jar).await?;
    let next = own_path(next.next.as_deref());
    Ok(page(&desk, (&session, &account), next, new_secret(), Errors::default()))
}

#[derive(Serialize)]
struct RecoveryPage {
    next: String,
    codes: Vec<String>,
}

impl Page for RecoveryPage {
    const TEMPLATE: &'static str = "access/pages/recovery";
    fn title(&self) -> String {
        "Your recovery codes".to_owned()
    }
}

pub(super) async fn set_up(
    State(desk): State<Desk>,
    jar: CookieJar,
    from: ClientAddress,
    form: Fields,
) -> Result<Response, Problem> {
    let (session, account) = settling(&desk, &jar).await?;
    let (next, now) = (own_path(Some(form.text("next"))), desk.clock.now());
    // The secret comes back as it was offered: to this account, by us.
    let offered = hex::decode(form.text("offered")).ok();
    let offered = offered.and_then(|bytes| desk.keys.open(OFFERED, &Sealed(bytes)).ok());
    let secret = offered.and_then(|text| text.strip_prefix(&format!("{} ", account.id)).map(str::to_owned));
    let Some(secret) = secret else {
        return Ok(page(&desk, (&session, &account), next, new_secret(), Errors::default()));
    };
    let mut errors = Errors::default();
    if session.stage == Stage::Whole {
        // A screen left open is not enough to change how its owner signs in.
        let attempt = count_attempt(&desk, &jar, &account.email, from).await?;
        let hash = attempt.as_ref().map(|attempt| attempt.account.password_hash.clone());
        if !checked(&desk, attempt.as_ref(), form.raw("password"), hash).await? {
            errors.add("password", "The password is not right");
        }
    }
    let Some(step) = step(&secret, form.text("code"), now, None) else {
        let text = "The code is not the one that the app shows now".to_owned();
        errors.add("code", text);
        return Ok(page(&desk, (&session, &account), next, secret, errors));
    };
    if !errors.is_empty() {
        return Ok(page(&desk, (&session, &account), next, secret, errors));
    }
    let codes = recovery_codes();
    let tx = desk.db.begin("set up second factor").await?;
    // Reset or signed out meanwhile: then this changes nothing.
    let same = |now: &account::Model| {
        now.password_hash == account.password_hash && now.second_factor == account.second_factor
    };
    let taken = store::take(&tx, account.id).await?.filter(same);
    let mut account = taken.ok_or_else(|| Problem::SignIn(next.clone()))?;
    if store::end_session(&tx, session.id).await? == 0 {
        return Err(Problem::SignIn(next));
    }
    account.second_factor = Some(desk.keys.seal(SECOND_FACTOR, &secret));
    account.second_factor_step = Some(step);
    store::save(&tx, account.clone()).await?;
    let hashes = codes.iter().map(|code| hashed(&desk.keys, &account, code)).collect();
    store::set_recovery_codes(&tx, account.id, hashes).await?;
    store::end_sessions(&tx, account.id).await?;
    let actor = account.actor();
    let object = account.id.to_string();
    let event = Event { action: "account.second_factor_set", object, payload: json!({}) };
    let jar = session::begin(&tx, &desk.sessions, jar, account.id, Stage::Whole, now).await?;
    let jar = forgive(&tx, &desk.sessions, jar, &account, now).await?;
    audit::record(&tx, &desk.keys, &actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok((jar, RecoveryPage { next, codes }.show(Chrome::default())).into_response())
}
