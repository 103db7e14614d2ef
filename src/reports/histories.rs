//! What came before: the conferences of a month's children. Nothing that is asked for grows with the years, for a child is
//! on a plan for months.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationDef,
};

use crate::conferences::entity::{child, conference};
use crate::conferences::{ConferenceId, ConferenceType, Status};
use crate::register::entity::register;
use crate::register::store::of_days;

/// A conference in a child's history.
#[derive(Clone, Debug)]
pub struct Past {
    pub id: ConferenceId,
    pub date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub kind: ConferenceType,
    pub status: Status,
    pub confirmed: bool,
}

impl Past {
    /// Held, or adjourned on the day.
    pub fn took_place(&self) -> bool {
        matches!(self.status, Status::Held | Status::Adjourned)
    }
}

/// The last conference of a child before this moment that was held, or adjourned on the day, and whose
/// register is confirmed: one that is not counts nowhere, and hides no run.
pub fn before<'a>(
    histories: &'a HashMap<Vec<u8>, Vec<Past>>,
    child: &[u8],
    moment: DateTime<Utc>,
) -> Option<&'a Past> {
    let counts = |past: &&Past| past.starts_at < moment && past.took_place() && past.confirmed;
    histories.get(child)?.iter().rev().find(counts)
}

/// Of the children of the conferences on some days.
pub async fn histories(
    db: &impl ConnectionTrait,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<HashMap<Vec<u8>, Vec<Past>>, DbErr> {
    type Row =
        (Vec<u8>, ConferenceId, NaiveDate, DateTime<Utc>, ConferenceType, Status, Option<ConferenceId>);
    let met: RelationDef = child::Entity::belongs_to(conference::Entity)
        .from(child::Column::ConferenceId)
        .to(conference::Column::Id)
        .into();
    let those = Alias::new("those");
    let of = |column| Expr::col((those.clone(), column));
    let keys = Query::select()
        .column((those.clone(), child::Column::ChildKey))
        .from_as(child::Entity, those.clone())
        .and_where(of(child::Column::ConferenceId).in_subquery(of_days(first, last)))
        .to_owned();
    let rows: Vec<Row> = child::Entity::find()
        .select_only()
        .column(child::Column::ChildKey)
        .columns([
            conference::Column::Id,
            conference::Column::ConferenceDate,
            conference::Column::StartsAt,
            conference::Column::Kind,
            conference::Column::Status,
        ])
        .column(register::Column::ConferenceId)
        .join(JoinType::InnerJoin, met)
        .left_join(register::Entity)
        .filter(child::Column::ChildKey.in_subquery(keys))
        .into_tuple()
        .all(db)
        .await?;
    let mut histories: HashMap<Vec<u8>, Vec<Past>> = HashMap::new();
    for (key, id, date, starts_at, kind, status, register) in rows {
        let past = Past { id, date, starts_at, kind, status, confirmed: register.is_some() };
        histories.entry(key).or_default().push(past);
    }
    for history in histories.values_mut() {
        history.sort_by_key(|past| (past.starts_at, past.id));
    }
    Ok(histories)
}
