//! What is asked of the months that are closed.

use std::collections::{BTreeMap, HashMap};

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

/// When each closed month was counted last: when it closed, or when a later close counted it again.
pub async fn counted_at(db: &impl ConnectionTrait) -> Result<BTreeMap<String, DateTime<Utc>>, DbErr> {
    use month_close::Column::{ClosedAt, Month};
    let closes = month_close::Entity::find().select_only().columns([Month, ClosedAt]);
    let closes: BTreeMap<String, DateTime<Utc>> = closes.into_tuple().all(db).await?.into_iter().collect();
    let again: Vec<(String, String)> = month_restated::Entity::find()
        .select_only()
        .columns([month_restated::Column::Month, month_restated::Column::Closing])
        .into_tuple()
        .all(db)
        .await?;
    let mut counted = closes.clone();
    for (month, closing) in again {
        let (at, entry) = (closes.get(&closing), counted.get_mut(&month));
        if let (Some(at), Some(entry)) = (at, entry) {
            *entry = (*entry).max(*at);
        }
    }
    Ok(counted)
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

/// The months from `first` on, before `before`, with a register that was amended or confirmed since the month was counted
/// last; with how many were confirmed. A month that is not closed was never counted.
pub async fn changed_since(
    db: &impl ConnectionTrait,
    counted: &BTreeMap<String, DateTime<Utc>>,
    first: Month,
    before: Month,
) -> Result<BTreeMap<Month, usize>, DbErr> {
    // Nothing is read of before the first of these months was counted: it does not grow with the years.
    let these = counted.range(first.to_string()..before.to_string());
    let Some(oldest) = these.map(|(_, at)| *at).min() else { return Ok(BTreeMap::new()) };
    let amended: Vec<(ConferenceId, DateTime<Utc>)> = amendment::Entity::find()
        .select_only()
        .columns([amendment::Column::ConferenceId, amendment::Column::At])
        .filter(amendment::Column::At.gt(oldest))
        .into_tuple()
        .all(db)
        .await?;
    let confirmed: Vec<(ConferenceId, DateTime<Utc>)> = register::Entity::find()
        .select_only()
        .columns([register::Column::ConferenceId, register::Column::ConfirmedAt])
        .filter(register::Column::ConfirmedAt.gt(oldest))
        .into_tuple()
        .all(db)
        .await?;
    let days: Vec<(ConferenceId, NaiveDate)> = conference::Entity::find()
        .select_only()
        .columns([conference::Column::Id, conference::Column::ConferenceDate])
        .filter(conference::Column::ConferenceDate.gte(first.first()))
        .filter(conference::Column::ConferenceDate.lt(before.first()))
        .into_tuple()
        .all(db)
        .await?;
    let months: HashMap<ConferenceId, Month> =
        days.into_iter().map(|(id, day)| (id, Month::of(day))).collect();
    let since = |id: &ConferenceId, at: DateTime<Utc>| {
        let month = *months.get(id)?;
        counted.get(&month.to_string()).filter(|counted| at > **counted).map(|_| month)
    };
    let mut changed: BTreeMap<Month, usize> =
        amended.iter().filter_map(|(id, at)| since(id, *at)).map(|month| (month, 0)).collect();
    for month in confirmed.iter().filter_map(|(id, at)| since(id, *at)) {
        *changed.entry(month).or_default() += 1;
    }
    Ok(changed)
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
