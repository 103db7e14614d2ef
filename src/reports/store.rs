//! The one declared reader of other slices' tables. It asks for the month's rows and for the histories
//! of the month's children; nothing that it asks for grows with the years before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseExecutor, DbErr, EntityTrait, JoinType, QueryFilter,
    QuerySelect, RelationDef,
};
use tokio_util::task::AbortOnDropHandle;

use super::climbed::Step;
use super::measures::{entries, is_miss, proceeded_inquorate};
use super::{Month, Period};
use crate::agencies::entity::{agency, service};
use crate::agencies::store::{Directory, directory};
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ConferenceId, ConferenceType, Sight, Status};
use crate::feedback::entity::feedback;
use crate::feedback::steps;
use crate::invitations::entity::invitation;
use crate::invitations::{Attendance, InvitationId};
use crate::register::entity::register;
use crate::register::store::{Record, records_in_brief};
use crate::register::{Assessment, ConferenceFacts, Policies, assess};
use crate::replies::{Told, told};

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// A conference with all that is derived of it.
#[derive(Clone, Debug)]
pub struct Case {
    pub record: Record,
    pub facts: ConferenceFacts,
    pub assessment: Assessment,
}

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

/// What the measures of a month, or of some months together, are made of.
pub struct MonthData {
    pub period: Period,
    pub directory: Directory,
    /// Every conference of the month, whatever its status.
    pub cases: Vec<Case>,
    /// The same for the month before, with those invitations alone that may have missed something: M15 to M17 look
    /// there, and nothing that asks for a whole conference may.
    pub previous: Vec<Case>,
    /// Child (keyed hash) → its conferences, oldest first, of the children of `cases`.
    pub histories: HashMap<Vec<u8>, Vec<Past>>,
    /// The same of the children of `previous`: read at a moment of its own, with what M17 looks up in it.
    pub previous_histories: HashMap<Vec<u8>, Vec<Past>>,
    /// The conferences of those histories that came just before an inquorate one (M8).
    pub before_inquorate: HashMap<ConferenceId, Case>,
    /// Those that came just before one of `previous` that somebody missed (M17), with such invitations alone too.
    pub before_missed: HashMap<ConferenceId, Case>,
    /// When the first message of an invitation's first feedback was accepted.
    pub accepted: HashMap<InvitationId, DateTime<Utc>>,
    /// What agencies replied about an invitation of `previous`.
    pub replies: HashMap<InvitationId, Vec<Told>>,
    /// The ladder's steps that the period has a part of.
    pub steps: Vec<Step>,
}

impl MonthData {
    /// Some conferences of a month, as if there were nothing around them.
    pub fn alone(period: impl Into<Period>, directory: Directory, cases: Vec<Case>) -> Self {
        Self {
            period: period.into(),
            directory,
            cases,
            previous: Vec::new(),
            histories: HashMap::new(),
            previous_histories: HashMap::new(),
            before_inquorate: HashMap::new(),
            before_missed: HashMap::new(),
            accepted: HashMap::new(),
            replies: HashMap::new(),
            steps: Vec::new(),
        }
    }
}

/// All that any measure of a period asks for.
pub async fn load(db: DatabaseExecutor<'_>, period: Period, policies: &Policies) -> Result<MonthData, DbErr> {
    let db = &db;
    let directory = directory(db).await?;
    let (month, before) = with_previous(db, period, policies, &directory).await?;
    let accepted = accepted(db, &before.cases).await?;
    let mut replies: HashMap<InvitationId, Vec<Told>> = HashMap::new();
    for reply in told(db, accepted.keys().copied()).await? {
        replies.entry(reply.invitation).or_default().push(reply);
    }
    Ok(MonthData {
        period,
        directory,
        cases: month.cases,
        previous: before.cases,
        histories: month.histories,
        previous_histories: before.histories,
        before_inquorate: month.just_before,
        before_missed: before.just_before,
        accepted,
        replies,
        steps: steps::since(db, period.begins()).await?.into_iter().map(Step::from).collect(),
    })
}

/// The same without what only M8, M15 to M18 look at: the month before, histories, letters, replies.
pub async fn load_alone(
    db: &impl ConnectionTrait,
    month: Month,
    policies: &Policies,
) -> Result<MonthData, DbErr> {
    let (directory, cases) = tokio::try_join!(directory(db), months_of(db, month, month, Which::All))?;
    let cases = assessed(cases, policies, &directory);
    Ok(MonthData::alone(month, directory, cases))
}

