//! The restrictions' only queries.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, Set,
};

use crate::access::entity::account;
use crate::access::{self, Permission};
use crate::calendar::london;
use crate::conferences::entity::{conference, cover, named};
use crate::conferences::{ConferenceId, NamedId, Sight};
use crate::platform::Tx;

/// Who is named on a conference, or has opened it, with their accounts.
pub async fn named(
    db: &impl ConnectionTrait,
    id: ConferenceId,
) -> Result<Vec<(named::Model, account::Model)>, DbErr> {
    let rows = named::Entity::find()
        .filter(named::Column::ConferenceId.eq(id))
        .order_by_asc(named::Column::NamedAt)
        .all(db)
        .await?;
    with_accounts(db, rows).await
}

async fn with_accounts(
    db: &impl ConnectionTrait,
    rows: Vec<named::Model>,
) -> Result<Vec<(named::Model, account::Model)>, DbErr> {
    let all = access::store::all(db).await?;
    let account = |id| all.iter().find(|a| a.id.0 == id).cloned();
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((account(row.account_id)?, row)))
        .map(|(a, r)| (r, a))
        .collect())
}

/// The accounts that can be named on a conference: those whose role sees conferences, and of the chairs its
/// own and who covers for it.
pub async fn nameable(
    db: &impl ConnectionTrait,
    conference: &conference::Model,
    now: DateTime<Utc>,
) -> Result<Vec<account::Model>, DbErr> {
    let covers = cover::Entity::find()
        .filter(cover::Column::ChairId.eq(conference.chair_id))
        .filter(cover::Column::UntilDay.gte(london::date(now)))
        .all(db)
        .await?;
    let theirs = |a: &account::Model| {
        a.chair_id.is_none_or(|chair| chair == conference.chair_id)
            || covers.iter().any(|cover| cover.account_id == a.id.0)
    };
    let all = access::store::all(db).await?.into_iter();
    let may = |a: &account::Model| a.disabled_at.is_none() && a.role.may(Permission::SeeConferences);
    Ok(all.filter(|a| may(a) && theirs(a)).collect())
}

pub async fn set_restricted(tx: &Tx, row: conference::Model, restricted: bool) -> Result<(), DbErr> {
    let mut row = row.into_active_model();
    row.restricted = Set(restricted);
    row.update(tx.conn()).await?;
    Ok(())
}

pub async fn insert(tx: &Tx, row: named::Model) -> Result<(), DbErr> {
    named::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub async fn delete(tx: &Tx, id: NamedId) -> Result<(), DbErr> {
    named::Entity::delete_by_id(id).exec(tx.conn()).await?;
    Ok(())
}

/// Takes every name off a conference. What was broken open stays known to the QA managers.
pub async fn delete_all(tx: &Tx, id: ConferenceId) -> Result<(), DbErr> {
    let names = named::Entity::delete_many().filter(named::Column::ConferenceId.eq(id));
    names.filter(named::Column::Until.is_null()).exec(tx.conn()).await?;
    Ok(())
}

/// A restricted conference by either of its references, of those that could be somebody's, named or not.
pub async fn by_reference(
    db: &impl ConnectionTrait,
    reference: &str,
    sight: Sight,
) -> Result<Option<conference::Model>, DbErr> {
    let either = Condition::any()
        .add(conference::Column::Reference.eq(reference.to_uppercase()))
        .add(conference::Column::ConferenceRef.eq(reference));
    conference::Entity::find()
        .filter(either)
        .filter(conference::Column::Restricted.eq(true))
        .filter(sight.whose())
        .one(db)
        .await
}

/// The restricted conferences that somebody sees, newest first.
pub async fn seen(db: &impl ConnectionTrait, sight: Sight) -> Result<Vec<conference::Model>, DbErr> {
    conference::Entity::find()
        .filter(conference::Column::Restricted.eq(true))
        .filter(sight.condition())
        .order_by_desc(conference::Column::StartsAt)
        .all(db)
        .await
}

/// What was opened since a moment: the opening, its conference, who opened it. Newest first.
pub async fn openings(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
) -> Result<Vec<(named::Model, conference::Model, account::Model)>, DbErr> {
    let rows = named::Entity::find()
        .filter(named::Column::Until.is_not_null())
        .filter(named::Column::NamedAt.gte(since))
        .order_by_desc(named::Column::NamedAt)
        .all(db)
        .await?;
    let ids = rows.iter().map(|row| row.conference_id);
    let met = conference::Entity::find().filter(conference::Column::Id.is_in(ids)).all(db).await?;
    let of = |id| met.iter().find(|c| c.id == id).cloned();
    let all = with_accounts(db, rows).await?;
    Ok(all
        .into_iter()
        .filter_map(|(row, a)| Some((of(row.conference_id)?, row, a)))
        .map(|(c, r, a)| (r, c, a))
        .collect())
}

/// One opening.
pub async fn opening(tx: &Tx, id: NamedId) -> Result<Option<named::Model>, DbErr> {
    let row = named::Entity::find_by_id(id).filter(named::Column::Until.is_not_null());
    row.one(tx.conn()).await
}

/// Has an opening end now.
pub async fn end_opening(tx: &Tx, id: NamedId, now: DateTime<Utc>) -> Result<(), DbErr> {
    named::Entity::update_many()
        .col_expr(named::Column::Until, sea_orm::sea_query::Expr::value(now))
        .filter(named::Column::Id.eq(id))
        .filter(named::Column::Until.gt(now))
        .exec(tx.conn())
        .await?;
    Ok(())
}
