//! The one declared reader of other slices' tables. It asks for the month's rows and for the histories
//! of the month's children; nothing that it asks for grows with the years before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::Month;
use super::measures::{entries, is_miss, proceeded_inquorate};
use crate::agencies::store::{Directory, directory};
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ConferenceId, ConferenceType, Sight, Status};
use crate::feedback::entity::feedback;
use crate::invitations::InvitationId;
use crate::register::entity::register;
use crate::register::store::{Record, records_to_count};
use crate::register::{Assessment, ConferenceFacts, Policies, assess};

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// A conference with all that is derived of it.
#[derive(Clone, Debug)]
pub struct Case {
    pub record: Record,
    pub facts: ConferenceFacts,
    pub assessment: Assessment,
}

impl Case {
    /// A tracker brought it, which knows the attendance alone.
    pub fn is_of_a_tracker(&self) -> bool {
        self.record.invitations.iter().any(|row| row.attendance_only)
    }
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

/// What the measures of one month are made of.
pub struct MonthData {
    pub month: Month,
    pub directory: Directory,
    /// Every conference of the month, whatever its status.
    pub cases: Vec<Case>,
    /// The same for the month before: M15 to M17 look there.
    pub previous: Vec<Case>,
    /// Child (keyed hash) → its conferences, oldest first.
    pub histories: HashMap<Vec<u8>, Vec<Past>>,
    /// Conferences of those histories that a measure looks into.
    pub earlier: HashMap<ConferenceId, Case>,
    /// When the first message of an invitation's first feedback was accepted.
    pub accepted: HashMap<InvitationId, DateTime<Utc>>,
}

pub async fn load(db: &impl ConnectionTrait, month: Month, policies: &Policies) -> Result<MonthData, DbErr> {
    // At the same time, over a connection each: reading is what a month costs.
    let (directory, cases, previous) =
        tokio::try_join!(directory(db), month_of(db, month), month_of(db, month.previous()))?;
    let cases = assessed(cases, policies, &directory);
    let previous = assessed(previous, policies, &directory);
    let keys = cases.iter().chain(&previous).flat_map(|c| &c.record.children).map(|c| c.child_key.clone());
    let histories = histories(db, keys.collect()).await?;

    // Of a history only the conference just before is read whole, and only where a measure asks for it:
    // whether an inquorate conference is the second running (M8), and a miss too (M17, of the month before).
    let mut wanted: Vec<ConferenceId> = Vec::new();
    let inquorate = cases.iter().filter(|case| proceeded_inquorate(case));
    let missed = previous.iter().filter(|case| entries(std::slice::from_ref(case)).any(|e| is_miss(&e)));
    for case in inquorate.chain(missed) {
        for child in &case.record.children {
            wanted.extend(
                before(&histories, &child.child_key, case.record.conference.starts_at).map(|past| past.id),
            );
        }
    }
    wanted.sort();
    wanted.dedup();
    let mut earlier = HashMap::new();
    for ids in wanted.chunks(BATCH) {
        let rows = conferences::store::by_ids(db, ids.iter().copied(), Sight::Everything).await?;
        for case in assessed(records_to_count(db, rows).await?, policies, &directory) {
            earlier.insert(case.record.conference.id, case);
        }
    }
    let accepted = accepted(db, &previous).await?;
    Ok(MonthData { month, directory, cases, previous, histories, earlier, accepted })
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

async fn month_of(db: &impl ConnectionTrait, month: Month) -> Result<Vec<Record>, DbErr> {
    let rows = conferences::store::between(db, month.first(), month.last(), Sight::Everything).await?;
    records_to_count(db, rows).await
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
    keys.sort();
    keys.dedup();
    let mut histories: HashMap<Vec<u8>, Vec<Past>> = HashMap::new();
    for keys in keys.chunks(BATCH) {
        let rows: Vec<(Vec<u8>, ConferenceId)> = child::Entity::find()
            .select_only()
            .columns([child::Column::ChildKey, child::Column::ConferenceId])
            .filter(child::Column::ChildKey.is_in(keys.iter().cloned()))
            .into_tuple()
            .all(db)
            .await?;
        let mut ids: Vec<ConferenceId> = rows.iter().map(|(_, id)| *id).collect();
        ids.sort();
        ids.dedup();
        let mut known: HashMap<ConferenceId, Past> = HashMap::new();
        for ids in ids.chunks(BATCH) {
            let found: Vec<(ConferenceId, NaiveDate, DateTime<Utc>, ConferenceType, Status)> =
                conference::Entity::find()
                    .select_only()
                    .columns([
                        conference::Column::Id,
                        conference::Column::ConferenceDate,
                        conference::Column::StartsAt,
                        conference::Column::Kind,
                        conference::Column::Status,
                    ])
                    .filter(conference::Column::Id.is_in(ids.iter().copied()))
                    .into_tuple()
                    .all(db)
                    .await?;
            let confirmed: HashSet<ConferenceId> = register::Entity::find()
                .select_only()
                .column(register::Column::ConferenceId)
                .filter(register::Column::ConferenceId.is_in(ids.iter().copied()))
                .into_tuple::<ConferenceId>()
                .all(db)
                .await?
                .into_iter()
                .collect();
            known.extend(found.into_iter().map(|(id, date, starts_at, kind, status)| {
                (id, Past { id, date, starts_at, kind, status, confirmed: confirmed.contains(&id) })
            }));
        }
        for (key, id) in rows {
            histories.entry(key).or_default().push(known[&id].clone());
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
            *earliest = at.min(*earliest);
        }
    }
    Ok(first)
}
