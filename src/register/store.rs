//! The register's only queries: the whole record of some conferences in a fixed number of statements.

use std::collections::HashMap;
use std::ops::Range;

use chrono::NaiveDate;
use sea_orm::sea_query::{Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};

use super::entity::{quorum_rule, register};
use super::quoracy::QuorumRule;
use super::{ChildFacts, ConferenceFacts, InvitationFacts, Policies};
use crate::agencies::ServiceId;
use crate::agencies::store::Directory;
use crate::calendar;
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ChildId, ConferenceId, Sight};
use crate::invitations::entity::{invitation, invitation_child};
use crate::invitations::{self, InvitationId, MinimumNotice, View};

/// Conferences that are read together: what the database hands over of so many is in memory at once.
const BATCH: usize = 250;

/// Everything recorded of one conference.
#[derive(Clone, Debug)]
pub struct Record {
    pub conference: conference::Model,
    pub children: Vec<child::Model>,
    pub invitations: Vec<invitation::Model>,
    /// The children an invitation concerns, where not all.
    pub only_children: HashMap<InvitationId, Vec<ChildId>>,
    /// Its confirmation.
    pub register: Option<register::Model>,
}

impl Record {
    /// The services that were invited.
    pub fn services(&self) -> impl Iterator<Item = ServiceId> + '_ {
        self.invitations.iter().map(|i| i.service_id)
    }

    /// A tracker brought it, which knows the attendance alone.
    pub fn is_of_a_tracker(&self) -> bool {
        self.invitations.iter().any(|row| row.attendance_only)
    }

    /// Whether an invitation concerns a child.
    pub fn concerns(&self, invitation: InvitationId, child: ChildId) -> bool {
        self.only_children.get(&invitation).is_none_or(|of| of.contains(&child))
    }

    /// The children of whom a view each may be recorded: those that an invitation concerns, where they are several.
    pub fn viewed(&self, invitation: InvitationId) -> Vec<ChildId> {
        let concerned = self.children.iter().map(|c| c.id).filter(|child| self.concerns(invitation, *child));
        Some(concerned.collect::<Vec<_>>()).filter(|of| of.len() > 1).unwrap_or_default()
    }

    /// Those who were represented or sent their view, and disagree with the decision for this child (by their place).
    pub fn dissent(&self, child: ChildId) -> impl Iterator<Item = usize> + '_ {
        let rows = self.invitations.iter().enumerate().filter(move |(_, row)| self.concerns(row.id, child));
        rows.filter(move |(_, row)| row.facts().view_on(child) == Some(View::Disagree)).map(|(n, _)| n)
    }

    /// The facts that rules look at, invitations in the order of `self.invitations`.
    pub fn facts(&self, directory: &Directory) -> ConferenceFacts {
        let c = &self.conference;
        ConferenceFacts {
            kind: c.kind,
            status: c.status,
            adjournment_reason: c.adjournment_reason,
            date: c.conference_date,
            decision_at: c.decision_at,
            confirmed: self.register.is_some(),
            children: self.children.iter().map(|c| ChildFacts { id: c.id, decision: c.decision }).collect(),
            invitations: self
                .invitations
                .iter()
                .map(|i| {
                    let (service, agency) = directory.of(i.service_id);
                    InvitationFacts {
                        id: i.id,
                        group: agency.agency_group,
                        agency: agency.id,
                        service: service.id,
                        role: i.role.clone(),
                        only_children: self.only_children.get(&i.id).cloned().unwrap_or_default(),
                        facts: i.facts(),
                    }
                })
                .collect(),
        }
    }
}

/// The records of these conferences, in the order given. An id that is not there is left out.
pub async fn records(
    db: &impl ConnectionTrait,
    conferences: Vec<conference::Model>,
) -> Result<Vec<Record>, DbErr> {
    read(db, conferences, By::Ids, Invitations::Whole).await
}

