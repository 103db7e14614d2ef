//! Sessions on the server, in the database. The cookie's id is stored only as a hash.

use chrono::{DateTime, TimeZone, Utc};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use sha2::{Digest, Sha256};
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::AccountId;
use super::entity::session;
use super::may::ACCOUNT;
use crate::platform::{Clock, Db};

/// The store that the session layer uses.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
}

fn hashed(id: &Id) -> Vec<u8> {
    Sha256::digest(id.0.to_be_bytes()).to_vec()
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Backend(e.to_string())
}

impl Sessions {
    fn row(&self, record: &Record) -> Result<session::Model> {
        let account =
            record.data.get(ACCOUNT).and_then(|id| serde_json::from_value::<AccountId>(id.clone()).ok());
        let ends = record.expiry_date.unix_timestamp();
        Ok(session::Model {
            id: hashed(&record.id),
            account_id: account,
            data: serde_json::to_vec(&record.data).map_err(|e| Error::Encode(e.to_string()))?,
            expires_at: Utc.timestamp_opt(ends, 0).single().ok_or_else(|| failed("an impossible expiry"))?,
        })
    }

    async fn write(&self, record: &Record) -> std::result::Result<(), Error> {
        let row = self.row(record)?;
        let tx = self.db.begin("save session").await.map_err(failed)?;
        session::Entity::delete_by_id(row.id.clone()).exec(tx.conn()).await.map_err(failed)?;
        let insert = session::Entity::insert(row.into_active_model());
        insert.exec_without_returning(tx.conn()).await.map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

#[async_trait::async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits: a collision is not to be expected, and would take over a session.
        while self.load(&record.id).await?.is_some() {
            record.id = Id::default();
        }
        self.write(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.write(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = session::Entity::find_by_id(hashed(id)).one(self.db.read()).await.map_err(failed)?;
        let Some(row) = found.filter(|row| row.expires_at > self.clock.now()) else { return Ok(None) };
        let data = serde_json::from_slice(&row.data).map_err(|e| Error::Decode(e.to_string()))?;
        let expiry_date =
            time::OffsetDateTime::from_unix_timestamp(row.expires_at.timestamp()).map_err(failed)?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let tx = self.db.begin("end session").await.map_err(failed)?;
        session::Entity::delete_by_id(hashed(id)).exec(tx.conn()).await.map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

/// Removes the sessions that have ended (a scheduled task). Says how many.
pub async fn forget_ended(db: &Db, now: DateTime<Utc>) -> std::result::Result<u64, DbErr> {
    let tx = db.begin("forget ended sessions").await?;
    let ended =
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(now)).exec(tx.conn()).await?;
    tx.commit().await?;
    Ok(ended.rows_affected)
}
