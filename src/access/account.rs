//! Accounts as those keep them who may: system administrators in the browser, and the command line.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::entity::account;
use super::password::{self, Weak};
use super::{AccountId, Role, link, store};
use crate::audit::{self, Actor, Event};
use crate::conferences;
use crate::mail::is_address;
use crate::platform::{Db, Keys, Tx, nearest};

/// Why an account could not be kept so.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The address is taken.
    #[error("there is an account for {0} already; give it a new link instead")]
    Exists(String),
    /// No such account.
    #[error("there is no account for {0}")]
    Unknown(String),
    /// Not an address.
    #[error("\"{0}\" is not a mail address")]
    NotAnAddress(String),
    /// Too short, too long, too easily guessed.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// Nobody's name.
    #[error("an account has a name, which others see")]
    NoName,
    /// No role chosen.
    #[error("choose a role")]
    NoRole,
    /// A chair's account without its chair.
    #[error("a chair's account acts for a chair of the directory: name the chair (known: {0})")]
    NoChair(String),
    /// A chair that is not in the directory.
    #[error("no chair is called \"{0}\"{1}")]
    UnknownChair(String, String),
    /// Another role with a chair.
    #[error("only an account with the role chair acts for a chair")]
    NotAChair,
    /// Its password is kept elsewhere.
    #[error("{0} signs in at the identity provider; `quorate account unlink` first, if that has ended")]
    AtProvider(String),
    /// Too much at once.
    #[error(transparent)]
    Busy(#[from] password::Busy),
    /// The database refused.
    #[error("database: {0}")]
    Db(#[from] DbErr),
}

impl AccountError {
    /// The field of a form that it is about.
    pub(super) fn field(&self) -> &'static str {
        match self {
            Self::NoChair(_) | Self::UnknownChair(..) | Self::NotAChair => "chair",
            Self::NoName => "name",
            Self::NoRole => "role",
            Self::Weak(_) => "password",
            _ => "email",
        }
    }
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
    /// A password; without one a link is made, by which the owner chooses it.
    pub password: Option<String>,
}

/// What accounts are kept with.
#[derive(Clone, Copy, Debug)]
pub struct Keeping<'a> {
    /// The database.
    pub db: &'a Db,
    /// The keys.
    pub keys: &'a Keys,
    /// Who keeps them.
    pub actor: &'a Actor,
    /// When.
    pub now: DateTime<Utc>,
}

/// A given password's hash; where none is given, none opens the account yet.
async fn hashed(password: Option<&str>, of_the_owner: &[&str]) -> Result<String, AccountError> {
    let Some(given) = password else { return Ok(password::NONE.to_owned()) };
    password::acceptable(given, of_the_owner)?;
    Ok(password::hash(given).await?)
}

