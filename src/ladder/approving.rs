//! A person decides on a step: it goes, or it does not, and the trail says who and why.

use std::collections::HashSet;

use chrono::{DateTime, Days, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::causes::{Cause, Standing, of_step, standing};
use super::found;
use super::letter::{Past, StepLetter, template};
use super::proposing::overtaken;
use super::recipients::{Addressee, addressees};
use super::rules::{Ladders, Trigger};
use super::signed::tell_the_chair;
use crate::agencies::store::{contacts_of, one_service};
use crate::audit::{self, Actor, Event};
use crate::calendar::{london, months_before};
use crate::conferences::{self, Sight};
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::{self, DeclinedBecause, Spoke, StepId, StepReason, StepState};
use crate::feedback::{Evidence, Office, evidence, make_link};
use crate::invitations::InvitationId;
use crate::outbox::{self, MessageId, NoticeError, Post};
use crate::platform::Tx;
use crate::register::{Standing as Recorded, of_services};
use crate::replies::{ReplyKind, ReplyState, told};

/// The rung whose letter is written in the chair's name.
pub(super) const SIGNED_BY_THE_CHAIR: i32 = 2;

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is in the post.
    Posted,
    /// It is approved, and nobody can be written to: somebody telephones.
    ToTelephone,
    Declined,
    /// Somebody telephoned; the step is open as if its letter had gone.
    Telephoned,
    /// Nobody said with whom: a call that nobody answered is none.
    WithWhom,
    /// There is no such step, it does not wait any more, or it is hidden from who decides.
    Nothing,
    /// The agency disputes it: first that is settled.
    Paused,
    /// The record does not show it any more. It is ended.
    Overtaken,
    /// A setting that a letter needs is empty.
    NotSetUp,
}

/// A step with all that a person looks at before deciding, and all that its letter says.
pub struct Case {
    pub step: ladder_step::Model,
    pub causes: Vec<Cause>,
    pub evidence: Evidence,
    pub letter: StepLetter,
    pub to: Vec<Addressee>,
}

/// Reads a step's case; `None` where its newest absence has no feedback (any more).
pub async fn case(
    db: &impl sea_orm::ConnectionTrait,
    office: Office<'_>,
    ladders: &Ladders,
    step: ladder_step::Model,
    now: DateTime<Utc>,
) -> Result<Option<Case>, DbErr> {
    let Some(item) = found::item_of(db, step.invitation_id).await? else { return Ok(None) };
    let found = evidence(db, office.policies, office.settings, item.id, now).await?;
    let Some(evidence) = found else { return Ok(None) };
    let causes = of_step(db, office.policies, &step).await?;
    let (service, agency) = evidence.directory.of(evidence.row().service_id);
    let today = london::date(now);
    let by = office.settings.reply_by(&office.policies.calendar, agency.agency_group, today);
    let ladder = ladders.of(&step.ladder_version);
    let rule = ladder.trigger(step.rung, step.reason);
    let past = past(db, office, rule, &step, &causes, &evidence).await?;
    let letter = StepLetter::of(step.reason, rule, &causes, past, &evidence, london::full_date(by));
    let contacts = contacts_of(db, [agency.id]).await?;
    let roles = ladder.rung(step.rung).map(|rung| rung.roles.as_slice());
    let to = addressees(roles.unwrap_or_default(), service.id, &contacts, &office.settings.domains, today);
    Ok(Some(Case { step, causes, evidence, letter, to }))
}

/// What a pattern rests on, up to the newest absence; of the newest, whether it was there for a part; and whether the step
/// before was a call.
async fn past(
    db: &impl sea_orm::ConnectionTrait,
    office: Office<'_>,
    rule: Option<Trigger>,
    step: &ladder_step::Model,
    causes: &[Cause],
    evidence: &Evidence,
) -> Result<Past, DbErr> {
    let left = |cause: &Cause| cause.assessed.standing == Recorded::LeftBeforeDecision;
    let mut past = Past { left_before: causes.first().is_some_and(left), ..Past::default() };
    if let Some(Trigger::Pattern { months, .. }) = rule {
        let newest = evidence.record.conference.conference_date;
        let since = months_before(newest, months) + Days::new(1);
        let service = one_service(evidence.row().service_id);
        let rows = of_services(db, service, since, newest, office.policies).await?;
        past.expected = rows.iter().filter(|row| row.counted().is_some()).count();
        let missed: Vec<InvitationId> = rows.iter().filter(|of| of.is_miss()).map(|of| of.row.id).collect();
        let disputes = told(db, missed.iter().copied()).await?.into_iter();
        let disputes = disputes.filter(|r| r.kind == ReplyKind::Disputed && r.state == ReplyState::Open);
        let disputed: HashSet<InvitationId> = disputes.map(|r| r.invitation).collect();
        let stand = || missed.iter().copied().filter(|id| !disputed.contains(id));
        past.missed = stand().count();
        let rest = stand().filter(|id| causes.iter().all(|cause| cause.invitation != *id)).collect();
        past.told_of_the_rest = found::led_to_a_letter(db, step.rung, &rest).await?;
    }
    if step.reason == StepReason::StillOpen {
        let before = found::before(db, step).await?;
        past.by_telephone = match before {
            Some(before) => outbox::reached_at(db, [before.id.0]).await?.is_empty(),
            None => false,
        };
    }
    Ok(past)
}

async fn taken(tx: &Tx, id: StepId, sight: Sight) -> Result<Option<ladder_step::Model>, DbErr> {
    let Some(step) = steps::take(tx, id).await? else { return Ok(None) };
    let Some(row) = crate::invitations::store::by_id(tx.conn(), step.invitation_id).await? else {
        return Ok(None);
    };
    let seen = conferences::store::by_ids(tx.conn(), [row.conference_id], sight).await?;
    Ok((!seen.is_empty()).then_some(step))
}

