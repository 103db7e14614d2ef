//! Accounts of people who sign in at the identity provider: found by the provider's name for them, linked once
//! by an address that it vouches for, or made; with the role that their groups give today.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::entity::account;
use super::provider::{Identity, Logout, ProviderRules};
use super::{AccountId, Role, password, store};
use crate::audit::Event;
use crate::mail::is_address;
use crate::platform::Tx;

/// Why somebody whom the provider knows gets no further here. Said to themselves alone.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No group of the settings.
    #[error("Your account is in none of the groups that may use Quorate. Ask a system administrator.")]
    NoRole,
    /// No address, or one that nobody vouches for.
    #[error("Your account has no mail address that is vouched for. Ask whoever keeps it.")]
    NoAddress,
    /// A chair's account is made here, for the chair that it acts for.
    #[error(
        "A chair's account is made by a system administrator, who names the chair. Ask for it, with this address."
    )]
    NoChair,
    /// Disabled here.
    #[error("Your account here is disabled. Ask a system administrator.")]
    Disabled,
    /// The address is another account's, which is linked to somebody else.
    #[error("An account with your mail address belongs to somebody else. Ask a system administrator.")]
    Taken,
}

/// The provider's name for a person, and which provider.
fn subject(rules: &ProviderRules, subject: &str) -> String {
    format!("{} {subject}", rules.issuer)
}

/// The session there, as the one here remembers it.
pub(super) fn session_of(rules: &ProviderRules, identity: &Identity) -> Option<String> {
    identity.session.as_ref().map(|session| format!("{} {session}", rules.issuer))
}

type Settled = Result<(account::Model, Vec<Event>), Refused>;

/// The account of somebody who has signed in there, as it is to be from now on, and what changed.
pub(super) async fn settle(
    tx: &Tx,
    rules: &ProviderRules,
    identity: &Identity,
    now: DateTime<Utc>,
) -> Result<Settled, DbErr> {
    let Some(role) = identity.role(rules) else { return Ok(Err(Refused::NoRole)) };
    let subject = subject(rules, &identity.subject);
    let email = identity.email().filter(|(email, vouched)| *vouched && is_address(email));
    let email = email.map(|(email, _)| email.to_lowercase());
    let mut events = Vec::new();
    let found = match store::by_provider(tx, &subject).await? {
        Some(found) => Some(found),
        None => match &email {
            None => return Ok(Err(Refused::NoAddress)),
            Some(email) => store::take_by_email(tx, email).await?,
        },
    };
    // A name is often its owner's to change: it is taken once, and decides nothing.
    let Some(mut account) = found else {
        let Some(email) = email else { return Ok(Err(Refused::NoAddress)) };
        if role == Role::Chair {
            return Ok(Err(Refused::NoChair));
        }
        let name = identity.name().map_or_else(|| email.clone(), str::to_owned);
        let account = account::Model {
            id: AccountId::new(),
            email,
            name,
            role,
            chair_id: None,
            password_hash: password::NONE.to_owned(),
            created_at: now,
            disabled_at: None,
            failures: 0,
            locked_until: None,
            second_factor: None,
            second_factor_step: None,
            provider_subject: Some(subject),
        };
        let payload =
            json!({ "email": account.email, "name": account.name, "role": role, "by": "identity provider" });
        events.push(Event { action: "account.added", object: account.id.to_string(), payload });
        store::insert(tx, account.clone()).await?;
        return Ok(Ok((account, events)));
    };
    if account.disabled_at.is_some() {
        return Ok(Err(Refused::Disabled));
    }
    match &account.provider_subject {
        Some(known) if *known != subject => return Ok(Err(Refused::Taken)),
        Some(_) => {}
        // Whoever keeps the accounts is not made, or unmade, from elsewhere.
        None if account.role == Role::SystemAdministrator => return Ok(Err(Refused::Taken)),
        // Asked before anything is changed: who is refused finds everything as it was.
        None if account.role != role && role == Role::Chair => return Ok(Err(Refused::NoChair)),
        None => {
            // From now on they sign in there: who is put out there is out here.
            account.provider_subject = Some(subject);
            account.password_hash = password::NONE.to_owned();
            store::end_links(tx, Some(account.id)).await?;
            store::end_sessions(tx, account.id).await?;
            store::forget_devices(tx, account.id).await?;
            events.push(Event {
                action: "account.linked",
                object: account.id.to_string(),
                payload: json!({}),
            });
        }
    }
    if account.role != role {
        if role == Role::Chair {
            return Ok(Err(Refused::NoChair));
        }
        let payload = json!({ "before": account.role, "after": role, "chair": account.chair_id });
        events.push(Event { action: "account.role_changed", object: account.id.to_string(), payload });
        (account.role, account.chair_id) = (role, None);
        store::end_sessions(tx, account.id).await?;
        // What was granted to the role before is not the next one's.
        store::forget_grants(tx, account.id).await?;
    }
    store::save(tx, account.clone()).await?;
    Ok(Ok((account, events)))
}

/// Somebody who gets no further now has no session from before either.
pub(super) async fn end_of_refused(tx: &Tx, rules: &ProviderRules, identity: &Identity) -> Result<(), DbErr> {
    if let Some(account) = store::by_provider(tx, &subject(rules, &identity.subject)).await? {
        store::end_sessions(tx, account.id).await?;
    }
    Ok(())
}

/// Ends the sessions that a logout token is about: the one that began with the session there; or, where it names
/// the person only, all of theirs.
pub(super) async fn end_sessions(tx: &Tx, rules: &ProviderRules, logout: &Logout) -> Result<u64, DbErr> {
    if let Some(session) = &logout.session {
        let ended = store::end_provider_sessions(tx, &format!("{} {session}", rules.issuer)).await?;
        if ended > 0 {
            return Ok(ended);
        }
        // Ours began with a token that did not name the session there: then it is the person's.
    }
    let Some(of) = &logout.subject else { return Ok(0) };
    match store::by_provider(tx, &subject(rules, of)).await? {
        Some(account) => store::end_sessions(tx, account.id).await,
        None => Ok(0),
    }
}
