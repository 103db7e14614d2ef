//! The replies' only queries.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{LockType, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::entity::reply::{Column, Entity, Model};
use super::{ReplyId, ReplyKind, ReplyState};
use crate::calendar::london;
use crate::conferences::ConferenceId;
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
use crate::platform::Tx;

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// One reply.
pub async fn by_id(db: &impl ConnectionTrait, id: ReplyId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// One reply, for this transaction alone.
pub async fn take(tx: &Tx, id: ReplyId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock(LockType::Update).one(tx.conn()).await
}

/// Writes a new one.
pub async fn insert(tx: &Tx, row: Model) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Writes one that was settled.
pub async fn save(tx: &Tx, row: Model) -> Result<(), DbErr> {
    row.into_active_model().reset_all().update(tx.conn()).await?;
    Ok(())
}

/// The replies about an invitation, oldest first.
pub async fn of_invitation(db: &impl ConnectionTrait, id: InvitationId) -> Result<Vec<Model>, DbErr> {
    let of = Entity::find().filter(Column::InvitationId.eq(id));
    of.order_by_asc(Column::MadeAt).order_by_asc(Column::Id).all(db).await
}

/// What waits for an answer, oldest first.
pub async fn open(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::State.eq(ReplyState::Open)).order_by_asc(Column::MadeAt).all(db).await
}

/// The newest replies of all that wait for nothing.
pub async fn newest(db: &impl ConnectionTrait, count: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::State.ne(ReplyState::Open))
        .order_by_desc(Column::MadeAt)
        .limit(count)
        .all(db)
        .await
}

/// The replies about the invitations of a conference, oldest first.
pub async fn of_conference(db: &impl ConnectionTrait, id: ConferenceId) -> Result<Vec<Model>, DbErr> {
    let of = Query::select()
        .column(invitation::Column::Id)
        .from(invitation::Entity)
        .and_where(invitation::Column::ConferenceId.eq(id))
        .to_owned();
    Entity::find().filter(Column::InvitationId.in_subquery(of)).order_by_asc(Column::MadeAt).all(db).await
}

/// The replies about these invitations, as their ids.
pub fn about(invitations: SelectStatement) -> SelectStatement {
    Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::InvitationId.in_subquery(invitations))
        .to_owned()
}

/// What figures ask of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub invitation: InvitationId,
    pub kind: ReplyKind,
    pub state: ReplyState,
    pub made_at: DateTime<Utc>,
}

impl Told {
    /// "says that the record is wrong (upheld), Thursday 1 October 2026".
    pub fn in_words(&self) -> String {
        let settled = match self.kind {
            ReplyKind::Disputed => format!(" ({})", self.state.label()),
            _ => String::new(),
        };
        format!("{}{settled}, {}", self.kind.label(), london::full_date(london::date(self.made_at)))
    }
}

/// The replies about these invitations, oldest first.
pub async fn told(
    db: &impl ConnectionTrait,
    invitations: impl IntoIterator<Item = InvitationId>,
) -> Result<Vec<Told>, DbErr> {
    let ids: Vec<InvitationId> = invitations.into_iter().collect();
    let mut all = Vec::new();
    for ids in ids.chunks(BATCH) {
        let rows: Vec<(InvitationId, ReplyKind, ReplyState, DateTime<Utc>)> = Entity::find()
            .select_only()
            .columns([Column::InvitationId, Column::Kind, Column::State, Column::MadeAt])
            .filter(Column::InvitationId.is_in(ids.iter().copied()))
            .order_by_asc(Column::MadeAt)
            .into_tuple()
            .all(db)
            .await?;
        let told = |(invitation, kind, state, made_at)| Told { invitation, kind, state, made_at };
        all.extend(rows.into_iter().map(told));
    }
    Ok(all)
}
