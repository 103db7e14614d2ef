//! Accounts as an administrator of the machine keeps them.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::entity::account;
use super::password::{self, MINIMUM};
use super::{AccountId, Role, store};
use crate::audit::{self, Actor, Event};
use crate::conferences;
use crate::mail::is_address;
use crate::platform::{Db, Keys, nearest, token};

/// Why an account could not be kept so.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The address is taken.
    #[error("there is an account for {0} already; `quorate account reset {0}` gives it a new password")]
    Exists(String),
    /// No such account.
    #[error("there is no account for {0}; `quorate account list` shows them")]
    Unknown(String),
    /// Not an address.
    #[error("\"{0}\" is not a mail address")]
    NotAnAddress(String),
    /// Too short.
    #[error("a password has at least {MINIMUM} characters")]
    TooShort,
    /// A chair's account without its chair.
    #[error("a chair's account acts for a chair of the directory: name it with --chair (known: {0})")]
    NoChair(String),
    /// A chair that is not in the directory.
    #[error("no chair is called \"{0}\"{1}")]
    UnknownChair(String, String),
    /// Another role with a chair.
    #[error("only an account with the role chair acts for a chair")]
    NotAChair,
    /// The database refused.
    #[error("database: {0}")]
    Db(#[from] DbErr),
}

/// An account to be added.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The address that signs in.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The chair that it acts for, by name.
    pub chair: Option<String>,
    /// A password; a random one where none is given.
    pub password: Option<String>,
}

/// A random password: four groups of five, of letters that read well.
fn random_password() -> String {
    (0..4).map(|_| token(5)).collect::<Vec<_>>().join("-")
}

fn acceptable(password: Option<String>) -> Result<String, AccountError> {
    let password = password.unwrap_or_else(random_password);
    if password.chars().count() < MINIMUM { Err(AccountError::TooShort) } else { Ok(password) }
}

async fn record(
    tx: &crate::platform::Tx,
    keys: &Keys,
    now: DateTime<Utc>,
    action: &'static str,
    account: &account::Model,
) -> Result<(), DbErr> {
    let payload = json!({ "email": account.email, "name": account.name, "role": account.role });
    let event = Event { action, object: account.id.to_string(), payload };
    audit::record(tx, keys, &Actor::system("command line"), now, vec![event]).await
}

/// Adds an account, and gives back its password, which is stored nowhere.
pub async fn add(db: &Db, keys: &Keys, now: DateTime<Utc>, new: NewAccount) -> Result<String, AccountError> {
    let email = new.email.trim().to_lowercase();
    if !is_address(&email) {
        return Err(AccountError::NotAnAddress(new.email));
    }
    let password = acceptable(new.password)?;
    let tx = db.begin("add account").await?;
    if store::by_email(tx.conn(), &email).await?.is_some() {
        return Err(AccountError::Exists(email));
    }
    let chairs = conferences::store::chairs(tx.conn()).await?;
    let names = || chairs.iter().map(|c| c.name.as_str());
    let chair_id = match (new.role, new.chair) {
        (Role::Chair, None) => return Err(AccountError::NoChair(names().collect::<Vec<_>>().join(", "))),
        (Role::Chair, Some(name)) => match chairs.iter().find(|c| c.name.eq_ignore_ascii_case(name.trim())) {
            Some(chair) => Some(chair.id),
            None => {
                let meant =
                    nearest(&name, names()).map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default();
                return Err(AccountError::UnknownChair(name, meant));
            }
        },
        (_, Some(_)) => return Err(AccountError::NotAChair),
        (_, None) => None,
    };
    let account = account::Model {
        id: AccountId::new(),
        email,
        name: new.name.trim().to_owned(),
        role: new.role,
        chair_id,
        password_hash: password::hash(&password),
        created_at: now,
        disabled_at: None,
        failures: 0,
        locked_until: None,
    };
    record(&tx, keys, now, "account.added", &account).await?;
    store::insert(&tx, account).await?;
    tx.commit().await?;
    Ok(password)
}

/// Disables an account and ends its sessions.
pub async fn disable(db: &Db, keys: &Keys, now: DateTime<Utc>, email: &str) -> Result<(), AccountError> {
    let tx = db.begin("disable account").await?;
    let found = store::by_email(tx.conn(), email).await?;
    let mut account = found.ok_or_else(|| AccountError::Unknown(email.to_owned()))?;
    account.disabled_at = Some(now);
    record(&tx, keys, now, "account.disabled", &account).await?;
    store::end_sessions(&tx, account.id).await?;
    store::save(&tx, account).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives an account a new password, enables it again, and ends its sessions.
pub async fn reset(
    db: &Db,
    keys: &Keys,
    now: DateTime<Utc>,
    email: &str,
    password: Option<String>,
) -> Result<String, AccountError> {
    let password = acceptable(password)?;
    let tx = db.begin("reset account").await?;
    let found = store::by_email(tx.conn(), email).await?;
    let mut account = found.ok_or_else(|| AccountError::Unknown(email.to_owned()))?;
    account.password_hash = password::hash(&password);
    (account.disabled_at, account.failures, account.locked_until) = (None, 0, None);
    record(&tx, keys, now, "account.reset", &account).await?;
    store::end_sessions(&tx, account.id).await?;
    store::save(&tx, account).await?;
    tx.commit().await?;
    Ok(password)
}
