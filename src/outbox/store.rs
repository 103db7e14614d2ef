//! The outbox's only queries.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::entity::message::{Column, Entity, Model};
use super::{Claim, MessageId, Post, State};
use crate::platform::Tx;

/// Longer than the longest exchange with a mail server.
const LEASE: TimeDelta = TimeDelta::seconds(120);

/// Posts a message: it goes if the transaction does.
pub async fn post(tx: &Tx, post: Post) -> Result<(), DbErr> {
    let row = Model {
        id: post.id,
        kind: post.kind,
        about_id: post.about,
        recipient: post.recipient,
        message_id: post.message_id,
        message: post.message,
        state: State::Waiting,
        attempts: 0,
        due_at: post.at,
        posted_at: post.at,
        sent_at: None,
        lease: None,
        lease_until: None,
        may_have_been_delivered: false,
        last_error: None,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Leases up to `count` messages that are due, oldest first, in one statement: no two processes get
/// the same one. A lease that ran out belongs to a process that died, and the message may be out.
pub(super) async fn claim(tx: &Tx, count: u64, now: DateTime<Utc>) -> Result<Vec<Claim>, DbErr> {
    let lease = Uuid::new_v4();
    let can_be_had = || {
        let waiting = Column::State.eq(State::Waiting).and(Column::DueAt.lte(now));
        let abandoned = Column::State.eq(State::Sending).and(Column::LeaseUntil.lt(now));
        waiting.or(abandoned)
    };
    let next = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(can_be_had())
        .order_by(Column::DueAt, sea_orm::Order::Asc)
        .order_by(Column::Id, sea_orm::Order::Asc)
        .limit(count)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let was_sending = Expr::col(Column::State).eq(State::Sending);
    let may_be_out =
        Expr::case(was_sending, Expr::val(true)).finally(Expr::col(Column::MayHaveBeenDelivered));
    let claimed = Entity::update_many()
        .col_expr(Column::MayHaveBeenDelivered, may_be_out.into())
        .col_expr(Column::State, Expr::val(State::Sending))
        .col_expr(Column::Lease, Expr::val(lease))
        .col_expr(Column::LeaseUntil, Expr::val(now + LEASE))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.in_subquery(next))
        .filter(can_be_had())
        .exec_with_returning(tx.conn())
        .await?;
    let mut claims: Vec<Claim> = claimed
        .into_iter()
        .map(|row| Claim {
            id: row.id,
            about: row.about_id,
            recipient: row.recipient,
            message: row.message,
            posted_at: row.posted_at,
            lease,
        })
        .collect();
    claims.sort_by_key(|c| (c.posted_at, c.id));
    Ok(claims)
}

/// What became of a leased message.
pub(super) enum Settlement {
    Sent,
    Retry(DateTime<Utc>, String),
    Failed(String),
    Cancelled(String),
}

/// Settles a lease. A lease that another process has taken over since settles nothing.
pub(super) async fn settle(
    tx: &Tx,
    claim: &Claim,
    now: DateTime<Utc>,
    what: Settlement,
) -> Result<(), DbErr> {
    let (state, sent_at, due_at, error) = match what {
        Settlement::Sent => (State::Sent, Some(now), None, None),
        Settlement::Retry(at, error) => (State::Waiting, None, Some(at), Some(error)),
        Settlement::Failed(error) => (State::Failed, None, None, Some(error)),
        Settlement::Cancelled(why) => (State::Cancelled, None, None, Some(why)),
    };
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::val(state))
        .col_expr(Column::SentAt, Expr::val(sent_at))
        .col_expr(Column::LastError, Expr::val(error))
        .col_expr(Column::Lease, Expr::val(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::val(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(claim.id))
        .filter(Column::Lease.eq(claim.lease));
    if let Some(due_at) = due_at {
        update = update.col_expr(Column::DueAt, Expr::val(due_at));
    }
    update.exec(tx.conn()).await?;
    Ok(())
}

/// Where a thing's messages stand once what could be cancelled is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Nothing has gone.
    No,
    /// Something is being sent at this moment: ask again.
    UnderWay,
    /// Something has gone, or may have.
    Yes,
}

/// Cancels what has not gone yet of one thing's messages, and says what has.
pub async fn cancel_unsent(tx: &Tx, about: Uuid, why: &str) -> Result<Gone, DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Cancelled))
        .col_expr(Column::LastError, Expr::val(why))
        .filter(Column::AboutId.eq(about))
        .filter(Column::State.is_in([State::Waiting, State::Failed]))
        .filter(Column::MayHaveBeenDelivered.eq(false))
        .exec(tx.conn())
        .await?;
    let states: Vec<State> = states(tx, about).await?;
    Ok(if states.contains(&State::Sending) {
        Gone::UnderWay
    } else if states.iter().all(|s| *s == State::Cancelled) {
        Gone::No
    } else {
        Gone::Yes
    })
}

async fn states(tx: &Tx, about: Uuid) -> Result<Vec<State>, DbErr> {
    let of = Entity::find().select_only().column(Column::State).filter(Column::AboutId.eq(about));
    of.into_tuple().all(tx.conn()).await
}

/// Whether every message about this was given up (or cancelled): nobody has been reached.
pub async fn all_given_up(tx: &Tx, about: Uuid) -> Result<bool, DbErr> {
    let states = states(tx, about).await?;
    Ok(states.contains(&State::Failed)
        && states.iter().all(|s| matches!(s, State::Failed | State::Cancelled)))
}

/// The addresses that messages about these things have gone to.
pub async fn sent_to(tx: &Tx, about: impl IntoIterator<Item = Uuid>) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Recipient)
        .filter(Column::AboutId.is_in(about))
        .filter(Column::State.is_in([State::Sent, State::Sending]).or(Column::MayHaveBeenDelivered.eq(true)))
        .distinct()
        .into_tuple()
        .all(tx.conn())
        .await
}

/// A message without its body.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Listed {
    /// The message.
    pub id: MessageId,
    /// The kind of letter.
    pub kind: String,
    /// What it is about.
    pub about_id: Uuid,
    /// To whom.
    pub recipient: String,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

/// Every message, in the order in which they were posted.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Listed>, DbErr> {
    Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::Kind,
            Column::AboutId,
            Column::Recipient,
            Column::State,
            Column::Attempts,
            Column::LastError,
        ])
        .order_by_asc(Column::PostedAt)
        .order_by_asc(Column::Id)
        .into_model::<Listed>()
        .all(db)
        .await
}

/// Puts every message that was given up back in the queue. Says which things they are about.
pub async fn requeue(tx: &Tx, now: DateTime<Utc>) -> Result<Vec<Uuid>, DbErr> {
    let requeued = Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Waiting))
        .col_expr(Column::DueAt, Expr::val(now))
        .col_expr(Column::PostedAt, Expr::val(now))
        .filter(Column::State.eq(State::Failed))
        .exec_with_returning(tx.conn())
        .await?;
    Ok(requeued.into_iter().map(|row| row.about_id).collect())
}

/// When messages about these things were accepted: (thing, moment) for each one sent.
pub async fn accepted_at(
    db: &impl ConnectionTrait,
    about: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::AboutId, Column::SentAt])
        .filter(Column::AboutId.is_in(about))
        .filter(Column::SentAt.is_not_null())
        .into_tuple()
        .all(db)
        .await
}
