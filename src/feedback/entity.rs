//! The tables of feedback items, of the links in their letters, and of the ladder's steps.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::steps::{DeclinedBecause, EndedBecause, Spoke, StepId, StepReason, StepState};
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

    impl Model {
        /// From when its time to answer runs: from when its last letter went (a reminder is none), not from when it was
        /// made.
        pub fn asked_at(&self, went: impl IntoIterator<Item = DateTime<Utc>>) -> DateTime<Utc> {
            went.into_iter().max().map_or(self.made_at, |at| at.max(self.made_at))
        }
    }
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

pub mod ladder_step {
    use super::*;

    /// One step of the ladder about one service.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ladder_step")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: StepId,
        /// 2 to 4; the letter itself is the first.
        pub rung: i32,
        pub reason: StepReason,
        /// The newest of the absences that caused it.
        pub invitation_id: InvitationId,
        /// The ladder that held on the day of that conference.
        pub ladder_version: String,
        pub state: StepState,
        pub proposed_at: DateTime<Utc>,
        pub decided_by: Option<String>,
        pub decided_at: Option<DateTime<Utc>>,
        /// When it was approved; the moment above moves on when somebody rings.
        pub approved_at: Option<DateTime<Utc>>,
        pub declined_because: Option<DeclinedBecause>,
        pub ended_at: Option<DateTime<Utc>>,
        pub ended_because: Option<EndedBecause>,
        /// Nobody could be written to: with whom somebody spoke on the telephone.
        pub spoken_with: Option<Spoke>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod ladder_cause {
    use super::*;

    /// An absence that caused a step: at most one step of each rung, for the table allows no second.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ladder_cause")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub rung: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub invitation_id: InvitationId,
        pub step_id: StepId,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
