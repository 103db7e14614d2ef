//! The only queries on accounts.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockType, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set, TryInsertResult,
};

use super::AccountId;
use super::entity::{
    account, account_link, kept_form, known_device, provider_token_seen, recovery_code, session,
};
use crate::conferences::CoverId;
use crate::conferences::entity::{cover, named};
use crate::platform::Tx;

pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find().filter(account::Column::Email.eq(email.trim().to_lowercase())).one(db).await
}

/// An account by its address, taken for this transaction: attempts to sign in come one after the other.
pub async fn take_by_email(tx: &Tx, email: &str) -> Result<Option<account::Model>, DbErr> {
    let of = account::Entity::find().filter(account::Column::Email.eq(email.trim().to_lowercase()));
    of.lock(LockType::Update).one(tx.conn()).await
}

pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<account::Model>, DbErr> {
    account::Entity::find().order_by_asc(account::Column::Email).all(db).await
}

pub async fn insert(tx: &Tx, row: account::Model) -> Result<(), DbErr> {
    account::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub async fn save(tx: &Tx, row: account::Model) -> Result<(), DbErr> {
    row.into_active_model().reset_all().update(tx.conn()).await?;
    Ok(())
}

/// Counts a wrong password, or the right one.
pub async fn note_attempt(
    tx: &Tx,
    row: account::Model,
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    let mut row = row.into_active_model();
    (row.failures, row.locked_until) = (Set(failures), Set(locked_until));
    row.update(tx.conn()).await?;
    Ok(())
}

/// A device that an account has signed in from, taken for this transaction.
pub async fn device(tx: &Tx, id: Vec<u8>, of: AccountId) -> Result<Option<known_device::Model>, DbErr> {
    let known = known_device::Entity::find_by_id(id).filter(known_device::Column::AccountId.eq(of));
    known.lock(LockType::Update).one(tx.conn()).await
}

pub async fn know_device(tx: &Tx, row: known_device::Model) -> Result<(), DbErr> {
    known_device::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Notes a device's wrong passwords and its lock.
pub async fn note_device(
    tx: &Tx,
    id: Vec<u8>,
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    known_device::Entity::update_many()
        .col_expr(known_device::Column::Failures, Expr::value(failures))
        .col_expr(known_device::Column::LockedUntil, Expr::value(locked_until))
        .filter(known_device::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Notes that somebody signed in from a device.
pub async fn device_seen(tx: &Tx, id: Vec<u8>, now: DateTime<Utc>) -> Result<(), DbErr> {
    note_device(tx, id.clone(), 0, None).await?;
    let seen = known_device::Entity::update_many().col_expr(known_device::Column::SeenAt, Expr::value(now));
    seen.filter(known_device::Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Forgets the devices of an account: whoever has one of their cookies is a stranger again.
pub async fn forget_devices(tx: &Tx, of: AccountId) -> Result<(), DbErr> {
    known_device::Entity::delete_many()
        .filter(known_device::Column::AccountId.eq(of))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Forgets the devices that were not used since a moment.
pub async fn forget_devices_before(tx: &Tx, moment: DateTime<Utc>) -> Result<(), DbErr> {
    let old = known_device::Entity::delete_many().filter(known_device::Column::SeenAt.lt(moment));
    old.exec(tx.conn()).await?;
    Ok(())
}

/// A session with its account, in one query: every request asks.
pub async fn session(
    db: &impl ConnectionTrait,
    id: Vec<u8>,
) -> Result<Option<(session::Model, account::Model)>, DbErr> {
    let both = session::Entity::find_by_id(id)
        .join(
            JoinType::InnerJoin,
            session::Entity::belongs_to(account::Entity)
                .from(session::Column::AccountId)
                .to(account::Column::Id)
                .into(),
        )
        .select_also(account::Entity);
    Ok(both.one(db).await?.and_then(|(session, account)| Some((session, account?))))
}

pub async fn begin_session(tx: &Tx, row: session::Model) -> Result<(), DbErr> {
    session::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

pub async fn session_seen(tx: &Tx, id: Vec<u8>, now: DateTime<Utc>) -> Result<(), DbErr> {
    let seen = session::Entity::update_many().col_expr(session::Column::SeenAt, Expr::value(now));
    seen.filter(session::Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Ends a session. Says how many that were.
pub async fn end_session(tx: &Tx, id: Vec<u8>) -> Result<u64, DbErr> {
    Ok(session::Entity::delete_by_id(id).exec(tx.conn()).await?.rows_affected)
}

/// Ends the sessions that began, or were last used, before these moments.
pub async fn end_sessions_before(tx: &Tx, began: DateTime<Utc>, seen: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = session::Column::BeganAt.lte(began).or(session::Column::SeenAt.lte(seen));
    Ok(session::Entity::delete_many().filter(old).exec(tx.conn()).await?.rows_affected)
}

pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find_by_id(id).one(db).await
}

/// The sessions of an account, the one used last first.
pub async fn sessions_of(db: &impl ConnectionTrait, id: AccountId) -> Result<Vec<session::Model>, DbErr> {
    let of = session::Entity::find().filter(session::Column::AccountId.eq(id));
    of.order_by_desc(session::Column::SeenAt).all(db).await
}

/// An account by its id, taken for this transaction.
pub async fn take(tx: &Tx, id: AccountId) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find_by_id(id).lock(LockType::Update).one(tx.conn()).await
}

/// Cover that holds on a day or later, the earliest first.
pub async fn covers(db: &impl ConnectionTrait, today: NaiveDate) -> Result<Vec<cover::Model>, DbErr> {
    let living = cover::Entity::find().filter(cover::Column::UntilDay.gte(today));
    living.order_by_asc(cover::Column::FromDay).all(db).await
}

pub async fn add_cover(tx: &Tx, row: cover::Model) -> Result<(), DbErr> {
    cover::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Ends cover. Gives back what it was.
pub async fn end_cover(tx: &Tx, id: CoverId) -> Result<Option<cover::Model>, DbErr> {
    let found = cover::Entity::find_by_id(id).one(tx.conn()).await?;
    cover::Entity::delete_by_id(id).exec(tx.conn()).await?;
    Ok(found)
}

/// How many accounts there are.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    account::Entity::find().count(db).await
}

pub async fn add_link(tx: &Tx, row: account_link::Model) -> Result<(), DbErr> {
    account_link::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// A link that can still be used.
pub async fn link(
    db: &impl ConnectionTrait,
    hash: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<Option<account_link::Model>, DbErr> {
    let living = account_link::Entity::find_by_id(hash).filter(account_link::Column::ExpiresAt.gt(now));
    living.one(db).await
}

/// Uses a link up. Says whether it was there: of two who use it at once, one has it.
pub async fn use_link(tx: &Tx, hash: Vec<u8>) -> Result<bool, DbErr> {
    Ok(account_link::Entity::delete_by_id(hash).exec(tx.conn()).await?.rows_affected == 1)
}

/// Ends the links of an account, or those for the first account of all.
pub async fn end_links(tx: &Tx, id: Option<AccountId>) -> Result<(), DbErr> {
    let of = match id {
        Some(id) => account_link::Column::AccountId.eq(id),
        None => account_link::Column::AccountId.is_null(),
    };
    account_link::Entity::delete_many().filter(of).exec(tx.conn()).await?;
    Ok(())
}

/// Removes the links that have ended.
pub async fn end_old_links(tx: &Tx, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = account_link::Column::ExpiresAt.lte(now);
    Ok(account_link::Entity::delete_many().filter(old).exec(tx.conn()).await?.rows_affected)
}

/// Puts new recovery codes in the place of those that an account had.
pub async fn set_recovery_codes(tx: &Tx, id: AccountId, hashes: Vec<Vec<u8>>) -> Result<(), DbErr> {
    let of = recovery_code::Column::AccountId.eq(id);
    recovery_code::Entity::delete_many().filter(of).exec(tx.conn()).await?;
    let rows =
        hashes.into_iter().map(|hash| recovery_code::Model { hash, account_id: id }.into_active_model());
    recovery_code::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Forgets the recovery codes of an account.
pub async fn forget_recovery_codes(tx: &Tx, id: AccountId) -> Result<(), DbErr> {
    let of = recovery_code::Column::AccountId.eq(id);
    recovery_code::Entity::delete_many().filter(of).exec(tx.conn()).await?;
    Ok(())
}

/// Uses a recovery code up. Says whether there was such a one.
pub async fn use_recovery_code(tx: &Tx, hash: Vec<u8>) -> Result<bool, DbErr> {
    Ok(recovery_code::Entity::delete_by_id(hash).exec(tx.conn()).await?.rows_affected == 1)
}

/// How many recovery codes an account has left.
pub async fn recovery_codes(db: &impl ConnectionTrait, id: AccountId) -> Result<u64, DbErr> {
    recovery_code::Entity::find().filter(recovery_code::Column::AccountId.eq(id)).count(db).await
}

/// Ends the sessions of an account but one.
pub async fn end_other_sessions(tx: &Tx, id: AccountId, but: &[u8]) -> Result<u64, DbErr> {
    let others = session::Entity::delete_many().filter(session::Column::AccountId.eq(id));
    Ok(others.filter(session::Column::Id.ne(but)).exec(tx.conn()).await?.rows_affected)
}

/// Ends every session of an account.
pub async fn end_sessions(tx: &Tx, id: AccountId) -> Result<u64, DbErr> {
    let ended =
        session::Entity::delete_many().filter(session::Column::AccountId.eq(id)).exec(tx.conn()).await?;
    Ok(ended.rows_affected)
}

/// Ends every session.
pub async fn end_all_sessions(tx: &Tx) -> Result<(), DbErr> {
    session::Entity::delete_many().exec(tx.conn()).await?;
    Ok(())
}

/// The account of somebody whom the identity provider calls so, taken for this transaction.
pub async fn by_provider(tx: &Tx, subject: &str) -> Result<Option<account::Model>, DbErr> {
    let of = account::Entity::find().filter(account::Column::ProviderSubject.eq(subject));
    of.lock(LockType::Update).one(tx.conn()).await
}

/// Ends the sessions that began with one at the identity provider.
pub async fn end_provider_sessions(tx: &Tx, session: &str) -> Result<u64, DbErr> {
    let of = session::Entity::delete_many().filter(session::Column::ProviderSession.eq(session));
    Ok(of.exec(tx.conn()).await?.rows_affected)
}

/// Notes a logout token. `false`: it was taken before.
pub async fn see_provider_token(tx: &Tx, id: String, until: DateTime<Utc>) -> Result<bool, DbErr> {
    let row = provider_token_seen::Model { id, until }.into_active_model();
    let seen = provider_token_seen::Entity::insert(row)
        .on_conflict_do_nothing_on([provider_token_seen::Column::Id])
        .exec_without_returning(tx.conn())
        .await?;
    Ok(matches!(seen, TryInsertResult::Inserted(1..)))
}

/// Keeps a form while somebody is at the identity provider, in the place of one that they had there.
pub async fn keep_form(
    tx: &Tx,
    account_id: AccountId,
    id: Vec<u8>,
    kept: String,
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    kept_form::Entity::delete_by_id(account_id).exec(tx.conn()).await?;
    let row = kept_form::Model { account_id, id, kept, until }.into_active_model();
    kept_form::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Takes a kept form, once.
pub async fn take_kept_form(tx: &Tx, id: Vec<u8>, now: DateTime<Utc>) -> Result<Option<String>, DbErr> {
    let of = kept_form::Entity::find().filter(kept_form::Column::Id.eq(id));
    let Some(form) = of.one(tx.conn()).await? else { return Ok(None) };
    kept_form::Entity::delete_by_id(form.account_id).exec(tx.conn()).await?;
    Ok(Some(form).filter(|form| form.until > now).map(|form| form.kept))
}

/// Forgets logout tokens and kept forms that have had their time.
pub async fn forget_of_provider(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    let tokens = provider_token_seen::Entity::delete_many();
    tokens.filter(provider_token_seen::Column::Until.lte(now)).exec(tx.conn()).await?;
    let forms = kept_form::Entity::delete_many().filter(kept_form::Column::Until.lte(now));
    forms.exec(tx.conn()).await?;
    Ok(())
}

/// Forgets what was granted to an account: names on restricted conferences, cover, services and agencies.
pub async fn forget_grants(tx: &Tx, id: AccountId) -> Result<(), DbErr> {
    let names = named::Entity::delete_many().filter(named::Column::AccountId.eq(id.0));
    names.filter(named::Column::Until.is_null()).exec(tx.conn()).await?;
    cover::Entity::delete_many().filter(cover::Column::AccountId.eq(id.0)).exec(tx.conn()).await?;
    for table in ["account_service", "account_agency"] {
        let of = Expr::col(Alias::new("account_id")).eq(id);
        let forget = Query::delete().from_table(Alias::new(table)).and_where(of).to_owned();
        tx.conn().execute(&forget).await?;
    }
    Ok(())
}
