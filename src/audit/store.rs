//! The audit trail's only queries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, Expr, LockType, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
};
use uuid::Uuid;

use super::chain::{Link, digest, hash, seal};
use super::entity::{entry, head, payload};
use super::erasure::stated;
use super::{Actor, Event};
use crate::platform::{Db, Keys, Tx, Write, request};

/// What payloads are sealed for.
pub const PAYLOAD: &str = "audit_payload.payload";
/// The trail's first entry.
const BEGUN: &str = "audit.begun";
/// Stands where a trail of an earlier version, whose head bore no seal, got one.
const SEALED: &str = "audit.sealed";
/// Stands in the trail where its head had been changed by somebody else.
const HEAD_NOT_OURS: &str = "audit.head_not_ours";
/// Rows in one statement: SQLite allows 32,766 values, and a link has ten.
const BATCH: usize = 500;
/// Batches in one statement: PostgreSQL allows 65,535 values.
const TOGETHER: usize = 12;

/// An event with its payload's row, before it has a place in the trail.
struct Kept {
    event: Event,
    payload_id: Uuid,
    digest: Vec<u8>,
}

/// The payloads of events, to be written. The request that they were done for goes with them, and the account: a name
/// may be two people's.
fn keep(keys: &Keys, actor: &Actor, events: Vec<Event>, writes: &mut Vec<Write>) -> Vec<Kept> {
    let (mut payloads, mut kept) = (Vec::new(), Vec::new());
    for mut event in events {
        if let Some(payload) = event.payload.as_object_mut() {
            let by = [("request", request()), ("account", actor.account)];
            payload.extend(
                by.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?.to_string().into()))),
            );
        }
        let (id, text) = (Uuid::now_v7(), event.payload.to_string());
        let salt = Uuid::new_v4().into_bytes().to_vec();
        kept.push(Kept { event, payload_id: id, digest: digest(&salt, &text) });
        payloads.push(payload::Model { id, salt, payload: keys.seal(PAYLOAD, &text) }.into_active_model());
    }
    for batch in payloads.chunks(BATCH) {
        writes.push(Write::Insert(payload::Entity::insert_many(batch.iter().cloned()).into_query()));
    }
    kept
}

pub(super) async fn append(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    events: Vec<Event>,
    done: Vec<Write>,
) -> Result<(), DbErr> {
    if events.is_empty() {
        return tx.together(done).await;
    }
    let mut writes = Vec::new();
    let kept = keep(keys, actor, events, &mut writes);
    link(tx, keys, actor, now, done, kept, writes).await
}

/// Writes what was done; gives what is kept its place in the trail, and writes it.
async fn link(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    done: Vec<Write>,
    mut kept: Vec<Kept>,
    mut writes: Vec<Write>,
) -> Result<(), DbErr> {
    // The head is taken last, when nothing else is waited for: every other change waits from here until this one is on the
    // disk.
    let head = head::Entity::find_by_id(1).lock(LockType::Update).into_query();
    let head = tx.together_before(done, head).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
    let head = head::Model::from_query_result(&head, "")?;
    let (trail, mut own) = (Actor::system("audit trail"), 0);
    if let Some(action) = about_the_head(tx, keys, &head).await? {
        let event = Event { action, object: head.number.to_string(), payload: serde_json::json!({}) };
        kept.splice(0..0, keep(keys, &trail, vec![event], &mut writes));
        own = 1;
    }
    let (mut number, mut previous) = (head.number, head.hash);
    let mut entries = Vec::new();
    for (place, Kept { event, payload_id, digest: payload_digest }) in kept.into_iter().enumerate() {
        number += 1;
        let actor = if place < own { &trail } else { actor };
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
    if entries.is_empty() {
        return Ok(());
    }
    for batch in entries.chunks(BATCH) {
        writes.push(Write::Insert(entry::Entity::insert_many(batch.iter().cloned()).into_query()));
    }
    let sealed = Some(seal(keys, number, &previous));
    let head = head::ActiveModel {
        number: Set(number),
        hash: Set(previous),
        seal: Set(sealed),
        ..Default::default()
    };
    let head = head::Entity::update_many().set(head).filter(head::Column::Id.eq(1));
    writes.push(Write::Update(head.into_query()));
    // Thousands of events, of an import, are several statements of some thousand values each.
    let mut writes = writes.into_iter().peekable();
    while writes.peek().is_some() {
        tx.together(writes.by_ref().take(TOGETHER).collect()).await?;
    }
    Ok(())
}

/// What the trail has to say of its head before it goes on: that it begins; that it had no seal, for an
/// earlier version wrote it; or that somebody else wrote it. Records go on being kept all the same, and the
/// trail says where it cannot be trusted.
async fn about_the_head(tx: &Tx, keys: &Keys, head: &head::Model) -> Result<Option<&'static str>, DbErr> {
    if is_sealed(keys, head) {
        return Ok(None);
    }
    if head.seal.is_none() {
        if head.number == 0 {
            let begins = is_empty(tx).await?;
            if !begins {
                tracing::error!("there are accounts or conferences, and no audit trail: it was taken away");
            }
            return Ok(Some(if begins { BEGUN } else { HEAD_NOT_OURS }));
        }
        let known = entry::Column::Action.is_in([BEGUN, SEALED, HEAD_NOT_OURS]);
        if entry::Entity::find().filter(known).count(tx.conn()).await? == 0 {
            return Ok(Some(SEALED));
        }
    }
    tracing::error!(number = head.number, "the audit trail's head was not written by these keys");
    Ok(Some(HEAD_NOT_OURS))
}

