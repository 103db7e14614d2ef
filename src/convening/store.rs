//! Convening's only queries.

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};

use super::entity::invitation_message::{Column, Entity, Model};
use super::{InvitationMessageId, MessageKind};
use crate::conferences::entity::{child, conference};
use crate::conferences::{ConferenceId, Sight, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{self, InvitationId};
use crate::platform::Tx;

/// The number of the next message of a kind about an invitation.
pub async fn next_step(tx: &Tx, id: InvitationId, kind: MessageKind) -> Result<i32, DbErr> {
    let last: Option<Option<i32>> = Entity::find()
        .select_only()
        .column_as(Column::Step.max(), "last")
        .filter(Column::InvitationId.eq(id))
        .filter(Column::Kind.eq(kind))
        .into_tuple()
        .one(tx.conn())
        .await?;
    Ok(last.flatten().unwrap_or(0) + 1)
}

/// Notes a message; `false` where this step was made before.
pub async fn add_message(tx: &Tx, row: Model) -> Result<bool, DbErr> {
    let made = Entity::insert(row.into_active_model())
        .on_conflict_do_nothing_on([Column::InvitationId, Column::Kind, Column::Step])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(matches!(made, TryInsertResult::Inserted(1..)))
}

/// A message by its id.
pub async fn message(db: &impl ConnectionTrait, id: InvitationMessageId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// A message by the hash of the token in its answer link.
pub async fn by_link(db: &impl ConnectionTrait, hash: Vec<u8>) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::LinkHash.eq(hash)).one(db).await
}

/// Whether anybody was written to about a conference.
pub async fn has_written(tx: &Tx, id: ConferenceId) -> Result<bool, DbErr> {
    Ok(!messages_of(tx.conn(), [id]).await?.is_empty())
}

/// The ids of the messages about some invitations, for a query.
pub fn about(invitations: SelectStatement) -> SelectStatement {
    Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::InvitationId.in_subquery(invitations))
        .to_owned()
}

/// The messages about conferences that somebody may not see.
pub fn hidden_from(sight: Sight) -> SelectStatement {
    about(invitations::store::hidden_from(sight))
}

/// The messages about the invitations to some conferences, in the order in which they were made.
pub async fn messages_of(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = ConferenceId>,
) -> Result<Vec<Model>, DbErr> {
    let to = Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ConferenceId.is_in(ids))
        .to_owned();
    let found = Entity::find().filter(Column::InvitationId.in_subquery(to));
    found.order_by_asc(Column::MadeAt).order_by_asc(Column::Id).all(db).await
}

/// The conferences of some children that somebody may see, the newest first, each with the child's key. The
/// cancelled are left out.
pub async fn of_children(
    db: &impl ConnectionTrait,
    keys: Vec<Vec<u8>>,
    sight: Sight,
) -> Result<Vec<(Vec<u8>, conference::Model)>, DbErr> {
    let of = child::Entity::belongs_to(conference::Entity)
        .from(child::Column::ConferenceId)
        .to(conference::Column::Id);
    let both = child::Entity::find()
        .filter(child::Column::ChildKey.is_in(keys))
        .join(sea_orm::JoinType::InnerJoin, of.into())
        .select_also(conference::Entity)
        .filter(conference::Column::Status.ne(Status::Cancelled))
        .filter(sight.condition())
        .order_by_desc(conference::Column::StartsAt);
    let rows = both.all(db).await?;
    Ok(rows.into_iter().filter_map(|(child, c)| c.map(|c| (child.child_key, c))).collect())
}

/// Conferences on the day of a conference that are not cancelled, but for `but`: where people may be twice.
pub async fn same_day(
    db: &impl ConnectionTrait,
    day: chrono::NaiveDate,
    but: Option<ConferenceId>,
    sight: Sight,
) -> Result<Vec<conference::Model>, DbErr> {
    let mut found = conference::Entity::find()
        .filter(conference::Column::ConferenceDate.eq(day))
        .filter(conference::Column::Status.ne(Status::Cancelled))
        .filter(sight.condition());
    if let Some(id) = but {
        found = found.filter(conference::Column::Id.ne(id));
    }
    found.all(db).await
}

/// Whether a local reference is taken.
pub async fn has_reference(tx: &Tx, reference: &str) -> Result<bool, DbErr> {
    let found = conference::Entity::find().filter(conference::Column::ConferenceRef.eq(reference));
    Ok(found.one(tx.conn()).await?.is_some())
}

/// Conferences from `from` on until `to` that are to be held.
pub async fn coming(
    db: &impl ConnectionTrait,
    from: chrono::NaiveDate,
    to: chrono::NaiveDate,
    sight: Sight,
) -> Result<Vec<conference::Model>, DbErr> {
    let found = conference::Entity::find()
        .filter(conference::Column::ConferenceDate.between(from, to))
        .filter(conference::Column::Status.eq(Status::Scheduled))
        .filter(sight.condition());
    found.order_by_asc(conference::Column::StartsAt).order_by_asc(conference::Column::Id).all(db).await
}
