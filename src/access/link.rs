//! Links by which somebody chooses a password, once: for a new account, after a reset, or for the first
//! account of all. The table keeps only their hash.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use sha2::{Digest, Sha256};

use super::entity::account_link;
use super::{AccountId, store};
use crate::platform::Tx;

/// Days for which a link can be used.
pub const LINK_DAYS: i64 = 3;

/// The hash under which a table keeps a token.
pub fn hashed(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Random text that cannot be guessed, for links and cookies.
pub fn token() -> String {
    let mut random = [0; 32];
    getrandom::fill(&mut random).expect("the system has random numbers");
    hex::encode(random)
}

/// Makes a link for an account, in place of those that it had, or for the first account of all. Gives back
/// its path.
pub(super) async fn make(
    tx: &Tx,
    account_id: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<String, DbErr> {
    store::end_links(tx, account_id).await?;
    let token = token();
    let (hash, expires_at) = (hashed(&token), now + TimeDelta::days(LINK_DAYS));
    store::add_link(tx, account_link::Model { hash, account_id, made_at: now, expires_at }).await?;
    Ok(format!("/welcome/{token}"))
}
