//! What changes the outbox.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use super::entity::message::{Column, Entity, Model};
use super::{Claim, MessageId, Post, State};
use crate::platform::Tx;

/// Posts a message: it goes if the transaction does.
pub async fn post(tx: &Tx, post: Post) -> Result<(), DbErr> {
    let row = Model {
        id: post.id,
        kind: post.kind,
        about_id: post.about,
        recipient: post.recipient,
        message_id: post.written.message_id,
        message: post.written.message,
        template: Some(post.written.template),
        bounced_at: None,
        bounce_status: None,
        digest_id: None,
        state: State::Waiting,
        attempts: 0,
        due_at: post.at,
        posted_at: post.at,
        sent_at: None,
        lease: None,
        lease_until: None,
        may_have_been_delivered: false,
        last_error: None,
        due_since: post.at,
        is_notice: post.is_notice,
        held_up: false,
        abandoned: 0,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Leases up to `count` messages that are due, in the order in which they were posted: no two processes
/// get the same one. The rows are chosen and locked before they are changed, not in one statement:
/// PostgreSQL may run a sub-select with `SKIP LOCKED` again for each row, and then takes more than `count`.
pub(super) async fn claim(
    tx: &Tx,
    count: u64,
    now: DateTime<Utc>,
    lease_for: TimeDelta,
) -> Result<Vec<Claim>, DbErr> {
    let rows = Entity::find()
        .filter(Column::State.eq(State::Waiting))
        .filter(Column::DueAt.lte(now))
        .filter(Column::DigestId.is_null())
        .order_by_asc(Column::PostedAt)
        .order_by_asc(Column::Id)
        .limit(count)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx.conn())
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lease = Uuid::new_v4();
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Sending))
        .col_expr(Column::Lease, Expr::val(lease))
        .col_expr(Column::LeaseUntil, Expr::val(now + lease_for))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(tx.conn())
        .await?;
    let claims = rows.into_iter().map(|row| Claim {
        id: row.id,
        kind: row.kind,
        about: row.about_id,
        recipient: row.recipient,
        message: row.message,
        posted_at: row.posted_at,
        due_since: if row.attempts == 0 { now } else { row.due_since },
        waits_since: row.due_since,
        is_notice: row.is_notice,
        attempts: row.attempts,
        abandoned: row.abandoned,
        lease,
    });
    Ok(claims.collect())
}

