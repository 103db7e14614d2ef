//! Confirming a register: once, by its chair, with nobody unrecorded, and with a reason where a plan
//! ends without a core agency or the conference went on without quorum.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, EntityTrait, IntoActiveModel, QueryTrait};
use serde_json::json;

use super::entity::register;
use super::form::PutDown;
use super::identifying::identifying;
use super::save::open_note;
use super::store::Record;
use super::{Assessment, FeedbackWanted, Policies, Source, Standing, assess, is_recent, sealed};
use crate::agencies::store::Directory;
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::conferences::{self, ChildId, ProceededReason, Status};
use crate::invitations::{self, InvitationId};
use crate::platform::{Keys, Tx, Write};

/// Why a register cannot be confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// It has been.
    AlreadyConfirmed,
    /// Neither held nor adjourned.
    NotHeld,
    /// The meeting has not begun.
    NotBegun,
    /// The decision time lies ahead.
    DecisionToCome,
    /// Nobody wrote when the decision was taken.
    NoDecisionTime,
    /// A core or expected invitation is unrecorded (by its place in the record).
    Unrecorded(usize),
    /// A child has no decision (by its place in the record).
    NoDecision(usize),
    /// A child's decision is "adjourned", and the conference is not, or the reverse.
    AdjournedOrNot(usize),
    /// A plan ends without a core agency, and no reason is given (by the child's place).
    NoPlanEndReason(usize),
    /// It was held without quorum, and no reason is given.
    NoProceededReason,
    /// A text seems to hold what identifies somebody, and nobody has said that it is meant.
    Identifies(Text, String),
}

/// A text that a chair writes at confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Why a plan still ends (by the child's place).
    PlanEnd(usize),
    /// What an absence did (by the invitation's place).
    Impact(usize),
}

/// The reasons that a chair gives at confirmation.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// Why each plan still ends.
    pub plan_end: HashMap<ChildId, String>,
    /// Why the conference went on without quorum.
    pub proceeded: Option<ProceededReason>,
    /// What each absence did.
    pub impact: HashMap<InvitationId, PutDown>,
    /// What is written on this conference: references and names that a free text should not hold.
    pub known: Vec<String>,
    /// Whoever wrote a text that seems to identify somebody has looked at it again.
    pub looked_again: bool,
}

/// What stands in the way. The reasons are asked for last: they depend on everything before.
pub fn blockers(
    record: &Record,
    assessment: &Assessment,
    reasons: &Reasons,
    now: DateTime<Utc>,
) -> Vec<Blocker> {
    if record.register.is_some() {
        return vec![Blocker::AlreadyConfirmed];
    }
    let c = &record.conference;
    let mut found = Vec::new();
    if !matches!(c.status, Status::Held | Status::Adjourned) {
        found.push(Blocker::NotHeld);
    }
    if c.starts_at > now {
        found.push(Blocker::NotBegun);
    }
    match c.decision_at {
        None => found.push(Blocker::NoDecisionTime),
        Some(at) if at > now => found.push(Blocker::DecisionToCome),
        Some(_) => {}
    }
    let unrecorded = assessment.invitations.iter().enumerate();
    found.extend(
        unrecorded.filter(|(_, a)| a.standing == Standing::Unrecorded).map(|(n, _)| Blocker::Unrecorded(n)),
    );
    for (n, child) in record.children.iter().enumerate() {
        match child.decision {
            None => found.push(Blocker::NoDecision(n)),
            Some(decision) if (decision.code() == "adjourned") != (c.status == Status::Adjourned) => {
                found.push(Blocker::AdjournedOrNot(n));
            }
            Some(_) => {}
        }
    }
    if !found.is_empty() {
        return found;
    }
    for end in assessment.plan_ends.iter().filter(|end| !end.missing.is_empty()) {
        if reasons.plan_end.get(&end.child).is_none_or(|reason| reason.trim().is_empty()) {
            let place = record.children.iter().position(|c| c.id == end.child);
            found.extend(place.map(Blocker::NoPlanEndReason));
        }
    }
    if !reasons.looked_again {
        let why = record
            .children
            .iter()
            .enumerate()
            .filter_map(|(n, child)| Some((Text::PlanEnd(n), reasons.plan_end.get(&child.id)?.as_str())));
        let notes = record
            .invitations
            .iter()
            .enumerate()
            .filter_map(|(n, row)| Some((Text::Impact(n), reasons.impact.get(&row.id)?.note.as_str())));
        for (of, text) in why.chain(notes) {
            let what = identifying(text, &reasons.known);
            if !what.is_empty() {
                found.push(Blocker::Identifies(of, what.join("; ")));
            }
        }
    }
    if c.status == Status::Held && !assessment.quoracy.quorate && reasons.proceeded.is_none() {
        found.push(Blocker::NoProceededReason);
    }
    found
}

