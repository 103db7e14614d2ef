//! The only queries on accounts.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
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

pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find_by_id(id).one(db).await
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