/// The invitations of an agency, by its code, to conferences of a month that are not restricted.
pub fn of_agency(code: &str, month: Month) -> SelectStatement {
    let agencies = Query::select()
        .column(agency::Column::Id)
        .from(agency::Entity)
        .and_where(agency::Column::Code.eq(code))
        .to_owned();
    let services = Query::select()
        .column(service::Column::Id)
        .from(service::Entity)
        .and_where(service::Column::AgencyId.in_subquery(agencies))
        .to_owned();
    let met = Query::select()
        .column(conference::Column::Id)
        .from(conference::Entity)
        .and_where(conference::Column::ConferenceDate.between(month.first(), month.last()))
        .and_where(conference::Column::Restricted.eq(false))
        .to_owned();
    Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ServiceId.in_subquery(services))
        .and_where(invitation::Column::ConferenceId.in_subquery(met))
        .to_owned()
}

/// Whole conferences of some months, with all that is derived of them.
pub async fn months(
    db: &impl ConnectionTrait,
    first: Month,
    last: Month,
    policies: &Policies,
) -> Result<Vec<Case>, DbErr> {
    let directory = directory(db).await?;
    let rows = conferences::store::between(db, first.first(), last.last(), Sight::Everything).await?;
    Ok(assessed(read(db, rows, Which::All).await?, policies, &directory))
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

/// What is read of a month, or of some months together, and of what came before.
struct MonthRead {
    cases: Vec<Case>,
    /// Of the children of those.
    histories: HashMap<Vec<u8>, Vec<Past>>,
    /// Of a history only the conference just before is looked into, and only where a measure asks for it.
    just_before: HashMap<ConferenceId, Case>,
}

/// Which invitations of conferences are read.
#[derive(Clone, Copy)]
enum Which {
    All,
    /// Those alone that may have missed something or were written to as if they had. Who was there throughout missed
    /// nothing: two thirds of the rows.
    Misses,
}

/// A period, and as many months one month before. Reading is what a month costs: over a pool each is read by a task of its
/// own, at the same time; within a transaction there is one connection.
async fn with_previous(
    db: &DatabaseExecutor<'_>,
    period: Period,
    policies: &Policies,
    directory: &Directory,
) -> Result<(MonthRead, MonthRead), DbErr> {
    let months = (period.first(), period.last());
    let before = (months.0.previous(), months.1.previous());
    let DatabaseExecutor::Connection(pool) = *db else {
        return tokio::try_join!(
            month_read(db, months, Which::All, policies, directory),
            month_read(db, before, Which::Misses, policies, directory)
        );
    };
    let apart = async |months, which| {
        let (pool, policies, directory) = (pool.clone(), policies.clone(), directory.clone());
        let reading =
            tokio::spawn(async move { month_read(&pool, months, which, &policies, &directory).await });
        AbortOnDropHandle::new(reading).await.unwrap_or_else(|e| match e.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(e) => Err(DbErr::Custom(e.to_string())),
        })
    };
    tokio::try_join!(apart(months, Which::All), apart(before, Which::Misses))
}

async fn month_read(
    db: &impl ConnectionTrait,
    (first, last): (Month, Month),
    which: Which,
    policies: &Policies,
    directory: &Directory,
) -> Result<MonthRead, DbErr> {
    let cases = assessed(months_of(db, first, last, which).await?, policies, directory);
    let children = cases.iter().flat_map(|case| &case.record.children);
    let histories = histories(db, children.map(|child| child.child_key.clone()).collect()).await?;
    // Of the paper's month, whether an inquorate conference is the second running (M8); of the month before, whether a
    // miss is the second (M17).
    let is_asked_for = |case: &&Case| match which {
        Which::All => proceeded_inquorate(case),
        Which::Misses => entries(std::slice::from_ref(*case)).any(|e| is_miss(&e)),
    };
    let just_before = |case: &Case| -> Vec<ConferenceId> {
        let (keys, at) = (case.record.children.iter(), case.record.conference.starts_at);
        keys.filter_map(|child| before(&histories, &child.child_key, at)).map(|past| past.id).collect()
    };
    let ids = cases.iter().filter(is_asked_for).flat_map(just_before).collect();
    let those = assessed(these(db, ids, which).await?, policies, directory).into_iter();
    let just_before = those.map(|case| (case.record.conference.id, case)).collect();
    Ok(MonthRead { cases, histories, just_before })
}

