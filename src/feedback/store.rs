//! The feedback items' only queries.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, LockType, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Select, Set,
};

use super::entity::feedback;
use super::{FeedbackId, ItemState, Kind};
use crate::conferences::entity::{child, conference};
use crate::conferences::{ConferenceId, ConferenceType, Sight, Status};
use crate::invitations::{self, InvitationId};
use crate::outbox;
use crate::platform::Tx;
use crate::register::FeedbackWanted;
use crate::register::entity::register;
use crate::register::store::Record;

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// Confirmed registers whose hold has ended and whose feedback is still to be made, oldest first.
pub async fn wanted(
    db: &impl ConnectionTrait,
    confirmed_until: DateTime<Utc>,
) -> Result<Vec<ConferenceId>, DbErr> {
    register::Entity::find()
        .select_only()
        .column(register::Column::ConferenceId)
        .filter(register::Column::Feedback.eq(FeedbackWanted::Wanted))
        .filter(register::Column::ConfirmedAt.lte(confirmed_until))
        .filter(register::Column::ConferenceId.not_in_subquery(erased()))
        .order_by_asc(register::Column::ConfirmedAt)
        .into_tuple()
        .all(db)
        .await
}

/// What was erased is not written about any more.
fn erased() -> SelectStatement {
    Query::select()
        .column(conference::Column::Id)
        .from(conference::Entity)
        .and_where(conference::Column::ErasedAt.is_not_null())
        .to_owned()
}

/// The items about conferences that somebody may not see.
pub fn hidden_from(sight: Sight) -> SelectStatement {
    Query::select()
        .column(feedback::Column::Id)
        .from(feedback::Entity)
        .and_where(feedback::Column::InvitationId.in_subquery(invitations::store::hidden_from(sight)))
        .to_owned()
}

/// Takes a register for this transaction, if its feedback is still wanted: of two processes, one. The
/// conference's row is taken first, as everybody takes it who changes a fact: what is read after is what
/// the letters are written from, and an amendment comes before or after.
pub async fn take(tx: &Tx, id: ConferenceId) -> Result<Option<register::Model>, DbErr> {
    conference::Entity::find_by_id(id).lock(LockType::Update).one(tx.conn()).await?;
    register::Entity::find_by_id(id)
        .filter(register::Column::Feedback.eq(FeedbackWanted::Wanted))
        .lock(LockType::Update)
        .one(tx.conn())
        .await
}

/// Notes that everything owed on a register has been made.
pub async fn done(tx: &Tx, register: register::Model) -> Result<(), DbErr> {
    let mut row = register.into_active_model();
    row.feedback = Set(FeedbackWanted::Made);
    row.update(tx.conn()).await?;
    Ok(())
}

/// The items that stand, oldest first: one that was overtaken before it went told nobody anything, and what was told before
/// it stands.
pub fn items_that_stand() -> Select<feedback::Entity> {
    feedback::Entity::find()
        .filter(feedback::Column::State.ne(ItemState::Overtaken))
        .order_by_asc(feedback::Column::MadeAt)
        .order_by_asc(feedback::Column::Version)
}

/// The newest item of each of these invitations that stands.
pub async fn newest(
    db: &impl ConnectionTrait,
    invitations: impl IntoIterator<Item = InvitationId>,
) -> Result<HashMap<InvitationId, feedback::Model>, DbErr> {
    let ids: Vec<InvitationId> = invitations.into_iter().collect();
    let mut newest = HashMap::new();
    for ids in ids.chunks(BATCH) {
        let items = items_that_stand().filter(feedback::Column::InvitationId.is_in(ids.iter().copied()));
        newest.extend(items.all(db).await?.into_iter().map(|item| (item.invitation_id, item)));
    }
    Ok(newest)
}

/// The number of the next item of a kind about an invitation, from 1.
pub async fn next_version(db: &impl ConnectionTrait, id: InvitationId, kind: Kind) -> Result<i32, DbErr> {
    let of = feedback::Entity::find().filter(feedback::Column::InvitationId.eq(id));
    let of = of.filter(feedback::Column::Kind.eq(kind)).select_only();
    let last = of.column_as(feedback::Column::Version.max(), "last").into_tuple::<Option<i32>>();
    Ok(last.one(db).await?.flatten().unwrap_or(0) + 1)
}

/// One item.
pub async fn by_id(db: &impl ConnectionTrait, id: FeedbackId) -> Result<Option<feedback::Model>, DbErr> {
    feedback::Entity::find_by_id(id).one(db).await
}

/// The conference that an item is about.
pub async fn conference_of(db: &impl ConnectionTrait, id: FeedbackId) -> Result<Option<ConferenceId>, DbErr> {
    let Some(item) = by_id(db, id).await? else { return Ok(None) };
    Ok(invitations::store::by_id(db, item.invitation_id).await?.map(|row| row.conference_id))
}

