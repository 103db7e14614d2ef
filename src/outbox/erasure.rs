//! Erasing the text of messages when its time is over. That and when they went stays: figures count it.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use super::State;
use super::entity::message::{Column, Entity};
use crate::platform::Tx;

fn old(before: DateTime<Utc>, but: SelectStatement) -> Condition {
    Condition::all()
        .add(Column::PostedAt.lt(before))
        .add(Column::State.is_in([State::Sent, State::Cancelled, State::Failed]))
        .add(Column::Message.ne(Vec::<u8>::new()))
        .add(Column::AboutId.not_in_subquery(but))
}

/// How many messages posted before a moment still have their text, but for those about `but`.
pub async fn texts_before(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    but: SelectStatement,
) -> Result<u64, DbErr> {
    Entity::find().filter(old(before, but)).count(db).await
}

/// Erases their text. One that was given up, and that nobody put back in the queue all the time, is cancelled.
pub async fn erase_texts_before(tx: &Tx, before: DateTime<Utc>, but: SelectStatement) -> Result<u64, DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Cancelled))
        .col_expr(Column::LastError, Expr::val("too old to be sent: its text was erased"))
        .filter(old(before, but.clone()))
        .filter(Column::State.eq(State::Failed))
        .exec(tx.conn())
        .await?;
    let erased = Entity::update_many()
        .col_expr(Column::Message, Expr::val(Vec::<u8>::new()))
        // What a mail server answered often repeats the address.
        .col_expr(Column::LastError, Expr::val(None::<String>))
        .filter(old(before, but))
        .exec(tx.conn())
        .await?;
    Ok(erased.rows_affected)
}

/// Erases text and address of everything about these things, and cancels what has not gone.
pub async fn erase_about(tx: &Tx, about: SelectStatement) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::val(State::Cancelled))
        .filter(Column::AboutId.in_subquery(about.clone()))
        .filter(Column::State.is_in([State::Waiting, State::Failed]))
        .exec(tx.conn())
        .await?;
    let rows: Vec<super::MessageId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::AboutId.in_subquery(about))
        .into_tuple()
        .all(tx.conn())
        .await?;
    for id in rows {
        // One thing has no two messages to one address, erased or not.
        Entity::update_many()
            .col_expr(Column::Message, Expr::val(Vec::<u8>::new()))
            .col_expr(Column::Recipient, Expr::val(format!("erased {id}")))
            .col_expr(Column::LastError, Expr::val(None::<String>))
            .filter(Column::Id.eq(id))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}
