//! The outbox as people, reports and figures read it.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Func, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use super::entity::message::{Column, Entity, Model};
use super::{MessageId, State};

/// A message without its body.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Listed {
    /// The message.
    pub id: MessageId,
    /// The kind of letter.
    pub kind: String,
    /// What it is about.
    pub about_id: Uuid,
    /// To whom.
    pub recipient: String,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is, or was last, due.
    pub due_at: DateTime<Utc>,
    /// When it was posted.
    pub posted_at: DateTime<Utc>,
    /// When it was accepted.
    pub sent_at: Option<DateTime<Utc>>,
    /// A process died while it was being sent, or the server took it without an answer.
    pub may_have_been_delivered: bool,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

impl From<&Model> for Listed {
    fn from(m: &Model) -> Self {
        Self {
            id: m.id,
            kind: m.kind.clone(),
            about_id: m.about_id,
            recipient: m.recipient.clone(),
            state: m.state,
            attempts: m.attempts,
            due_at: m.due_at,
            posted_at: m.posted_at,
            sent_at: m.sent_at,
            may_have_been_delivered: m.may_have_been_delivered,
            last_error: m.last_error.clone(),
        }
    }
}

fn listed() -> Select<Entity> {
    Entity::find().select_only().columns([
        Column::Id,
        Column::Kind,
        Column::AboutId,
        Column::Recipient,
        Column::State,
        Column::Attempts,
        Column::DueAt,
        Column::PostedAt,
        Column::SentAt,
        Column::MayHaveBeenDelivered,
        Column::LastError,
    ])
}

/// Every message, in the order in which they were posted.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Listed>, DbErr> {
    let all = listed().order_by_asc(Column::PostedAt).order_by_asc(Column::Id);
    all.into_model::<Listed>().all(db).await
}

/// A page of messages, of one state or of all, from a given one on (not included). What is settled comes
/// newest first; what is not, and what was given up, oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    state: Option<State>,
    from: Option<(DateTime<Utc>, MessageId)>,
    count: u64,
) -> Result<Vec<Listed>, DbErr> {
    let oldest_first = matches!(state, Some(State::Waiting | State::Sending | State::Failed));
    let order = if oldest_first { Order::Asc } else { Order::Desc };
    let mut page =
        listed().order_by(Column::PostedAt, order.clone()).order_by(Column::Id, order).limit(count);
    if let Some(state) = state {
        page = page.filter(Column::State.eq(state));
    }
    // Written so that the index is entered at this moment, not walked from its end.
    page = match from {
        None => page,
        Some((posted_at, id)) if oldest_first => page
            .filter(Column::PostedAt.gte(posted_at))
            .filter(Column::PostedAt.gt(posted_at).or(Column::Id.gt(id))),
        Some((posted_at, id)) => page
            .filter(Column::PostedAt.lte(posted_at))
            .filter(Column::PostedAt.lt(posted_at).or(Column::Id.lt(id))),
    };
    page.into_model::<Listed>().all(db).await
}

/// One message, as it was frozen.
pub async fn by_id(db: &impl ConnectionTrait, id: MessageId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// How many messages there are of each state.
pub async fn counts(db: &impl ConnectionTrait) -> Result<Vec<(State, i64)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "messages")
        .group_by(Column::State)
        .into_tuple()
        .all(db)
        .await
}

/// Since when the message that waits longest has been due.
pub async fn oldest_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::DueSince)
        .filter(Column::State.eq(State::Waiting))
        .order_by_asc(Column::DueSince)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}

/// When messages about these things were accepted: (thing, moment) for each one sent.
pub async fn accepted_at(
    db: &impl ConnectionTrait,
    about: SelectStatement,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::AboutId, Column::SentAt])
        .filter(Column::AboutId.in_subquery(about))
        .filter(Column::SentAt.is_not_null())
        .into_tuple()
        .all(db)
        .await
}

/// Whether an address was written to about a thing, in this kind of message.
pub async fn was_told(
    db: &impl ConnectionTrait,
    kind: &str,
    about: Uuid,
    address: &str,
) -> Result<bool, DbErr> {
    let of = Entity::find().select_only().column(Column::Id).filter(Column::AboutId.eq(about));
    let of = of.filter(Column::Kind.eq(kind)).filter(Column::Recipient.eq(address));
    Ok(of.into_tuple::<MessageId>().one(db).await?.is_some())
}

/// When letters about these things were accepted and did not come back, each with its kind.
pub async fn reached_at(
    db: &impl ConnectionTrait,
    about: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<(Uuid, String, DateTime<Utc>)>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::AboutId, Column::Kind, Column::SentAt])
        .filter(Column::AboutId.is_in(about))
        .filter(Column::SentAt.is_not_null())
        .filter(Column::BouncedAt.is_null())
        .into_tuple()
        .all(db)
        .await
}

/// Every message to an address, in the order in which they were posted.
pub async fn to_address(db: &impl ConnectionTrait, address: &str) -> Result<Vec<Listed>, DbErr> {
    let is = Expr::expr(Func::lower(Expr::col(Column::Recipient))).eq(address.to_lowercase());
    let all = listed().filter(is).order_by_asc(Column::PostedAt).order_by_asc(Column::Id);
    all.into_model::<Listed>().all(db).await
}

/// Every message about these things, in the order in which they were posted.
pub async fn about(db: &impl ConnectionTrait, about: Vec<Uuid>) -> Result<Vec<Listed>, DbErr> {
    let all = listed().filter(Column::AboutId.is_in(about)).order_by_asc(Column::PostedAt);
    all.into_model::<Listed>().all(db).await
}
