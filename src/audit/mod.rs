//! The audit trail: append-only, hash-chained, written in the transaction of the change it tells of.
//!
//! The chain covers a salted digest of each payload, and the payloads stand apart, sealed: a digest cannot be
//! guessed back, and no payload has to be read to follow the chain.

mod chain;
mod checkpoint;
mod entity;
mod erasure;
mod listing;
mod store;
mod verify;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::Value;
use uuid::Uuid;

use crate::platform::{Db, Keys, Tx, Write};
pub use checkpoint::Checkpoint;
pub use entity::entry::Entity as EntryEntity;
pub use entity::head::Entity as HeadEntity;
pub use entity::payload::Entity as PayloadEntity;
pub use erasure::{erase_texts_before, erase_texts_of, texts_before};
pub use listing::{Entry, Search, entries, of_account, said};
pub use store::{PAYLOAD, begin};
pub use verify::{Broken, verify};

/// Who does something: an account, a file, or the schedule.
#[derive(Clone, Debug)]
pub struct Actor {
    /// A name for people: an account's name, "import of attendance-log.csv".
    pub name: String,
    /// The role's code, or `system`.
    pub role: &'static str,
    /// The account, where it is one's.
    pub account: Option<Uuid>,
}

impl Actor {
    /// Quorate itself: the schedule, or a command at the machine.
    pub fn system(name: impl Into<String>) -> Self {
        Self { name: name.into(), role: "system", account: None }
    }
}

/// One thing that was done.
#[derive(Clone, Debug)]
pub struct Event {
    /// What, as `room.verb`: `register.confirmed`.
    pub action: &'static str,
    /// To what: an id, or a name that identifies nobody.
    pub object: String,
    /// Before, after, reason: kept sealed.
    pub payload: Value,
}

/// Appends events to the chain.
pub async fn record(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    events: Vec<Event>,
) -> Result<(), DbErr> {
    record_with(tx, keys, actor, now, events, Vec::new()).await
}

/// Writes what was done and notes the events of it. The trail's head is taken when all else is written: PostgreSQL is asked
/// twice where the entry goes on from what this process left there, and else once more.
pub async fn record_with(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    events: Vec<Event>,
    writes: Vec<Write>,
) -> Result<(), DbErr> {
    store::append(tx, keys, actor, now, events, writes).await
}

/// Notes that somebody took something away as a file, or looked at what not everybody may see: before it is
/// handed out.
pub async fn looked(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    event: Event,
) -> Result<(), DbErr> {
    let tx = db.begin("note a look").await?;
    record(&tx, keys, actor, now, vec![event]).await?;
    tx.commit().await
}