/// The record of one conference, with that part of the directory that holds its services.
pub async fn with_directory(
    db: &impl ConnectionTrait,
    conference: Option<conference::Model>,
) -> Result<Option<(Record, Directory)>, DbErr> {
    let mut directory = Directory::default();
    let which = Invitations::WithServices(&mut directory);
    let found = read(db, conference.into_iter().collect(), By::Ids, which).await?.pop();
    Ok(found.map(|record| (record, directory)))
}

/// The same, for many at once: with those invitations alone that meet a condition, and without what no rule looks at.
pub async fn records_in_brief(
    db: &impl ConnectionTrait,
    conferences: Vec<conference::Model>,
    which: Condition,
) -> Result<Vec<Record>, DbErr> {
    read(db, conferences, By::Ids, Invitations::InBrief(which)).await
}

/// The same of all conferences of the days `from ≤ date ≤ until`, in order of those. Statements that name the days and not each
/// conference are planned once, and are as short for a country as for a county.
pub async fn records_of_days(
    db: &impl ConnectionTrait,
    (from, until): (NaiveDate, NaiveDate),
    which: Condition,
) -> Result<Vec<Record>, DbErr> {
    let mut conferences = conferences::store::between(db, from, until, Sight::Everything).await?;
    // By the day that statements name: nothing but the programs that write both keeps it the day of the time.
    conferences.sort_by_key(|conference| conference.conference_date);
    read(db, conferences, By::Days, Invitations::InBrief(which)).await
}

/// The ids of the conferences of some days, for a query.
pub fn of_days(from: NaiveDate, until: NaiveDate) -> SelectStatement {
    Query::select()
        .column(conference::Column::Id)
        .from(conference::Entity)
        .and_where(conference::Column::ConferenceDate.between(from, until))
        .to_owned()
}

/// What is read of invitations.
enum Invitations<'a> {
    Whole,
    /// Those that meet the condition, without what no rule looks at.
    InBrief(Condition),
    /// All of them, and their services for the directory.
    WithServices(&'a mut Directory),
}

/// How statements name the conferences whose rows they ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Ids,
    /// They are all those of their days, in order of those.
    Days,
}

impl By {
    /// Which of them are read together: whole days, where statements name those.
    fn parts(self, conferences: &[conference::Model]) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut from = 0;
        for (at, pair) in (1..).zip(conferences.windows(2)) {
            let may_end = self == Self::Ids || pair[0].conference_date != pair[1].conference_date;
            if at - from >= BATCH && may_end {
                parts.push(from..at);
                from = at;
            }
        }
        parts.extend((from < conferences.len()).then_some(from..conferences.len()));
        parts
    }

    /// That a row is of one of these.
    fn condition(self, of: impl ColumnTrait, these: &[Record]) -> SimpleExpr {
        let date = |record: Option<&Record>| record.map(|r| r.conference.conference_date);
        match (self, date(these.first()).zip(date(these.last()))) {
            (Self::Days, Some((from, until))) => of.in_subquery(of_days(from, until)),
            _ => of.is_in(these.iter().map(|r| r.conference.id)),
        }
    }
}