fn event(step: &ladder_step::Model, action: &'static str, to: usize) -> Event {
    let payload = json!({
        "rung": step.rung, "reason": step.reason, "because": step.declined_because, "letters": to,
    });
    Event { action, object: step.id.to_string(), payload }
}

/// What becomes of a decision on a step that does not hold as it was proposed: it waits for a dispute to be settled, or is
/// ended.
async fn held_up(
    tx: Tx,
    office: Office<'_>,
    actor: &Actor,
    step: ladder_step::Model,
    how: Standing,
    now: DateTime<Utc>,
) -> Result<Decided, DbErr> {
    if how == Standing::Paused {
        return Ok(Decided::Paused);
    }
    if let Some(event) = overtaken(&tx, step, how, now).await? {
        audit::record(&tx, office.keys, actor, now, vec![event]).await?;
        tx.commit().await?;
    }
    Ok(Decided::Overtaken)
}

/// Approves a step: its letters are posted in the same transaction.
pub async fn approve(
    office: Office<'_>,
    ladders: &Ladders,
    actor: &Actor,
    sight: Sight,
    id: StepId,
    now: DateTime<Utc>,
) -> Result<Decided, NoticeError> {
    if !office.settings.missing().is_empty() {
        return Ok(Decided::NotSetUp);
    }
    let tx = office.db.begin("approve a step of the ladder").await?;
    let step = taken(&tx, id, sight).await?.filter(|step| step.state == StepState::Proposed);
    let Some(step) = step else { return Ok(Decided::Nothing) };
    let how = standing(tx.conn(), office.policies, &step).await?;
    if how != Standing::Holds {
        return Ok(held_up(tx, office, actor, step, how, now).await?);
    }
    let Some(mut case) = case(tx.conn(), office, ladders, step, now).await? else {
        return Ok(Decided::Nothing);
    };
    let item = found::item_of(tx.conn(), case.step.invitation_id).await?.map(|item| item.id.0);
    let kind = template(case.step.rung);
    for to in &case.to {
        let Some(item) = item else { break };
        let path = make_link(&tx, item, &to.address, now).await?;
        let letter = if to.full { case.letter.clone() } else { case.letter.clone().little() };
        let letter = StepLetter { reply_link: format!("{}{path}", office.settings.address), ..letter };
        let id = MessageId::new();
        let written = office.letterhead.write(id, kind, &to.address, &letter, now)?;
        let (about, recipient) = (case.step.id.0, to.address.clone());
        let kind = kind.to_owned();
        let post = Post { id, kind, about, recipient, written, at: now, is_notice: false };
        outbox::post(&tx, post).await?;
    }
    if case.step.rung == SIGNED_BY_THE_CHAIR && case.to.iter().any(|to| to.full) {
        tell_the_chair(&tx, office, actor, case.step.id, &case.evidence.record.conference, now).await?;
    }
    let telephone = case.to.is_empty();
    case.step.state = if telephone { StepState::ToTelephone } else { StepState::Approved };
    (case.step.decided_by, case.step.decided_at) = (Some(actor.name.clone()), Some(now));
    case.step.approved_at = Some(now);
    let event = event(&case.step, "ladder.approved", case.to.len());
    steps::save(&tx, case.step).await?;
    audit::record(&tx, office.keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(if telephone { Decided::ToTelephone } else { Decided::Posted })
}

/// Declines a step, with a reason off the list: nothing goes.
pub async fn decline(
    office: Office<'_>,
    actor: &Actor,
    sight: Sight,
    id: StepId,
    because: DeclinedBecause,
    now: DateTime<Utc>,
) -> Result<Decided, DbErr> {
    let tx = office.db.begin("decline a step of the ladder").await?;
    let step = taken(&tx, id, sight).await?.filter(|step| step.state == StepState::Proposed);
    let Some(mut step) = step else { return Ok(Decided::Nothing) };
    (step.state, step.declined_because) = (StepState::Declined, Some(because));
    (step.decided_by, step.decided_at) = (Some(actor.name.clone()), Some(now));
    let event = event(&step, "ladder.declined", 0);
    steps::save(&tx, step).await?;
    audit::record(&tx, office.keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(Decided::Declined)
}

/// Notes that somebody telephoned, and with whom, about a step that nobody could be written to about: its clock runs from
/// now.
pub async fn telephoned(
    office: Office<'_>,
    actor: &Actor,
    sight: Sight,
    id: StepId,
    with: Option<Spoke>,
    now: DateTime<Utc>,
) -> Result<Decided, DbErr> {
    let tx = office.db.begin("note a telephone call about a step").await?;
    let step = taken(&tx, id, sight).await?.filter(|step| step.state == StepState::ToTelephone);
    let Some(mut step) = step else { return Ok(Decided::Nothing) };
    let Some(with) = with.filter(|with| Spoke::of_rung(step.rung).contains(with)) else {
        return Ok(Decided::WithWhom);
    };
    let how = standing(tx.conn(), office.policies, &step).await?;
    if how != Standing::Holds {
        return held_up(tx, office, actor, step, how, now).await;
    }
    outbox::cancel_unsent(&tx, step.id.0, "somebody telephoned").await?;
    (step.state, step.decided_at, step.spoken_with) = (StepState::Approved, Some(now), Some(with));
    let payload = json!({ "rung": step.rung, "reason": step.reason, "with": with });
    let event = Event { action: "ladder.telephoned", object: step.id.to_string(), payload };
    steps::save(&tx, step).await?;
    audit::record(&tx, office.keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(Decided::Telephoned)
}
