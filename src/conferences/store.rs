//! The conferences' only queries.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::entity::{chair, child, conference, named};
use uuid::Uuid;

use super::{ChairId, ConferenceId, Sight};
use crate::platform::{Tx, Write};

/// Conferences on the days `from ≤ date ≤ to` that somebody may see, in order of time.
pub async fn between(
    db: &impl ConnectionTrait,
    from: NaiveDate,
    to: NaiveDate,
    sight: Sight,
) -> Result<Vec<conference::Model>, DbErr> {
    let query = conference::Entity::find()
        .filter(conference::Column::ConferenceDate.between(from, to))
        .filter(sight.condition());
    query.order_by_asc(conference::Column::StartsAt).order_by_asc(conference::Column::Id).all(db).await
}

/// Conferences by id, of those that somebody may see.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = ConferenceId>,
    sight: Sight,
) -> Result<Vec<conference::Model>, DbErr> {
    let found = conference::Entity::find().filter(conference::Column::Id.is_in(ids));
    found.filter(sight.condition()).all(db).await
}

/// A conference that somebody may see, taken for this transaction: two writers come one after the other. What was
/// erased is not changed any more.
pub async fn take(tx: &Tx, id: ConferenceId, sight: Sight) -> Result<Option<conference::Model>, DbErr> {
    let found = conference::Entity::find_by_id(id)
        .filter(sight.condition())
        .filter(conference::Column::ErasedAt.is_null());
    found.lock(LockType::Update).one(tx.conn()).await
}

/// Writes a conference as it is now.
pub async fn save(tx: &Tx, row: conference::Model) -> Result<(), DbErr> {
    row.into_active_model().reset_all().update(tx.conn()).await?;
    Ok(())
}

/// What writes a conference as it is now, with one more change of the register counted.
pub fn bumping(mut row: conference::Model) -> Result<Write, DbErr> {
    row.version += 1;
    let update = conference::Entity::update(row.into_active_model().reset_all()).validate()?;
    Ok(Write::Update(update.into_query()))
}

/// What writes a child as it is now.
pub fn saving_child(row: child::Model) -> Result<Write, DbErr> {
    let update = child::Entity::update(row.into_active_model().reset_all()).validate()?;
    Ok(Write::Update(update.into_query()))
}

/// Names everybody who is named on one conference on another too.
pub async fn name_on_too(tx: &Tx, id: ConferenceId, other: ConferenceId) -> Result<(), DbErr> {
    let named = named::Entity::find()
        .filter(named::Column::ConferenceId.eq(id))
        .filter(named::Column::Until.is_null())
        .all(tx.conn())
        .await?;
    let too = named.into_iter().map(|row| {
        named::Model { id: super::NamedId::new(), conference_id: other, ..row }.into_active_model()
    });
    let too: Vec<_> = too.collect();
    if !too.is_empty() {
        named::Entity::insert_many(too).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}

/// The first day after `day` that has a conference.
pub async fn next_after(
    db: &impl ConnectionTrait,
    day: NaiveDate,
    sight: Sight,
) -> Result<Option<conference::Model>, DbErr> {
    let query = conference::Entity::find()
        .filter(conference::Column::ConferenceDate.gt(day))
        .filter(conference::Column::Status.ne(super::Status::Cancelled))
        .filter(sight.condition());
    query.order_by_asc(conference::Column::StartsAt).one(db).await
}

/// Conferences of the days `from ≤ date ≤ until` that were not cancelled and whose register nobody has
/// confirmed, newest first.
pub async fn with_open_register(
    db: &impl ConnectionTrait,
    from: NaiveDate,
    until: NaiveDate,
    sight: Sight,
    at_most: u64,
) -> Result<Vec<conference::Model>, DbErr> {
    let confirmed = Query::select()
        .expr(Expr::val(1))
        .from(Alias::new("register"))
        .and_where(
            Expr::col((Alias::new("register"), Alias::new("conference_id")))
                .equals((conference::Entity, conference::Column::Id)),
        )
        .to_owned();
    let query = conference::Entity::find()
        .filter(conference::Column::ConferenceDate.between(from, until))
        .filter(conference::Column::Status.ne(super::Status::Cancelled))
        .filter(Expr::exists(confirmed).not())
        .filter(sight.condition());
    query.order_by_desc(conference::Column::StartsAt).limit(at_most).all(db).await
}

/// Every chair, by name.
pub async fn chairs(db: &impl ConnectionTrait) -> Result<Vec<chair::Model>, DbErr> {
    chair::Entity::find().order_by_asc(chair::Column::Name).all(db).await
}

/// A chair's name.
pub async fn chair(db: &impl ConnectionTrait, id: ChairId) -> Result<String, DbErr> {
    let row = chair::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|c| c.name).unwrap_or_default())
}

/// How many there are.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    conference::Entity::find().count(db).await
}

/// Until when a conference is open to an account that broke the glass; `None` for one that is named.
pub async fn opened_until(
    db: &impl ConnectionTrait,
    id: ConferenceId,
    account: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let rows = named::Entity::find()
        .filter(named::Column::ConferenceId.eq(id))
        .filter(named::Column::AccountId.eq(account))
        .all(db)
        .await?;
    if rows.iter().any(|row| row.until.is_none()) {
        return Ok(None);
    }
    Ok(rows.into_iter().filter_map(|row| row.until).filter(|until| *until > now).max())
}