/// Adds an account's row with its entry in the trail.
pub(super) async fn insert(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    new: &NewAccount,
    password_hash: String,
) -> Result<AccountId, AccountError> {
    let email = new.email.trim().to_lowercase();
    if !is_address(&email) {
        return Err(AccountError::NotAnAddress(new.email.clone()));
    }
    if new.name.trim().is_empty() {
        return Err(AccountError::NoName);
    }
    if store::by_email(tx.conn(), &email).await?.is_some() {
        return Err(AccountError::Exists(email));
    }
    let chairs = conferences::store::chairs(tx.conn()).await?;
    let names = || chairs.iter().map(|c| c.name.as_str());
    let chair_id = match (new.role, &new.chair) {
        (Role::Chair, None) => return Err(AccountError::NoChair(names().collect::<Vec<_>>().join(", "))),
        (Role::Chair, Some(name)) => match chairs.iter().find(|c| c.name.eq_ignore_ascii_case(name.trim())) {
            Some(chair) => Some(chair.id),
            None => {
                let meant =
                    nearest(name, names()).map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default();
                return Err(AccountError::UnknownChair(name.clone(), meant));
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
        password_hash,
        created_at: now,
        disabled_at: None,
        failures: 0,
        locked_until: None,
        second_factor: None,
        second_factor_step: None,
        provider_subject: None,
    };
    let id = account.id;
    store::insert(tx, account.clone()).await?;
    record(tx, keys, actor, now, "account.added", &account).await?;
    Ok(id)
}

async fn record(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    action: &'static str,
    account: &account::Model,
) -> Result<(), DbErr> {
    let payload = json!({ "email": account.email, "name": account.name, "role": account.role });
    let event = Event { action, object: account.id.to_string(), payload };
    audit::record(tx, keys, actor, now, vec![event]).await
}

impl Keeping<'_> {
    /// Adds an account. Without a password, gives back the path of the link by which its owner chooses one.
    pub async fn add(&self, new: NewAccount) -> Result<Option<String>, AccountError> {
        let hash = hashed(new.password.as_deref(), &[&new.email, &new.name]).await?;
        let tx = self.db.begin("add account").await?;
        let id = insert(&tx, self.keys, self.actor, self.now, &new, hash).await?;
        let path = match new.password {
            Some(_) => None,
            None => Some(link::make(&tx, Some(id), self.now).await?),
        };
        tx.commit().await?;
        Ok(path)
    }

    async fn take(&self, tx: &Tx, email: &str) -> Result<account::Model, AccountError> {
        let found = store::take_by_email(tx, email).await?;
        found.ok_or_else(|| AccountError::Unknown(email.to_owned()))
    }

    /// Disables an account; ends its sessions and links.
    pub async fn disable(&self, email: &str) -> Result<(), AccountError> {
        let tx = self.db.begin("disable account").await?;
        let mut account = self.take(&tx, email).await?;
        account.disabled_at = Some(self.now);
        store::end_sessions(&tx, account.id).await?;
        store::end_links(&tx, Some(account.id)).await?;
        store::forget_devices(&tx, account.id).await?;
        store::save(&tx, account.clone()).await?;
        record(&tx, self.keys, self.actor, self.now, "account.disabled", &account).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends an account's password, sessions and links, and enables it. Without a new password, gives back
    /// the path of the link by which its owner chooses one.
    pub async fn reset(&self, email: &str, password: Option<&str>) -> Result<Option<String>, AccountError> {
        let hash = hashed(password, &[email]).await?;
        let tx = self.db.begin("reset account").await?;
        let mut account = self.take(&tx, email).await?;
        if account.provider_subject.is_some() {
            return Err(AccountError::AtProvider(account.email));
        }
        account.password_hash = hash;
        (account.disabled_at, account.failures, account.locked_until) = (None, 0, None);
        let id = account.id;
        store::end_sessions(&tx, id).await?;
        store::end_links(&tx, Some(id)).await?;
        store::forget_devices(&tx, id).await?;
        store::save(&tx, account.clone()).await?;
        let path = match password {
            Some(_) => None,
            None => Some(link::make(&tx, Some(id), self.now).await?),
        };
        record(&tx, self.keys, self.actor, self.now, "account.reset", &account).await?;
        tx.commit().await?;
        Ok(path)
    }

    /// Has somebody not sign in at the identity provider any more: a password here is chosen by a new link.
    pub async fn unlink(&self, email: &str) -> Result<(), AccountError> {
        let tx = self.db.begin("unlink account").await?;
        let mut account = self.take(&tx, email).await?;
        account.provider_subject = None;
        store::end_sessions(&tx, account.id).await?;
        store::save(&tx, account.clone()).await?;
        record(&tx, self.keys, self.actor, self.now, "account.unlinked", &account).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the second factor of somebody whose telephone is lost, and ends the sessions.
    pub async fn forget_second_factor(&self, email: &str) -> Result<(), AccountError> {
        let tx = self.db.begin("forget second factor").await?;
        let mut account = self.take(&tx, email).await?;
        (account.second_factor, account.second_factor_step) = (None, None);
        store::forget_recovery_codes(&tx, account.id).await?;
        store::end_sessions(&tx, account.id).await?;
        store::save(&tx, account.clone()).await?;
        record(&tx, self.keys, self.actor, self.now, "account.second_factor_forgotten", &account).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Where nobody can sign in yet, the path of the link by which the first account is made.
pub async fn first_link(db: &Db, now: DateTime<Utc>) -> Result<Option<String>, DbErr> {
    if store::count(db.read()).await? > 0 {
        return Ok(None);
    }
    let tx = db.begin("make set-up link").await?;
    let path = link::make(&tx, None, now).await?;
    tx.commit().await?;
    Ok(Some(path))
}
