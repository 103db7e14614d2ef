//! The table of replies.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::{Ground, ReplyId, ReplyKind, ReplyState};
use crate::feedback::FeedbackId;
use crate::invitations::{AbsenceReason, InvitationId};
use crate::platform::Sealed;

pub mod reply {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reply")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ReplyId,
        pub feedback_id: FeedbackId,
        pub invitation_id: InvitationId,
        pub kind: ReplyKind,
        /// Of a dispute.
        pub ground: Option<Ground>,
        /// Of an explanation: never a fact of the invitation.
        pub reason: Option<AbsenceReason>,
        /// Who replied, as they say: name and role, sealed.
        pub who: Option<Sealed>,
        pub words: Option<Sealed>,
        /// What they do so that it does not happen again, sealed.
        pub prevention: Option<Sealed>,
        /// The contact that they name (JSON), sealed.
        pub nominee: Option<Sealed>,
        /// The address whose letter held the link.
        pub address: Option<String>,
        pub made_at: DateTime<Utc>,
        pub state: ReplyState,
        /// What was answered to it, sealed.
        pub answer: Option<Sealed>,
        pub settled_by: Option<String>,
        pub settled_at: Option<DateTime<Utc>>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
