//! The conferences of a log, taken in: new ones written, known ones merged fact by fact, confirmed
//! ones amended.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use super::directory::Known;
use super::log::LogConference;
use super::merging::Merging;
use super::outcome::{Conflict, Outcome, Refusal};
use crate::audit::Event;
use crate::calendar::london;
use crate::conferences::entity::{chair, child, conference};
use crate::conferences::{self, ChairId, ConferenceId, ERASED_REFERENCE, Sight, Status};
use crate::invitations::entity::invitation;
use crate::platform::{Keys, Tx};
use crate::register::entity::{amendment, register as confirmation};
use crate::register::store::{Record, records};
use crate::register::{self, FeedbackWanted, Policies, Source, Standing, standing};

/// Rows in one statement: SQLite allows 32,766 values, and an invitation has 23.
const BATCH: usize = 500;

/// What the run knows while it takes conferences in.
pub(super) struct Run<'a> {
    pub tx: &'a Tx,
    pub keys: &'a Keys,
    pub now: DateTime<Utc>,
    pub file: &'a str,
    pub policies: &'a Policies,
    pub maximum_age_working_days: u32,
    pub feedback: bool,
    pub leave_open: bool,
    pub tracker: bool,
    pub sight: Sight,
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// Rows waiting to be written together.
#[derive(Default)]
pub(super) struct Pending {
    conferences: Vec<conference::Model>,
    children: Vec<child::Model>,
    invitations: Vec<invitation::Model>,
    registers: Vec<confirmation::Model>,
    pub amendments: Vec<amendment::Model>,
    events: Vec<Event>,
}

/// What a log left behind for those who come after.
pub(super) struct Taken {
    /// What was done, for the audit trail.
    pub events: Vec<Event>,
    /// Confirmed registers that feedback is wanted for, or would be if it were asked for.
    pub for_feedback: Vec<ConferenceId>,
}