/// What a reader was told last.
pub struct ToldLast {
    /// The address, where it was a letter; otherwise somebody rang.
    pub address: Option<String>,
    pub item: feedback::Model,
    /// Its letter may only have been delivered.
    pub doubtful: bool,
}

/// What each reader was told last about an invitation.
pub async fn told_last(db: &impl ConnectionTrait, id: InvitationId) -> Result<Vec<ToldLast>, DbErr> {
    let of = feedback::Entity::find().filter(feedback::Column::InvitationId.eq(id));
    let of = of.order_by_asc(feedback::Column::MadeAt).order_by_asc(feedback::Column::Version);
    let items = of.all(db).await?;
    let went = outbox::went_to(db, items.iter().map(|item| item.id.0)).await?;
    let mut last: BTreeMap<Option<String>, ToldLast> = BTreeMap::new();
    for item in items {
        if item.state == ItemState::Telephoned {
            last.insert(None, ToldLast { address: None, item: item.clone(), doubtful: false });
        }
        for (_, to, certain) in went.iter().filter(|(about, ..)| *about == item.id.0) {
            let told = ToldLast { address: Some(to.clone()), item: item.clone(), doubtful: !certain };
            last.insert(Some(to.to_lowercase()), told);
        }
    }
    Ok(last.into_values().collect())
}

/// One item, for this transaction alone.
pub async fn take_item(tx: &Tx, id: FeedbackId) -> Result<Option<feedback::Model>, DbErr> {
    feedback::Entity::find_by_id(id).lock(LockType::Update).one(tx.conn()).await
}

/// Writes a new item.
pub async fn insert(tx: &Tx, item: feedback::Model) -> Result<(), DbErr> {
    feedback::Entity::insert(item.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Moves an item on.
pub async fn set_state(tx: &Tx, item: feedback::Model, state: ItemState) -> Result<(), DbErr> {
    let mut row = item.into_active_model();
    row.state = Set(state);
    row.update(tx.conn()).await?;
    Ok(())
}

/// Has the feedback task look again at the register of an invitation whose letters were made.
pub async fn want_again(tx: &Tx, id: InvitationId) -> Result<(), DbErr> {
    let Some(row) = invitations::store::by_id(tx.conn(), id).await? else { return Ok(()) };
    register::Entity::update_many()
        .col_expr(register::Column::Feedback, Expr::val(FeedbackWanted::Wanted))
        .filter(register::Column::ConferenceId.eq(row.conference_id))
        .filter(register::Column::Feedback.eq(FeedbackWanted::Made))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Every item about an invitation.
pub async fn ids_of(db: &impl ConnectionTrait, id: InvitationId) -> Result<Vec<FeedbackId>, DbErr> {
    let of = feedback::Entity::find().filter(feedback::Column::InvitationId.eq(id));
    of.select_only().column(feedback::Column::Id).into_tuple().all(db).await
}

/// Items that were to be telephoned, and whose messages are in the queue again.
pub async fn posted_again(tx: &Tx, ids: Vec<uuid::Uuid>) -> Result<(), DbErr> {
    for ids in ids.chunks(BATCH) {
        feedback::Entity::update_many()
            .col_expr(feedback::Column::State, Expr::val(ItemState::Posted))
            .filter(feedback::Column::Id.is_in(ids.iter().copied()))
            .filter(feedback::Column::State.eq(ItemState::ToTelephone))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// What comes next for the children of a conference.
#[derive(Clone, Debug, Default)]
pub struct Following {
    /// The next conference that is booked, from today on.
    pub next: Option<conference::Model>,
    /// The day on which an adjourned one was, or will be, taken up again.
    pub reconvened: Option<NaiveDate>,
}

/// Looks for the conferences that follow, by the children's keyed hashes.
pub async fn following(
    db: &impl ConnectionTrait,
    record: &Record,
    today: NaiveDate,
) -> Result<Following, DbErr> {
    let keys = record.children.iter().map(|c| c.child_key.clone());
    let ids: Vec<ConferenceId> = child::Entity::find()
        .select_only()
        .column(child::Column::ConferenceId)
        .filter(child::Column::ChildKey.is_in(keys))
        .into_tuple()
        .all(db)
        .await?;
    let later = conference::Entity::find()
        .filter(conference::Column::Id.is_in(ids))
        .filter(conference::Column::ConferenceDate.gt(record.conference.conference_date))
        .filter(conference::Column::Status.ne(Status::Cancelled))
        // The day of a restricted conference is not told.
        .filter(conference::Column::Restricted.eq(false))
        .order_by_asc(conference::Column::StartsAt)
        .all(db)
        .await?;
    let taken_up = later.first().filter(|c| c.kind == ConferenceType::Reconvened).map(|c| c.conference_date);
    let next = later.into_iter().find(|c| c.status == Status::Scheduled && c.conference_date >= today);
    Ok(Following { next, reconvened: taken_up })
}
