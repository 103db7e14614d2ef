//! The absences that a step rests on, as they stand now.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbErr};

use crate::agencies::store::directory_of;
use crate::calendar::london;
use crate::conferences::entity::conference;
use crate::conferences::{self, AdjournmentReason, ConferenceId, Sight};
use crate::feedback::entity::ladder_step;
use crate::feedback::repeats;
use crate::feedback::steps::{StepReason, StepState, causes};
use crate::invitations::entity::invitation;
use crate::invitations::{self, AbsenceReason, ImpactCode, InvitationId, Report, Response};
use crate::register::store::{Record, record, records};
use crate::register::{Assessed, Policies, Standing as Recorded, assess};
use crate::replies::{ReplyKind, ReplyState, Told, told};

/// What was recorded of an absence, as those read it who were not there: what its own letter says, in fewer words.
pub fn recorded(row: &invitation::Model, standing: Recorded) -> &'static str {
    let missing = matches!(standing, Recorded::Silent | Recorded::Apologies | Recorded::Contributed);
    match (standing, row.response) {
        _ if missing && row.absence_reason == Some(AbsenceReason::JoiningFailed) => {
            "your service could not join"
        }
        (Recorded::Contributed, _) if row.report == Report::NilReturn => {
            "your service told us that it holds nothing, and nobody was there"
        }
        (Recorded::Contributed, _) => "your service's report reached us, and nobody was there",
        (Recorded::LeftBeforeDecision, _) => "your service took part, and was not there at the decision",
        (Recorded::Silent | Recorded::Apologies, Response::Accepted) => {
            "your service had accepted, and nobody came"
        }
        (Recorded::Silent | Recorded::Apologies, Response::Deputy) => "a deputy was to come, and nobody did",
        (Recorded::Apologies, Response::Apologies) => "apologies came, and nobody could come instead",
        (Recorded::Silent, Response::None) => "nobody came, and we had no word before",
        (Recorded::Silent | Recorded::Apologies, _) => "nobody came",
        (other, _) => other.label(),
    }
}

/// Whether an absence may be pressed at all: who could not join chose nothing, and a conference that was adjourned for
/// another reason than missing agencies was not held up by one.
pub fn presses(row: &invitation::Model, conference: &conference::Model) -> bool {
    let could_not_join = row.absence_reason == Some(AbsenceReason::JoiningFailed);
    let elsewhere =
        |reason| !matches!(reason, AdjournmentReason::Inquorate | AdjournmentReason::AgencyOrReportMissing);
    !could_not_join && !conference.adjournment_reason.is_some_and(elsewhere)
}

/// Whether what led to a step is still so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Holds,
    /// The agency disputes a part of it, and nobody has settled that.
    Paused,
    /// The record does not show it any more.
    Changed,
    /// One of its conferences is restricted now.
    Restricted,
}

/// One absence.
pub struct Cause {
    pub invitation: InvitationId,
    pub conference: ConferenceId,
    pub reference: String,
    /// "Wednesday 30 September 2026".
    pub date: String,
    pub assessed: Assessed,
    /// What was recorded, as those read it who were not there.
    pub recorded: &'static str,
    pub miss: bool,
    in_population: bool,
    presses: bool,
    pub restricted: bool,
}

impl Cause {
    fn of(record: &Record, assessed: &Assessed, in_population: bool, place: usize) -> Self {
        let row = &record.invitations[place];
        Self {
            invitation: row.id,
            conference: record.conference.id,
            reference: record.conference.reference.clone(),
            date: london::full_date(record.conference.conference_date),
            assessed: assessed.clone(),
            recorded: recorded(row, assessed.standing),
            miss: assessed.is_miss(row.absence_reason),
            in_population,
            presses: presses(row, &record.conference),
            restricted: record.conference.restricted,
        }
    }