/// Confirms the register, or says what stands in the way. `record` must have been read in `tx`, with its
/// row taken.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
pub async fn confirm(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    mut record: Record,
    directory: &Directory,
    policies: &Policies,
    maximum_age_working_days: u32,
    reasons: Reasons,
    now: DateTime<Utc>,
) -> Result<Result<(), Vec<Blocker>>, DbErr> {
    let facts = record.facts(directory);
    let assessment = assess(&facts, policies.on(facts.date));
    // A letter would say what a tracker does not know.
    let of_a_tracker = record.is_of_a_tracker();
    let found = blockers(&record, &assessment, &reasons, now);
    if !found.is_empty() {
        return Ok(Err(found));
    }
    let mut writes = Vec::new();
    for child in &mut record.children {
        if let Some(reason) = reasons.plan_end.get(&child.id).filter(|r| !r.trim().is_empty()) {
            child.plan_end_reason = Some(keys.seal(sealed::PLAN_END_REASON, reason.trim()));
            writes.push(conferences::store::saving_child(child.clone())?);
        }
    }
    let absent = record.invitations.iter_mut().zip(&assessment.invitations);
    let absent = absent.filter(|(_, assessed)| assessed.standing.is_missing());
    let mut said = Vec::new();
    for (row, _) in absent {
        let Some(put) = reasons.impact.get(&row.id) else { continue };
        row.chair_impact = put.codes.clone();
        row.impact_note = (!put.note.is_empty()).then(|| keys.seal(sealed::IMPACT_NOTE, &put.note));
        row.impact_note_shown = put.shown && !put.note.is_empty();
        said.push(row.clone());
    }
    let impact = said.iter().filter(|row| !row.chair_impact.is_empty() || row.impact_note.is_some());
    let impact = impact.map(|row| {
        json!({ "invitation": row.id, "impact": row.chair_impact.to_string(), "note_characters": open_note(keys, row).chars().count(),
            "note_shown": row.impact_note_shown })
    });
    let impact: Vec<_> = impact.collect();
    writes.extend(invitations::store::saving(&said));
    let mut c = record.conference;
    c.proceeded_reason =
        reasons.proceeded.filter(|_| c.status == Status::Held && !assessment.quoracy.quorate);
    let (id, date) = (c.id, c.conference_date);
    writes.push(conferences::store::bumping(c)?);

    let recent = is_recent(date, london::date(now), maximum_age_working_days, &policies.calendar);
    let row = register::Model {
        conference_id: id,
        confirmed_at: now,
        confirmed_by: actor.name.clone(),
        source: Source::Here,
        quorum_rule_version: assessment.quoracy.rule_version,
        feedback: if recent && !of_a_tracker { FeedbackWanted::Wanted } else { FeedbackWanted::History },
    };
    writes.push(Write::Insert(register::Entity::insert(row.into_active_model()).into_query()));
    let payload = json!({
        "quorate": assessment.quoracy.quorate,
        "quorum_rule_version": assessment.quoracy.rule_version,
        "standings": record.invitations.iter().zip(&assessment.invitations)
            .map(|(i, a)| json!({ "invitation": i.id, "standing": a.standing })).collect::<Vec<_>>(),
        "impact": impact,
        "plan_end_reasons": reasons.plan_end.iter().map(|(child, r)| json!({ "child": child, "reason": r })).collect::<Vec<_>>(),
    });
    let event = Event { action: "register.confirmed", object: id.to_string(), payload };
    audit::record_with(tx, keys, actor, now, vec![event], writes).await?;
    Ok(Ok(()))
}
