//! Amending a confirmed register: one invitation at a time, with a reason, before and after kept.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::entity::{amendment, register};
use super::form::{Proposed, Words};
use super::merge::{self, Difference, Verdict, conference_contradicts, contradicts, keep_all_if, merge};
use super::save::Clash;
use super::store::Record;
use super::{AmendmentId, FeedbackWanted, Source, Standing, sealed, standing};
use crate::audit::{self, Actor, Event};
use crate::conferences::entity::{child, conference};
use crate::conferences::{ChildId, ConferenceId, ProceededReason};
use crate::invitations::entity::invitation;
use crate::invitations::{ChairImpact, InvitationId};
use crate::platform::{Keys, Tx};

/// Why an amendment was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAmended {
    /// The register is not confirmed: it is simply kept.
    NotConfirmed,
    /// No reason was given.
    NoReason,
    /// Nothing differs.
    NothingChanged,
    /// It would leave a core or expected invitation unrecorded, or the decision without a time.
    LeavesOpen,
    /// Somebody else amended the same facts meanwhile.
    Clashes(Vec<Clash>),
}

/// One fact that was amended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amended {
    /// The child whose decision it is, if it is one.
    pub child: Option<ChildId>,
    /// Its name in the file format.
    pub field: &'static str,
    /// What stood.
    pub before: String,
    /// What stands.
    pub after: String,
}

fn amended(child: Option<ChildId>, differences: &[Difference]) -> impl Iterator<Item = Amended> + '_ {
    let taken = differences.iter().filter(|d| d.verdict == Verdict::Taken);
    taken.map(move |d| Amended { child, field: d.field, before: d.here.clone(), after: d.proposed.clone() })
}

/// Who amends, why, and when.
#[derive(Clone, Copy)]
pub struct Amendment<'a> {
    /// The keys.
    pub keys: &'a Keys,
    /// Who.
    pub actor: &'a Actor,
    /// Why: free text, sealed.
    pub why: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

