//! The one declared reader of other slices' tables. It asks for the month's rows and for the histories
//! of the month's children; nothing that it asks for grows with the years before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseExecutor, DbErr, EntityTrait, QueryFilter, QuerySelect,
    QueryTrait,
};
use tokio_util::task::AbortOnDropHandle;

use super::climbed::Step;
use super::histories::{Past, before, histories};
use super::measures::{entries, is_miss, proceeded_inquorate};
use super::{Month, Period};
use crate::agencies::entity::{agency, service};
use crate::agencies::store::{Directory, directory};
use crate::conferences::entity::conference;
use crate::conferences::{self, ConferenceId, Sight};
use crate::feedback::entity::feedback;
use crate::feedback::steps::{self, StepId, Told};
use crate::invitations::entity::invitation;
use crate::invitations::{Attendance, InvitationId};
use crate::register::store::{Record, of_days, records_in_brief, records_of_days};
use crate::register::{Assessment, ConferenceFacts, Policies, assess};
use crate::replies::{self, ReplyKind, ReplyState};

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// A conference with all that is derived of it.
#[derive(Clone, Debug)]
pub struct Case {
    pub record: Record,
    pub facts: ConferenceFacts,
    pub assessment: Assessment,
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
    pub replies: HashMap<InvitationId, Vec<replies::Told>>,
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
    let both = with_previous(db, period, policies, &directory);
    let ((month, (before, letters)), steps) = tokio::try_join!(both, climbing(db, period))?;
    Ok(MonthData {
        period,
        directory,
        cases: month.cases,
        previous: before.cases,
        histories: month.histories,
        previous_histories: before.histories,
        before_inquorate: month.just_before,
        before_missed: before.just_before,
        accepted: letters.accepted,
        replies: letters.replies,
        steps,
    })
}

/// The same without what only M8, M15 to M18 look at: the month before, histories, letters, replies.
pub async fn load_alone(
    db: &impl ConnectionTrait,
    period: Period,
    policies: &Policies,
) -> Result<MonthData, DbErr> {
    let days = days((period.first(), period.last()));
    let cases = records_of_days(db, days, Which::All.condition());
    let (directory, cases) = tokio::try_join!(directory(db), cases)?;
    let cases = assessed(cases, policies, &directory);
    Ok(MonthData::alone(period, directory, cases))
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
    let records = records_of_days(db, days((first, last)), Which::All.condition()).await?;
    Ok(assessed(records, policies, &directory))
}

/// What is read of a month, or of some months together, and of what came before.
struct MonthRead {
    cases: Vec<Case>,
    /// Of the children of those.
    histories: HashMap<Vec<u8>, Vec<Past>>,
    /// Of a history only the conference just before is looked into, and only where a measure asks for it.
    just_before: HashMap<ConferenceId, Case>,
}

/// What became of the letters about some months' absences.
struct Letters {
    /// When the first message of an invitation's first feedback was accepted.
    accepted: HashMap<InvitationId, DateTime<Utc>>,
    /// What agencies replied about those.
    replies: HashMap<InvitationId, Vec<replies::Told>>,
}

/// Which invitations of conferences are read.
#[derive(Clone, Copy)]
enum Which {
    All,
    /// Those alone that may have missed something or were written to as if they had. Who was there throughout missed
    /// nothing: two thirds of the rows.
    Misses,
}

impl Which {
    fn condition(self) -> Condition {
        use invitation::Column::{Attendance as How, ConferenceId as Of, Id, JoinedAt, LeftAt};
        if matches!(self, Self::All) {
            return Condition::all();
        }
        let undecided = Query::select()
            .expr(Expr::val(1))
            .from(conference::Entity)
            .and_where(
                Expr::col((conference::Entity, conference::Column::Id)).equals((invitation::Entity, Of)),
            )
            .and_where(conference::Column::DecisionAt.is_null())
            .to_owned();
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
            .add(Expr::exists(undecided))
            .add(Expr::exists(written))
    }
}

fn days((first, last): (Month, Month)) -> (NaiveDate, NaiveDate) {
    (first.first(), last.last())
}

/// A period, and as many months one month before. Reading is what a month costs: over a pool each is read by a task of its
/// own, at the same time; within a transaction there is one connection.
async fn with_previous(
    db: &DatabaseExecutor<'_>,
    period: Period,
    policies: &Policies,
    directory: &Directory,
) -> Result<(MonthRead, (MonthRead, Letters)), DbErr> {
    let months = (period.first(), period.last());
    let before = (months.0.previous(), months.1.previous());
    let DatabaseExecutor::Connection(pool) = *db else {
        return tokio::try_join!(
            month_read(db, months, Which::All, policies, directory),
            month_before(db, before, policies, directory)
        );
    };
    let with = || (pool.clone(), policies.clone(), directory.clone());
    let (pool, rules, all) = with();
    let month = apart(async move { month_read(&pool, months, Which::All, &rules, &all).await });
    let (pool, rules, all) = with();
    let before = apart(async move { month_before(&pool, before, &rules, &all).await });
    tokio::try_join!(month, before)
}

