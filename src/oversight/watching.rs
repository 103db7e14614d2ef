//! The task: looks, writes down what is new and what is settled, tells those who look after the service once, and gives
//! a sign of life while all is well.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, SqlErr};
use uuid::Uuid;

use super::entity::finding;
use super::heartbeat::beat;
use super::looking::{Expectations, Found, look};
use super::notice::{FOUND, Notice};
use super::{FindingId, FindingKind, store};
use crate::access::{self, Role};
use crate::outbox::{self, Letterhead, NoticeError};
use crate::platform::Db;

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Found for the first time.
    pub new: usize,
    /// So no more.
    pub settled: usize,
    /// What is not as it should be now.
    pub open: usize,
    /// Why the sign of life could not be given.
    pub no_heartbeat: Option<String>,
}

/// Looks once. `address`: where people find the service. `heartbeat`: called while all is well; empty for none.
pub async fn watch(
    db: &Db,
    letterhead: &Letterhead,
    expected: &Expectations<'_>,
    address: &str,
    heartbeat: &str,
    now: DateTime<Utc>,
) -> Result<Watched, NoticeError> {
    let found: BTreeSet<Found> = look(db.read(), expected, now).await?.into_iter().collect();
    let known = store::open(db.read()).await?;
    let is = |row: &finding::Model, of: &Found| row.kind == of.kind && row.object == of.object;
    let mut done = Watched { open: found.len(), ..Watched::default() };
    let new: Vec<Found> = found.iter().filter(|of| !known.iter().any(|row| is(row, of))).cloned().collect();
    let settled = known.into_iter().filter(|row| !found.iter().any(|of| is(row, of)));
    let settled: Vec<finding::Model> = settled.collect();
    if !new.is_empty() || !settled.is_empty() {
        (done.new, done.settled) = (new.len(), settled.len());
        match write(db, letterhead, new, settled, address, now).await {
            // Another process looked at the same moment, and told.
            Err(NoticeError::Db(e)) if matches!(e.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                done.new = 0;
            }
            other => other?,
        }
    }
    if found.is_empty() && !heartbeat.is_empty() {
        done.no_heartbeat = beat(heartbeat.to_owned()).await.err();
    }
    Ok(done)
}

async fn write(
    db: &Db,
    letterhead: &Letterhead,
    new: Vec<Found>,
    settled: Vec<finding::Model>,
    address: &str,
    now: DateTime<Utc>,
) -> Result<(), NoticeError> {
    let tx = db.begin("write down what was found").await?;
    let told = match new.is_empty() || !letterhead.is_set_up() {
        true => Vec::new(),
        false => keepers(tx.conn()).await?,
    };
    let mut kinds: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for of in new {
        *kinds.entry(of.kind).or_default() += 1;
        let row = finding::Model {
            id: FindingId::new(),
            kind: of.kind,
            object: of.object,
            conference_id: of.conference,
            found_at: now,
            told_at: (!told.is_empty()).then_some(now),
            gone_at: None,
        };
        store::insert(&tx, row).await?;
    }
    let notice = Notice {
        reference: String::new(),
        found: kinds.iter().map(|(kind, n)| format!("{n} × {}", kind.label())).collect(),
        link: format!("{address}/oversight"),
    };
    let about = Uuid::now_v7();
    for keeper in told {
        outbox::tell(&tx, letterhead, FOUND, about, &keeper, &notice, now).await?;
    }
    for row in settled {
        store::gone(&tx, row, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Those who look after the service: conference administrators and system administrators.
async fn keepers(db: &impl sea_orm::ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let all = access::store::all(db).await?;
    let keeps = |role| matches!(role, Role::Administrator | Role::SystemAdministrator);
    let keepers = all.into_iter().filter(|a| keeps(a.role) && a.disabled_at.is_none());
    Ok(keepers.map(|a| a.email).collect())
}
