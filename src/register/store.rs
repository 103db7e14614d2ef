//! The register's only queries: the whole record of some conferences in a fixed number of statements.

use std::collections::HashMap;

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

/// Ids in one `IN (…)`: well under what either database allows.
const BATCH: usize = 1000;

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
    read(db, conferences, Invitations::Whole).await
}

/// The record of one conference, with that part of the directory that holds its services.
pub async fn with_directory(
    db: &impl ConnectionTrait,
    conference: Option<conference::Model>,
) -> Result<Option<(Record, Directory)>, DbErr> {
    let mut directory = Directory::default();
    let which = Invitations::WithServices(&mut directory);
    let found = read(db, conference.into_iter().collect(), which).await?.pop();
    Ok(found.map(|record| (record, directory)))
}

/// The same, for many at once: with those invitations alone that meet a condition, and without what no rule looks at.
pub async fn records_in_brief(
    db: &impl ConnectionTrait,
    conferences: Vec<conference::Model>,
    which: Condition,
) -> Result<Vec<Record>, DbErr> {
    read(db, conferences, Invitations::InBrief(which)).await
}

/// What is read of invitations.
enum Invitations<'a> {
    Whole,
    /// Those that meet the condition, without what no rule looks at.
    InBrief(Condition),
    /// All of them, and their services for the directory.
    WithServices(&'a mut Directory),
}

async fn read(
    db: &impl ConnectionTrait,
    conferences: Vec<conference::Model>,
    mut which: Invitations<'_>,
) -> Result<Vec<Record>, DbErr> {
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
    let ids: Vec<ConferenceId> = records.iter().map(|r| r.conference.id).collect();
    let concerned: RelationDef = child::Entity::belongs_to(invitation_child::Entity)
        .from(child::Column::Id)
        .to(invitation_child::Column::ChildId)
        .into();
    for ids in ids.chunks(BATCH) {
        let ids = || ids.iter().copied();
        // A child as often as it is named by an invitation that concerns not all, and once where there is none; with the
        // register beside it, for each statement is a way to the database and back while whoever saves holds the conference.
        let children = child::Entity::find()
            .filter(child::Column::ConferenceId.is_in(ids()))
            .join(JoinType::LeftJoin, concerned.clone())
            .select_also(invitation_child::Entity)
            .find_also_related(register::Entity)
            .order_by_asc(child::Column::Id);
        let mut narrowed = Vec::new();
        for (row, of, confirmed) in children.all(db).await? {
            narrowed.extend(of);
            let record = &mut records[place[&row.conference_id]];
            record.register = confirmed;
            if record.children.last().is_none_or(|last| last.id != row.id) {
                record.children.push(row);
            }
        }
        let of_these = Condition::all().add(invitation::Column::ConferenceId.is_in(ids()));
        let invitations = match &mut which {
            Invitations::Whole => invitation::Entity::find().filter(of_these).all(db).await?,
            Invitations::InBrief(which) => {
                invitations::store::in_brief(db, of_these.add(which.clone())).await?
            }
            Invitations::WithServices(directory) => {
                invitations::store::with_services(db, of_these, directory).await?
            }
        };
        let mut of: HashMap<InvitationId, usize> = HashMap::new();
        for row in invitations {
            of.insert(row.id, place[&row.conference_id]);
            records[place[&row.conference_id]].invitations.push(row);
        }
        // By id, and not by the database: it would sort the invitations of a thousand conferences as one.
        for id in ids() {
            records[place[&id]].invitations.sort_by_key(|row| row.id);
        }
        let childless = ids().filter(|id| records[place[id]].children.is_empty()).collect::<Vec<_>>();
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
