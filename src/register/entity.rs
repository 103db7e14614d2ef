//! The tables of confirmed registers, their amendments, and the quorum rules.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use super::quoracy::CountingUnit;
use super::{AmendmentId, FeedbackWanted, Source};
use crate::conferences::entity::child;
use crate::conferences::{ChildId, ConferenceId};
use crate::invitations::InvitationId;
use crate::platform::Sealed;

pub mod register {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "register")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub conference_id: ConferenceId,
        pub confirmed_at: DateTime<Utc>,
        pub confirmed_by: String,
        pub source: Source,
        pub quorum_rule_version: i32,
        pub feedback: FeedbackWanted,
    }
    impl ActiveModelBehavior for ActiveModel {}

    /// The register of a child's conference.
    impl Related<Entity> for child::Entity {
        fn to() -> RelationDef {
            let of = child::Entity::belongs_to(Entity).from(child::Column::ConferenceId);
            of.to(Column::ConferenceId).into()
        }
    }
}

pub mod amendment {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "amendment")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AmendmentId,
        pub conference_id: ConferenceId,
        pub invitation_id: Option<InvitationId>,
        pub child_id: Option<ChildId>,
        /// The fact that changed, by its name in the file format.
        pub field: String,
        pub before: Option<Sealed>,
        pub after: Option<Sealed>,
        pub why: Sealed,
        pub source: Source,
        pub by_name: String,
        pub at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod quorum_rule {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quorum_rule")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub valid_from: NaiveDate,
        pub minimum_others: i32,
        pub unit: CountingUnit,
        pub all_health_is_one: bool,
        /// JSON: a list of must-haves.
        pub must_haves: String,
        pub source: String,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
