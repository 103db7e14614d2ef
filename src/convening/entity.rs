//! What was written to those who are invited.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::{InvitationMessageId, MessageKind};
use crate::invitations::InvitationId;

pub mod invitation_message {
    use super::*;

    /// One message about an invitation: each kind once a step. The outbox carries it under its id.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitation_message")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: InvitationMessageId,
        pub invitation_id: InvitationId,
        pub kind: MessageKind,
        /// Of a reminder: the working days before the conference; else a running number.
        pub step: i32,
        /// Where it went: its link answers while the invitation is still meant for this address.
        pub address: Option<String>,
        /// The hash of the token in its answer link.
        #[sea_orm(unique)]
        pub link_hash: Option<Vec<u8>>,
        pub made_at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