impl Amendment<'_> {
    /// Amends the facts of one invitation.
    pub async fn invitation(
        self,
        tx: &Tx,
        record: Record,
        place: usize,
        proposed: Proposed<invitation::Model>,
        words: Words,
    ) -> Result<Result<Vec<Amended>, NotAmended>, DbErr> {
        let Some(confirmed) = record.register.clone() else { return Ok(Err(NotAmended::NotConfirmed)) };
        if self.why.trim().is_empty() {
            return Ok(Err(NotAmended::NoReason));
        }
        let (mut proposed, mut words) = (proposed, words);
        if !standing(&proposed.row.facts(), record.conference.decision_at).is_missing() {
            // Whoever was there did nothing by being away: what was put down of it goes with the absence.
            (proposed.row.chair_impact, proposed.row.impact_note_shown) = (ChairImpact::default(), false);
            words.note.text = String::new();
        }
        let mut ours = record.invitations[place].clone();
        let before = ours.clone();
        let never = |_: &str, _: &str| false;
        let differences = merge(merge::of_a_form(), &mut ours, &proposed.row, Some(&proposed.base), never);
        let mut differences = keep_all_if(contradicts(&ours), differences, &mut ours, before);
        differences.extend(words.merge(self.keys, &mut ours));
        if let Some(why_not) = refusal(&differences) {
            return Ok(Err(why_not));
        }
        if standing(&ours.facts(), record.conference.decision_at) == Standing::Unrecorded {
            return Ok(Err(NotAmended::LeavesOpen));
        }
        (ours.recorded_by, ours.recorded_at) = (Some(self.actor.name.clone()), Some(self.now));
        let id = ours.id;
        ours.into_active_model().reset_all().update(tx.conn()).await?;
        let made = amended(None, &differences).collect();
        self.write(tx, record.conference, confirmed, differences, Some(id), None).await?;
        Ok(Ok(made))
    }

    /// Amends the facts of one invitation to those of a row that was made of what stands now.
    pub async fn to(
        self,
        tx: &Tx,
        record: Record,
        place: usize,
        row: invitation::Model,
    ) -> Result<Result<Vec<Amended>, NotAmended>, DbErr> {
        let base = merge::as_text(merge::of_a_form(), &record.invitations[place]);
        self.invitation(tx, record, place, Proposed { row, base }, Words::default()).await
    }

    /// Amends the conference's own facts and the decisions.
    pub async fn conference(
        self,
        tx: &Tx,
        record: Record,
        proposed: Proposed<conference::Model>,
        children: Vec<Proposed<child::Model>>,
    ) -> Result<Result<Vec<Amended>, NotAmended>, DbErr> {
        let Some(confirmed) = record.register.clone() else { return Ok(Err(NotAmended::NotConfirmed)) };
        if self.why.trim().is_empty() {
            return Ok(Err(NotAmended::NoReason));
        }
        if proposed.row.decision_at.is_none() || children.iter().any(|c| c.row.decision.is_none()) {
            return Ok(Err(NotAmended::LeavesOpen));
        }
        let never = |_: &str, _: &str| false;
        let mut c = record.conference.clone();
        let differences = merge(merge::CONFERENCE, &mut c, &proposed.row, Some(&proposed.base), never);
        let before = record.conference.clone();
        let mut of_conference = keep_all_if(conference_contradicts(&c), differences, &mut c, before);
        let mut by_child = Vec::new();
        for (ours, proposed) in record.children.iter().zip(children) {
            let mut ours = ours.clone();
            let differences = merge(merge::CHILD, &mut ours, &proposed.row, Some(&proposed.base), never);
            by_child.push((ours, differences));
        }
        let all: Vec<Difference> =
            of_conference.iter().chain(by_child.iter().flat_map(|(_, d)| d)).cloned().collect();
        if let Some(why_not) = refusal(&all) {
            return Ok(Err(why_not));
        }
        let mut made: Vec<Amended> = amended(None, &of_conference).collect();
        for (child, differences) in by_child {
            let id = child.id;
            made.extend(amended(Some(id), &differences));
            if differences.iter().any(|d| d.verdict == Verdict::Taken) {
                child.into_active_model().reset_all().update(tx.conn()).await?;
                self.write(tx, c.clone(), confirmed.clone(), differences, None, Some(id)).await?;
                c.version += 1;
            }
        }
        of_conference.retain(|d| d.verdict == Verdict::Taken);
        if !of_conference.is_empty() {
            self.write(tx, c, confirmed, of_conference, None, None).await?;
        }
        Ok(Ok(made))
    }

    /// Writes why a plan still ends, and why a conference went on without quorum, where an amendment makes it to be asked.
    /// `record`: as the amendment left it.
    pub async fn reasons(
        self,
        tx: &Tx,
        record: Record,
        plan_end: &HashMap<ChildId, String>,
        proceeded: Option<ProceededReason>,
    ) -> Result<(), DbErr> {
        let Some(confirmed) = record.register.clone() else { return Ok(()) };
        let said = |field, before: String, after: String| Difference {
            field,
            here: before,
            proposed: after,
            as_before: false,
            verdict: Verdict::Taken,
        };
        let mut c = record.conference.clone();
        for mut child in record.children {
            let Some(reason) = plan_end.get(&child.id).filter(|reason| !reason.is_empty()) else { continue };
            let before = child.plan_end_reason.as_ref();
            let before =
                before.and_then(|r| self.keys.open(sealed::PLAN_END_REASON, r).ok()).unwrap_or_default();
            let id = child.id;
            child.plan_end_reason = Some(self.keys.seal(sealed::PLAN_END_REASON, reason));
            child.into_active_model().reset_all().update(tx.conn()).await?;
            let said = said("plan_end_reason", before, reason.clone());
            self.write(tx, c.clone(), confirmed.clone(), vec![said], None, Some(id)).await?;
            c.version += 1;
        }
        if let Some(reason) = proceeded {
            let before = c.proceeded_reason.map(|r| r.code().to_owned()).unwrap_or_default();
            c.proceeded_reason = Some(reason);
            let said = said("proceeded_reason", before, reason.code().to_owned());
            self.write(tx, c, confirmed, vec![said], None, None).await?;
        }
        Ok(())
    }

    async fn write(
        self,
        tx: &Tx,
        mut conference: conference::Model,
        mut confirmed: register::Model,
        differences: Vec<Difference>,
        invitation_id: Option<InvitationId>,
        child_id: Option<ChildId>,
    ) -> Result<(), DbErr> {
        let conference_id: ConferenceId = conference.id;
        let seal = |text: &str| self.keys.seal(sealed::AMENDMENT, text);
        let mut changes = Vec::new();
        for d in differences.iter().filter(|d| d.verdict == Verdict::Taken) {
            // What a chair wrote of an absence stands sealed with the amendment, and not in the trail beside it.
            let told = |text: &str| match d.field {
                "impact_note" => format!("{} characters", text.chars().count()),
                _ => text.to_owned(),
            };
            changes.push(json!({ "field": d.field, "before": told(&d.here), "after": told(&d.proposed) }));
            let row = amendment::Model {
                id: AmendmentId::new(),
                conference_id,
                invitation_id,
                child_id,
                field: d.field.to_owned(),
                before: Some(seal(&d.here)),
                after: Some(seal(&d.proposed)),
                why: seal(self.why.trim()),
                source: Source::Here,
                by_name: self.actor.name.clone(),
                at: self.now,
            };
            amendment::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        }
        conference.version += 1;
        conference.into_active_model().reset_all().update(tx.conn()).await?;
        // What the letters said may no longer hold: the feedback task looks again.
        if confirmed.feedback == FeedbackWanted::Made {
            confirmed.feedback = FeedbackWanted::Wanted;
            confirmed.into_active_model().reset_all().update(tx.conn()).await?;
        }
        let payload = json!({
            "invitation": invitation_id, "child": child_id, "why": self.why.trim(), "changes": changes,
        });
        let event = Event { action: "register.amended", object: conference_id.to_string(), payload };
        audit::record(tx, self.keys, self.actor, self.now, vec![event]).await
    }
}

/// Nothing to write, or somebody else was there first.
fn refusal(differences: &[Difference]) -> Option<NotAmended> {
    let clashes: Vec<Clash> = differences
        .iter()
        .filter(|d| d.verdict == Verdict::Kept && !d.as_before)
        .map(|d| Clash {
            row: String::new(),
            field: d.field,
            stands: d.here.clone(),
            wanted: d.proposed.clone(),
            by: None,
            at: None,
        })
        .collect();
    if !clashes.is_empty() {
        return Some(NotAmended::Clashes(clashes));
    }
    differences.iter().all(|d| d.verdict == Verdict::Kept).then_some(NotAmended::NothingChanged)
}
