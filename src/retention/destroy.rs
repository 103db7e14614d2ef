//! Destroying what has had its time, with a certificate of each run.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::class::{Class, Periods};
use super::entity::destruction;
use super::eraser::Eraser;
use super::{DestructionId, store};
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::outbox;
use crate::platform::{Db, Keys, Tx};
use crate::schedule;

/// A register of which something was recorded, confirmed or amended in the last year is not due, whatever its date
/// says: nobody has a register erased by moving its date.
const SETTLED_DAYS: i64 = 365;

/// Why nothing was destroyed.
#[derive(Debug, thiserror::Error)]
pub enum ShredError {
    /// What is wrong is to be understood before anything more goes.
    #[error(
        "the audit trail does not stand at {0}: nothing of it is erased before somebody has looked into that"
    )]
    Trail(audit::Broken),
    /// The database refused.
    #[error("database: {0}")]
    Db(#[from] DbErr),
}

/// Registers erased in one transaction: nobody else waits long.
const BATCH: u64 = 100;

/// What is due of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The class.
    pub class: Class,
    /// The last day that has had its time.
    pub until: NaiveDate,
    /// How much would be destroyed now.
    pub due: u64,
    /// How much of what had its time stays, under a legal hold; counted for registers.
    pub held: u64,
}

/// What destroying is done with.
#[derive(Clone, Copy, Debug)]
pub struct Shredder<'a> {
    /// The database.
    pub db: &'a Db,
    /// The keys.
    pub keys: &'a Keys,
    /// The periods.
    pub periods: Periods,
    /// Who destroys.
    pub actor: &'a Actor,
    /// When.
    pub now: DateTime<Utc>,
}

impl Shredder<'_> {
    fn until(&self, class: Class) -> NaiveDate {
        self.periods.of(class).over_until(london::date(self.now))
    }

    /// The first moment that has not had its time yet.
    fn before(&self, class: Class) -> DateTime<Utc> {
        let next = self.until(class).succ_opt().expect("days go on");
        london::to_utc_or_after(next, NaiveTime::MIN)
    }

    /// Since when nothing may have been recorded of a register that is due.
    fn settled(&self) -> DateTime<Utc> {
        self.now - TimeDelta::days(SETTLED_DAYS)
    }

    /// What would be destroyed now: the dry run.
    pub async fn due(&self, class: Class) -> Result<Due, DbErr> {
        let (db, until) = (self.db.read(), self.until(class));
        let (due, held) = match class {
            Class::Register => store::registers_due(db, until, self.settled()).await?,
            Class::AuditText => {
                let kept = store::held_objects(db).await?;
                let before = self.before(class);
                let due = audit::texts_before(db, before, &kept).await?;
                (due, audit::texts_before(db, before, &[]).await? - due)
            }
            Class::MailText => {
                (outbox::texts_before(db, self.before(class), store::held_messages()).await?, 0)
            }
            Class::TaskRuns => (schedule::runs_before(db, self.before(class)).await?, 0),
        };
        Ok(Due { class, until, due, held })
    }

    /// Destroys what is due of a class. Gives back the certificate, if there was anything.
    pub async fn destroy(&self, class: Class) -> Result<Option<DestructionId>, ShredError> {
        let due = self.due(class).await?;
        if class == Class::Register {
            self.forget_holds().await?;
        }
        if due.due == 0 {
            return Ok(None);
        }
        let id = DestructionId::new();
        if class == Class::Register {
            self.erase_registers(id, due).await?;
            self.forget_holds().await?;
            self.db.sweep().await?;
            return Ok(Some(id));
        }
        let tx = self.db.begin("destroy, and certify").await?;
        if class == Class::AuditText
            && let Err(broken) = audit::verify(tx.conn(), self.keys).await?
        {
            return Err(ShredError::Trail(broken));
        }
        let before = self.before(class);
        let destroyed = match class {
            Class::MailText => outbox::erase_texts_before(&tx, before, store::held_messages()).await?,
            Class::TaskRuns => schedule::forget_runs_before(&tx, before).await?,
            Class::AuditText | Class::Register => {
                let kept = store::held_objects(tx.conn()).await?;
                audit::erase_texts_before(&tx, self.keys, self.actor, self.now, before, &kept).await?
            }
        };
        self.certify(&tx, id, due, destroyed, destroyed).await?;
        tx.commit().await?;
        if class.by_hand() {
            self.db.sweep().await?;
        }
        Ok(Some(id))
    }

    async fn forget_holds(&self) -> Result<(), DbErr> {
        let tx = self.db.begin("forget holds that ended").await?;
        store::forget_holds(&tx, self.before(Class::Register)).await?;
        tx.commit().await
    }

    /// Erases registers, some at a time: the certificate grows with each, so that a run that is broken off has
    /// certified what it did.
    async fn erase_registers(&self, id: DestructionId, due: Due) -> Result<(), DbErr> {
        let eraser = Eraser::new(self.now);
        let mut destroyed = 0;
        loop {
            let tx = self.db.begin("erase registers").await?;
            let rows = store::take_due(&tx, due.until, self.settled(), BATCH).await?;
            if rows.is_empty() {
                break;
            }
            let these = rows.len() as u64;
            destroyed += these;
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            let objects = store::objects_of(tx.conn(), &ids).await?;
            eraser.erase(&tx, self.keys, rows).await?;
            eraser.forget_children(&tx, self.keys).await?;
            // What the trail says of them goes with them, whenever it was said.
            audit::erase_texts_of(&tx, self.keys, self.actor, self.now, &objects).await?;
            self.certify(&tx, id, due, destroyed, these).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn certify(
        &self,
        tx: &Tx,
        id: DestructionId,
        due: Due,
        destroyed: u64,
        these: u64,
    ) -> Result<(), DbErr> {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let Due { class, until, held, .. } = due;
        let row = destruction::Model {
            id,
            at: self.now,
            by_name: self.actor.name.clone(),
            period: self.periods.of(class).words(),
            class,
            until_day: until,
            destroyed: count(destroyed),
            held: count(held),
        };
        store::certify(tx, row).await?;
        let payload = json!({ "class": class, "until": until, "destroyed": these, "held": held });
        let event = Event { action: "retention.destroyed", object: id.to_string(), payload };
        audit::record(tx, self.keys, self.actor, self.now, vec![event]).await
    }
}
