//! The outbox's table.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::{MessageId, State};

pub mod message {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: MessageId,
        pub kind: String,
        pub about_id: Uuid,
        pub recipient: String,
        pub message_id: String,
        pub message: Vec<u8>,
        pub state: State,
        pub attempts: i32,
        pub due_at: DateTime<Utc>,
        pub posted_at: DateTime<Utc>,
        pub sent_at: Option<DateTime<Utc>>,
        pub lease: Option<Uuid>,
        pub lease_until: Option<DateTime<Utc>>,
        /// A process died while it was being sent, or the server took it without an answer: it may have arrived,
        /// and may arrive again.
        pub may_have_been_delivered: bool,
        pub last_error: Option<String>,
        /// What retries are counted from, whatever it was put off to: its first try, or since when it waits for one.
        pub due_since: DateTime<Utc>,
        /// It tells of something that happened, goes at any hour, and is never overtaken.
        pub is_notice: bool,
        /// The version of the wording, for letters that were written since it is kept.
        pub template: Option<String>,
        /// When it came back, after a server had taken it, and why (RFC 3463).
        pub bounced_at: Option<DateTime<Utc>>,
        pub bounce_status: Option<String>,
        /// It waits because the mail server could not be used, and not for its own next try.
        pub held_up: bool,
        /// How many processes ended while they sent it.
        pub abandoned: i32,
        /// The message that carries it.
        pub digest_id: Option<Uuid>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod pause {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "post_pause")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub since: DateTime<Utc>,
        pub by_name: String,
        pub why: String,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
