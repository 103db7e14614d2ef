//! What is asked of the months that are closed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, TryInsertResult,
};

use super::entity::{month_close, month_restated, period_close, year_published};
use super::finish::hash_of;
use super::known::Known;
use super::snapshot::{DEFINITIONS, Snapshot};
use super::{FinancialYear, Month, Period};
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

/// When each month closed that is closed.
pub async fn closed_at(db: &impl ConnectionTrait) -> Result<BTreeMap<Month, DateTime<Utc>>, DbErr> {
    let closes = closes(db).await?.into_iter();
    closes.map(|(month, (at, _))| Ok((month.parse().map_err(DbErr::Custom)?, at))).collect()
}

/// What was frozen of some months together.
pub async fn together(
    db: &impl ConnectionTrait,
    period: Period,
) -> Result<Option<period_close::Model>, DbErr> {
    period_close::Entity::find_by_id(period.to_string()).one(db).await
}

/// The names of all periods that are frozen.
pub async fn all_together(db: &impl ConnectionTrait) -> Result<BTreeSet<String>, DbErr> {
    let of = period_close::Entity::find().select_only().column(period_close::Column::Period);
    Ok(of.into_tuple::<String>().all(db).await?.into_iter().collect())
}

/// Writes what is frozen of some months together; `false` where another process was first.
pub async fn insert_together(tx: &Tx, row: period_close::Model) -> Result<bool, DbErr> {
    let made = period_close::Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([period_close::Column::Period])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(matches!(made, TryInsertResult::Inserted(1..)))
}

/// The newest month that is closed and approved.
pub async fn newest_circulated(db: &impl ConnectionTrait) -> Result<Option<Month>, DbErr> {
    let of = month_close::Entity::find().select_only().column(month_close::Column::Month);
    let of =
        of.filter(month_close::Column::ApprovedAt.is_not_null()).order_by_desc(month_close::Column::Month);
    let newest: Option<String> = of.into_tuple().one(db).await?;
    newest.map(|month| month.parse().map_err(DbErr::Custom)).transpose()
}

