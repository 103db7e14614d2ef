//! The ladder's only queries: what was recorded of the services that were written to lately, and the steps.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};

use super::causes::presses;
use super::expected::{Expected, OpenStep, Told};
use super::rules::{Ladders, Trigger};
use super::telling::{lately, when_told};
use crate::agencies::ServiceId;
use crate::agencies::store::{Directory, directory};
use crate::calendar::{london, months_before};
use crate::conferences::entity::child;
use crate::conferences::{self, ConferenceId, Sight};
use crate::feedback::entity::{ladder_cause, ladder_step};
use crate::feedback::steps::{StepId, StepState, causes, gone};
use crate::feedback::{Settings, newest};
use crate::invitations::entity::invitation;
use crate::invitations::{self, ImpactCode, InvitationId};
use crate::platform::Tx;
use crate::register::store::{Record, records_in_brief};
use crate::register::{Assessment, Policies, assess};
use crate::replies::{ReplyKind, ReplyState, store as replies};

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// A conference with all that is derived of it.
struct Case {
    record: Record,
    assessment: Assessment,
}

/// What the ladder's rules look at, service by service.
pub struct History {
    pub directory: Directory,
    pub expected: BTreeMap<ServiceId, Vec<Expected>>,
    pub open: BTreeMap<ServiceId, Vec<OpenStep>>,
    pub caused: HashSet<(i32, InvitationId)>,
}

