//! Retention's only queries: what is due, and how it is erased so that the figures stay.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::entity::{destruction, legal_hold};
use super::{DestructionId, HoldId};
use crate::conferences::ConferenceId;
use crate::conferences::entity::{child, conference};
use crate::convening;
use crate::feedback::entity::{feedback, ladder_step};
use crate::feedback::steps;
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
use crate::platform::Tx;
use crate::register::entity::{amendment, register};
use crate::replies;
use crate::replies::entity::reply;

/// Holds that have not ended.
pub async fn living_holds(db: &impl ConnectionTrait) -> Result<Vec<legal_hold::Model>, DbErr> {
    let living = legal_hold::Entity::find().filter(legal_hold::Column::EndedAt.is_null());
    living.order_by_asc(legal_hold::Column::PlacedAt).all(db).await
}

/// Holds on a child, or on these conferences, those that have ended too.
pub async fn holds_about(
    db: &impl ConnectionTrait,
    child: &[u8],
    ids: &[ConferenceId],
) -> Result<Vec<legal_hold::Model>, DbErr> {
    let about = Condition::any()
        .add(legal_hold::Column::ChildKey.eq(child))
        .add(legal_hold::Column::ConferenceId.is_in(ids.iter().copied()));
    legal_hold::Entity::find().filter(about).order_by_asc(legal_hold::Column::PlacedAt).all(db).await
}

