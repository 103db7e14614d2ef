//! What was found, and the few queries about post and tasks.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::FindingKind;
use super::entity::finding::{Column, Entity, Model};
use crate::outbox::{MessageColumn, MessageEntity, State};
use crate::platform::Tx;

/// What is not as it should be, by when it was found.
pub async fn open(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::GoneAt.is_null()).order_by_asc(Column::FoundAt).all(db).await
}

/// How many of each kind.
pub async fn open_by_kind(db: &impl ConnectionTrait) -> Result<Vec<(FindingKind, i64)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Kind)
        .column_as(Column::Id.count(), "found")
        .filter(Column::GoneAt.is_null())
        .group_by(Column::Kind)
        .into_tuple()
        .all(db)
        .await
}

/// What was found and is settled, newest first.
pub async fn settled(db: &impl ConnectionTrait, count: u64) -> Result<Vec<Model>, DbErr> {
    let gone = Entity::find().filter(Column::GoneAt.is_not_null());
    gone.order_by_desc(Column::GoneAt).limit(count).all(db).await
}

/// Writes what was found.
pub async fn insert(tx: &Tx, row: Model) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// It is so no more.
pub async fn gone(tx: &Tx, row: Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    let mut row = row.into_active_model();
    row.gone_at = Set(Some(now));
    row.update(tx.conn()).await?;
    Ok(())
}

/// Messages that are due since before `due` and do not go, and those that somebody took and whose lease ended before
/// `leased`.
pub async fn stuck(
    db: &impl ConnectionTrait,
    due: DateTime<Utc>,
    leased: DateTime<Utc>,
) -> Result<Vec<Uuid>, DbErr> {
    let waits = Condition::all()
        .add(MessageColumn::State.eq(State::Waiting))
        .add(MessageColumn::DueAt.lt(due))
        .add(MessageColumn::PostedAt.lt(due));
    let taken = Condition::all()
        .add(MessageColumn::State.eq(State::Sending))
        .add(MessageColumn::LeaseUntil.lt(leased));
    MessageEntity::find()
        .select_only()
        .column(MessageColumn::Id)
        .filter(Condition::any().add(waits).add(taken))
        .into_tuple()
        .all(db)
        .await
}
