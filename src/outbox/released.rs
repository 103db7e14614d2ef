//! What waits for something that is over: a process that ended while it sent, a mail server that could not be used.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::entity::message::{Column, Entity};
use super::{MessageId, State};
use crate::platform::Tx;

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// Puts back what a process left behind when it died: a lease that ran out. The message may be out, and
/// says so from now on.
pub(super) async fn release_abandoned(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Waiting))
        .col_expr(Column::MayHaveBeenDelivered, Expr::val(true))
        .col_expr(Column::Abandoned, Expr::col(Column::Abandoned).add(1))
        .col_expr(Column::LastError, Expr::val("the process that was sending it ended"))
        .col_expr(Column::Lease, Expr::val(None::<Uuid>))
        .col_expr(Column::LeaseUntil, Expr::val(None::<DateTime<Utc>>))
        .filter(Column::LeaseUntil.lt(now))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The mail server can be used again: what waited for that is due now. Says how many. What somebody else holds waits on: two
/// that lock many rows in different orders would wait for each other.
pub(super) async fn release_held_up(tx: &Tx, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let ids: Vec<MessageId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(State::Waiting))
        .filter(Column::HeldUp.eq(true))
        .filter(Column::DueAt.gt(now))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let mut released = 0;
    for ids in ids.chunks(BATCH) {
        let update = Entity::update_many()
            .col_expr(Column::DueAt, Expr::val(now))
            .col_expr(Column::HeldUp, Expr::val(false))
            .filter(Column::Id.is_in(ids.iter().copied()));
        released += update.exec(tx.conn()).await?.rows_affected;
    }
    Ok(released)
}
