//! The dispatcher: claims what is due, asks whether it may still go, sends, settles.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use sea_orm::DbErr;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::released::{release_abandoned, release_held_up};
use super::store::{Settled, Settlement, claim, give_back, settle};
use super::{Claim, notice, pause};
use crate::mail::{SendError, Transport};
use crate::platform::{Db, Tx};

/// How fast the post goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Messages under way at once.
    pub at_once: usize,
    /// Time between the starts of two messages.
    pub gap: Duration,
    /// The longest exchange about one message.
    pub timeout: Duration,
}

impl Pace {
    /// Longer than a message waits for a sender that is in an exchange, and for its turn, is exchanged itself,
    /// and settled.
    fn lease(&self) -> TimeDelta {
        let turns = self.gap * u32::try_from(self.at_once).unwrap_or(u32::MAX);
        TimeDelta::from_std(2 * self.timeout + turns).unwrap_or(TimeDelta::hours(1)) + TimeDelta::seconds(30)
    }
}

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
    /// When to try again, after a passing error; `None` to give up.
    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>>;
    /// Told in the transaction that gives a message up, or cancels it.
    fn ended(
        &self,
        tx: &Tx,
        claim: &Claim,
        end: End,
        at: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), DbErr>> + Send;
    /// Told in the transaction that notes a message as sent.
    fn sent(
        &self,
        _tx: &Tx,
        _claim: &Claim,
        _at: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), DbErr>> + Send {
        async { Ok(()) }
    }
}

/// How a message ended without being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server refused the recipient or the message for good.
    Refused,
    /// Given up: it could not be handed over in all that time.
    GivenUp,
    /// Cancelled at the moment of sending.
    Cancelled,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Accepted by the mail server, or written to the folder.
    pub sent: u32,
    /// To be tried again.
    pub put_off: u32,
    /// Given up.
    pub failed: u32,
    /// Not sent, for they no longer hold.
    pub cancelled: u32,
    /// Why the rest was left for a later run: the mail server cannot be used, or somebody holds the post back.
    pub left: Option<String>,
}

/// What a run works with.
pub struct Carrier<'a, D> {
    /// The database.
    pub db: &'a Db,
    /// The way out.
    pub transport: &'a Transport,
    /// The envelope's sender.
    pub from: &'a str,
    /// Whose messages they are.
    pub delivery: &'a D,
    /// How fast.
    pub pace: Pace,
    /// When the next message may start, from run to run.
    pub turn: &'a Mutex<Option<Instant>>,
    /// Told to stop: what is under way ends, nothing more is begun.
    pub stop: &'a CancellationToken,
}

/// How often a run looks whether somebody holds the post back.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// So many refusals one after the other are no accident of one address: the rest waits for the next run.
const REFUSALS: u32 = 5;

/// So many processes that ended while they sent one letter are no accident: a person looks at it.
const ABANDONED: i32 = 20;

/// What the senders of one run share.
#[derive(Default)]
struct Round {
    claimed: VecDeque<Claim>,
    /// There was nothing more to claim.
    drained: bool,
    /// Nothing more is begun.
    closed: bool,
    /// When somebody last looked whether the post is held back.
    looked: Option<Instant>,
    /// Refusals since the last message that was accepted.
    refusals: u32,
    done: Dispatched,
}