/// Gives leased messages back of which nothing was begun.
pub(super) async fn give_back(tx: &Tx, claims: impl IntoIterator<Item = &Claim>) -> Result<(), DbErr> {
    for claim in claims {
        Entity::update_many()
            .col_expr(Column::State, Expr::val(State::Waiting))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
            .col_expr(Column::Lease, Expr::val(None::<Uuid>))
            .col_expr(Column::LeaseUntil, Expr::val(None::<DateTime<Utc>>))
            .filter(Column::Id.eq(claim.id))
            .filter(Column::Lease.eq(claim.lease))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// What becomes of a leased message.
pub(super) enum Settlement {
    Sent,
    /// Nothing was tried: it waits for this moment.
    Wait {
        until: DateTime<Utc>,
        why: String,
    },
    Retry {
        at: DateTime<Utc>,
        why: String,
        may_be_out: bool,
        /// It is the mail server that cannot be used.
        held_up: bool,
    },
    Failed {
        why: String,
        may_be_out: bool,
    },
    Cancelled(String),
}

/// The same without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Sent,
    PutOff,
    GivenUp,
    Cancelled,
}

impl Settled {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::PutOff => "put_off",
            Self::GivenUp => "given_up",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Settlement {
    pub(super) const fn outcome(&self) -> Settled {
        match self {
            Self::Sent => Settled::Sent,
            Self::Wait { .. } | Self::Retry { .. } => Settled::PutOff,
            Self::Failed { .. } => Settled::GivenUp,
            Self::Cancelled(_) => Settled::Cancelled,
        }
    }
}

/// Settles a lease. One that ran out, and whose message another process took over, settles nothing: `false`. That a message was
/// accepted is noted even where it waits again, for then it need not go again.
pub(super) async fn settle(
    tx: &Tx,
    claim: &Claim,
    now: DateTime<Utc>,
    what: Settlement,
) -> Result<bool, DbErr> {
    let waits = matches!(what, Settlement::Wait { .. });
    let held_up = matches!(what, Settlement::Retry { held_up: true, .. });
    let mut ours = Condition::any().add(Column::Lease.eq(claim.lease));
    if matches!(what, Settlement::Sent) {
        ours = ours.add(Column::State.eq(State::Waiting).and(Column::DigestId.is_null()));
    }
    let (state, sent_at, due_at, error, may_be_out) = match what {
        Settlement::Wait { until, why } => (State::Waiting, None, Some(until), Some(why), false),
        Settlement::Sent => (State::Sent, Some(now), None, None, false),
        Settlement::Retry { at, why, may_be_out, .. } => {
            (State::Waiting, None, Some(at), Some(why), may_be_out)
        }
        Settlement::Failed { why, may_be_out } => (State::Failed, None, None, Some(why), may_be_out),
        Settlement::Cancelled(why) => (State::Cancelled, None, None, Some(why), false),
    };
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::val(state))
        .col_expr(Column::SentAt, Expr::val(sent_at))
        .col_expr(Column::LastError, Expr::val(error))
        .col_expr(Column::Lease, Expr::val(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::HeldUp, Expr::val(held_up))
        .filter(Column::Id.eq(claim.id))
        .filter(ours);
    if let Some(due_at) = due_at {
        update = update.col_expr(Column::DueAt, Expr::val(due_at));
    }
    if claim.attempts == 0 && due_at.is_some() && !waits {
        // The retries are counted from the first try, whenever that was.
        update = update.col_expr(Column::DueSince, Expr::val(now));
    }
    if waits {
        update = update
            .col_expr(Column::DueSince, Expr::val(due_at))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1));
    }
    if may_be_out {
        update = update.col_expr(Column::MayHaveBeenDelivered, Expr::val(true));
    }
    Ok(update.exec(tx.conn()).await?.rows_affected > 0)
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
    // One that waits inside another which is out, or may be, may be out with it.
    let out = Query::select()
        .column(Column::Id)
        .from(Entity)
        .cond_where(Column::State.eq(State::Sending).or(Column::MayHaveBeenDelivered.eq(true)))
        .to_owned();
    Entity::update_many()
        .col_expr(Column::MayHaveBeenDelivered, Expr::val(true))
        .filter(Column::AboutId.eq(about))
        .filter(Column::State.eq(State::Waiting))
        .filter(Column::DigestId.in_subquery(out))
        .exec(tx.conn())
        .await?;
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Cancelled))
        .col_expr(Column::LastError, Expr::val(why))
        .filter(Column::AboutId.eq(about))
        .filter(Column::State.is_in([State::Waiting, State::Failed]))
        .exec(tx.conn())
        .await?;
    let of: Vec<(State, bool)> = Entity::find()
        .select_only()
        .columns([Column::State, Column::MayHaveBeenDelivered])
        .filter(Column::AboutId.eq(about))
        .into_tuple()
        .all(tx.conn())
        .await?;
    Ok(if of.iter().any(|(state, _)| *state == State::Sending) {
        Gone::UnderWay
    } else if of.iter().all(|(state, may_be_out)| *state == State::Cancelled && !may_be_out) {
        Gone::No
    } else {
        Gone::Yes
    })
}

