//! What was recorded of some services over some days, each invitation by itself: their own rows alone are read, and
//! none of a restricted conference.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::entity::register;
use super::{Policies, Standing, standing};
use crate::conferences::entity::conference;
use crate::conferences::{ConferenceId, ConferenceType, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{self, Fault};

/// One invitation, with what is derived of it alone.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Without the columns that no rule looks at.
    pub row: invitation::Model,
    /// The conference's random reference.
    pub reference: String,
    pub starts_at: DateTime<Utc>,
    /// Its day.
    pub date: NaiveDate,
    pub kind: ConferenceType,
    /// Once the register is confirmed.
    pub standing: Option<Standing>,
    /// The authority's fault in inviting it.
    pub fault: Option<Fault>,
}

impl Recorded {
    /// A miss (DOMAIN 7).
    pub fn is_miss(&self) -> bool {
        self.counted().is_some_and(|standing| standing.is_miss(self.row.absence_reason))
    }

    /// The standing of an invitation that counts (E).
    pub fn counted(&self) -> Option<Standing> {
        self.standing.filter(|s| s.can_count() && self.fault.is_none() && !self.row.walk_in)
    }
}

/// The invitations of some services (their ids, as a query) on the days `first ≤ date ≤ last`, in order of time, those of one
/// conference by their ids: pages of them follow one another.
pub async fn of_services(
    db: &impl ConnectionTrait,
    services: SelectStatement,
    first: NaiveDate,
    last: NaiveDate,
    policies: &Policies,
) -> Result<Vec<Recorded>, DbErr> {
    use conference::Column::{ConferenceDate, DecisionAt, Id, Kind, Reference, StartsAt};
    type Met = (ConferenceId, String, DateTime<Utc>, NaiveDate, ConferenceType, Option<DateTime<Utc>>);
    let of_these_days = Query::select()
        .column(Id)
        .from(conference::Entity)
        .and_where(ConferenceDate.between(first, last))
        .and_where(conference::Column::Restricted.eq(false))
        .and_where(conference::Column::Status.ne(Status::Cancelled))
        .to_owned();
    let which = Condition::all()
        .add(invitation::Column::ServiceId.in_subquery(services))
        .add(invitation::Column::ConferenceId.in_subquery(of_these_days.clone()));
    let rows = invitations::store::in_brief(db, which).await?;
    let met: Vec<Met> = conference::Entity::find()
        .select_only()
        .columns([Id, Reference, StartsAt, ConferenceDate, Kind, DecisionAt])
        .filter(Id.in_subquery(of_these_days.clone()))
        .into_tuple()
        .all(db)
        .await?;
    let met: HashMap<ConferenceId, Met> = met.into_iter().map(|c| (c.0, c)).collect();
    let confirmed = register::Entity::find()
        .select_only()
        .column(register::Column::ConferenceId)
        .filter(register::Column::ConferenceId.in_subquery(of_these_days));
    let confirmed: HashSet<ConferenceId> = confirmed.into_tuple().all(db).await?.into_iter().collect();
    let mut recorded: Vec<Recorded> = rows
        .into_iter()
        .filter_map(|row| {
            let (id, reference, starts_at, date, kind, decision_at) = met.get(&row.conference_id)?.clone();
            let (facts, policy) = (row.facts(), policies.on(date));
            let standing = confirmed.contains(&id).then(|| standing(&facts, decision_at));
            let fault = facts.fault(kind, date, policy.minimum_notice, policy.calendar);
            let fault = fault.filter(|_| standing.is_some());
            Some(Recorded { row, reference, starts_at, date, kind, standing, fault })
        })
        .collect();
    recorded
        .sort_by(|a, b| (a.starts_at, &a.reference, a.row.id).cmp(&(b.starts_at, &b.reference, b.row.id)));
    Ok(recorded)
}