/// Whether the same conferences are restricted now that a paper's own sheets leave out: one that was restricted since would
/// be told by what it adds.
pub async fn leaves_out_the_same(db: &impl ConnectionTrait, snapshot: &Snapshot) -> Result<bool, DbErr> {
    let Some(left_out) = &snapshot.left_out else { return Ok(false) };
    for (month, then) in left_out {
        let month: Month = month.parse().map_err(DbErr::Custom)?;
        let now: Vec<ConferenceId> = conference::Entity::find()
            .select_only()
            .column(conference::Column::Id)
            .filter(conference::Column::Restricted.eq(true))
            .filter(conference::Column::ConferenceDate.between(month.first(), month.last()))
            .into_tuple()
            .all(db)
            .await?;
        if hash_of(now.into_iter()) != *then {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Every month that is closed and approved.
pub async fn circulated(db: &impl ConnectionTrait) -> Result<BTreeSet<Month>, DbErr> {
    let of = month_close::Entity::find().select_only().column(month_close::Column::Month);
    let all: Vec<String> =
        of.filter(month_close::Column::ApprovedAt.is_not_null()).into_tuple().all(db).await?;
    all.iter().map(|month| month.parse().map_err(DbErr::Custom)).collect()
}

/// Whether each month of a period is approved in which a conference took place, and none waits for its close. `newest`: the newest
/// month that is due to be closed.
pub async fn is_circulated(db: &impl ConnectionTrait, period: Period, newest: Month) -> Result<bool, DbErr> {
    let (first, last) = (period.first().to_string(), period.last().to_string());
    let closed: Vec<(String, bool)> = month_close::Entity::find()
        .select_only()
        .column(month_close::Column::Month)
        .expr(month_close::Column::ApprovedAt.is_not_null())
        .filter(month_close::Column::Month.between(&first, &last))
        .order_by_asc(month_close::Column::Month)
        .into_tuple()
        .all(db)
        .await?;
    let is_whole = closed.iter().all(|(_, is_approved)| *is_approved);
    // In its last month there may have been no conference.
    if !is_whole || closed.is_empty() || period.last() > newest {
        return Ok(false);
    }
    Ok(!open(db, newest).await?.iter().any(|month| (period.first()..=period.last()).contains(month)))
}

/// The financial years of closed months of which nothing is published yet, oldest first, each with when a month of it
/// closed last.
pub async fn years_to_publish(
    db: &impl ConnectionTrait,
) -> Result<BTreeMap<FinancialYear, DateTime<Utc>>, DbErr> {
    let published = year_published::Entity::find().select_only().column(year_published::Column::Year);
    let published: Vec<String> = published.into_tuple().all(db).await?;
    let mut years: BTreeMap<FinancialYear, DateTime<Utc>> = BTreeMap::new();
    for (month, (at, _)) in closes(db).await? {
        let year = FinancialYear::of(month.parse().map_err(DbErr::Custom)?);
        let newest = years.entry(year).or_insert(at);
        *newest = at.max(*newest);
    }
    years.retain(|year, _| !published.contains(&year.to_string()));
    Ok(years)
}

/// What was published of a year.
pub async fn published(
    db: &impl ConnectionTrait,
    year: FinancialYear,
) -> Result<Option<year_published::Model>, DbErr> {
    year_published::Entity::find_by_id(year.to_string()).one(db).await
}

/// Writes what is published of a year; `false` where another process was first.
pub async fn insert_year(tx: &Tx, row: year_published::Model) -> Result<bool, DbErr> {
    let made = year_published::Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([year_published::Column::Year])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(matches!(made, TryInsertResult::Inserted(1..)))
}

/// A closed month, for this transaction alone.
pub async fn take(tx: &Tx, month: Month) -> Result<Option<month_close::Model>, DbErr> {
    month_close::Entity::find_by_id(month.to_string()).lock(LockType::Update).one(tx.conn()).await
}

/// When months closed, and by which definitions, by the month.
async fn closes(db: &impl ConnectionTrait) -> Result<BTreeMap<String, (DateTime<Utc>, String)>, DbErr> {
    use month_close::Column::{ClosedAt, Definitions, Month};
    let closes = month_close::Entity::find().select_only().columns([Month, ClosedAt, Definitions]);
    let rows: Vec<(String, DateTime<Utc>, String)> = closes.into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(month, at, definitions)| (month, (at, definitions))).collect())
}

/// When each closed month was counted last: when it closed, or when a later close counted it again.
pub async fn counted_at(db: &impl ConnectionTrait) -> Result<BTreeMap<String, DateTime<Utc>>, DbErr> {
    let closes = closes(db).await?;
    let again: Vec<(String, String)> = month_restated::Entity::find()
        .select_only()
        .columns([month_restated::Column::Month, month_restated::Column::Closing])
        .into_tuple()
        .all(db)
        .await?;
    let mut counted: BTreeMap<String, DateTime<Utc>> =
        closes.iter().map(|(month, (at, _))| (month.clone(), *at)).collect();
    for (month, closing) in again {
        if let (Some((at, _)), Some(entry)) = (closes.get(&closing), counted.get_mut(&month)) {
            *entry = (*entry).max(*at);
        }
    }
    Ok(counted)
}

/// What a close counted again, oldest first.
pub async fn counted_again(
    db: &impl ConnectionTrait,
    closing: Month,
) -> Result<Vec<month_restated::Model>, DbErr> {
    let of = month_restated::Entity::find().filter(month_restated::Column::Closing.eq(closing.to_string()));
    of.order_by_asc(month_restated::Column::Month).all(db).await
}

/// The figures of so many months before this one, as they are known by now, oldest first: of those that are closed, and
/// were counted by the definitions of today. What was counted by others is not compared.
pub async fn known(
    db: &impl ConnectionTrait,
    month: Month,
    count: usize,
) -> Result<Vec<(Month, Known)>, DbErr> {
    let closes = closes(db).await?;
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
    let restated: Vec<(String, String, String)> = month_restated::Entity::find()
        .select_only()
        .columns([
            month_restated::Column::Closing,
            month_restated::Column::Month,
            month_restated::Column::Known,
        ])
        .filter(month_restated::Column::Month.gte(&first))
        .filter(month_restated::Column::Month.lt(&month))
        .into_tuple()
        .all(db)
        .await?;
    // The last that was said of a month holds: by when it was said, for a month of long ago may close late.
    let frozen = frozen.into_iter().map(|(month, known)| (month.clone(), month, known));
    let mut said: Vec<_> = frozen
        .chain(restated)
        .filter_map(|(closing, month, known)| Some((closes.get(&closing)?, month, known)))
        .collect();
    said.sort_by_key(|((at, _), ..)| *at);
    let last: BTreeMap<String, (&String, String)> =
        said.into_iter().map(|((_, by), month, known)| (month, (by, known))).collect();
    last.into_iter()
        .filter(|(_, (by, _))| *by == DEFINITIONS)
        .map(|(month, (_, known))| {
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
    let restated = month_restated::Entity::find().filter(month_restated::Column::Month.eq(month.to_string()));
    let (restated, closes) = (restated.all(db).await?, closes(db).await?);
    if let Some(row) = restated.into_iter().max_by_key(|row| closes.get(&row.closing).map(|(at, _)| *at)) {
        let lines = serde_json::from_str(&row.figures).map_err(|e| wrong(&row.month, &e))?;
        return Ok(Some(Figures::Restated(lines)));
    }
    let Some(row) = by_month(db, month).await? else { return Ok(None) };
    let snapshot = serde_json::from_str(&row.snapshot).map_err(|e| wrong(&row.month, &e))?;
    Ok(Some(Figures::Frozen(Box::new(snapshot))))
}

/// Registers of a month that changed since it was counted last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Confirmed.
    pub confirmed: usize,
    /// Amended, each once.
    pub amended: usize,
}

/// The months from `first` on, before `before`, with a register that was amended or confirmed since the month was counted
/// last. A month that is not closed was never counted.
pub async fn changed_since(
    db: &impl ConnectionTrait,
    counted: &BTreeMap<String, DateTime<Utc>>,
    first: Month,
    before: Month,
) -> Result<BTreeMap<Month, Changed>, DbErr> {
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
    let confirmed: HashMap<ConferenceId, Month> =
        confirmed.iter().filter_map(|(id, at)| Some((*id, since(id, *at)?))).collect();
    let amended: HashMap<ConferenceId, Month> =
        amended.iter().filter_map(|(id, at)| Some((*id, since(id, *at)?))).collect();
    let mut changed: BTreeMap<Month, Changed> = BTreeMap::new();
    for month in confirmed.values() {
        changed.entry(*month).or_default().confirmed += 1;
    }
    // One that is new is no correction of what was counted.
    for (_, month) in amended.iter().filter(|(id, _)| !confirmed.contains_key(id)) {
        changed.entry(*month).or_default().amended += 1;
    }
    Ok(changed)
}

/// The months up to `newest`, the newest that is due to be closed, that wait to be closed, oldest first: from the first with a
/// confirmed register on each that has one; of the newest three each with a conference that was not cancelled, though nobody has
/// confirmed its register, or recorded that it took place.
pub async fn open(db: &impl ConnectionTrait, newest: Month) -> Result<Vec<Month>, DbErr> {
    let confirmed =
        || Query::select().column(register::Column::ConferenceId).from(register::Entity).to_owned();
    let is_confirmed = || conference::Column::Id.in_subquery(confirmed());
    let waited_for = newest.previous().previous();
    let held = || {
        conference::Entity::find()
            .select_only()
            .column(conference::Column::ConferenceDate)
            .filter(conference::Column::Status.is_in([Status::Held, Status::Adjourned]))
    };
    let oldest = held().filter(is_confirmed());
    let oldest = oldest.order_by_asc(conference::Column::ConferenceDate).limit(1);
    let Some(oldest) = oldest.into_tuple::<NaiveDate>().one(db).await? else { return Ok(Vec::new()) };
    let closed = closed_at(db).await?;
    let mut open = Vec::new();
    let all = std::iter::successors(Some(Month::of(oldest)), |month| Some(month.next()));
    for month in all.take_while(|month| *month <= newest).filter(|month| !closed.contains_key(month)) {
        // One of long ago was brought in without its registers: it is history, and no month that was waited for. Of the
        // others a register that nobody has touched is one of a conference that is not recorded as held.
        let any = match month < waited_for {
            true => held().filter(is_confirmed()),
            false => conference::Entity::find()
                .select_only()
                .column(conference::Column::ConferenceDate)
                .filter(conference::Column::Status.ne(Status::Cancelled)),
        };
        let any =
            any.filter(conference::Column::ConferenceDate.between(month.first(), month.last())).limit(1);
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
