//! Sessions on the server. The cookie holds 256 random bits and the table only their hash: who reads the
//! database cannot take a session over. A session begins at sign-in and never before, so that there is
//! none to plant.

use std::time::Duration;

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;

use super::attempt::DEVICE_DAYS;
use super::entity::{Stage, account, session};
use super::link::{hashed, token};
use super::{AccountId, Role, store};
use crate::platform::{Db, Tx};
use crate::web::{Desk, SessionRules};

/// A session is marked as used once in this many seconds, not at each request.
const SEEN_SECONDS: i64 = 60;
/// So long after its end a session still says whose it was, and a form that comes too late is kept for them. It
/// waits as long again, no longer than a day's work.
pub(super) const KEPT_HOURS: i64 = 24;
/// How long a page waits for that.
const PATIENCE: Duration = Duration::from_secs(1);

/// The prefix makes browsers refuse a cookie that is set for other paths or by other hosts.
fn name(rules: &SessionRules) -> &'static str {
    if rules.secure_cookies { "__Host-quorate" } else { "quorate" }
}

/// A cookie that only this site's own pages send, and no script reads.
pub(super) fn cookie(rules: &SessionRules, name: &'static str, token: String) -> Cookie<'static> {
    Cookie::build((name, token))
        .path("/")
        .secure(rules.secure_cookies)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

/// Without a request for this long, a session of this role has ended.
fn idle(rules: &SessionRules, role: Role) -> TimeDelta {
    if role == Role::SystemAdministrator { rules.keepers_idle } else { rules.idle }
}

pub(super) fn lives(rules: &SessionRules, session: &session::Model, role: Role, now: DateTime<Utc>) -> bool {
    now < session.began_at + rules.lasts && now < session.seen_at + idle(rules, role)
}

/// How long a session still lives, if nothing more is asked for. Use is marked to the minute.
pub(super) fn ends_in(
    rules: &SessionRules,
    session: &session::Model,
    role: Role,
    now: DateTime<Utc>,
) -> TimeDelta {
    let idle = idle(rules, role) - TimeDelta::seconds(SEEN_SECONDS);
    idle.min(session.began_at + rules.lasts - now).max(TimeDelta::zero())
}

/// Whose the session is that the browser shows, also one that has ended and is still in the table.
pub(super) async fn whose(desk: &Desk, jar: &CookieJar) -> Result<Option<AccountId>, DbErr> {
    let Some(cookie) = jar.get(name(&desk.sessions)) else { return Ok(None) };
    let found = store::session(desk.db.read(), hashed(cookie.value())).await?;
    Ok(found.map(|(_, account)| account.id))
}

/// Begins a session at a stage; one that the browser had before ends.
pub(super) async fn begin(
    tx: &Tx,
    rules: &SessionRules,
    jar: CookieJar,
    account_id: AccountId,
    stage: Stage,
    now: DateTime<Utc>,
) -> Result<CookieJar, DbErr> {
    begin_from(tx, rules, jar, account_id, stage, None, now).await
}

/// The same, with the session at the identity provider that it began with.
pub(super) async fn begin_from(
    tx: &Tx,
    rules: &SessionRules,
    jar: CookieJar,
    account_id: AccountId,
    stage: Stage,
    provider_session: Option<String>,
    now: DateTime<Utc>,
) -> Result<CookieJar, DbErr> {
    if let Some(old) = jar.get(name(rules)) {
        store::end_session(tx, hashed(old.value())).await?;
    }
    let token = token();
    let id = hashed(&token);
    let row = session::Model { id, account_id, began_at: now, seen_at: now, stage, provider_session };
    store::begin_session(tx, row).await?;
    Ok(jar.add(cookie(rules, name(rules), token)))
}

/// The session that the browser shows, with its account. Marks the session as used.
pub(super) async fn find(
    desk: &Desk,
    jar: &CookieJar,
) -> Result<Option<(session::Model, account::Model)>, DbErr> {
    let found = look(desk, jar).await?;
    if let Some((session, _)) = &found {
        mark_used(desk, session).await;
    }
    Ok(found)
}

/// The same, and the session is not used by it: an open page asks for news by itself.
pub(super) async fn look(
    desk: &Desk,
    jar: &CookieJar,
) -> Result<Option<(session::Model, account::Model)>, DbErr> {
    let (rules, now) = (&desk.sessions, desk.clock.now());
    let Some(cookie) = jar.get(name(rules)) else { return Ok(None) };
    let Some((session, account)) = store::session(desk.db.read(), hashed(cookie.value())).await? else {
        return Ok(None);
    };
    if account.disabled_at.is_some() || !lives(rules, &session, account.role, now) {
        return Ok(None);
    }
    Ok(Some((session, account)))
}

async fn mark_used(desk: &Desk, session: &session::Model) {
    let now = desk.clock.now();
    if now - session.seen_at >= TimeDelta::seconds(SEEN_SECONDS) {
        let mark = async {
            let tx = desk.db.begin("session seen").await?;
            store::session_seen(&tx, session.id.clone(), now).await?;
            tx.commit().await
        };
        // Who only reads does not wait for who writes long: the next request marks it.
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, mark).await {
            tracing::warn!(%error, "a session could not be marked as used");
        }
    }
}

/// Ends the session that the browser shows.
pub(super) async fn end(desk: &Desk, jar: CookieJar) -> Result<CookieJar, DbErr> {
    if let Some(shown) = jar.get(name(&desk.sessions)) {
        let tx = desk.db.begin("end session").await?;
        store::end_session(&tx, hashed(shown.value())).await?;
        tx.commit().await?;
    }
    Ok(jar.remove(cookie(&desk.sessions, name(&desk.sessions), String::new())))
}

/// Removes the sessions and links that have ended (a scheduled task). Says how many.
pub async fn forget_ended(db: &Db, rules: &SessionRules, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let tx = db.begin("forget ended sessions").await?;
    let ended_by = now - TimeDelta::hours(KEPT_HOURS);
    let idle = rules.idle.max(rules.keepers_idle);
    let ended = store::end_sessions_before(&tx, ended_by - rules.lasts, ended_by - idle).await?;
    store::end_old_links(&tx, now).await?;
    store::forget_of_provider(&tx, now).await?;
    store::forget_devices_before(&tx, now - TimeDelta::days(DEVICE_DAYS)).await?;
    tx.commit().await?;
    Ok(ended)
}
