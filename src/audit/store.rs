//! The audit trail's only queries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::chain::{Link, digest, hash, seal};
use super::entity::{entry, head, payload};
use super::{Actor, Event};
use crate::platform::{Keys, Tx, request};

pub(super) const PURPOSE: &str = "audit_payload.payload";
/// Stands in the trail where its head had been changed by somebody else.
const HEAD_NOT_OURS: &str = "audit.head_not_ours";
/// Rows in one statement: SQLite allows 32,766 values, and a link has ten.
const BATCH: usize = 500;

/// An event with its payload's row, before it has a place in the trail.
struct Kept {
    event: Event,
    payload_id: Uuid,
    digest: Vec<u8>,
}

/// Writes the payloads of events. The request that they were done for goes with them.
async fn keep(tx: &Tx, keys: &Keys, events: Vec<Event>) -> Result<Vec<Kept>, DbErr> {
    let (mut payloads, mut kept) = (Vec::new(), Vec::new());
    for mut event in events {
        if let (Some(id), Some(payload)) = (request(), event.payload.as_object_mut()) {
            payload.insert("request".to_owned(), id.to_string().into());
        }
        let (id, text) = (Uuid::now_v7(), event.payload.to_string());
        let salt = Uuid::new_v4().into_bytes().to_vec();
        kept.push(Kept { event, payload_id: id, digest: digest(&salt, &text) });
        payloads.push(payload::Model { id, salt, payload: keys.seal(PURPOSE, &text) }.into_active_model());
    }
    for batch in payloads.chunks(BATCH) {
        payload::Entity::insert_many(batch.iter().cloned()).exec_without_returning(tx.conn()).await?;
    }
    Ok(kept)
}

pub(super) async fn append(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    events: Vec<Event>,
) -> Result<(), DbErr> {
    if events.is_empty() {
        return Ok(());
    }
    let mut kept = keep(tx, keys, events).await?;
    // The head is taken last: every other change waits from here until this one is on the disk.
    let head = head::Entity::find_by_id(1).lock(LockType::Update).one(tx.conn()).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
    if !is_sealed(keys, &head) {
        // Records go on being kept, and the trail says where it cannot be trusted.
        tracing::error!(number = head.number, "the audit trail's head was not written by these keys");
        let object = head.number.to_string();
        let event = Event { action: HEAD_NOT_OURS, object, payload: serde_json::json!({}) };
        kept.splice(0..0, keep(tx, keys, vec![event]).await?);
    }
    let (mut number, mut previous) = (head.number, head.hash);
    let mut entries = Vec::new();
    for Kept { event, payload_id, digest: payload_digest } in kept {
        number += 1;
        let link = Link {
            number,
            at: now,
            actor: &actor.name,
            role: actor.role,
            action: event.action,
            object: &event.object,
            payload_digest: &payload_digest,
            previous: &previous,
        };
        let hash = hash(keys, &link);
        entries.push(
            entry::Model {
                number,
                at: now,
                actor: actor.name.clone(),
                role: actor.role.to_owned(),
                action: event.action.to_owned(),
                object: event.object,
                payload_id,
                payload_digest,
                previous: std::mem::replace(&mut previous, hash.clone()),
                hash,
            }
            .into_active_model(),
        );
    }
    for batch in entries.chunks(BATCH) {
        entry::Entity::insert_many(batch.iter().cloned()).exec_without_returning(tx.conn()).await?;
    }
    let sealed = Some(seal(keys, number, &previous));
    let head = head::ActiveModel {
        number: Set(number),
        hash: Set(previous),
        seal: Set(sealed),
        ..Default::default()
    };
    head::Entity::update_many().set(head).filter(head::Column::Id.eq(1)).exec(tx.conn()).await?;
    Ok(())
}

/// Whether these keys wrote the head. A trail without an entry has none to trust.
fn is_sealed(keys: &Keys, head: &head::Model) -> bool {
    head.number == 0 || head.seal.as_ref() == Some(&seal(keys, head.number, &head.hash))
}

/// A trail that stands as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Its entries.
    pub entries: i64,
    /// Entries whose payload is gone: by retention, which leaves an entry of its own, or by somebody else.
    pub erased: i64,
}

impl std::fmt::Display for Stands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} entries", self.entries)?;
        if self.erased > 0 { write!(f, ", {} of them without what they said", self.erased) } else { Ok(()) }
    }
}

/// Where the trail does not stand as it was written, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The first entry that is wrong, or would have been.
    pub number: i64,
    /// What is wrong with it.
    pub what: &'static str,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entry {}: {}", self.number, self.what)
    }
}

/// Walks the whole trail: whether every entry stands as it was written, in its order, with every payload
/// that is still kept.
pub async fn verify(db: &impl ConnectionTrait, keys: &Keys) -> Result<Result<Stands, Broken>, DbErr> {
    let head = head::Entity::find_by_id(1).one(db).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
    let (mut number, mut previous, mut erased) = (0, vec![0], 0);
    // What is appended while this walks is not asked about.
    while number < head.number {
        let entries = entry::Entity::find()
            .filter(entry::Column::Number.gt(number))
            .filter(entry::Column::Number.lte(head.number))
            .order_by_asc(entry::Column::Number)
            .limit(BATCH as u64)
            .all(db)
            .await?;
        if entries.is_empty() {
            break;
        }
        let ids = entries.iter().map(|e| e.payload_id);
        let payloads = payload::Entity::find().filter(payload::Column::Id.is_in(ids)).all(db).await?;
        let payloads: HashMap<Uuid, payload::Model> = payloads.into_iter().map(|p| (p.id, p)).collect();
        for e in entries {
            if let Some(what) = wrong(keys, &e, payloads.get(&e.payload_id), number + 1, &previous) {
                return Ok(Err(Broken { number: number + 1, what }));
            }
            erased += i64::from(!payloads.contains_key(&e.payload_id));
            (number, previous) = (e.number, e.hash);
        }
    }
    let broken = |what| Ok(Err(Broken { number: number + 1, what }));
    if head.number != number || head.hash != previous {
        return broken("it is gone, or the trail's head was set to another place");
    }
    if !is_sealed(keys, &head) {
        return broken("the trail's head was not written by these keys: what followed may have been cut off");
    }
    let after = entry::Entity::find().filter(entry::Column::Number.gt(number)).count(db).await?;
    let now = head::Entity::find_by_id(1).one(db).await?;
    if after > 0 && now.is_some_and(|now| now.number == number) {
        return broken("it stands after the trail's head");
    }
    Ok(Ok(Stands { entries: number, erased }))
}

fn wrong(
    keys: &Keys,
    e: &entry::Model,
    payload: Option<&payload::Model>,
    number: i64,
    previous: &[u8],
) -> Option<&'static str> {
    if e.number != number {
        return Some("it is gone");
    }
    if e.previous != previous {
        return Some("it does not follow the one before: an entry was changed, removed or moved");
    }
    let link = Link {
        number: e.number,
        at: e.at,
        actor: &e.actor,
        role: &e.role,
        action: &e.action,
        object: &e.object,
        payload_digest: &e.payload_digest,
        previous,
    };
    if hash(keys, &link) != e.hash {
        return Some("it was changed");
    }
    let stands = payload.is_none_or(|p| {
        keys.open(PURPOSE, &p.payload).is_ok_and(|text| digest(&p.salt, &text) == e.payload_digest)
    });
    (!stands).then_some("what it says was changed")
}