    /// Whether it may still count for this: there was no fault of ours, and what it is counted for is still recorded.
    fn holds(&self, reason: StepReason) -> bool {
        let plan = || self.assessed.impact.iter().any(|i| i.code == ImpactCode::PlanEndedWithout);
        self.in_population
            && self.assessed.counted
            && match reason {
                StepReason::Pattern | StepReason::Running => self.miss,
                StepReason::PlanEnds => self.presses && plan(),
                StepReason::Severity => {
                    self.presses && self.assessed.impact.iter().any(|i| i.severity == Some(3))
                }
                // A letter of thanks for a report asks for no answer.
                StepReason::NoReply => {
                    self.assessed.standing.is_missing() && self.assessed.standing != Recorded::Contributed
                }
                StepReason::StillOpen => self.assessed.standing.is_missing(),
            }
    }
}

/// The absences that caused a step, the newest first.
pub async fn of_step(
    db: &impl ConnectionTrait,
    policies: &Policies,
    step: &ladder_step::Model,
) -> Result<Vec<Cause>, DbErr> {
    let ids: Vec<InvitationId> = causes(db, [step.id]).await?.into_iter().map(|c| c.invitation_id).collect();
    let rows = invitations::store::by_ids(db, ids.iter().copied()).await?;
    let met =
        conferences::store::by_ids(db, rows.iter().map(|row| row.conference_id), Sight::Everything).await?;
    let mut found = Vec::new();
    for record in records(db, met).await? {
        let facts = record.facts(&directory_of(db, record.services()).await?);
        let assessment = assess(&facts, policies.on(facts.date));
        for (place, row) in record.invitations.iter().enumerate() {
            if ids.contains(&row.id) {
                let assessed = &assessment.invitations[place];
                let at = record.conference.starts_at;
                found.push((at, Cause::of(&record, assessed, assessment.in_population, place)));
            }
        }
    }
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(found.into_iter().map(|(_, cause)| cause).collect())
}

/// Whether what led to a step is still so.
pub async fn standing(
    db: &impl ConnectionTrait,
    policies: &Policies,
    step: &ladder_step::Model,
) -> Result<Standing, DbErr> {
    let causes = of_step(db, policies, step).await?;
    if causes.iter().any(|cause| cause.restricted) {
        return Ok(Standing::Restricted);
    }
    if causes.is_empty() || !causes.iter().all(|cause| cause.holds(step.reason)) {
        return Ok(Standing::Changed);
    }
    let mut ids: Vec<InvitationId> = causes.iter().map(|cause| cause.invitation).collect();
    let replies = told(db, ids.iter().copied()).await?;
    // A reply ends a second rung in its own transaction; one that came while it was being proposed ends it here. Of the
    // many absences behind a third and a fourth rung some may well have been answered long before.
    let one_absence = step.rung == 2 && step.state == StepState::Proposed;
    if one_absence && replies.iter().any(|r| r.kind != ReplyKind::Disputed) {
        return Ok(Standing::Changed);
    }
    if step.reason == StepReason::Running {
        // It rests on the miss before as well, which led to a step of its own, or to none.
        let before = missed_before(db, policies, &causes[0]).await?;
        if before.is_empty() {
            return Ok(Standing::Changed);
        }
        ids.extend(before);
    }
    let open = |r: &Told| r.kind == ReplyKind::Disputed && r.state == ReplyState::Open;
    let disputed = told(db, ids).await?.iter().any(open);
    Ok(if disputed { Standing::Paused } else { Standing::Holds })
}

/// Which invitations to the conference before the service missed too, as it is recorded now.
async fn missed_before(
    db: &impl ConnectionTrait,
    policies: &Policies,
    cause: &Cause,
) -> Result<HashSet<InvitationId>, DbErr> {
    let met = record(db, cause.conference, Sight::Everything).await?;
    let Some((record, directory)) = met else { return Ok(HashSet::new()) };
    let facts = record.facts(&directory);
    let assessment = assess(&facts, policies.on(facts.date));
    let mut again = repeats(db, &record, &assessment, policies).await?;
    Ok(again.remove(&cause.invitation).unwrap_or_default())
}