/// Whether every message about this was given up, came back, or was cancelled: nobody has been reached.
pub async fn all_given_up(tx: &Tx, about: Uuid) -> Result<bool, DbErr> {
    let of = Entity::find().select_only().columns([Column::State, Column::BouncedAt]);
    let of = of.filter(Column::AboutId.eq(about)).into_tuple();
    let messages: Vec<(State, Option<DateTime<Utc>>)> = of.all(tx.conn()).await?;
    let lost =
        |(state, bounced): &(State, Option<DateTime<Utc>>)| *state == State::Failed || bounced.is_some();
    Ok(messages.iter().any(lost) && messages.iter().all(|m| lost(m) || m.0 == State::Cancelled))
}

/// Notes that a message came back. `None`: there is no such message, or it is known already.
pub async fn came_back(
    tx: &Tx,
    message_id: &str,
    status: &str,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let found = Entity::find().filter(Column::MessageId.eq(message_id)).filter(Column::BouncedAt.is_null());
    let Some(mut row) = found.lock(LockType::Update).one(tx.conn()).await? else { return Ok(None) };
    (row.bounced_at, row.bounce_status) = (Some(now), Some(status.to_owned()));
    let noted = Entity::update_many()
        .col_expr(Column::BouncedAt, Expr::val(row.bounced_at))
        .col_expr(Column::BounceStatus, Expr::val(row.bounce_status.clone()))
        .filter(Column::Id.eq(row.id));
    noted.exec(tx.conn()).await?;
    Ok(Some(row))
}

/// The addresses that messages about these things have gone to, and did not come back from.
pub async fn sent_to(
    db: &impl ConnectionTrait,
    about: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<String>, DbErr> {
    gone_about(about).select_only().column(Column::Recipient).distinct().into_tuple().all(db).await
}

/// Which messages about these things have gone to whom, and did not come back; and whether that is certain, or one may only
/// have been delivered.
pub async fn went_to(
    db: &impl ConnectionTrait,
    about: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<(Uuid, String, bool)>, DbErr> {
    let of: Vec<(Uuid, String, State)> = gone_about(about)
        .select_only()
        .columns([Column::AboutId, Column::Recipient, Column::State])
        .into_tuple()
        .all(db)
        .await?;
    Ok(of.into_iter().map(|(about, to, state)| (about, to, state == State::Sent)).collect())
}

fn gone_about(about: impl IntoIterator<Item = Uuid>) -> Select<Entity> {
    Entity::find()
        .filter(Column::AboutId.is_in(about))
        .filter(Column::BouncedAt.is_null())
        .filter(Column::State.is_in([State::Sent, State::Sending]).or(Column::MayHaveBeenDelivered.eq(true)))
}

/// Doubts all that waits: after a restore nobody knows what has gone.
pub async fn doubt_all(tx: &Tx) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::MayHaveBeenDelivered, Expr::val(true))
        .filter(Column::State.is_in([State::Waiting, State::Sending]))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Starts the retries of what waits anew: while all post was held back nothing could be tried.
pub(super) async fn begin_retries_anew(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DueSince, Expr::val(now))
        .filter(Column::State.eq(State::Waiting))
        .filter(Column::DueSince.lt(now))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Puts messages that were given up back in the queue: one, or all, but for those about `but`. Says which things
/// they are about.
pub async fn requeue(
    tx: &Tx,
    only: Option<MessageId>,
    but: SelectStatement,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>, DbErr> {
    let mut given_up = Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Waiting))
        .col_expr(Column::DueAt, Expr::val(now))
        .col_expr(Column::DueSince, Expr::val(now))
        .col_expr(Column::Abandoned, Expr::val(0));
    let mut about = Entity::find().select_only().column(Column::AboutId);
    let failed = Column::State.eq(State::Failed).and(Column::AboutId.not_in_subquery(but));
    for filter in [Some(failed), only.map(|id| Column::Id.eq(id))].into_iter().flatten() {
        given_up = given_up.filter(filter.clone());
        about = about.filter(filter);
    }
    let about = about.lock(LockType::Update).into_tuple().all(tx.conn()).await?;
    given_up.exec(tx.conn()).await?;
    Ok(about)
}
