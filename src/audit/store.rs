//! The audit trail's only queries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, LockType, Query, UpdateStatement, ValueTuple, WithClause,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set,
};
use uuid::Uuid;

use super::chain::{Link, digest, hash, seal};
use super::entity::{entry, head, payload};
use super::erasure::stated;
use super::{Actor, Event};
use crate::platform::{Db, Keys, Tip, Tx, Write, request};

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
    mut writes: Vec<Write>,
) -> Result<(), DbErr> {
    let kept = if events.is_empty() { Vec::new() } else { keep(keys, actor, events, &mut writes) };
    write(tx, writes).await?;
    if kept.is_empty() {
        return Ok(());
    }
    // The head is taken last, when nothing else is waited for: every other change waits from there until this one is on the
    // disk.
    let mut turn = tx.turn().await;
    if let Some(tip) = turn.as_deref_mut()
        && let Some(left) = tip.clone()
    {
        let (entries, after) = links(keys, now, kept.iter().map(|kept| (actor, kept)), &left);
        if goes_on_from(tx, &left, &entries, &after).await? {
            *tip = Some(after);
            return Ok(());
        }
    }
    let after = link(tx, keys, actor, now, kept).await?;
    if let Some(tip) = turn.as_deref_mut() {
        *tip = after;
    }
    Ok(())
}

/// Thousands of events, of an import, are several statements of some thousand values each.
async fn write(tx: &Tx, writes: Vec<Write>) -> Result<(), DbErr> {
    let mut writes = writes.into_iter().peekable();
    while writes.peek().is_some() {
        tx.together(writes.by_ref().take(TOGETHER).collect()).await?;
    }
    Ok(())
}

/// The entries of what is kept, after a link, and the head after them.
fn links<'a>(
    keys: &Keys,
    at: DateTime<Utc>,
    kept: impl Iterator<Item = (&'a Actor, &'a Kept)>,
    after: &Tip,
) -> (Vec<entry::Model>, Tip) {
    let (mut number, mut previous) = (after.number, after.hash.clone());
    let mut entries = Vec::new();
    for (actor, Kept { event, payload_id, digest: payload_digest }) in kept {
        number += 1;
        let link = Link {
            number,
            at,
            actor: &actor.name,
            role: actor.role,
            action: event.action,
            object: &event.object,
            payload_digest,
            previous: &previous,
        };
        let hash = hash(keys, &link);
        entries.push(entry::Model {
            number,
            at,
            actor: actor.name.clone(),
            role: actor.role.to_owned(),
            action: event.action.to_owned(),
            object: event.object.clone(),
            payload_id: *payload_id,
            payload_digest: payload_digest.clone(),
            previous: std::mem::replace(&mut previous, hash.clone()),
            hash,
        });
    }
    let seal = seal(keys, number, &previous);
    (entries, Tip { number, hash: previous, seal })
}

/// What sets the head.
fn set(head: &Tip) -> UpdateStatement {
    let head = head::ActiveModel {
        number: Set(head.number),
        hash: Set(head.hash.clone()),
        seal: Set(Some(head.seal.clone())),
        ..Default::default()
    };
    head::Entity::update_many().set(head).filter(head::Column::Id.eq(1)).into_query()
}

/// Writes entries and the head after them in one statement, if the head is still the one that they go on from, seal and all.
/// Says whether it was; where it was not, nothing is written. Who does not have to ask first holds the head for half as long.
async fn goes_on_from(tx: &Tx, left: &Tip, entries: &[entry::Model], after: &Tip) -> Result<bool, DbErr> {
    const TAKEN: &str = "taken";
    const MOVED: &str = "moved";
    if entries.len() > BATCH {
        return Ok(false);
    }
    // Asked of the row when it is taken: whoever waited for it sees only then what the one before left there.
    let taken = head::Entity::find_by_id(1).lock(LockType::Update).into_query();
    let of_taken = |column: head::Column| Expr::col((TAKEN, column));
    let moved = set(after)
        .from(TAKEN)
        .and_where(of_taken(head::Column::Number).eq(left.number))
        .and_where(of_taken(head::Column::Hash).eq(left.hash.clone()))
        .and_where(of_taken(head::Column::Seal).eq(left.seal.clone()))
        .returning(Query::returning().expr(Expr::val(1)))
        .to_owned();
    let row = |entry: &entry::Model| {
        ValueTuple::Many(entry::Column::iter().map(|column| entry.get(column)).collect())
    };
    let rows = Query::select()
        // What PostgreSQL calls the columns of such a list, from 1.
        .columns((1..=entry::Column::iter().count()).map(|place| format!("column{place}")))
        .from_values(entries.iter().map(row), "entries")
        .from(MOVED)
        .to_owned();
    let mut insert = Query::insert();
    insert.into_table(entry::Entity).columns(entry::Column::iter());
    insert.select_from(rows).map_err(|e| DbErr::Custom(e.to_string()))?;
    let all = WithClause::new()
        .cte(CommonTableExpression::new().table_name(TAKEN).query(taken).to_owned())
        .cte(CommonTableExpression::new().table_name(MOVED).query(moved).to_owned())
        .to_owned();
    let written = tx.conn().execute(&all.query(insert)).await?;
    Ok(written.rows_affected() == entries.len() as u64)
}

/// Takes the head and gives what is kept its place after it. Gives back the head as it is then.
async fn link(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    mut kept: Vec<Kept>,
) -> Result<Option<Tip>, DbErr> {
    let head = head::Entity::find_by_id(1).lock(LockType::Update).one(tx.conn()).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
    let (trail, mut own, mut writes) = (Actor::system("audit trail"), 0, Vec::new());
    if let Some(action) = about_the_head(tx, keys, &head).await? {
        let event = Event { action, object: head.number.to_string(), payload: serde_json::json!({}) };
        kept.splice(0..0, keep(keys, &trail, vec![event], &mut writes));
        own = 1;
    }
    if kept.is_empty() {
        return Ok(None);
    }
    let whose = |place| if place < own { &trail } else { actor };
    let head = Tip { number: head.number, hash: head.hash, seal: head.seal.unwrap_or_default() };
    let kept = kept.iter().enumerate().map(|(place, kept)| (whose(place), kept));
    let (entries, after) = links(keys, now, kept, &head);
    let entries: Vec<_> = entries.into_iter().map(IntoActiveModel::into_active_model).collect();
    for batch in entries.chunks(BATCH) {
        writes.push(Write::Insert(entry::Entity::insert_many(batch.iter().cloned()).into_query()));
    }
    writes.push(Write::Update(set(&after)));
    write(tx, writes).await?;
    Ok(Some(after))
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
    link(&tx, keys, &Actor::system("audit trail"), now, Vec::new()).await?;
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
