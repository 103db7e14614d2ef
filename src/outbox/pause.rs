//! A pause over all post: while it stands, letters are neither made nor sent. A restored backup begins
//! with one, for what was waiting then may have gone since; people set one when something is wrong.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};

use super::entity::pause::{Column, Entity, Model};
use super::store::begin_retries_anew;
use crate::platform::Tx;

/// The pause, if there is one.
pub async fn held_back(db: &impl ConnectionTrait) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(1).one(db).await
}

/// Holds all post back.
pub async fn hold_back(tx: &Tx, now: DateTime<Utc>, by: &str, why: &str) -> Result<(), DbErr> {
    let row = Model { id: 1, since: now, by_name: by.to_owned(), why: why.to_owned() };
    Entity::insert(row.into_active_model())
        .on_conflict(
            OnConflict::column(Column::Id)
                .update_columns([Column::Since, Column::ByName, Column::Why])
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Lets it go again, with all its retries before it. Says whether it was held back.
pub async fn let_go(tx: &Tx, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let was = Entity::delete_by_id(1).exec(tx.conn()).await?.rows_affected > 0;
    if was {
        begin_retries_anew(tx, now).await?;
    }
    Ok(was)
}
