//! The dispatcher: claims what is due, asks whether it may still go, sends, settles.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use uuid::Uuid;

use super::store::{Settlement, claim, settle};
use super::{Claim, MessageId};
use crate::mail::{SendError, Transport};
use crate::platform::{Db, Tx};
use futures_util::future::join_all;

/// Messages under way at once: one SMTP connection carries about 22 a second.
const AT_ONCE: u64 = 8;

/// Whether a message may still go, asked at the moment of sending.
pub enum Fate {
    /// It may.
    Send,
    /// It may, and not before this moment.
    Wait(DateTime<Utc>, String),
    /// It may not any more.
    Cancel(String),
}

/// What the dispatcher needs from those whose messages it carries.
pub trait Delivery: Sync {
    /// Asked just before sending: the state may have changed since the message was posted.
    fn fate(&self, claim: &Claim, now: DateTime<Utc>) -> impl Future<Output = Result<Fate, DbErr>> + Send;
    /// When to try again after a passing error; `None` to give up.
    fn next_attempt(&self, posted_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>>;
    /// Told in the transaction that gives a message up, or cancels it.
    fn ended(&self, tx: &Tx, about: Uuid, end: End) -> impl Future<Output = Result<(), DbErr>> + Send;
}

/// How a message ended without being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Given up.
    GivenUp,
    /// Cancelled at the moment of sending.
    Cancelled,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Accepted by the mail server, or written to the folder.
    pub sent: u32,
    /// To be tried again.
    pub put_off: u32,
    /// Given up.
    pub failed: u32,
    /// Not sent, for they no longer hold.
    pub cancelled: u32,
}

/// Sends everything that is due.
pub async fn dispatch(
    db: &Db,
    transport: &Transport,
    from: &str,
    delivery: &impl Delivery,
    now: impl Fn() -> DateTime<Utc>,
) -> Result<Dispatched, DbErr> {
    let mut done = Dispatched::default();
    loop {
        let tx = db.begin("claim messages").await?;
        let claims = claim(&tx, AT_ONCE, now()).await?;
        tx.commit().await?;
        if claims.is_empty() {
            return Ok(done);
        }
        let mut under_way = Vec::with_capacity(claims.len());
        for claim in claims {
            let settlement = match delivery.fate(&claim, now()).await {
                Ok(Fate::Cancel(why)) => Some(Settlement::Cancelled(why)),
                Ok(Fate::Wait(until, why)) => Some(Settlement::Retry(until, why)),
                Ok(Fate::Send) => None,
                // The lease is given back: nothing has gone.
                Err(e) => Some(Settlement::Retry(now() + TimeDelta::minutes(1), e.to_string())),
            };
            under_way.push((claim, settlement));
        }
        let sending = under_way.into_iter().map(|(claim, settled)| async move {
            let result = match settled {
                Some(settled) => Err(settled),
                None => {
                    Ok(transport.send(&file_name(claim.id), from, &claim.recipient, &claim.message).await)
                }
            };
            (claim, result)
        });
        for (claim, result) in join_all(sending).await {
            let settlement = match result {
                Err(settled) => settled,
                Ok(Ok(())) => Settlement::Sent,
                Ok(Err(SendError::Permanent(error))) => Settlement::Failed(error),
                Ok(Err(SendError::Transient(error))) => match delivery.next_attempt(claim.posted_at, now()) {
                    Some(at) => Settlement::Retry(at, error),
                    None => Settlement::Failed(error),
                },
            };
            match &settlement {
                Settlement::Sent => done.sent += 1,
                Settlement::Retry(..) => done.put_off += 1,
                Settlement::Failed(_) => done.failed += 1,
                Settlement::Cancelled(_) => done.cancelled += 1,
            }
            let end = match &settlement {
                Settlement::Failed(_) => Some(End::GivenUp),
                Settlement::Cancelled(_) => Some(End::Cancelled),
                _ => None,
            };
            let tx = db.begin("settle message").await?;
            settle(&tx, &claim, now(), settlement).await?;
            if let Some(end) = end {
                delivery.ended(&tx, claim.about, end).await?;
            }
            tx.commit().await?;
        }
    }
}

fn file_name(id: MessageId) -> String {
    id.to_string()
}
