//! Destroying what has had its time, with a certificate of each run.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::class::{Class, Periods};
use super::entity::destruction;
use super::{DestructionId, store};
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::outbox;
use crate::platform::{Db, Keys};
use crate::schedule;

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

    /// What would be destroyed now: the dry run.
    pub async fn due(&self, class: Class) -> Result<Due, DbErr> {
        let (db, until) = (self.db.read(), self.until(class));
        let (due, held) = match class {
            Class::Register => store::registers_due(db, until).await?,
            Class::AuditText => {
                let kept = store::held_objects(db).await?;
                let before = self.before(class);
                let due = audit::texts_before(db, before, &kept).await?;
                (due, audit::texts_before(db, before, &[]).await? - due)
            }
            Class::MailText => {
                (outbox::texts_before(db, self.before(class), store::held_feedback()).await?, 0)
            }
            Class::TaskRuns => (schedule::runs_before(db, self.before(class)).await?, 0),
        };
        Ok(Due { class, until, due, held })
    }

    /// Destroys what is due of a class. Gives back the certificate, if there was anything.
    pub async fn destroy(&self, class: Class) -> Result<Option<DestructionId>, DbErr> {
        let Due { until, held, due, .. } = self.due(class).await?;
        if due == 0 {
            return Ok(None);
        }
        let mut destroyed = 0;
        if class == Class::Register {
            let eraser = store::Eraser::new(self.now);
            loop {
                let tx = self.db.begin("erase registers").await?;
                let rows = store::take_due(&tx, until, BATCH).await?;
                if rows.is_empty() {
                    break;
                }
                destroyed += rows.len() as u64;
                eraser.erase(&tx, self.keys, rows).await?;
                tx.commit().await?;
            }
        }
        let tx = self.db.begin("destroy, and certify").await?;
        let before = self.before(class);
        let mut erase_texts = None;
        match class {
            Class::Register => {}
            Class::AuditText => erase_texts = Some(store::held_objects(tx.conn()).await?),
            Class::MailText => {
                destroyed = outbox::erase_texts_before(&tx, before, store::held_feedback()).await?;
            }
            Class::TaskRuns => destroyed = schedule::forget_runs_before(&tx, before).await?,
        }
        if let Some(kept) = erase_texts {
            let (keys, actor, now) = (self.keys, self.actor, self.now);
            destroyed = audit::erase_texts_before(&tx, keys, actor, now, before, &kept).await?;
        }
        let id = DestructionId::new();
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let row = destruction::Model {
            id,
            at: self.now,
            by_name: self.actor.name.clone(),
            class,
            until_day: until,
            destroyed: count(destroyed),
            held: count(held),
        };
        let payload = json!({ "class": class, "until": until, "destroyed": destroyed, "held": held });
        store::certify(&tx, row).await?;
        let event = Event { action: "retention.destroyed", object: id.to_string(), payload };
        audit::record(&tx, self.keys, self.actor, self.now, vec![event]).await?;
        tx.commit().await?;
        Ok(Some(id))
    }
}
