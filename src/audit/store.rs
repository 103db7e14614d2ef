//! The audit trail's only queries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Set,
};
use uuid::Uuid;

use super::chain::{Link, digest, hash};
use super::entity::{entry, head, payload};
use super::{Actor, Event};
use crate::platform::{Keys, Tx};

const PURPOSE: &str = "audit_payload.payload";
/// Rows in one statement: SQLite allows 32,766 values, and a link has ten.
const BATCH: usize = 500;

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
    let (mut payloads, mut kept) = (Vec::new(), Vec::new());
    for event in events {
        let (id, text) = (Uuid::now_v7(), event.payload.to_string());
        let salt = Uuid::new_v4().into_bytes().to_vec();
        kept.push((event, id, digest(&salt, &text)));
        payloads.push(payload::Model { id, salt, payload: keys.seal(PURPOSE, &text) }.into_active_model());
    }
    for batch in payloads.chunks(BATCH) {
        payload::Entity::insert_many(batch.iter().cloned()).exec_without_returning(tx.conn()).await?;
    }
    // The head is taken last: every other change waits from here until this one is on the disk.
    let head = head::Entity::find_by_id(1).lock(LockType::Update).one(tx.conn()).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
    let (mut number, mut previous) = (head.number, head.hash);
    let mut entries = Vec::new();
    for (event, id, payload_digest) in kept {
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
                payload_id: id,
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
    let head = head::ActiveModel { number: Set(number), hash: Set(previous), ..Default::default() };
    head::Entity::update_many().set(head).filter(head::Column::Id.eq(1)).exec(tx.conn()).await?;
    Ok(())
}

/// Walks the whole chain. `Ok(n)`: all `n` entries stand as they were written, in their order, with
/// every payload that is still kept. `Err(n)`: the first entry that does not.
pub async fn verify(db: &impl ConnectionTrait, keys: &Keys) -> Result<Result<i64, i64>, DbErr> {
    let head = head::Entity::find_by_id(1).one(db).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
    let (mut number, mut previous) = (0, vec![0]);
    loop {
        let entries = entry::Entity::find()
            .filter(entry::Column::Number.gt(number))
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
            let link = Link {
                number: e.number,
                at: e.at,
                actor: &e.actor,
                role: &e.role,
                action: &e.action,
                object: &e.object,
                payload_digest: &e.payload_digest,
                previous: &previous,
            };
            let payload_stands = payloads.get(&e.payload_id).is_none_or(|p| {
                keys.open(PURPOSE, &p.payload).is_ok_and(|text| digest(&p.salt, &text) == e.payload_digest)
            });
            if e.number != number + 1
                || e.previous != previous
                || hash(keys, &link) != e.hash
                || !payload_stands
            {
                return Ok(Err(number + 1));
            }
            (number, previous) = (e.number, e.hash);
        }
    }
    Ok(if head.number == number && head.hash == previous { Ok(number) } else { Err(number + 1) })
}
