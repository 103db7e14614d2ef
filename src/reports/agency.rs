//! An agency's own record: what was recorded of the services that an account answers for, in one month. Its
//! own rows alone are read, and none of a restricted conference.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::{Month, Rate};
use crate::access::AccountId;
use crate::agencies::services_of;
use crate::agencies::store::directory_of;
use crate::conferences::entity::conference;
use crate::conferences::{ConferenceId, ConferenceType, Status};
use crate::invitations::Fault;
use crate::invitations::entity::invitation;
use crate::register::entity::register;
use crate::register::{Policies, Standing, standing};

/// One invitation of the agency's.
#[derive(Clone, Debug)]
pub struct OwnRow {
    /// The conference's random reference.
    pub reference: String,
    /// When it began.
    pub starts_at: DateTime<Utc>,
    /// Its day.
    pub date: NaiveDate,
    /// What kind it was.
    pub kind: ConferenceType,
    /// The service.
    pub service: String,
    /// The role.
    pub role: String,
    /// What the agency answered.
    pub response: &'static str,
    /// Its report.
    pub report: &'static str,
    /// Its standing, once the register is confirmed.
    pub standing: Option<Standing>,
    /// The authority's fault in inviting it.
    pub fault: Option<Fault>,
    /// It counts (E), and whether it was represented then.
    pub counts: Option<bool>,
}

/// A month of an agency's own record.
#[derive(Clone, Debug)]
pub struct OwnRecord {
    /// Every invitation, by day.
    pub rows: Vec<OwnRow>,
    /// M2 of these services: represented, of those expected and counted.
    pub represented: Rate,
}

/// Represented, of those expected and counted (M2).
fn represented<'a>(rows: impl Iterator<Item = &'a OwnRow>) -> Rate {
    let counted: Vec<bool> = rows.filter_map(|row| row.counts).collect();
    Rate::of(counted.iter().filter(|was| **was).count(), counted.len())
}

/// The months up to this one, oldest first, each with M2 of the services that an account answers for.
pub async fn own_trend(
    db: &impl ConnectionTrait,
    account: AccountId,
    month: Month,
    months: usize,
    policies: &Policies,
) -> Result<Vec<(Month, Rate)>, DbErr> {
    let mut all: Vec<Month> =
        std::iter::successors(Some(month), |month| Some(month.previous())).take(months).collect();
    all.reverse();
    let first = all.first().copied().unwrap_or(month).first();
    let rows = own_rows(db, account, first, month.last(), policies).await?;
    let of = |month: Month| represented(rows.iter().filter(|row| Month::of(row.date) == month));
    Ok(all.into_iter().map(|month| (month, of(month))).collect())
}

/// The invitations of the services that an account answers for, as their ids: none of a restricted conference.
pub fn own_invitations(account: AccountId) -> SelectStatement {
    let open = Query::select()
        .column(conference::Column::Id)
        .from(conference::Entity)
        .and_where(conference::Column::Restricted.eq(false))
        .to_owned();
    Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ServiceId.in_subquery(services_of(account)))
        .and_where(invitation::Column::ConferenceId.in_subquery(open))
        .to_owned()
}

/// Reads it.
pub async fn own_record(
    db: &impl ConnectionTrait,
    account: AccountId,
    month: Month,
    policies: &Policies,
) -> Result<OwnRecord, DbErr> {
    let rows = own_rows(db, account, month.first(), month.last(), policies).await?;
    Ok(OwnRecord { represented: represented(rows.iter()), rows })
}

async fn own_rows(
    db: &impl ConnectionTrait,
    account: AccountId,
    first: NaiveDate,
    last: NaiveDate,
    policies: &Policies,
) -> Result<Vec<OwnRow>, DbErr> {
    let of_these_days = Query::select()
        .column(conference::Column::Id)
        .from(conference::Entity)
        .and_where(conference::Column::ConferenceDate.between(first, last))
        .and_where(conference::Column::Restricted.eq(false))
        .and_where(conference::Column::Status.ne(Status::Cancelled))
        .to_owned();
    let rows = invitation::Entity::find()
        .filter(invitation::Column::ServiceId.in_subquery(services_of(account)))
        .filter(invitation::Column::ConferenceId.in_subquery(of_these_days))
        .all(db)
        .await?;
    let ids: HashSet<ConferenceId> = rows.iter().map(|row| row.conference_id).collect();
    let met = conference::Entity::find().filter(conference::Column::Id.is_in(ids.iter().copied()));
    let met: HashMap<_, _> = met.all(db).await?.into_iter().map(|c| (c.id, c)).collect();
    let confirmed: HashSet<ConferenceId> = register::Entity::find()
        .select_only()
        .column(register::Column::ConferenceId)
        .filter(register::Column::ConferenceId.is_in(ids))
        .into_tuple()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let directory = directory_of(db, rows.iter().map(|row| row.service_id)).await?;
    let mut own: Vec<OwnRow> = rows
        .into_iter()
        .map(|row| {
            let c = &met[&row.conference_id];
            let (facts, date) = (row.facts(), c.conference_date);
            let standing = confirmed.contains(&c.id).then(|| standing(&facts, c.decision_at));
            let policy = policies.on(date);
            let fault = facts.fault(c.kind, date, policy.minimum_notice, policy.calendar);
            let counts = standing.filter(|s| s.can_count() && fault.is_none() && !facts.walk_in);
            OwnRow {
                reference: c.reference.clone(),
                starts_at: c.starts_at,
                date,
                kind: c.kind,
                service: directory.of(row.service_id).0.name.clone(),
                response: row.answer_in_words(),
                report: row.report_in_words(),
                role: row.role,
                standing,
                fault: fault.filter(|_| standing.is_some()),
                counts: counts.map(Standing::is_represented),
            }
        })
        .collect();
    own.sort_by(|a, b| (a.starts_at, &a.reference).cmp(&(b.starts_at, &b.reference)));
    Ok(own)
}