impl<D: Delivery> Carrier<'_, D> {
    /// Sends everything that is due, in the order in which it was posted. One message goes first: while
    /// the mail server cannot be used, that one is put off and the rest is left for the next run.
    pub async fn dispatch(&self, now: impl Fn() -> DateTime<Utc> + Sync) -> Result<Dispatched, DbErr> {
        let tx = self.db.begin("release abandoned messages").await?;
        release_abandoned(&tx, now()).await?;
        tx.commit().await?;
        let round = Mutex::new(Round::default());
        let ended = self.carry_all(&round, &now).await;
        let round = round.into_inner();
        // However it ended: what was claimed and not tried is as it was.
        if !round.claimed.is_empty() {
            let tx = self.db.begin("give messages back").await?;
            give_back(&tx, &round.claimed).await?;
            tx.commit().await?;
        }
        ended.map(|left| Dispatched { left: left.or(round.done.left), ..round.done })
    }

    /// Sends one, and if that gets through, or was refused for itself, the others. Says why it left them.
    async fn carry_all(
        &self,
        round: &Mutex<Round>,
        now: &(impl Fn() -> DateTime<Utc> + Sync),
    ) -> Result<Option<String>, DbErr> {
        if let Some(first) = self.next(round, 1, now).await? {
            self.carry(first, round, now).await?;
            // All in their order, and bundled as after any outage: with the next run, which is seconds away.
            let gets_through = round.lock().await.done.sent > 0;
            if gets_through && self.releases_held_up(now()).await {
                return Ok(Some("the mail server can be used again".to_owned()));
            }
        }
        // All are polled together: on SQLite there is one writer, and a sender that waits for it must not
        // keep the one that has it from going on.
        let senders = (0..self.pace.at_once).map(|_| async {
            while let Some(claim) = self.next(round, self.pace.at_once, now).await? {
                self.carry(claim, round, now).await?;
            }
            Ok::<_, DbErr>(())
        });
        let ended = join_all(senders).await;
        // The first may have been refused for itself, and others have gone.
        let gets_through = {
            let round = round.lock().await;
            round.done.sent > 0 && !round.closed
        };
        if gets_through {
            self.releases_held_up(now()).await;
        }
        ended.into_iter().collect::<Result<(), _>>().map(|()| None)
    }

    /// The next message, when its turn has come.
    async fn next(
        &self,
        shared: &Mutex<Round>,
        at_once: usize,
        now: &(impl Fn() -> DateTime<Utc> + Sync),
    ) -> Result<Option<Claim>, DbErr> {
        let mut round = shared.lock().await;
        if round.closed || self.stop.is_cancelled() {
            return Ok(None);
        }
        if round.claimed.is_empty() && !round.drained {
            let tx = self.db.begin("claim messages").await?;
            let claimed = claim(&tx, at_once as u64, now(), self.pace.lease()).await?;
            tx.commit().await?;
            round.claimed = claimed.into();
        }
        let Some(claim) = round.claimed.pop_front() else {
            round.drained = true;
            return Ok(None);
        };
        drop(round);
        let turn = {
            let mut turn = self.turn.lock().await;
            let mine = turn.map_or_else(Instant::now, |turn| turn.max(Instant::now()));
            *turn = Some(mine + self.pace.gap);
            mine
        };
        tokio::select! {
            () = tokio::time::sleep_until(turn) => {}
            () = self.stop.cancelled() => {}
        }
        let mut round = shared.lock().await;
        // Looked at all along: who holds the post back does not want to see hundreds more go.
        if round.looked.is_none_or(|at| at.elapsed() > LOOKS_EVERY) {
            round.looked = Some(Instant::now());
            match pause::held_back(self.db.read()).await {
                Ok(None) => {}
                Ok(Some(pause)) => {
                    round.closed = true;
                    round.done.left = Some(format!("the post is held back: {}", pause.why));
                }
                Err(e) => {
                    round.claimed.push_front(claim);
                    return Err(e);
                }
            }
        }
        if round.closed || self.stop.is_cancelled() {
            round.claimed.push_front(claim);
            return Ok(None);
        }
        Ok(Some(claim))
    }

    /// Has what waited for the mail server be due; whether there was any.
    async fn releases_held_up(&self, now: DateTime<Utc>) -> bool {
        let released = async {
            let tx = self.db.begin("the mail server can be used").await?;
            let released = release_held_up(&tx, now).await?;
            tx.commit().await?;
            Ok::<_, DbErr>(released > 0)
        };
        // Where it cannot be done each goes at its own next try.
        released.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what waited for the mail server waits on");
            false
        })
    }

    /// When a message is tried again after a passing error; `None` to give it up.
    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match claim.is_notice {
            true => notice::next_attempt(claim.due_since, now),
            false => self.delivery.next_attempt(claim, now),
        }
    }

    async fn carry(
        &self,
        claim: Claim,
        round: &Mutex<Round>,
        now: &(impl Fn() -> DateTime<Utc> + Sync),
    ) -> Result<(), DbErr> {
        let (mut not_out, mut refused, mut permanent) = (None, false, false);
        let fate = match claim.is_notice {
            true => Ok(Fate::Send),
            false => self.delivery.fate(&claim, now()).await,
        };
        let settlement = match fate {
            Ok(Fate::Cancel(why)) => Settlement::Cancelled(why),
            Ok(Fate::Wait(until, why)) => Settlement::Wait { until, why },
            Ok(Fate::Send) if claim.abandoned >= ABANDONED => {
                let why = format!("{} processes ended while they sent it", claim.abandoned);
                Settlement::Failed { why, may_be_out: true }
            }
            // Nothing has gone.
            Err(e) => {
                tracing::error!(message = %claim.id, error = %e, "whether a message may still go cannot be found out");
                // Not tried is not given up.
                let at = self.next_attempt(&claim, now()).unwrap_or(now() + TimeDelta::hours(1));
                Settlement::Retry { at, why: e.to_string(), may_be_out: false, held_up: false }
            }
            Ok(Fate::Send) => {
                let name = claim.id.to_string();
                match self.transport.send(&name, self.from, &claim.recipient, &claim.message).await {
                    Ok(()) => Settlement::Sent,
                    Err(SendError::Permanent(why)) => {
                        (refused, permanent) = (true, true);
                        Settlement::Failed { why, may_be_out: false }
                    }
                    Err(error) => {
                        refused = true;
                        let (why, may_be_out) = (error.to_string(), matches!(error, SendError::Unsure(_)));
                        if !matches!(error, SendError::Transient(_)) {
                            not_out = Some(why.clone());
                        }
                        let held_up = matches!(error, SendError::Unavailable(_));
                        match self.next_attempt(&claim, now()) {
                            Some(at) => Settlement::Retry { at, why, may_be_out, held_up },
                            None => Settlement::Failed { why, may_be_out },
                        }
                    }
                }
            }
        };
        let settled = settlement.outcome();
        let at = now();
        // A writer that is busy for a minute (a large import on SQLite) must not make a letter that went go again.
        let tx = match self.db.begin("settle message").await {
            Ok(tx) => tx,
            Err(_) => self.db.begin("settle message").await?,
        };
        let ours = settle(&tx, &claim, at, settlement).await?;
        let end = match settled {
            Settled::GivenUp if permanent => Some(End::Refused),
            Settled::GivenUp => Some(End::GivenUp),
            Settled::Cancelled => Some(End::Cancelled),
            Settled::Sent | Settled::PutOff => None,
        };
        if let Some(end) = end.filter(|_| ours && !claim.is_notice) {
            self.delivery.ended(&tx, &claim, end, at).await?;
        }
        if settled == Settled::Sent && ours && !claim.is_notice {
            self.delivery.sent(&tx, &claim, at).await?;
        }
        tx.commit().await?;
        if !ours {
            // Its lease ran out, and whoever took it over settles it.
            return Ok(());
        }
        metrics::counter!("quorate_messages_total", "outcome" => settled.name()).increment(1);
        if settled == Settled::Sent {
            let seconds = (at - claim.waits_since).as_seconds_f64().max(0.0);
            metrics::histogram!("quorate_message_due_to_accepted_seconds").record(seconds);
        }
        let mut round = round.lock().await;
        match settled {
            Settled::Sent => round.done.sent += 1,
            Settled::PutOff => round.done.put_off += 1,
            Settled::GivenUp => round.done.failed += 1,
            Settled::Cancelled => round.done.cancelled += 1,
        }
        round.refusals = if refused { round.refusals + 1 } else { 0 };
        if round.refusals >= REFUSALS && not_out.is_none() {
            not_out = Some(format!("the mail server refused {REFUSALS} letters one after the other"));
        }
        if not_out.is_some() {
            (round.closed, round.done.left) = (true, not_out);
        }
        Ok(())
    }
}
