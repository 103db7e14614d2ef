//! The tables of feedback items, and of the links in their letters.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::{FeedbackId, ItemState, Kind};
use crate::invitations::InvitationId;

pub mod feedback {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "feedback")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: FeedbackId,
        pub invitation_id: InvitationId,
        pub kind: Kind,
        pub version: i32,
        pub wording: String,
        /// What the letter's statements rest on (JSON of codes and dates).
        pub basis: String,
        pub state: ItemState,
        pub made_at: DateTime<Utc>,
        /// Who released it, where the conference is restricted.
        pub released_by: Option<String>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod feedback_link {
    use super::*;

    /// The link in one letter: it opens its item, for whoever reads the address that the letter went to.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "feedback_link")]
    pub struct Model {
        /// The hash of its token; the token is kept nowhere but in the letter.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub feedback_id: FeedbackId,
        /// Where the letter went.
        pub address: Option<String>,
        pub made_at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
