//! What is asked of the months that are closed.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, TryInsertResult,
};

use super::Month;
use super::entity::{month_close, month_restated};
use super::snapshot::{Known, Snapshot};
use crate::conferences::entity::conference;
use crate::conferences::{ConferenceId, Status};
use crate::platform::Tx;
use crate::register::entity::{amendment, register};
use crate::register::restating::Figure;

fn wrong(what: &str, e: &serde_json::Error) -> DbErr {
    DbErr::Custom(format!("{what}: {e}"))
}

/// A closed month.
pub async fn by_month(db: &impl ConnectionTrait, month: Month) -> Result<Option<month_close::Model>, DbErr> {
    month_close::Entity::find_by_id(month.to_string()).one(db).await
}

/// A closed month, for this transaction alone.
pub async fn take(tx: &Tx, month: Month) -> Result<Option<month_close::Model>, DbErr> {
    month_close::Entity::find_by_id(month.to_string()).lock(LockType::Update).one(tx.conn()).await
}

/// When a month was closed last.
pub async fn newest(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    let newest = month_close::Entity::find().select_only().column(month_close::Column::ClosedAt);
    newest.order_by_desc(month_close::Column::ClosedAt).into_tuple().one(db).await
}

/// The figures of so many months before this one, as they are known by now, oldest first: of those that are closed.
pub async fn known(
    db: &impl ConnectionTrait,
    month: Month,
    count: usize,
) -> Result<Vec<(Month, Known)>, DbErr> {
    let first = std::iter::successors(Some(month), |m| Some(m.previous())).nth(count).unwrap_or(month);
    let (first, month) = (first.to_string(), month.to_string());
    let frozen: Vec<(String, String)> = month_close::Entity::find()
        .select_only()
        .columns([month_close::Column::Month, month_close::Column::Known])
        .filter(month_close::Column::Month.gte(&first))
        .filter(month_close::Column::Month.lt(&month))
        .into_tuple()
        .all(db)
        .await?;
    let restated: Vec<(String, String)> = month_restated::Entity::find()
        .select_only()
        .columns([month_restated::Column::Month, month_restated::Column::Known])
        .filter(month_restated::Column::Month.gte(&first))
        .filter(month_restated::Column::Month.lt(&month))
        .order_by_asc(month_restated::Column::Closing)
        .into_tuple()
        .all(db)
        .await?;
    // The last that was said of a month holds.
    let all: BTreeMap<String, String> = frozen.into_iter().chain(restated).collect();
    all.into_iter()
        .map(|(month, known)| {
            let known = serde_json::from_str(&known).map_err(|e| wrong(&month, &e))?;
            Ok((month.parse().map_err(DbErr::Custom)?, known))
        })
        .collect()
}

/// The figures that were said last of a closed month.
pub enum Figures {
    /// In its own paper.
    Frozen(Box<Snapshot>),
    /// In a later one.
    Restated(Vec<Figure>),
}

/// The figures that were said last of a month; `None` where it is not closed.
pub async fn figures(db: &impl ConnectionTrait, month: Month) -> Result<Option<Figures>, DbErr> {
    let restated = month_restated::Entity::find()
        .filter(month_restated::Column::Month.eq(month.to_string()))
        .order_by_desc(month_restated::Column::Closing)
        .one(db)
        .await?;
    if let Some(row) = restated {
        let lines = serde_json::from_str(&row.figures).map_err(|e| wrong(&row.month, &e))?;
        return Ok(Some(Figures::Restated(lines)));
    }
    let Some(row) = by_month(db, month).await? else { return Ok(None) };
    let snapshot = serde_json::from_str(&row.snapshot).map_err(|e| wrong(&row.month, &e))?;
    Ok(Some(Figures::Frozen(Box::new(snapshot))))
}

/// The months from `first` on, before `before`, with a register that was amended or confirmed since a moment; with how many
/// were confirmed.
pub async fn changed_since(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
    first: Month,
    before: Month,
) -> Result<BTreeMap<Month, usize>, DbErr> {
    let amended = Query::select()
        .column(amendment::Column::ConferenceId)
        .from(amendment::Entity)
        .and_where(amendment::Column::At.gt(since))
        .to_owned();
    let confirmed = Query::select()
        .column(register::Column::ConferenceId)
        .from(register::Entity)
        .and_where(register::Column::ConfirmedAt.gt(since))
        .to_owned();
    let days = |which| {
        conference::Entity::find()
            .select_only()
            .columns([conference::Column::Id, conference::Column::ConferenceDate])
            .filter(conference::Column::Id.in_subquery(which))
            .filter(conference::Column::ConferenceDate.gte(first.first()))
            .filter(conference::Column::ConferenceDate.lt(before.first()))
            .into_tuple::<(ConferenceId, NaiveDate)>()
            .all(db)
    };
    let mut months: BTreeMap<Month, usize> =
        days(amended).await?.into_iter().map(|(_, day)| (Month::of(day), 0)).collect();
    for (_, day) in days(confirmed).await? {
        *months.entry(Month::of(day)).or_default() += 1;
    }
    Ok(months)
}

/// The months up to this one that have a confirmed register and are not closed, oldest first.
pub async fn open(db: &impl ConnectionTrait, newest: Month) -> Result<Vec<Month>, DbErr> {
    let confirmed =
        || Query::select().column(register::Column::ConferenceId).from(register::Entity).to_owned();
    let held = || {
        conference::Entity::find()
            .select_only()
            .column(conference::Column::ConferenceDate)
            .filter(conference::Column::Status.is_in([Status::Held, Status::Adjourned]))
            .filter(conference::Column::Id.in_subquery(confirmed()))
    };
    let oldest = held().order_by_asc(conference::Column::ConferenceDate).limit(1);
    let Some(oldest) = oldest.into_tuple::<NaiveDate>().one(db).await? else { return Ok(Vec::new()) };
    let closed: Vec<String> = month_close::Entity::find()
        .select_only()
        .column(month_close::Column::Month)
        .into_tuple()
        .all(db)
        .await?;
    let mut open = Vec::new();
    let months = std::iter::successors(Some(Month::of(oldest)), |month| Some(month.next()));
    for month in months.take_while(|month| *month <= newest).filter(|m| !closed.contains(&m.to_string())) {
        let any = held()
            .filter(conference::Column::ConferenceDate.gte(month.first()))
            .filter(conference::Column::ConferenceDate.lte(month.last()))
            .limit(1);
        if any.into_tuple::<NaiveDate>().one(db).await?.is_some() {
            open.push(month);
        }
    }
    Ok(open)
}

/// Writes a closed month; `false` where another process was first.
pub async fn insert(tx: &Tx, row: month_close::Model) -> Result<bool, DbErr> {
    let made = month_close::Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([month_close::Column::Month])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(matches!(made, TryInsertResult::Inserted(1..)))
}

/// Writes what was counted again.
pub async fn insert_restated(tx: &Tx, row: month_restated::Model) -> Result<(), DbErr> {
    month_restated::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Notes who approved a month.
pub async fn save(tx: &Tx, row: month_close::Model) -> Result<(), DbErr> {
    row.into_active_model().reset_all().update(tx.conn()).await?;
    Ok(())
}