/// Reads in a task of its own, which ends with whoever waits for it.
async fn apart<T: Send + 'static>(
    reading: impl Future<Output = Result<T, DbErr>> + Send + 'static,
) -> Result<T, DbErr> {
    AbortOnDropHandle::new(tokio::spawn(reading)).await.unwrap_or_else(|e| match e.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(e) => Err(DbErr::Custom(e.to_string())),
    })
}

async fn month_before(
    db: &impl ConnectionTrait,
    months: (Month, Month),
    policies: &Policies,
    directory: &Directory,
) -> Result<(MonthRead, Letters), DbErr> {
    tokio::try_join!(month_read(db, months, Which::Misses, policies, directory), letters(db, months))
}

async fn month_read(
    db: &impl ConnectionTrait,
    months: (Month, Month),
    which: Which,
    policies: &Policies,
    directory: &Directory,
) -> Result<MonthRead, DbErr> {
    let records = records_of_days(db, days(months), which.condition());
    let (records, histories) = tokio::try_join!(records, histories(db, days(months)))?;
    let cases = assessed(records, policies, directory);
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
        records.extend(records_in_brief(db, rows, which.condition()).await?);
    }
    Ok(records)
}

/// The ladder's steps that a period has a part of.
async fn climbing(db: &impl ConnectionTrait, period: Period) -> Result<Vec<Step>, DbErr> {
    let told = steps::since(db, period.begins()).await?;
    let ids: Vec<StepId> = told.iter().map(|told| told.step.id).collect();
    let mut causes = Vec::new();
    for ids in ids.chunks(BATCH) {
        causes.extend(steps::causes(db, ids.iter().copied()).await?);
    }
    let said = replies::told(db, causes.iter().map(|cause| cause.invitation_id)).await?;
    let disputes = said.iter().filter(|r| r.kind == ReplyKind::Disputed && r.state == ReplyState::Open);
    let disputed: HashSet<InvitationId> = disputes.map(|reply| reply.invitation).collect();
    let disputed = causes.iter().filter(|cause| disputed.contains(&cause.invitation_id));
    let disputed: HashSet<StepId> = disputed.map(|cause| cause.step_id).collect();
    let of = |told: Told| {
        let is_disputed = disputed.contains(&told.step.id);
        Step { is_disputed, ..Step::from(told) }
    };
    Ok(told.into_iter().map(of).collect())
}

fn assessed(records: Vec<Record>, policies: &Policies, directory: &Directory) -> Vec<Case> {
    let case = |record: Record| {
        let facts = record.facts(directory);
        let assessment = assess(&facts, policies.on(facts.date));
        Case { record, facts, assessment }
    };
    records.into_iter().map(case).collect()
}

async fn letters(db: &impl ConnectionTrait, months: (Month, Month)) -> Result<Letters, DbErr> {
    let (first, last) = days(months);
    let invited = Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ConferenceId.in_subquery(of_days(first, last)))
        .to_owned();
    let about = feedback::Entity::find()
        .select_only()
        .column(feedback::Column::Id)
        .filter(feedback::Column::InvitationId.in_subquery(invited))
        .filter(feedback::Column::Kind.eq(crate::feedback::Kind::Absence));
    let items = about.clone().column(feedback::Column::InvitationId);
    let items = items.into_tuple::<(crate::feedback::FeedbackId, InvitationId)>().all(db);
    let sent = crate::outbox::accepted_at(db, about.into_query());
    let (items, sent) = tokio::try_join!(items, sent)?;
    let of: HashMap<uuid::Uuid, InvitationId> = items.into_iter().map(|(id, i)| (id.0, i)).collect();
    let mut accepted: HashMap<InvitationId, DateTime<Utc>> = HashMap::new();
    for (about, at) in sent {
        // One that was written since its item was read is of the next look.
        let Some(invitation) = of.get(&about) else { continue };
        let earliest = accepted.entry(*invitation).or_insert(at);
        *earliest = Ord::min(at, *earliest);
    }
    let mut said: HashMap<InvitationId, Vec<replies::Told>> = HashMap::new();
    for reply in replies::told(db, accepted.keys().copied()).await? {
        said.entry(reply.invitation).or_default().push(reply);
    }
    Ok(Letters { accepted, replies: said })
}
