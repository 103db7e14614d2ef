//! The audit trail's only queries.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, LockType, Query, SimpleExpr, SubQueryStatement,
    UpdateStatement, ValueTuple, WithClause,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, Iterable, ModelTrait,
    PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Set,
};
use uuid::Uuid;

use super::chain::{Link, digest, hash, seal};
use super::entity::{entry, head, payload};
use super::{Actor, Event};
use crate::platform::{Db, Keys, Tip, Tx, Write, request};

/// What payloads are sealed for.
pub const PAYLOAD: &str = "audit_payload.payload";
/// The trail's first entry.
pub(super) const BEGUN: &str = "audit.begun";
/// Stands where a trail of an earlier version, whose head bore no seal, got one.
pub(super) const SEALED: &str = "audit.sealed";
/// Stands in the trail where its head had been changed by somebody else.
pub(super) const HEAD_NOT_OURS: &str = "audit.head_not_ours";
/// Rows in one statement: SQLite allows 32,766 values, and a link has ten.
pub(super) const BATCH: usize = 500;
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
    let left = turn.as_deref().and_then(Clone::clone).filter(|_| kept.len() <= BATCH);
    let head = match left {
        None => take_head(tx).await?,
        Some(left) => {
            let (entries, after) = links(keys, now, kept.iter().map(|kept| (actor, kept)), &left);
            match go_on_from(tx, &left, &entries, &after).await? {
                None => {
                    if let Some(tip) = turn.as_deref_mut() {
                        *tip = Some(after);
                    }
                    return Ok(());
                }
                Some(head) => head,
            }
        }
    };
    let after = link(tx, keys, actor, now, head, kept).await?;
    if let Some(mut tip) = turn.or_else(|| tx.turn_if_free()) {
        *tip = Some(after);
    }
    Ok(())
}

async fn take_head(tx: &Tx) -> Result<head::Model, DbErr> {
    let head = head::Entity::find_by_id(1).lock(LockType::Update).one(tx.conn()).await?;
    head.ok_or_else(no_head)
}

pub(super) fn no_head() -> DbErr {
    DbErr::RecordNotFound("audit_head".to_owned())
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

/// Writes entries and the head after them in one statement, if the head is still the one that they go on from, seal and all:
/// who does not have to ask first holds it for half as long. Where it is another, nothing is written and the head, which is
/// taken then, is given back.
async fn go_on_from(
    tx: &Tx,
    left: &Tip,
    entries: &[entry::Model],
    after: &Tip,
) -> Result<Option<head::Model>, DbErr> {
    const TAKEN: &str = "taken";
    const MOVED: &str = "moved";
    const WRITTEN: &str = "written";
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
    insert.returning(Query::returning().expr(Expr::val(1)));
    let written = Query::select().expr(Expr::cust("count(*)")).from(WRITTEN).to_owned();
    let said = Query::select()
        .columns(head::Column::iter().map(|column| (TAKEN, column)))
        .expr_as(SimpleExpr::SubQuery(None, Box::new(written.into())), WRITTEN)
        .from(TAKEN)
        .to_owned();
    let named = |name: &'static str, query: SubQueryStatement| {
        CommonTableExpression::new().table_name(name).query(query).to_owned()
    };
    let all = WithClause::new()
        .cte(named(TAKEN, taken.into()))
        .cte(named(MOVED, moved.into()))
        .cte(named(WRITTEN, insert.into()))
        .to_owned();
    let said = tx.conn().query_one(&all.query(said)).await?.ok_or_else(no_head)?;
    let is_written = said.try_get::<i64>("", WRITTEN)? > 0;
    Ok(if is_written { None } else { Some(head::Model::from_query_result(&said, "")?) })
}

/// Gives what is kept its place after the head, which is taken. Gives back the head as it is then.
async fn link(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    head: head::Model,
    mut kept: Vec<Kept>,
) -> Result<Tip, DbErr> {
    let (trail, mut own, mut writes) = (Actor::system("audit trail"), 0, Vec::new());
    if let Some(action) = about_the_head(tx, keys, &head).await? {
        let event = Event { action, object: head.number.to_string(), payload: serde_json::json!({}) };
        kept.splice(0..0, keep(keys, &trail, vec![event], &mut writes));
        own = 1;
    }
    let whose = |place| if place < own { &trail } else { actor };
    let head = Tip { number: head.number, hash: head.hash, seal: head.seal.unwrap_or_default() };
    if kept.is_empty() {
        return Ok(head);
    }
    let kept = kept.iter().enumerate().map(|(place, kept)| (whose(place), kept));
    let (entries, after) = links(keys, now, kept, &head);
    let entries: Vec<_> = entries.into_iter().map(IntoActiveModel::into_active_model).collect();
    for batch in entries.chunks(BATCH) {
        writes.push(Write::Insert(entry::Entity::insert_many(batch.iter().cloned()).into_query()));
    }
    writes.push(Write::Update(set(&after)));
    write(tx, writes).await?;
    Ok(after)
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
pub(super) fn is_sealed(keys: &Keys, head: &head::Model) -> bool {
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
    let head = take_head(&tx).await?;
    link(&tx, keys, &Actor::system("audit trail"), now, head, Vec::new()).await?;
    tx.commit().await
}