async fn read(
    db: &impl ConnectionTrait,
    conferences: Vec<conference::Model>,
    by: By,
    mut which: Invitations<'_>,
) -> Result<Vec<Record>, DbErr> {
    let parts = by.parts(&conferences);
    let mut records: Vec<Record> = Vec::with_capacity(conferences.len());
    let mut place: HashMap<ConferenceId, usize> = HashMap::new();
    for conference in conferences {
        place.insert(conference.id, records.len());
        records.push(Record {
            conference,
            children: Vec::new(),
            invitations: Vec::new(),
            only_children: HashMap::new(),
            register: None,
        });
    }
    let concerned: RelationDef = child::Entity::belongs_to(invitation_child::Entity)
        .from(child::Column::Id)
        .to(invitation_child::Column::ChildId)
        .into();
    for part in parts {
        let of_these = by.condition(child::Column::ConferenceId, &records[part.clone()]);
        let theirs = by.condition(invitation::Column::ConferenceId, &records[part.clone()]);
        let theirs = Condition::all().add(theirs);
        // A child as often as it is named by an invitation that concerns not all, and once where there is none; with the
        // register beside it, for each statement is a way to the database and back while whoever saves holds the conference.
        let children = child::Entity::find()
            .filter(of_these)
            .join(JoinType::LeftJoin, concerned.clone())
            .select_also(invitation_child::Entity)
            .find_also_related(register::Entity)
            .order_by_asc(child::Column::Id);
        let mut narrowed = Vec::new();
        for (row, of, confirmed) in children.all(db).await? {
            narrowed.extend(of);
            // One that came in since the conferences were read is of the next look.
            let here = place.get(&row.conference_id).filter(|at| part.contains(at));
            let Some(record) = here.map(|at| &mut records[*at]) else { continue };
            record.register = confirmed;
            if record.children.last().is_none_or(|last| last.id != row.id) {
                record.children.push(row);
            }
        }
        let invitations = match &mut which {
            Invitations::Whole => invitation::Entity::find().filter(theirs).all(db).await?,
            Invitations::InBrief(which) => {
                invitations::store::in_brief(db, theirs.add(which.clone())).await?
            }
            Invitations::WithServices(directory) => {
                invitations::store::with_services(db, theirs, directory).await?
            }
        };
        let mut of: HashMap<InvitationId, usize> = HashMap::new();
        for row in invitations {
            let Some(at) = place.get(&row.conference_id).filter(|at| part.contains(at)) else { continue };
            of.insert(row.id, *at);
            records[*at].invitations.push(row);
        }
        // By id, and not by the database: it would sort the invitations of a thousand conferences as one.
        let these = &mut records[part];
        these.iter_mut().for_each(|record| record.invitations.sort_by_key(|row| row.id));
        let childless = these.iter().filter(|record| record.children.is_empty());
        let childless: Vec<ConferenceId> = childless.map(|record| record.conference.id).collect();
        if !childless.is_empty() {
            let theirs = register::Entity::find().filter(register::Column::ConferenceId.is_in(childless));
            for row in theirs.all(db).await? {
                let at = place[&row.conference_id];
                records[at].register = Some(row);
            }
        }
        for row in narrowed {
            if let Some(at) = of.get(&row.invitation_id) {
                records[*at].only_children.entry(row.invitation_id).or_default().push(row.child_id);
            }
        }
    }
    Ok(records)
}

/// The record of one conference, if it may be seen, with its part of the directory.
pub async fn record(
    db: &impl ConnectionTrait,
    id: ConferenceId,
    sight: Sight,
) -> Result<Option<(Record, Directory)>, DbErr> {
    let found = conferences::store::by_ids(db, [id], sight).await?.pop();
    with_directory(db, found).await
}

/// The settings and dated rules by which facts are judged.
pub async fn policies(
    db: &impl ConnectionTrait,
    minimum_notice: MinimumNotice,
    report_on_time_working_days: u32,
) -> Result<Policies, DbErr> {
    let rules = quorum_rule::Entity::find().order_by_asc(quorum_rule::Column::ValidFrom).all(db).await?;
    let quorum = rules
        .into_iter()
        .map(|r| {
            let must_haves = serde_json::from_str(&r.must_haves)
                .map_err(|e| DbErr::Custom(format!("quorum_rule version {}, must_haves: {e}", r.version)))?;
            let rule = QuorumRule {
                version: r.version,
                minimum_others: r.minimum_others.unsigned_abs(),
                unit: r.unit,
                all_health_is_one: r.all_health_is_one,
                must_haves,
            };
            Ok((r.valid_from, rule))
        })
        .collect::<Result<Vec<_>, DbErr>>()?;
    if quorum.is_empty() {
        return Err(DbErr::Custom("there is no quorum rule: the table quorum_rule is empty".to_owned()));
    }
    let calendar = calendar::load(db).await?;
    Ok(Policies { calendar, minimum_notice, report_on_time_working_days, quorum })
}
