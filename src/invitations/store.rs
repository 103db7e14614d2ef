//! The invitations' only queries.

use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Iden, IntoActiveModel, Iterable, QueryFilter,
    QuerySelect, Select,
};

use super::InvitationId;
use super::entity::invitation;
use crate::conferences::Sight;
use crate::conferences::entity::conference;
use crate::platform::Tx;

/// Rows in one statement: SQLite allows 32,766 values, and a row has some two dozen.
const BATCH: usize = 500;

/// Invitations without what no rule looks at: who recorded one, who a deputy was, the chair's words, what the last file
/// said. Half of what a month's rows weigh.
pub fn in_brief() -> Select<invitation::Entity> {
    use invitation::Column::{AnnouncedDeputy, Deputy, FromFile, ImpactNote, RecordedAt, RecordedBy};
    let mut query = invitation::Entity::find().select_only();
    for column in invitation::Column::iter() {
        query = match column {
            AnnouncedDeputy | Deputy | ImpactNote | RecordedBy | RecordedAt | FromFile => {
                query.expr_as(Expr::cust("null"), column.to_string())
            }
            _ => query.column(column),
        };
    }
    query
}

/// One invitation.
pub async fn by_id(db: &impl ConnectionTrait, id: InvitationId) -> Result<Option<invitation::Model>, DbErr> {
    invitation::Entity::find_by_id(id).one(db).await
}

/// These invitations, in no order.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = InvitationId>,
) -> Result<Vec<invitation::Model>, DbErr> {
    invitation::Entity::find().filter(invitation::Column::Id.is_in(ids)).all(db).await
}

/// The invitations to conferences that somebody may not see, as their ids, for a query.
pub fn hidden_from(sight: Sight) -> SelectStatement {
    let seen = Query::select()
        .column(conference::Column::Id)
        .from(conference::Entity)
        .cond_where(sight.condition())
        .to_owned();
    Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ConferenceId.not_in_subquery(seen))
        .to_owned()
}

/// One invitation, taken for this transaction.
pub async fn take(tx: &Tx, id: InvitationId) -> Result<Option<invitation::Model>, DbErr> {
    invitation::Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await
}

/// Writes these rows as they are now, all in one statement: a register has some ten, and each statement
/// is a way to the database and back.
pub async fn save_all(tx: &Tx, rows: Vec<invitation::Model>) -> Result<(), DbErr> {
    for rows in rows.chunks(BATCH) {
        let changed = invitation::Column::iter().filter(|c| !matches!(c, invitation::Column::Id));
        let onto = OnConflict::column(invitation::Column::Id).update_columns(changed).to_owned();
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        invitation::Entity::insert_many(rows).on_conflict(onto).exec_without_returning(tx.conn()).await?;
    }
    Ok(())
}