pub async fn place_hold(tx: &Tx, row: legal_hold::Model) -> Result<(), DbErr> {
    legal_hold::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Ends a hold. Says whether it was there.
pub async fn end_hold(tx: &Tx, id: HoldId, by: &str, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let ended = legal_hold::Entity::update_many()
        .col_expr(legal_hold::Column::EndedBy, Expr::value(by))
        .col_expr(legal_hold::Column::EndedAt, Expr::value(now))
        .filter(legal_hold::Column::Id.eq(id))
        .filter(legal_hold::Column::EndedAt.is_null());
    Ok(ended.exec(tx.conn()).await?.rows_affected == 1)
}

/// The ids of the conferences under a living hold: the one held, or each of a held child's.
fn held() -> Condition {
    let of = |column: legal_hold::Column| -> SelectStatement {
        Query::select()
            .column(column)
            .from(legal_hold::Entity)
            .and_where(legal_hold::Column::EndedAt.is_null())
            .and_where(column.is_not_null())
            .to_owned()
    };
    let of_children = Query::select()
        .column(child::Column::ConferenceId)
        .from(child::Entity)
        .and_where(child::Column::ChildKey.in_subquery(of(legal_hold::Column::ChildKey)))
        .to_owned();
    // A conference that was moved is held on every date that it had: they share one entry in calendars.
    let first_dates = Query::select()
        .expr(Func::coalesce([Expr::col(conference::Column::CalendarId), Expr::col(conference::Column::Id)]))
        .from(conference::Entity)
        .and_where(conference::Column::Id.in_subquery(of(legal_hold::Column::ConferenceId)))
        .to_owned();
    Condition::any()
        .add(conference::Column::Id.in_subquery(of(legal_hold::Column::ConferenceId)))
        .add(conference::Column::Id.in_subquery(first_dates.clone()))
        .add(conference::Column::CalendarId.in_subquery(first_dates))
        .add(conference::Column::Id.in_subquery(of_children))
}

/// The ids under which the audit trail speaks of held conferences, and of the holds themselves.
pub async fn held_objects(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let ids: Vec<ConferenceId> = conference::Entity::find()
        .select_only()
        .column(conference::Column::Id)
        .filter(held())
        .into_tuple()
        .all(db)
        .await?;
    let mut objects = objects_of(db, &ids).await?;
    objects.extend(living_holds(db).await?.iter().map(|hold| hold.id.to_string()));
    Ok(objects)
}

/// What has had its time: by its date, and because nothing was recorded of it since a moment.
fn old(until: NaiveDate, settled: DateTime<Utc>) -> Condition {
    let id = || (conference::Entity, conference::Column::Id);
    let confirmed = Query::select()
        .expr(Expr::val(1))
        .from(register::Entity)
        .and_where(Expr::col((register::Entity, register::Column::ConferenceId)).equals(id()))
        .and_where(Expr::col((register::Entity, register::Column::ConfirmedAt)).gte(settled))
        .to_owned();
    let amended = Query::select()
        .expr(Expr::val(1))
        .from(amendment::Entity)
        .and_where(Expr::col((amendment::Entity, amendment::Column::ConferenceId)).equals(id()))
        .and_where(Expr::col((amendment::Entity, amendment::Column::At)).gte(settled))
        .to_owned();
    let recorded = Query::select()
        .expr(Expr::val(1))
        .from(invitation::Entity)
        .and_where(Expr::col((invitation::Entity, invitation::Column::ConferenceId)).equals(id()))
        .and_where(Expr::col((invitation::Entity, invitation::Column::RecordedAt)).gte(settled))
        .to_owned();
    Condition::all()
        .add(conference::Column::ConferenceDate.lte(until))
        .add(conference::Column::ErasedAt.is_null())
        .add(Expr::exists(confirmed).not())
        .add(Expr::exists(amended).not())
        .add(Expr::exists(recorded).not())
}

/// How many registers are due, and how many of those are held.
pub async fn registers_due(
    db: &impl ConnectionTrait,
    until: NaiveDate,
    settled: DateTime<Utc>,
) -> Result<(u64, u64), DbErr> {
    let all = conference::Entity::find().filter(old(until, settled)).count(db).await?;
    let kept = conference::Entity::find().filter(old(until, settled)).filter(held()).count(db).await?;
    Ok((all - kept, kept))
}

/// Some conferences that are due, taken for this transaction.
pub async fn take_due(
    tx: &Tx,
    until: NaiveDate,
    settled: DateTime<Utc>,
    count: u64,
) -> Result<Vec<conference::Model>, DbErr> {
    conference::Entity::find()
        .filter(old(until, settled))
        .filter(held().not())
        .order_by_asc(conference::Column::ConferenceDate)
        .limit(count)
        .lock(sea_orm::sea_query::LockType::Update)
        .all(tx.conn())
        .await
}

/// Forgets holds that ended before a moment, or of whose conferences none is left that was not erased.
pub async fn forget_holds(tx: &Tx, before: DateTime<Utc>) -> Result<(), DbErr> {
    let left =
        || Query::select().from(conference::Entity).and_where(conference::Column::ErasedAt.is_null()).take();
    let children = Query::select()
        .column(child::Column::ChildKey)
        .from(child::Entity)
        .and_where(child::Column::ConferenceId.in_subquery(left().column(conference::Column::Id).take()))
        .to_owned();
    let of_conference = Condition::all()
        .add(legal_hold::Column::ConferenceId.is_not_null())
        .add(legal_hold::Column::ConferenceId.not_in_subquery(left().column(conference::Column::Id).take()));
    let of_child = Condition::all()
        .add(legal_hold::Column::ChildKey.is_not_null())
        .add(legal_hold::Column::ChildKey.not_in_subquery(children));
    let over = Condition::any().add(legal_hold::Column::EndedAt.lt(before)).add(of_conference).add(of_child);
    let ended = legal_hold::Entity::delete_many().filter(legal_hold::Column::EndedAt.is_not_null());
    ended.filter(over).exec(tx.conn()).await?;
    Ok(())
}

/// Whether somebody sees every conference of a child.
pub async fn sees_child(
    db: &impl ConnectionTrait,
    key: &[u8],
    sight: crate::conferences::Sight,
) -> Result<bool, DbErr> {
    let of = Query::select()
        .column(child::Column::ConferenceId)
        .from(child::Entity)
        .and_where(child::Column::ChildKey.eq(key))
        .to_owned();
    let all = || conference::Entity::find().filter(conference::Column::Id.in_subquery(of.clone()));
    Ok(all().count(db).await? == all().filter(sight.condition()).count(db).await?)
}

/// The ids under which the audit trail speaks of conferences: their own, their invitations', their feedback's, the
/// replies' to it, the ladder's steps.
pub async fn objects_of(db: &impl ConnectionTrait, ids: &[ConferenceId]) -> Result<Vec<String>, DbErr> {
    let invitations: Vec<InvitationId> = invitation::Entity::find()
        .select_only()
        .column(invitation::Column::Id)
        .filter(invitation::Column::ConferenceId.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let items: Vec<crate::feedback::FeedbackId> = feedback::Entity::find()
        .select_only()
        .column(feedback::Column::Id)
        .filter(feedback::Column::InvitationId.is_in(invitations.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let replies: Vec<crate::replies::ReplyId> = reply::Entity::find()
        .select_only()
        .column(reply::Column::Id)
        .filter(reply::Column::InvitationId.is_in(invitations.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let steps: Vec<steps::StepId> = ladder_step::Entity::find()
        .select_only()
        .column(ladder_step::Column::Id)
        .filter(ladder_step::Column::InvitationId.is_in(invitations.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let objects = ids.iter().map(ToString::to_string);
    let objects = objects.chain(steps.iter().map(ToString::to_string));
    let objects = objects.chain(invitations.iter().map(ToString::to_string));
    let objects = objects.chain(items.iter().map(ToString::to_string));
    Ok(objects.chain(replies.iter().map(ToString::to_string)).collect())
}

/// What messages of held conferences are about: they keep their text.
pub fn held_messages() -> SelectStatement {
    let conferences =
        Query::select().column(conference::Column::Id).from(conference::Entity).cond_where(held()).to_owned();
    let invitations = Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ConferenceId.in_subquery(conferences))
        .to_owned();
    messages_about(invitations)
}

/// What the messages about some invitations are about: their feedback, and what was written to invite them.
pub fn messages_about(invitations: SelectStatement) -> SelectStatement {
    let mut feedback = Query::select()
        .column(feedback::Column::Id)
        .from(feedback::Entity)
        .and_where(feedback::Column::InvitationId.in_subquery(invitations.clone()))
        .to_owned();
    let replies = replies::store::about(invitations.clone());
    feedback
        .union(UnionType::All, steps::about(invitations.clone()))
        .union(UnionType::All, convening::store::about(invitations))
        .union(UnionType::All, replies)
        .to_owned()
}

/// Writes a certificate, or what more it stands for.
pub async fn certify(tx: &Tx, row: destruction::Model) -> Result<(), DbErr> {
    let onto =
        OnConflict::column(destruction::Column::Id).update_column(destruction::Column::Destroyed).to_owned();
    let row = destruction::Entity::insert(row.into_active_model()).on_conflict(onto);
    row.exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The newest certificates.
pub async fn certificates(db: &impl ConnectionTrait, at_most: u64) -> Result<Vec<destruction::Model>, DbErr> {
    destruction::Entity::find().order_by_desc(destruction::Column::At).limit(at_most).all(db).await
}

/// One certificate.
pub async fn certificate(
    db: &impl ConnectionTrait,
    id: DestructionId,
) -> Result<Option<destruction::Model>, DbErr> {
    destruction::Entity::find_by_id(id).one(db).await
}

/// Takes the conferences of a child that somebody may see and that are still there to be held: what is being
/// erased at this moment is erased first, or held.
pub async fn take_of_child(tx: &Tx, key: Vec<u8>, sight: crate::conferences::Sight) -> Result<usize, DbErr> {
    let of = Query::select()
        .column(child::Column::ConferenceId)
        .from(child::Entity)
        .and_where(child::Column::ChildKey.eq(key))
        .to_owned();
    let found = conference::Entity::find()
        .filter(conference::Column::Id.in_subquery(of))
        .filter(conference::Column::ErasedAt.is_null())
        .filter(sight.condition())
        .order_by_asc(conference::Column::Id)
        .lock(sea_orm::sea_query::LockType::Update);
    Ok(found.all(tx.conn()).await?.len())
}

/// One living hold.
pub async fn living_hold(tx: &Tx, id: HoldId) -> Result<Option<legal_hold::Model>, DbErr> {
    let living = legal_hold::Entity::find_by_id(id).filter(legal_hold::Column::EndedAt.is_null());
    living.one(tx.conn()).await
}

/// A conference by its random or local reference.
pub async fn conference_by_reference(
    db: &impl ConnectionTrait,
    reference: &str,
    sight: crate::conferences::Sight,
) -> Result<Option<conference::Model>, DbErr> {
    let either = Condition::any()
        .add(conference::Column::Reference.eq(reference.to_uppercase()))
        .add(conference::Column::ConferenceRef.eq(reference));
    conference::Entity::find()
        .filter(either)
        .filter(conference::Column::ErasedAt.is_null())
        .filter(sight.condition())
        .one(db)
        .await
}
