//! The steps, as pages and tasks ask for them.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveTime};
use sea_orm::sea_query::{Expr, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::agencies::ServiceId;
use crate::calendar::london;
use crate::conferences::Sight;
use crate::feedback::entity::{feedback, ladder_cause, ladder_step};
use crate::feedback::newest;
use crate::feedback::steps::{StepId, StepState, gone};
use crate::invitations::entity::invitation;
use crate::invitations::{self, InvitationId};

/// Steps in these states, oldest first.
pub async fn in_states(
    db: &impl ConnectionTrait,
    states: impl IntoIterator<Item = StepState>,
) -> Result<Vec<ladder_step::Model>, DbErr> {
    ladder_step::Entity::find()
        .filter(ladder_step::Column::State.is_in(states))
        .order_by_asc(ladder_step::Column::ProposedAt)
        .order_by_asc(ladder_step::Column::Id)
        .all(db)
        .await
}

/// The steps that wait for a decision, oldest first.
pub async fn proposed(db: &impl ConnectionTrait) -> Result<Vec<ladder_step::Model>, DbErr> {
    in_states(db, [StepState::Proposed]).await
}

/// The approved steps that wait for a telephone call.
pub async fn to_telephone(db: &impl ConnectionTrait) -> Result<Vec<ladder_step::Model>, DbErr> {
    in_states(db, [StepState::ToTelephone]).await
}

/// The steps that ended or were decided on last.
pub async fn newest_ended(db: &impl ConnectionTrait, count: u64) -> Result<Vec<ladder_step::Model>, DbErr> {
    ladder_step::Entity::find()
        .filter(ladder_step::Column::State.is_in([
            StepState::Declined,
            StepState::Stopped,
            StepState::Answered,
        ]))
        .order_by_desc(Func::coalesce([
            Expr::col(ladder_step::Column::EndedAt),
            Expr::col(ladder_step::Column::DecidedAt),
        ]))
        .limit(count)
        .all(db)
        .await
}

/// The steps about a service that were proposed since a day, the newest first; those about a conference that somebody may
/// see.
pub async fn of_service(
    db: &impl ConnectionTrait,
    service: ServiceId,
    since: NaiveDate,
    sight: Sight,
) -> Result<Vec<ladder_step::Model>, DbErr> {
    let own = Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ServiceId.eq(service))
        .and_where(invitation::Column::Id.not_in_subquery(invitations::store::hidden_from(sight)))
        .to_owned();
    ladder_step::Entity::find()
        .filter(ladder_step::Column::ProposedAt.gte(london::to_utc_or_after(since, NaiveTime::MIN)))
        .filter(ladder_step::Column::InvitationId.in_subquery(own))
        .order_by_desc(ladder_step::Column::ProposedAt)
        .all(db)
        .await
}

/// The step of the rung before that led to this one: the newest about one of its absences.
pub async fn before(
    db: &impl ConnectionTrait,
    step: &ladder_step::Model,
) -> Result<Option<ladder_step::Model>, DbErr> {
    let caused = Query::select()
        .column(ladder_cause::Column::StepId)
        .from(ladder_cause::Entity)
        .and_where(ladder_cause::Column::InvitationId.eq(step.invitation_id))
        .to_owned();
    ladder_step::Entity::find()
        .filter(ladder_step::Column::Id.in_subquery(caused))
        .filter(ladder_step::Column::Rung.eq(step.rung - 1))
        .order_by_desc(ladder_step::Column::ProposedAt)
        .one(db)
        .await
}

/// Whether each of these absences led to a step of a rung that reached the agency.
pub async fn led_to_a_letter(
    db: &impl ConnectionTrait,
    rung: i32,
    ids: &HashSet<InvitationId>,
) -> Result<bool, DbErr> {
    let caused = ladder_cause::Entity::find().filter(ladder_cause::Column::Rung.eq(rung));
    let caused = caused.filter(ladder_cause::Column::InvitationId.is_in(ids.iter().copied())).all(db).await?;
    let steps = ladder_step::Entity::find();
    let steps = steps.filter(ladder_step::Column::Id.is_in(caused.iter().map(|cause| cause.step_id)));
    let gone = gone(db, &steps.all(db).await?).await?;
    let led =
        |id: &InvitationId| caused.iter().any(|c| c.invitation_id == *id && gone.contains_key(&c.step_id));
    Ok(ids.iter().all(led))
}

/// One step.
pub async fn by_id(db: &impl ConnectionTrait, id: StepId) -> Result<Option<ladder_step::Model>, DbErr> {
    ladder_step::Entity::find_by_id(id).one(db).await
}

/// The newest feedback item of an invitation that stands: whose link a step's letter carries.
pub async fn item_of(db: &impl ConnectionTrait, id: InvitationId) -> Result<Option<feedback::Model>, DbErr> {
    Ok(newest(db, [id]).await?.remove(&id))
}
