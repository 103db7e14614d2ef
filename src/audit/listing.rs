//! The trail as an auditor reads it: newest first, a page at a time.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::entity::{entry, payload};
use super::store::PAYLOAD;
use crate::platform::Keys;

/// What is looked for. Every part that is given must fit.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Who did it: the whole name.
    pub actor: Option<String>,
    /// What was done: the whole action, or its room, `register` for `register.confirmed`.
    pub action: Option<String>,
    /// To what: the whole id.
    pub object: Option<String>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Until before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Before this entry, for the next page.
    pub before: Option<i64>,
}

/// An entry, without what it says.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the trail.
    pub number: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// The role's code.
    pub role: String,
    /// What.
    pub action: String,
    /// To what.
    pub object: String,
}

impl From<entry::Model> for Entry {
    fn from(e: entry::Model) -> Self {
        let entry::Model { number, at, actor, role, action, object, .. } = e;
        Self { number, at, actor, role, action, object }
    }
}

/// Entries that fit, the newest first.
pub async fn entries(db: &impl ConnectionTrait, search: &Search, at_most: u64) -> Result<Vec<Entry>, DbErr> {
    use entry::Column::{Action, Actor, At, Number, Object};
    let mut query = entry::Entity::find().order_by_desc(Number).limit(at_most);
    if let Some(actor) = &search.actor {
        query = query.filter(Actor.eq(actor));
    }
    if let Some(action) = &search.action {
        query = match action.contains('.') {
            true => query.filter(Action.eq(action)),
            false => query.filter(Action.starts_with(format!("{action}."))),
        };
    }
    if let Some(object) = &search.object {
        query = query.filter(Object.eq(object));
    }
    if let Some(from) = search.from {
        query = query.filter(At.gte(from));
    }
    if let Some(until) = search.until {
        query = query.filter(At.lt(until));
    }
    if let Some(before) = search.before {
        query = query.filter(Number.lt(before));
    }
    Ok(query.all(db).await?.into_iter().map(Entry::from).collect())
}

/// An entry with what it says: before, after, reason, request; `None` where that is gone.
pub async fn said(
    db: &impl ConnectionTrait,
    keys: &Keys,
    number: i64,
) -> Result<Option<(Entry, Option<Value>)>, DbErr> {
    let Some(entry) = entry::Entity::find_by_id(number).one(db).await? else { return Ok(None) };
    let payload = payload::Entity::find_by_id(entry.payload_id).one(db).await?;
    let said = payload.map(|p| {
        let text = keys.open(PAYLOAD, &p.payload);
        text.ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_else(|| Value::from("(does not open with these keys)"))
    });
    Ok(Some((entry.into(), said)))
}

/// What an account did, the oldest first, with what it says of that: the entries under its name whose text names the account, or whose text
/// has had its time.
pub async fn of_account(
    db: &impl ConnectionTrait,
    keys: &Keys,
    name: &str,
    account: uuid::Uuid,
) -> Result<Vec<(Entry, Option<Value>)>, DbErr> {
    let all = entry::Entity::find().filter(entry::Column::Actor.eq(name)).order_by_asc(entry::Column::Number);
    let all = all.all(db).await?;
    let mut own = Vec::new();
    for entries in all.chunks(1000) {
        let ids = entries.iter().map(|e| e.payload_id);
        let texts = payload::Entity::find().filter(payload::Column::Id.is_in(ids)).all(db).await?;
        for e in entries {
            let text = texts.iter().find(|text| text.id == e.payload_id);
            let said = text.and_then(|text| keys.open(PAYLOAD, &text.payload).ok());
            let said = said.and_then(|text| serde_json::from_str::<Value>(&text).ok());
            if said.as_ref().is_none_or(|said| said["account"] == account.to_string()) {
                own.push((e.clone().into(), said));
            }
        }
    }
    Ok(own)
}