impl Run<'_> {
    /// Takes the conferences in, in the order of the file.
    pub async fn take(
        &self,
        log: Vec<LogConference>,
        known: &mut Known,
        out: &mut Outcome,
    ) -> Result<Taken, DbErr> {
        let mut chairs: HashMap<String, ChairId> =
            conferences::store::chairs(self.tx.conn()).await?.into_iter().map(|c| (c.name, c.id)).collect();
        let mut pending = Pending::default();
        let mut for_feedback = Vec::new();
        let total = log.len();
        let mut done = 0;
        let mut left: Vec<&str> = Vec::new();
        for batch in log.chunks(BATCH) {
            let (mut held, closed) = self.held(batch).await?;
            for theirs in batch {
                if closed.contains(&theirs.conference_ref) {
                    out.conferences.unchanged += 1;
                    out.invitations.unchanged += theirs.invitations.len();
                    out.left_alone += 1;
                    // A person's file is not asked which conferences are hidden from them.
                    if self.sight == Sight::Everything {
                        out.warnings.push(format!(
                            "{}: left as it is. Its time is over, and it was erased.",
                            theirs.conference_ref
                        ));
                    }
                    continue;
                }
                if held.get(&theirs.conference_ref).is_some_and(|r| r.is_of_a_tracker() != self.tracker) {
                    out.conferences.unchanged += 1;
                    out.invitations.unchanged += theirs.invitations.len();
                    left.push(theirs.conference_ref.as_str());
                    continue;
                }
                if let Some(ours) = held.get(&theirs.conference_ref).filter(|_| self.tracker)
                    && ours.conference.conference_date != theirs.date
                {
                    // References that begin again each year: a tracker moves no conference.
                    let reason =
                        format!("a tracker brought it before, on {}", ours.conference.conference_date);
                    let remedy = "If it is another conference, write the year before the reference; else correct the date.";
                    let value = theirs.date.to_string();
                    let refusal =
                        Refusal::new(self.file, theirs.line, "conference_date", &value, reason, remedy);
                    out.refusals.push(Refusal { conference: Some(theirs.conference_ref.clone()), ..refusal });
                    out.conferences.refused += 1;
                    continue;
                }
                let chair = match chairs.get(&theirs.chair) {
                    Some(id) => *id,
                    None => {
                        let row = chair::Model { id: ChairId::new(), name: theirs.chair.clone() };
                        chairs.insert(row.name.clone(), row.id);
                        let id = row.id;
                        chair::Entity::insert(row.into_active_model())
                            .exec_without_returning(self.tx.conn())
                            .await?;
                        id
                    }
                };
                let mut services = Vec::with_capacity(theirs.invitations.len());
                for i in &theirs.invitations {
                    services.push(known.service(self.tx, &i.agency_code, &i.service).await?);
                }
                let record = held.remove(&theirs.conference_ref);
                let fresh = self.record_of(theirs, chair, &services);
                let file_is_whole = is_whole(&fresh);
                let record = self.take_one(theirs, &chairs, fresh, record, &mut pending, out).await?;
                self.confirm(&record, file_is_whole, &mut pending, &mut for_feedback, out).await?;
                done += 1;
                (self.progress)(done, total);
            }
            self.write(&mut pending).await?;
        }
        if self.tracker {
            out.warnings.extend(self.look_alike(&log, &left, &chairs).await?);
        }
        if let Some(first) = left.first() {
            let why = match self.tracker {
                true => "more is known of it here than a tracker knows",
                false => "a tracker brought it, whose columns are not the services of the log",
            };
            let others =
                if left.len() == 1 { String::new() } else { format!(" and {} more", left.len() - 1) };
            out.warnings.push(format!("{first}{others}: left alone, for {why}."));
        }
        Ok(Taken { events: pending.events, for_feedback })
    }

    /// The records that are here already; and the references of those that no file changes: erased, or not to be
    /// seen by whoever imports.
    async fn held(
        &self,
        batch: &[LogConference],
    ) -> Result<(HashMap<String, Record>, HashSet<String>), DbErr> {
        let refs = batch.iter().map(|c| c.conference_ref.as_str());
        // Locked, in one order: a register saved at the same time is saved before, or after, never under us.
        let known = conference::Entity::find()
            .filter(conference::Column::ConferenceRef.is_in(refs))
            .order_by_asc(conference::Column::Id)
            .lock(LockType::Update);
        let known = known.all(self.tx.conn()).await?;
        let ids = known.iter().map(|c| c.id);
        let seen = conferences::store::by_ids(self.tx.conn(), ids, self.sight).await?;
        let seen: HashSet<ConferenceId> = seen.into_iter().map(|c| c.id).collect();
        let (known, hidden): (Vec<_>, Vec<_>) = known.into_iter().partition(|c| seen.contains(&c.id));
        let mut closed: HashSet<String> = hidden.into_iter().map(|c| c.conference_ref).collect();
        let keys = batch.iter().map(|c| (self.keys.find(ERASED_REFERENCE, &c.conference_ref), c));
        let keys: HashMap<Vec<u8>, &LogConference> = keys.collect();
        let erased: Vec<Option<Vec<u8>>> = conference::Entity::find()
            .select_only()
            .column(conference::Column::ErasedKey)
            .filter(conference::Column::ErasedKey.is_in(keys.keys().cloned()))
            .into_tuple()
            .all(self.tx.conn())
            .await?;
        closed.extend(erased.into_iter().flatten().map(|key| keys[&key].conference_ref.clone()));
        let held = records(self.tx.conn(), known).await?;
        Ok((held.into_iter().map(|r| (r.conference.conference_ref.clone(), r)).collect(), closed))
    }

    async fn take_one(
        &self,
        theirs: &LogConference,
        chairs: &HashMap<String, ChairId>,
        fresh: Record,
        held: Option<Record>,
        pending: &mut Pending,
        out: &mut Outcome,
    ) -> Result<Record, DbErr> {
        let Some(mut ours) = held else {
            out.conferences.new += 1;
            out.invitations.new += fresh.invitations.len();
            pending.conferences.push(fresh.conference.clone());
            pending.children.extend(fresh.children.iter().cloned());
            pending.invitations.extend(fresh.invitations.iter().cloned());
            let payload = json!({ "file": self.file, "invitations": fresh.invitations.len() });
            let object = fresh.conference.id.to_string();
            pending.events.push(Event { action: "conference.imported", object, payload });
            return Ok(fresh);
        };
        let unmakes = !matches!(fresh.conference.status, Status::Held | Status::Adjourned);
        if ours.register.is_some() && unmakes {
            // Taking half of it would leave facts of a meeting that, by the file, did not happen.
            out.conflicts.push(Conflict {
                conference: theirs.conference_ref.clone(),
                whose: "conference".to_owned(),
                field: "status".to_owned(),
                here: ours.conference.status.code().to_owned(),
                file: fresh.conference.status.code().to_owned(),
            });
            out.conferences.unchanged += 1;
            out.invitations.unchanged += fresh.invitations.len();
            return Ok(ours);
        }
        let before = out.changes.len();
        let mut merging = Merging { run: self, chairs, ours: &mut ours, pending, out };
        merging.conference(&fresh).await?;
        merging.children(&fresh).await?;
        merging.invitations(theirs, &fresh).await?;
        let changes = &out.changes[before..];
        if changes.is_empty() {
            out.conferences.unchanged += 1;
        } else {
            out.conferences.changed += 1;
            let payload = json!({ "file": self.file, "changes": changes });
            let object = ours.conference.id.to_string();
            pending.events.push(Event { action: "conference.changed_by_file", object, payload });
            // Someone who has this register open must be shown what the file changed.
            let mut row = ours.conference.clone();
            row.version += 1;
            row.into_active_model().reset_all().update(self.tx.conn()).await?;
            if !self.feedback && ours.register.as_ref().is_some_and(|r| r.feedback == FeedbackWanted::Made) {
                let name = &ours.conference.conference_ref;
                out.warnings.push(format!(
                    "{name}: letters about this register were made. If they no longer hold, their corrections go \
                     when the file is imported with feedback."
                ));
            }
        }
        Ok(ours)
    }

    /// Confirms a register that the file has whole. One that somebody is filling here is not confirmed
    /// by a file that knows less of it.
    async fn confirm(
        &self,
        record: &Record,
        file_is_whole: bool,
        pending: &mut Pending,
        for_feedback: &mut Vec<ConferenceId>,
        out: &mut Outcome,
    ) -> Result<(), DbErr> {
        let c = &record.conference;
        if !matches!(c.status, Status::Held | Status::Adjourned) {
            return Ok(());
        }
        let today = london::date(self.now);
        let recent = register::is_recent(
            c.conference_date,
            today,
            self.maximum_age_working_days,
            &self.policies.calendar,
        );
        match &record.register {
            None if self.leave_open || !file_is_whole || !is_whole(record) => out.registers_open += 1,
            None => {
                out.registers_confirmed += 1;
                let feedback = match (recent, self.feedback) {
                    (false, _) => FeedbackWanted::History,
                    (true, true) => FeedbackWanted::Wanted,
                    (true, false) => FeedbackWanted::NotAskedFor,
                };
                pending.registers.push(confirmation::Model {
                    conference_id: c.id,
                    confirmed_at: self.now,
                    confirmed_by: self.file.to_owned(),
                    source: Source::File,
                    quorum_rule_version: self.policies.on(c.conference_date).quorum.version,
                    feedback,
                });
                if recent {
                    out.feedback_wanted += usize::from(self.feedback);
                    for_feedback.push(c.id);
                }
            }
            // Looking again at a register whose letters are made makes only what is owed since: a
            // correction, where the file changed what a letter says.
            Some(held)
                if matches!(held.feedback, FeedbackWanted::NotAskedFor | FeedbackWanted::Made) && recent =>
            {
                if held.feedback == FeedbackWanted::NotAskedFor {
                    out.feedback_wanted += usize::from(self.feedback);
                    for_feedback.push(c.id);
                }
                if self.feedback {
                    let mut row = held.clone();
                    row.feedback = FeedbackWanted::Wanted;
                    row.into_active_model().reset_all().update(self.tx.conn()).await?;
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    async fn write(&self, pending: &mut Pending) -> Result<(), DbErr> {
        macro_rules! write_all {
            ($rows:expr, $entity:path) => {{
                let rows = std::mem::take(&mut $rows);
                for batch in rows.chunks(BATCH) {
                    let batch = batch.iter().cloned().map(IntoActiveModel::into_active_model);
                    <$entity>::insert_many(batch).exec_without_returning(self.tx.conn()).await?;
                }
            }};
        }
        write_all!(pending.conferences, conference::Entity);
        write_all!(pending.children, child::Entity);
        write_all!(pending.invitations, invitation::Entity);
        write_all!(pending.registers, confirmation::Entity);
        write_all!(pending.amendments, amendment::Entity);
        Ok(())
    }
}

/// Whether a register can be taken as confirmed (DOMAIN 3): held or adjourned, with a decision time, and
/// no core or expected invitation unrecorded.
fn is_whole(record: &Record) -> bool {
    let c = &record.conference;
    let unrecorded = |i: &invitation::Model| standing(&i.facts(), c.decision_at) == Standing::Unrecorded;
    matches!(c.status, Status::Held | Status::Adjourned)
        && c.decision_at.is_some()
        && !record.invitations.iter().any(unrecorded)
}
