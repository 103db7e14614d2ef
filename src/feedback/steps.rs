//! The ladder's steps as a reply finds them (DOMAIN 7): who answers stops what was to follow, in the transaction of the
//! answer. What leads to a step, and what it says, is `ladder`'s.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, LockType, Query, SelectStatement, UnionType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QuerySelect, RelationDef,
};
use serde_json::json;

use super::entity::{ladder_cause, ladder_step};
use crate::agencies::ServiceId;
use crate::audit::Event;
use crate::conferences::Sight;
use crate::conferences::entity::conference;
use crate::invitations::entity::invitation;
use crate::invitations::{self, InvitationId};
use crate::outbox::{self, State};
use crate::platform::Tx;
use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;
/// The kind of message that takes the letter of a step back.
pub const WITHDRAWN: &str = "rung_withdrawn";

typed_id! {
    /// A step of the ladder.
    StepId
}

codes! {
    /// What a step is proposed for.
    pub enum StepReason {
        NoReply = "no_reply", "no reply by the day that the letter named";
        Severity = "severity", "a grave effect on the decision";
        Running = "running", "missing again for the same child";
        Pattern = "pattern", "missing more often than not";
        PlanEnds = "plan_ends", "plans ended without it more than once";
        StillOpen = "still_open", "no answer to the step before";
    }
}

codes! {
    /// Where a step stands.
    pub enum StepState {
        Proposed = "proposed", "proposed";
        Approved = "approved", "approved, and open";
        ToTelephone = "to_telephone", "approved: to be telephoned";
        Declined = "declined", "not taken";
        Stopped = "stopped", "stopped before it went";
        Answered = "answered", "answered";
    }
}

codes! {
    /// Why a step that was proposed is not taken.
    pub enum DeclinedBecause {
        InTouch = "in_touch", "we are in touch with the service already";
        Understood = "understood", "what happened is understood, and enough is done";
        Ours = "ours", "our own part in it has to be put right first";
        Elsewhere = "elsewhere", "it is taken up in another way";
    }
}

codes! {
    /// With whom somebody spoke on the telephone. A call that nobody answered is none.
    pub enum Spoke {
        Invited = "invited", "the person who was invited";
        Lead = "lead", "the safeguarding lead";
        Manager = "manager", "the head of service, or a manager";
        Named = "named", "the named professional";
        Office = "office", "its office, which passes it on";
    }
}

impl Spoke {
    /// With whom a call about a step of a rung is made: whose letter it would have been. An office passes nothing of
    /// this on.
    pub const fn of_rung(rung: i32) -> &'static [Self] {
        match rung {
            2 => &[Self::Lead, Self::Manager, Self::Named],
            _ => &[Self::Manager, Self::Named],
        }
    }
}

codes! {
    /// Why a step ended.
    pub enum EndedBecause {
        Replied = "replied", "the agency replied";
        RecordChanged = "record_changed", "the record does not show it any more";
        Restricted = "restricted", "the conference is restricted now";
    }
}

/// What an agency said, as far as the ladder asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// That it has read it, or what happened.
    Answered,
    /// Whom to write to: that answers none of the ladder's letters, which ask for more.
    Contact,
    /// That the record is wrong.
    Disputed,
}

/// Whether a reply ends a step. What is proposed for want of an answer, or for one absence, is stopped by it; what many
/// absences led to is decided by a person, reply or not. Whatever has gone is answered. A dispute ends only what waits for
/// a first answer: it pauses the rest until it is settled. What follows a letter that asked for more than an answer ends
/// by what would have answered that letter.
const fn ends(step: &ladder_step::Model, answer: Answer) -> Option<StepState> {
    match (step.state, step.rung) {
        (StepState::Proposed, 3) => None,
        (StepState::Proposed, _) => match (step.reason, answer) {
            (StepReason::StillOpen, Answer::Contact | Answer::Disputed) => None,
            (StepReason::NoReply, _) | (_, Answer::Answered | Answer::Contact) => Some(StepState::Stopped),
            (_, Answer::Disputed) => None,
        },
        (StepState::Approved | StepState::ToTelephone, _) if !matches!(answer, Answer::Answered) => None,
        (StepState::Approved | StepState::ToTelephone, _) => Some(StepState::Answered),
        (StepState::Declined | StepState::Stopped | StepState::Answered, _) => None,
    }
}

