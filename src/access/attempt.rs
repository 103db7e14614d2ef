//! Attempts to sign in, counted before the password is looked at, so that many at once are many. Five wrong
//! ones lock for a quarter of an hour.
//!
//! Strangers and known devices are counted apart (OWASP's device cookies): whoever keeps guessing at an
//! address locks out strangers, and not its owner at the desk where they signed in yesterday.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::entity::{account, known_device};
use super::link::{hashed, token};
use super::{session, store};
use crate::audit::{self, Actor, Event};
use crate::platform::Tx;
use crate::web::{ClientAddress, Desk, SessionRules};

/// Wrong passwords or codes before a lock.
pub(super) const TRIES: i32 = 5;
/// Minutes for which it holds.
const LOCK_MINUTES: i64 = 15;
/// Days after which a device that was not used is a stranger's again.
pub(super) const DEVICE_DAYS: i64 = 180;

fn device_name(rules: &SessionRules) -> &'static str {
    if rules.secure_cookies { "__Host-quorate-device" } else { "quorate-device" }
}

/// Failures and the lock: an account's for strangers, or a device's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
}

impl Count {
    fn is_locked(self, now: DateTime<Utc>) -> bool {
        self.locked_until.is_some_and(|until| until > now)
    }

    /// One more.
    fn after_an_attempt(self, now: DateTime<Utc>) -> Self {
        let failures = self.failures + 1;
        match failures >= TRIES {
            true => Self { failures: 0, locked_until: Some(now + TimeDelta::minutes(LOCK_MINUTES)) },
            false => Self { failures, locked_until: None },
        }
    }
}

/// An attempt that was counted.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// Whose.
    pub account: account::Model,
    device: Option<Vec<u8>>,
    before: Count,
}

/// The count as it stands now, on rows that are taken.
async fn count(tx: &Tx, account: &account::Model, device: Option<&[u8]>) -> Result<Count, DbErr> {
    let known = match device {
        Some(id) => store::device(tx, id.to_vec(), account.id).await?,
        None => None,
    };
    Ok(match known {
        Some(device) => Count { failures: device.failures, locked_until: device.locked_until },
        None => Count { failures: account.failures, locked_until: account.locked_until },
    })
}

async fn set(tx: &Tx, account: &account::Model, device: Option<&[u8]>, to: Count) -> Result<(), DbErr> {
    match device {
        Some(id) => store::note_device(tx, id.to_vec(), to.failures, to.locked_until).await,
        None => store::note_attempt(tx, account.clone(), to.failures, to.locked_until).await,
    }
}

/// Counts an attempt at an account. `None`: no such account, or it is disabled or locked, and no password
/// opens it.
pub(super) async fn count_attempt(
    desk: &Desk,
    jar: &CookieJar,
    email: &str,
    from: ClientAddress,
) -> Result<Option<Attempt>, DbErr> {
    let now = desk.clock.now();
    let tx = desk.db.begin("count a sign-in").await?;
    let found = store::take_by_email(&tx, email).await?.filter(|a| a.disabled_at.is_none());
    let Some(account) = found else { return Ok(None) };
    let shown = jar.get(device_name(&desk.sessions)).map(|cookie| hashed(cookie.value()));
    let device = match shown {
        Some(id) => store::device(&tx, id, account.id).await?.map(|device| device.id),
        None => None,
    };
    let before = count(&tx, &account, device.as_deref()).await?;
    if before.is_locked(now) {
        return Ok(None);
    }
    let after = before.after_an_attempt(now);
    set(&tx, &account, device.as_deref(), after).await?;
    if after.is_locked(now) {
        let payload =
            json!({ "failures": TRIES, "known_device": device.is_some(), "from": from.to_string() });
        let event = Event { action: "account.locked", object: account.id.to_string(), payload };
        audit::record(&tx, &desk.keys, &Actor::system("sign-in"), now, vec![event]).await?;
    }
    tx.commit().await?;
    Ok(Some(Attempt { account, device, before }))
}

/// Takes an attempt back that was right, or that nothing was looked at for. Says whether it could: wrong ones
/// that were made meanwhile stay counted, and a lock that they made stays, for otherwise sign-ins under way
/// would be a way to guess codes without end. The account's row must have been taken in `tx`.
pub(super) async fn take_back(
    tx: &Tx,
    attempt: &Attempt,
    account: &account::Model,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let stands = count(tx, account, attempt.device.as_deref()).await?;
    let Some(failures) = given_back(attempt.before.failures, stands.failures, stands.is_locked(now)) else {
        return Ok(false);
    };
    set(tx, account, attempt.device.as_deref(), Count { failures, locked_until: None }).await?;
    Ok(true)
}

fn given_back(before: i32, now: i32, locked: bool) -> Option<i32> {
    match (locked, before + 1 >= TRIES) {
        (true, false) => None,
        (_, true) => Some(before),
        (false, false) => Some((now - 1).max(0)),
    }
}

/// Forgets the attempts of somebody who is in now, and knows the device from now on.
pub(super) async fn forgive(
    tx: &Tx,
    rules: &SessionRules,
    jar: CookieJar,
    account: &account::Model,
    now: DateTime<Utc>,
) -> Result<CookieJar, DbErr> {
    let shown = jar.get(device_name(rules)).map(|cookie| hashed(cookie.value()));
    if let Some(id) = shown
        && store::device(tx, id.clone(), account.id).await?.is_some()
    {
        store::device_seen(tx, id, now).await?;
        return Ok(jar);
    }
    store::note_attempt(tx, account.clone(), 0, None).await?;
    let token = token();
    let row = known_device::Model {
        id: hashed(&token),
        account_id: account.id,
        failures: 0,
        locked_until: None,
        seen_at: now,
    };
    store::know_device(tx, row).await?;
    let lasts = TimeDelta::days(DEVICE_DAYS).to_std().expect("days are not negative");
    let cookie = Cookie::build(session::cookie(rules, device_name(rules), token));
    Ok(jar.add(cookie.max_age(lasts.try_into().expect("a cookie may last for years"))))
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
