//! Messages that one other message carries: they stay what they are, wait with it, and are sent when it is.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::message::{Column, Entity, Model};
use super::{MessageId, State};
use crate::platform::Tx;

/// Messages of these kinds that wait, are due, and are carried by no other, with to whom each goes; oldest first. Not the
/// messages themselves: after an outage there may be many.
pub async fn due(
    db: &impl ConnectionTrait,
    kinds: &[&str],
    now: DateTime<Utc>,
) -> Result<Vec<(MessageId, String)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::Recipient])
        .filter(Column::State.eq(State::Waiting))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
        .filter(Column::DueAt.lte(now))
        .filter(Column::DigestId.is_null())
        .order_by_asc(Column::PostedAt)
        .into_tuple()
        .all(db)
        .await
}

/// These messages, oldest first.
pub async fn these(db: &impl ConnectionTrait, ids: &[MessageId]) -> Result<Vec<Model>, DbErr> {
    let of = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
    of.order_by_asc(Column::PostedAt).all(db).await
}

/// Has one message carry others that still wait. Says how many it carries.
pub async fn carry(tx: &Tx, by: MessageId, ids: &[MessageId]) -> Result<u64, DbErr> {
    let carried = Entity::update_many()
        .col_expr(Column::DigestId, Expr::val(by.0))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::State.eq(State::Waiting))
        .filter(Column::DigestId.is_null());
    Ok(carried.exec(tx.conn()).await?.rows_affected)
}

/// What each of these messages carries, or carried until it went: message → what its letters are about.
pub async fn carried_by(
    db: &impl ConnectionTrait,
    by: impl IntoIterator<Item = MessageId>,
) -> Result<Vec<(MessageId, uuid::Uuid)>, DbErr> {
    let of = Entity::find().select_only().columns([Column::DigestId, Column::AboutId]);
    let of = of.filter(Column::DigestId.is_in(by.into_iter().map(|id| id.0)));
    of.order_by_asc(Column::PostedAt).into_tuple().all(db).await
}

/// What a message carries and still waits.
pub async fn carried(db: &impl ConnectionTrait, by: MessageId) -> Result<Vec<Model>, DbErr> {
    let of = Entity::find().filter(Column::DigestId.eq(by.0)).filter(Column::State.eq(State::Waiting));
    of.order_by_asc(Column::PostedAt).all(db).await
}

/// What a message carried was accepted with it.
pub async fn carried_went(tx: &Tx, by: MessageId, at: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Sent))
        .col_expr(Column::SentAt, Expr::val(Some(at)))
        .col_expr(Column::LastError, Expr::val(Some("it went in a digest".to_owned())))
        .filter(Column::DigestId.eq(by.0))
        .filter(Column::State.eq(State::Waiting))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// What a message carried came back with it. Gives back what it was about.
pub async fn carried_came_back(
    tx: &Tx,
    by: MessageId,
    status: &str,
    at: DateTime<Utc>,
) -> Result<Vec<uuid::Uuid>, DbErr> {
    let of = Column::DigestId.eq(by.0).and(Column::State.eq(State::Sent));
    Entity::update_many()
        .col_expr(Column::BouncedAt, Expr::val(Some(at)))
        .col_expr(Column::BounceStatus, Expr::val(Some(status.to_owned())))
        .filter(of.clone())
        .exec(tx.conn())
        .await?;
    let about = Entity::find().select_only().column(Column::AboutId).filter(of);
    about.order_by_asc(Column::PostedAt).into_tuple().all(tx.conn()).await
}

/// What a message carries may have arrived where the message itself may have.
async fn doubt_carried(tx: &Tx, by: MessageId) -> Result<(), DbErr> {
    let may_be_out = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::Id.eq(by).and(Column::MayHaveBeenDelivered.eq(true)))
        .to_owned();
    Entity::update_many()
        .col_expr(Column::MayHaveBeenDelivered, Expr::val(true))
        .filter(Column::DigestId.in_subquery(may_be_out))
        .filter(Column::State.eq(State::Waiting))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// What a message carried was given up with it. Gives back what that was.
pub async fn carried_failed(tx: &Tx, by: MessageId) -> Result<Vec<Model>, DbErr> {
    doubt_carried(tx, by).await?;
    let of = Column::DigestId.eq(by.0).and(Column::State.eq(State::Waiting));
    let carried = Entity::find().filter(of.clone()).order_by_asc(Column::PostedAt).all(tx.conn()).await?;
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Failed))
        .col_expr(Column::LastError, Expr::val(Some("the message that carried it was given up".to_owned())))
        .filter(of)
        .exec(tx.conn())
        .await?;
    take_out(tx, by).await?;
    Ok(carried)
}

/// What a message carried goes by itself again.
pub async fn let_go_of(tx: &Tx, by: MessageId) -> Result<(), DbErr> {
    doubt_carried(tx, by).await?;
    take_out(tx, by).await
}

/// A message that was not sent carries nothing any more, not even what was cancelled in it: else who may see the rest of what
/// it carried would be shown all of it.
async fn take_out(tx: &Tx, by: MessageId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DigestId, Expr::val(None::<uuid::Uuid>))
        .filter(Column::DigestId.eq(by.0))
        .filter(Column::State.ne(State::Sent))
        .exec(tx.conn())
        .await?;
    Ok(())
}