async fn months_of(
    db: &impl ConnectionTrait,
    first: Month,
    last: Month,
    which: Which,
) -> Result<Vec<Record>, DbErr> {
    let rows = conferences::store::between(db, first.first(), last.last(), Sight::Everything).await?;
    read(db, rows, which).await
}

async fn these(
    db: &impl ConnectionTrait,
    ids: HashSet<ConferenceId>,
    which: Which,
) -> Result<Vec<Record>, DbErr> {
    let mut ids: Vec<ConferenceId> = ids.into_iter().collect();
    ids.sort();
    let mut records = Vec::new();
    for ids in ids.chunks(BATCH) {
        let rows = conferences::store::by_ids(db, ids.iter().copied(), Sight::Everything).await?;
        records.extend(read(db, rows, which).await?);
    }
    Ok(records)
}

async fn read(
    db: &impl ConnectionTrait,
    conferences: Vec<conference::Model>,
    which: Which,
) -> Result<Vec<Record>, DbErr> {
    use invitation::Column::{Attendance as How, ConferenceId as Of, Id, JoinedAt, LeftAt};
    let condition = if matches!(which, Which::Misses) {
        let undecided = conferences.iter().filter(|c| c.decision_at.is_none()).map(|c| c.id);
        let written = Query::select()
            .expr(Expr::val(1))
            .from(feedback::Entity)
            .and_where(
                Expr::col((feedback::Entity, feedback::Column::InvitationId))
                    .equals((invitation::Entity, Id)),
            )
            .to_owned();
        Condition::any()
            .add(How.eq(Attendance::Absent))
            .add(JoinedAt.is_not_null())
            .add(LeftAt.is_not_null())
            .add(Of.is_in(undecided))
            .add(Expr::exists(written))
    } else {
        Condition::all()
    };
    records_in_brief(db, conferences, condition).await
}

fn assessed(records: Vec<Record>, policies: &Policies, directory: &Directory) -> Vec<Case> {
    let case = |record: Record| {
        let facts = record.facts(directory);
        let assessment = assess(&facts, policies.on(facts.date));
        Case { record, facts, assessment }
    };
    records.into_iter().map(case).collect()
}

async fn histories(
    db: &impl ConnectionTrait,
    mut keys: Vec<Vec<u8>>,
) -> Result<HashMap<Vec<u8>, Vec<Past>>, DbErr> {
    type Row =
        (Vec<u8>, ConferenceId, NaiveDate, DateTime<Utc>, ConferenceType, Status, Option<ConferenceId>);
    let met: RelationDef = child::Entity::belongs_to(conference::Entity)
        .from(child::Column::ConferenceId)
        .to(conference::Column::Id)
        .into();
    keys.sort();
    keys.dedup();
    let mut histories: HashMap<Vec<u8>, Vec<Past>> = HashMap::new();
    for keys in keys.chunks(BATCH) {
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
            .join(JoinType::InnerJoin, met.clone())
            .left_join(register::Entity)
            .filter(child::Column::ChildKey.is_in(keys.iter().cloned()))
            .into_tuple()
            .all(db)
            .await?;
        for (key, id, date, starts_at, kind, status, register) in rows {
            let past = Past { id, date, starts_at, kind, status, confirmed: register.is_some() };
            histories.entry(key).or_default().push(past);
        }
    }
    for history in histories.values_mut() {
        history.sort_by_key(|past| (past.starts_at, past.id));
    }
    Ok(histories)
}

async fn accepted(
    db: &impl ConnectionTrait,
    cases: &[Case],
) -> Result<HashMap<InvitationId, DateTime<Utc>>, DbErr> {
    let ids: Vec<InvitationId> = cases.iter().flat_map(|c| &c.record.invitations).map(|i| i.id).collect();
    let mut first = HashMap::new();
    for ids in ids.chunks(BATCH) {
        let items: Vec<(crate::feedback::FeedbackId, InvitationId)> = feedback::Entity::find()
            .select_only()
            .columns([feedback::Column::Id, feedback::Column::InvitationId])
            .filter(feedback::Column::InvitationId.is_in(ids.iter().copied()))
            .filter(feedback::Column::Kind.eq(crate::feedback::Kind::Absence))
            .into_tuple()
            .all(db)
            .await?;
        let of: HashMap<uuid::Uuid, InvitationId> = items.into_iter().map(|(id, i)| (id.0, i)).collect();
        for (about, at) in crate::outbox::accepted_at(db, of.keys().copied()).await? {
            let earliest = first.entry(of[&about]).or_insert(at);
            *earliest = Ord::min(at, *earliest);
        }
    }
    Ok(first)
}