/// The agency answered about one of the absences that caused these steps: they end. Gives back what the trail is told.
pub async fn answered(
    tx: &Tx,
    id: InvitationId,
    answer: Answer,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, DbErr> {
    let mut events = Vec::new();
    for step in of_cause(tx, id).await? {
        let Some(state) = ends(&step, answer) else { continue };
        // What many absences led to, and a person approved, is not stopped by a word on one of them before it has gone.
        let waits = matches!(step.state, StepState::Approved | StepState::ToTelephone);
        let waits = waits && step.rung == 3;
        if waits && gone(tx.conn(), std::slice::from_ref(&step)).await?.is_empty() {
            continue;
        }
        events.push(end(tx, step, state, EndedBecause::Replied, now).await?);
    }
    Ok(events)
}

/// From when each of these steps has reached its agency: its letter was sent and has not come back, or somebody rang. One
/// that is still in the post, or to be telephoned, has not.
pub async fn gone(
    db: &impl ConnectionTrait,
    steps: &[ladder_step::Model],
) -> Result<HashMap<StepId, DateTime<Utc>>, DbErr> {
    let ids = || steps.iter().map(|step| step.id.0);
    // What takes a letter back is about its step too.
    let mut reached = outbox::reached_at(db, ids()).await?;
    reached.retain(|(_, kind, _)| kind != WITHDRAWN);
    let mut letters = outbox::about(db, ids().collect()).await?;
    letters.retain(|letter| letter.kind != WITHDRAWN);
    let went = |step: &ladder_step::Model| {
        let by_post = letters.iter().any(|m| m.about_id == step.id.0 && m.state != State::Cancelled);
        // A call that was noted before it was asked with whom left no letter.
        let rang = step.spoken_with.is_some() || step.state == StepState::Approved && !by_post;
        let first = reached.iter().filter(|(about, ..)| *about == step.id.0).map(|(.., at)| *at).min();
        first.or(step.decided_at.filter(|_| rang))
    };
    Ok(steps.iter().filter_map(|step| Some((step.id, went(step)?))).collect())
}

/// Since when more is asked about an absence than its letter did, and is not answered: when the last open step about it
/// reached the agency.
pub async fn asked_again(
    db: &impl ConnectionTrait,
    id: InvitationId,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let caused = Query::select()
        .column(ladder_cause::Column::StepId)
        .from(ladder_cause::Entity)
        .and_where(ladder_cause::Column::InvitationId.eq(id))
        .to_owned();
    let open = ladder_step::Entity::find()
        .filter(ladder_step::Column::Id.in_subquery(caused))
        .filter(ladder_step::Column::State.eq(StepState::Approved));
    Ok(gone(db, &open.all(db).await?).await?.into_values().max())
}

/// The steps that an absence caused, taken for this transaction.
async fn of_cause(tx: &Tx, id: InvitationId) -> Result<Vec<ladder_step::Model>, DbErr> {
    let steps: Vec<StepId> = ladder_cause::Entity::find()
        .select_only()
        .column(ladder_cause::Column::StepId)
        .filter(ladder_cause::Column::InvitationId.eq(id))
        .into_tuple()
        .all(tx.conn())
        .await?;
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let of = ladder_step::Entity::find().filter(ladder_step::Column::Id.is_in(steps));
    of.lock(LockType::Update).all(tx.conn()).await
}

/// The steps about conferences that somebody may not see.
pub fn hidden_from(sight: Sight) -> SelectStatement {
    about(invitations::store::hidden_from(sight))
}

/// Steps that were to be telephoned, and whose letters are in the queue again.
pub async fn posted_again(tx: &Tx, ids: &[uuid::Uuid]) -> Result<(), DbErr> {
    for ids in ids.chunks(BATCH) {
        ladder_step::Entity::update_many()
            .col_expr(ladder_step::Column::State, Expr::val(StepState::Approved))
            .filter(ladder_step::Column::Id.is_in(ids.iter().copied()))
            .filter(ladder_step::Column::State.eq(StepState::ToTelephone))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// One step, for this transaction alone.
pub async fn take(tx: &Tx, id: StepId) -> Result<Option<ladder_step::Model>, DbErr> {
    ladder_step::Entity::find_by_id(id).lock(LockType::Update).one(tx.conn()).await
}

/// The steps about these invitations, as their ids.
pub fn about(invitations: SelectStatement) -> SelectStatement {
    Query::select()
        .column(ladder_step::Column::Id)
        .from(ladder_step::Entity)
        .and_where(ladder_step::Column::InvitationId.in_subquery(invitations))
        .to_owned()
}

/// Ends a step.
pub async fn end(
    tx: &Tx,
    mut step: ladder_step::Model,
    state: StepState,
    because: EndedBecause,
    now: DateTime<Utc>,
) -> Result<Event, DbErr> {
    let payload = json!({ "rung": step.rung, "was": step.state, "is": state, "because": because });
    let object = step.id.to_string();
    (step.state, step.ended_at, step.ended_because) = (state, Some(now), Some(because));
    save(tx, step).await?;
    Ok(Event { action: "ladder.ended", object, payload })
}

/// Writes a step that changed.
pub async fn save(tx: &Tx, step: ladder_step::Model) -> Result<(), DbErr> {
    step.into_active_model().reset_all().update(tx.conn()).await?;
    Ok(())
}

/// The absences that caused these steps.
pub async fn causes(
    db: &impl ConnectionTrait,
    steps: impl IntoIterator<Item = StepId>,
) -> Result<Vec<ladder_cause::Model>, DbErr> {
    ladder_cause::Entity::find().filter(ladder_cause::Column::StepId.is_in(steps)).all(db).await
}

/// Those of these steps that an absence from a restricted conference caused, or that ended for one.
async fn resting_on_restricted(
    db: &impl ConnectionTrait,
    steps: &[ladder_step::Model],
) -> Result<HashSet<StepId>, DbErr> {
    let invited: RelationDef = ladder_cause::Entity::belongs_to(invitation::Entity)
        .from(ladder_cause::Column::InvitationId)
        .to(invitation::Column::Id)
        .into();
    let met: RelationDef = invitation::Entity::belongs_to(conference::Entity)
        .from(invitation::Column::ConferenceId)
        .to(conference::Column::Id)
        .into();
    let caused: Vec<StepId> = ladder_cause::Entity::find()
        .select_only()
        .column(ladder_cause::Column::StepId)
        .join(JoinType::InnerJoin, invited)
        .join(JoinType::InnerJoin, met)
        .filter(ladder_cause::Column::StepId.is_in(steps.iter().map(|step| step.id)))
        .filter(conference::Column::Restricted.eq(true))
        .into_tuple()
        .all(db)
        .await?;
    let ended = steps.iter().filter(|step| step.ended_because == Some(EndedBecause::Restricted));
    Ok(caused.into_iter().chain(ended.map(|step| step.id)).collect())
}

/// A step as the paper looks at it.
pub struct Told {
    pub step: ladder_step::Model,
    /// The service that it is about.
    pub service: ServiceId,
    /// When it reached that.
    pub gone_at: Option<DateTime<Utc>>,
    /// The conference is restricted of an absence that caused it.
    pub is_restricted: bool,
}

/// Steps that were proposed, decided on or ended since a moment, or are open.
pub async fn since(db: &impl ConnectionTrait, moment: DateTime<Utc>) -> Result<Vec<Told>, DbErr> {
    use ladder_step::Column::{DecidedAt, EndedAt, Id, ProposedAt, State as Stands};
    let open = [StepState::Proposed, StepState::Approved, StepState::ToTelephone];
    let ids = |which| Query::select().column(Id).from(ladder_step::Entity).and_where(which).to_owned();
    // Each by its own index; with "or" SQLite would read all that there ever were.
    let mut since = ids(Stands.is_in(open));
    for column in [ProposedAt, DecidedAt, EndedAt] {
        since.union(UnionType::Distinct, ids(column.gte(moment)));
    }
    let mut told = Vec::new();
    for steps in ladder_step::Entity::find().filter(Id.in_subquery(since)).all(db).await?.chunks(BATCH) {
        let about = invitations::store::by_ids(db, steps.iter().map(|step| step.invitation_id)).await?;
        let restricted = resting_on_restricted(db, steps).await?;
        let about: HashMap<_, _> = about.into_iter().map(|row| (row.id, row.service_id)).collect();
        let gone = gone(db, steps).await?;
        let of = |step: &ladder_step::Model| {
            let is_restricted = restricted.contains(&step.id);
            let (service, gone_at) = (about[&step.invitation_id], gone.get(&step.id).copied());
            Told { step: step.clone(), service, gone_at, is_restricted }
        };
        told.extend(steps.iter().map(of));
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_stops_what_was_proposed_for_one_absence_and_answers_what_has_gone() {
        let step = |rung, state| ladder_step::Model {
            id: StepId::new(),
            rung,
            reason: StepReason::NoReply,
            invitation_id: InvitationId::new(),
            ladder_version: String::new(),
            state,
            proposed_at: DateTime::default(),
            decided_by: None,
            decided_at: None,
            approved_at: None,
            declined_because: None,
            ended_at: None,
            ended_because: None,
            spoken_with: None,
        };
        for (rung, state, becomes) in [
            (2, StepState::Proposed, Some(StepState::Stopped)),
            (3, StepState::Proposed, None),
            (4, StepState::Proposed, Some(StepState::Stopped)),
            (2, StepState::Approved, Some(StepState::Answered)),
            (3, StepState::Approved, Some(StepState::Answered)),
            (3, StepState::ToTelephone, Some(StepState::Answered)),
            (2, StepState::Declined, None),
            (2, StepState::Answered, None),
        ] {
            assert_eq!(ends(&step(rung, state), Answer::Answered), becomes, "{rung} {state:?}");
        }
        let grave = ladder_step::Model { reason: StepReason::Severity, ..step(2, StepState::Proposed) };
        assert_eq!(ends(&grave, Answer::Disputed), None, "a dispute pauses it");
        assert_eq!(
            ends(&step(2, StepState::Proposed), Answer::Disputed),
            Some(StepState::Stopped),
            "there is an answer now"
        );
        assert_eq!(ends(&step(3, StepState::Approved), Answer::Disputed), None);
        let contact = |state| ends(&step(2, state), Answer::Contact);
        assert_eq!(contact(StepState::Approved), None, "whom to write to is no answer to what it asks");
        assert_eq!(contact(StepState::Proposed), Some(StepState::Stopped));
        let open = ladder_step::Model { reason: StepReason::StillOpen, ..step(4, StepState::Proposed) };
        for answer in [Answer::Contact, Answer::Disputed] {
            assert_eq!(ends(&open, answer), None, "the letter before asked for more, and is open");
        }
        assert_eq!(ends(&open, Answer::Answered), Some(StepState::Stopped));
    }
}
