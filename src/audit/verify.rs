//! The proof that the trail stands as it was written.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::chain::{Link, digest, hash};
use super::entity::{entry, head, payload};
use super::erasure::stated;
use super::store::{BATCH, BEGUN, HEAD_NOT_OURS, PAYLOAD, SEALED, is_sealed, no_head};
use crate::platform::Keys;

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
    let head = head.ok_or_else(no_head)?;
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
