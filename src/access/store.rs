//! The only queries on accounts.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::AccountId;
use super::entity::{account, session};
use crate::platform::Tx;

pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find().filter(account::Column::Email.eq(email.trim().to_lowercase())).one(db).await
}

/// An account by its address, taken for this transaction: attempts to sign in come one after the other.
pub async fn take_by_email(tx: &Tx, email: &str) -> Result<Option<account::Model>, DbErr> {
    let of = account::Entity::find().filter(account::Column::Email.eq(email.trim().to_lowercase()));
    of.lock(LockType::Update).one(tx.conn()).await
}

pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<account::Model>, DbErr> {
    account::Entity::find().order_by_asc(account::Column::Email).all(db).await
}

pub async fn insert(tx: &Tx, row: account::Model) -> Result<(), DbErr> {
    account::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub async fn save(tx: &Tx, row: account::Model) -> Result<(), DbErr> {
    row.into_active_model().reset_all().update(tx.conn()).await?;
    Ok(())
}

/// Counts a wrong password, or the right one.
pub async fn note_attempt(
    tx: &Tx,
    row: account::Model,
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    let mut row = row.into_active_model();
    (row.failures, row.locked_until) = (Set(failures), Set(locked_until));
    row.update(tx.conn()).await?;
    Ok(())
}

/// A session with its account, in one query: every request asks.
pub async fn session(
    db: &impl ConnectionTrait,
    id: Vec<u8>,
) -> Result<Option<(session::Model, account::Model)>, DbErr> {
    let both = session::Entity::find_by_id(id)
        .join(
            JoinType::InnerJoin,
            session::Entity::belongs_to(account::Entity)
                .from(session::Column::AccountId)
                .to(account::Column::Id)
                .into(),
        )
        .select_also(account::Entity);
    Ok(both.one(db).await?.and_then(|(session, account)| Some((session, account?))))
}

pub async fn begin_session(tx: &Tx, row: session::Model) -> Result<(), DbErr> {
    session::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub async fn session_seen(tx: &Tx, id: Vec<u8>, now: DateTime<Utc>) -> Result<(), DbErr> {
    let seen = session::Entity::update_many().col_expr(session::Column::SeenAt, Expr::value(now));
    seen.filter(session::Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

pub async fn end_session(tx: &Tx, id: Vec<u8>) -> Result<(), DbErr> {
    session::Entity::delete_by_id(id).exec(tx.conn()).await?;
    Ok(())
}

/// Ends the sessions that began, or were last used, before these moments.
pub async fn end_sessions_before(tx: &Tx, began: DateTime<Utc>, seen: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = session::Column::BeganAt.lte(began).or(session::Column::SeenAt.lte(seen));
    Ok(session::Entity::delete_many().filter(old).exec(tx.conn()).await?.rows_affected)
}

/// Ends every session of an account.
pub async fn end_sessions(tx: &Tx, id: AccountId) -> Result<u64, DbErr> {
    let ended =
        session::Entity::delete_many().filter(session::Column::AccountId.eq(id)).exec(tx.conn()).await?;
    Ok(ended.rows_affected)
}

/// Ends every session.
pub async fn end_all_sessions(tx: &Tx) -> Result<(), DbErr> {
    session::Entity::delete_many().exec(tx.conn()).await?;
    Ok(())
}