/// Reads it: of the services to which feedback went lately, every conference at which they were expected as far back as
/// the rules look.
pub async fn history(
    db: &impl ConnectionTrait,
    ladders: &Ladders,
    policies: &Policies,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<History, DbErr> {
    let today = london::date(now);
    let directory = directory(db).await?;
    let lately = lately(db, today).await?;
    let ids = lately.iter().map(|item| item.invitation_id);
    let missed = invitations::store::by_ids(db, ids).await?;
    let services: HashSet<ServiceId> = missed.iter().map(|row| row.service_id).collect();
    let about: HashSet<ConferenceId> = missed.iter().map(|row| row.conference_id).collect();
    let mut cases = BTreeMap::new();
    assessed(&mut cases, whole(db, &about).await?, policies, &directory);
    // Of what came before only their own rows are read, from which no quorum can be told, and none is asked for.
    let earlier = earlier(db, ladders, &cases, today).await?;
    assessed(&mut cases, brief(db, &earlier, &services).await?, policies, &directory);
    // What was told counts however long ago it was, as far back as a rule looks.
    let of_them = |row: &&invitation::Model| services.contains(&row.service_id);
    let all: HashMap<InvitationId, ServiceId> = cases
        .values()
        .flat_map(|case| case.record.invitations.iter().zip(&case.assessment.invitations))
        .filter(|(row, assessed)| of_them(row) && assessed.standing.is_missing())
        .map(|(row, _)| (row.id, row.service_id))
        .collect();
    let items: Vec<_> = newest(db, all.keys().copied()).await?.into_values().collect();
    let told = when_told(db, &items, &all, policies, settings, &directory).await?;
    let mut expected: BTreeMap<ServiceId, Vec<Expected>> = BTreeMap::new();
    for case in cases.values() {
        for place in 0..case.record.invitations.len() {
            let row = &case.record.invitations[place];
            let counts = case.assessment.invitations[place].counted && !row.attendance_only && !row.walk_in;
            if counts && services.contains(&row.service_id) {
                let e = expectation(case, place, &cases, &told, longest_run(ladders, case));
                expected.entry(row.service_id).or_default().push(e);
            }
        }
    }
    let open = open(db, policies, now).await?;
    // Whatever led to a step before that can lead to none now.
    let caused = caused(db, months_before(today, ladders.looks_back_months() + 12)).await?;
    Ok(History { directory, expected, open, caused })
}

async fn whole(db: &impl ConnectionTrait, ids: &HashSet<ConferenceId>) -> Result<Vec<Record>, DbErr> {
    let mut all = Vec::new();
    let ids: Vec<ConferenceId> = ids.iter().copied().collect();
    for ids in ids.chunks(BATCH) {
        let rows = conferences::store::by_ids(db, ids.iter().copied(), Sight::Everything).await?;
        all.extend(records_in_brief(db, rows, Condition::all()).await?);
    }
    Ok(all)
}

async fn brief(
    db: &impl ConnectionTrait,
    ids: &HashSet<ConferenceId>,
    services: &HashSet<ServiceId>,
) -> Result<Vec<Record>, DbErr> {
    let mut all = Vec::new();
    let ids: Vec<ConferenceId> = ids.iter().copied().collect();
    let mut own = Condition::any();
    let services: Vec<ServiceId> = services.iter().copied().collect();
    for services in services.chunks(BATCH) {
        own = own.add(invitation::Column::ServiceId.is_in(services.iter().copied()));
    }
    for ids in ids.chunks(BATCH) {
        let rows = conferences::store::by_ids(db, ids.iter().copied(), Sight::Everything).await?;
        all.extend(records_in_brief(db, rows, own.clone()).await?);
    }
    Ok(all)
}

/// The conferences of the months that the rules look back, and those of the same children, that are not read yet.
async fn earlier(
    db: &impl ConnectionTrait,
    ladders: &Ladders,
    cases: &BTreeMap<ConferenceId, Case>,
    today: NaiveDate,
) -> Result<HashSet<ConferenceId>, DbErr> {
    let Some(first) = cases.values().map(|case| case.record.conference.conference_date).min() else {
        return Ok(HashSet::new());
    };
    let from = months_before(first, ladders.looks_back_months());
    let window = conferences::store::between(db, from, today, Sight::Everything).await?;
    let mut ids: HashSet<ConferenceId> = window.into_iter().map(|c| c.id).collect();
    let keys: HashSet<&[u8]> =
        cases.values().flat_map(|case| &case.record.children).map(|c| c.child_key.as_slice()).collect();
    let keys: Vec<Vec<u8>> = keys.into_iter().map(<[u8]>::to_vec).collect();
    for keys in keys.chunks(BATCH) {
        let of: Vec<ConferenceId> = child::Entity::find()
            .select_only()
            .column(child::Column::ConferenceId)
            .filter(child::Column::ChildKey.is_in(keys.iter().cloned()))
            .into_tuple()
            .all(db)
            .await?;
        ids.extend(of);
    }
    ids.retain(|id| !cases.contains_key(id));
    Ok(ids)
}

fn assessed(
    cases: &mut BTreeMap<ConferenceId, Case>,
    records: Vec<Record>,
    policies: &Policies,
    directory: &Directory,
) {
    for record in records {
        let facts = record.facts(directory);
        let assessment = assess(&facts, policies.on(facts.date));
        cases.insert(record.conference.id, Case { record, assessment });
    }
}

/// The most misses running that the ladder of a conference asks about.
fn longest_run(ladders: &Ladders, case: &Case) -> usize {
    let rungs = ladders.on(case.record.conference.conference_date).rung.iter();
    let runs = rungs.flat_map(|rung| &rung.trigger).map(|trigger| match trigger {
        Trigger::Running { misses } => *misses,
        _ => 1,
    });
    runs.max().unwrap_or(1)
}

fn expectation(
    case: &Case,
    place: usize,
    cases: &BTreeMap<ConferenceId, Case>,
    told: &HashMap<InvitationId, Told>,
    longest: usize,
) -> Expected {
    let (row, assessed) = (&case.record.invitations[place], &case.assessment.invitations[place]);
    let miss = assessed.is_miss(row.absence_reason);
    let presses = presses(row, &case.record.conference);
    let (told_of, told) = (told, told.get(&row.id).copied());
    Expected {
        invitation: row.id,
        date: case.record.conference.conference_date,
        miss,
        severity: assessed.impact.iter().filter_map(|i| i.severity).max().filter(|_| presses),
        plan_ended_without: presses && assessed.impact.iter().any(|i| i.code == ImpactCode::PlanEndedWithout),
        running: match miss && told.is_some() {
            true => running(case, row, cases, told_of, longest),
            false => usize::from(miss),
        },
        told,
        restricted: case.record.conference.restricted,
    }
}

/// Conferences of one of its children that a service missed one after the other, up to `longest`. Between two of them
/// there was none of that child's whose register is confirmed.
fn running(
    case: &Case,
    row: &invitation::Model,
    cases: &BTreeMap<ConferenceId, Case>,
    told: &HashMap<InvitationId, Told>,
    longest: usize,
) -> usize {
    let concerned = case.record.children.iter().filter(|c| case.record.concerns(row.id, c.id));
    let of_child = |key: &[u8]| {
        let mut before: Vec<&Case> = cases
            .values()
            .filter(|past| past.record.conference.starts_at < case.record.conference.starts_at)
            .filter(|past| past.assessment.in_population)
            .filter(|past| past.record.children.iter().any(|c| c.child_key == key))
            .collect();
        before.sort_by_key(|past| std::cmp::Reverse(past.record.conference.starts_at));
        1 + before
            .into_iter()
            .take(longest - 1)
            .take_while(|past| missed(past, row.service_id, key, told))
            .count()
    };
    concerned.map(|child| of_child(&child.child_key)).max().unwrap_or(1)
}

/// Whether a service missed a conference that concerned it about this child, and does not dispute that.
fn missed(past: &Case, service: ServiceId, key: &[u8], told: &HashMap<InvitationId, Told>) -> bool {
    let there = past.record.children.iter().find(|c| c.child_key == key);
    past.record.invitations.iter().zip(&past.assessment.invitations).any(|(row, assessed)| {
        row.service_id == service
            && there.is_some_and(|child| past.record.concerns(row.id, child.id))
            && assessed.is_miss(row.absence_reason)
            && !told.get(&row.id).is_some_and(|told| told.disputed)
    })
}

/// The steps of rung 3 that have gone and are open.
async fn open(
    db: &impl ConnectionTrait,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<BTreeMap<ServiceId, Vec<OpenStep>>, DbErr> {
    let steps = ladder_step::Entity::find()
        .filter(ladder_step::Column::State.eq(StepState::Approved))
        .filter(ladder_step::Column::Rung.eq(3))
        .all(db)
        .await?;
    let mut of: HashMap<StepId, Vec<InvitationId>> = HashMap::new();
    for cause in causes(db, steps.iter().map(|step| step.id)).await? {
        of.entry(cause.step_id).or_default().push(cause.invitation_id);
    }
    let about = invitations::store::by_ids(db, steps.iter().map(|step| step.invitation_id)).await?;
    let services: HashMap<InvitationId, ServiceId> =
        about.iter().map(|row| (row.id, row.service_id)).collect();
    let mut open: BTreeMap<ServiceId, Vec<OpenStep>> = BTreeMap::new();
    let gone = gone(db, &steps).await?;
    for step in steps {
        let Some(since) = gone.get(&step.id).map(|at| london::date(*at)) else { continue };
        let mut causes = of.remove(&step.id).unwrap_or_default();
        causes.sort_by_key(|id| (*id != step.invitation_id, std::cmp::Reverse(*id)));
        let (mut paused, mut paused_days) = (false, 0);
        for id in &causes {
            for reply in replies::of_invitation(db, *id).await? {
                if reply.kind != ReplyKind::Disputed {
                    continue;
                }
                paused |= reply.state == ReplyState::Open;
                let from = london::date(reply.made_at).max(since);
                let until = london::date(reply.settled_at.unwrap_or(now));
                paused_days += policies.calendar.working_days(from, until);
            }
        }
        let version = step.ladder_version;
        open.entry(services[&step.invitation_id]).or_default().push(OpenStep {
            since,
            version,
            causes,
            paused,
            paused_days,
        });
    }
    Ok(open)
}

/// What led to the steps that were proposed since a day.
async fn caused(db: &impl ConnectionTrait, since: NaiveDate) -> Result<HashSet<(i32, InvitationId)>, DbErr> {
    let steps = Query::select()
        .column(ladder_step::Column::Id)
        .from(ladder_step::Entity)
        .and_where(ladder_step::Column::ProposedAt.gte(london::to_utc_or_after(since, NaiveTime::MIN)))
        .to_owned();
    let all = ladder_cause::Entity::find().filter(ladder_cause::Column::StepId.in_subquery(steps));
    Ok(all.all(db).await?.into_iter().map(|cause| (cause.rung, cause.invitation_id)).collect())
}

/// Writes a step and what caused it. Fails as a duplicate where another process was first.
pub async fn insert(tx: &Tx, step: ladder_step::Model, causes: &[InvitationId]) -> Result<(), DbErr> {
    let (step_id, rung) = (step.id, step.rung);
    ladder_step::Entity::insert(step.into_active_model()).exec_without_returning(tx.conn()).await?;
    let causes = causes.iter().map(|id| ladder_cause::Model { rung, invitation_id: *id, step_id });
    let causes = causes.map(IntoActiveModel::into_active_model);
    ladder_cause::Entity::insert_many(causes).exec_without_returning(tx.conn()).await?;
    Ok(())
}
