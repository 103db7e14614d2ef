//! The transactional outbox: a message is posted in the transaction of what it tells of, frozen, and
//! delivered later under a lease. At least once, with a stable Message-ID: a crash, or a server that takes a
//! message without an answer, may repeat one and never loses or multiplies it.

mod digest;
mod dispatch;
mod entity;
mod erasure;
mod listing;
mod notice;
mod pause;
mod reading;
mod released;
mod store;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

pub use digest::{
    carried, carried_by, carried_came_back, carried_failed, carried_went, carry, due, let_go_of, these,
};
pub use dispatch::{Carrier, Delivery, End, Fate, Pace};
pub use entity::message::{Column as MessageColumn, Entity as MessageEntity, Model};
pub use entity::pause::Entity as PauseEntity;
pub use erasure::{erase_about, erase_texts_before, texts_before};
pub use listing::{
    Listed, about, accepted_at, by_id, counts, list, oldest_due, page, reached_at, to_address, was_told,
};
pub use notice::{Letterhead, NoticeError, next_attempt as notice_pauses, tell, tell_enclosing};
pub use pause::{held_back, hold_back, let_go};
pub use reading::read;
pub use store::{Gone, all_given_up, came_back, cancel_unsent, doubt_all, post, requeue, sent_to, went_to};

typed_id! {
    /// A message in the outbox.
    MessageId
}

codes! {
    /// Where a message stands.
    pub enum State {
        Waiting = "waiting", "waiting";
        Sending = "sending", "being sent";
        Sent = "sent", "sent";
        Failed = "failed", "given up";
        Cancelled = "cancelled", "cancelled";
    }
}

/// A message as it was written, and is not changed any more.
#[derive(Clone, Debug)]
pub struct Written {
    /// Stable.
    pub message_id: String,
    /// The frozen message.
    pub message: Vec<u8>,
    /// The version of its template.
    pub template: String,
}

/// A message to post.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its id, from which the Message-ID is made.
    pub id: MessageId,
    /// The kind of letter.
    pub kind: String,
    /// What it is about.
    pub about: Uuid,
    /// One address.
    pub recipient: String,
    /// The message.
    pub written: Written,
    /// When.
    pub at: DateTime<Utc>,
    /// It tells of something that happened, goes at any hour, and is never overtaken.
    pub is_notice: bool,
}

/// A message that this process may send until its lease ends.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The message.
    pub id: MessageId,
    /// The kind of letter.
    pub kind: String,
    /// What it is about.
    pub about: Uuid,
    /// To whom.
    pub recipient: String,
    /// The frozen message.
    pub message: Vec<u8>,
    /// When it was posted.
    pub posted_at: DateTime<Utc>,
    /// What its retries are counted from: the first try.
    pub due_since: DateTime<Utc>,
    /// Since when it could have been sent.
    waits_since: DateTime<Utc>,
    is_notice: bool,
    /// Tries before this one.
    attempts: i32,
    /// Processes that ended while they sent it.
    abandoned: i32,
    lease: Uuid,
}

impl Claim {
    /// What is asked of whoever answers for a message, of one that nobody has leased: it settles nothing.
    pub fn of(row: &Model) -> Self {
        Self {
            id: row.id,
            kind: row.kind.clone(),
            about: row.about_id,
            recipient: row.recipient.clone(),
            message: Vec::new(),
            posted_at: row.posted_at,
            due_since: row.due_since,
            waits_since: row.due_since,
            is_notice: row.is_notice,
            attempts: row.attempts,
            abandoned: row.abandoned,
            lease: Uuid::nil(),
        }
    }
}