/// Whether nothing has been recorded yet. A trail begins before the first account; one that begins later follows
/// on one that was taken away.
async fn is_empty(tx: &Tx) -> Result<bool, DbErr> {
    for table in ["account", "conference"] {
        let any = Query::select().expr(Expr::val(1)).from(Alias::new(table)).limit(1).to_owned();
        if tx.conn().query_one(&any).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether these keys wrote the head.
fn is_sealed(keys: &Keys, head: &head::Model) -> bool {
    head.seal.as_ref() == Some(&seal(keys, head.number, &head.hash))
}

/// Begins the trail of a new place, and seals one that an earlier version wrote: nothing follows on a head
/// that anybody could have written.
pub async fn begin(db: &Db, keys: &Keys, now: DateTime<Utc>) -> Result<(), DbErr> {
    let head = head::Entity::find_by_id(1).one(db.read()).await?;
    if head.is_none_or(|head| head.seal.is_some()) {
        return Ok(());
    }
    let tx = db.begin("begin the audit trail").await?;
    link(&tx, keys, &Actor::system("audit trail"), now, Vec::new(), Vec::new(), Vec::new()).await?;
    tx.commit().await
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

/// Walks the whole trail. `Ok(n)`: all `n` entries stand as they were written, in their order, with all that
/// they said.
pub async fn verify(db: &impl ConnectionTrait, keys: &Keys) -> Result<Result<i64, Broken>, DbErr> {
    let head = head::Entity::find_by_id(1).one(db).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
    let stated = stated(db, keys).await?;
    let (mut number, mut previous, mut begun) = (0, vec![0], false);
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
            let text = payloads.get(&e.payload_id);
            let may_be_gone = stated.may_be_gone(&e);
            if let Some(what) = wrong(keys, &e, text, may_be_gone, number + 1, &previous) {
                return Ok(Err(Broken { number: number + 1, what }));
            }
            if e.action == HEAD_NOT_OURS || (e.action == SEALED && begun) {
                let what = "the trail's head had been changed before it was written";
                return Ok(Err(Broken { number: e.number, what }));
            }
            begun |= e.action == BEGUN || e.action == SEALED;
            (number, previous) = (e.number, e.hash);
        }
    }
    let forged = entry::Entity::find().filter(entry::Column::Number.lt(1)).count(db).await?;
    if forged > 0 {
        return Ok(Err(Broken { number: 0, what: "entries stand before the first" }));
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
    Ok(Ok(number))
}

fn wrong(
    keys: &Keys,
    e: &entry::Model,
    payload: Option<&payload::Model>,
    may_be_gone: bool,
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
    let Some(payload) = payload else {
        return (!may_be_gone).then_some("what it says is gone");
    };
    let text = keys.open(PAYLOAD, &payload.payload);
    let stands = text.is_ok_and(|text| digest(&payload.salt, &text) == e.payload_digest);
    (!stands).then_some("what it says was changed")
}
