//! The tables of holds and certificates.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use super::{Class, DestructionId, HoldId};
use crate::conferences::ConferenceId;
use crate::platform::Sealed;

pub mod legal_hold {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "legal_hold")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: HoldId,
        /// One conference, or else a child: every conference of the child's.
        pub conference_id: Option<ConferenceId>,
        pub child_key: Option<Vec<u8>>,
        /// The child's case reference, sealed.
        pub child: Option<Sealed>,
        /// Why, sealed.
        pub why: Sealed,
        pub placed_by: String,
        pub placed_at: DateTime<Utc>,
        pub ended_by: Option<String>,
        pub ended_at: Option<DateTime<Utc>>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod destruction {
    use super::*;

    /// A certificate of destruction.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "destruction")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: DestructionId,
        pub at: DateTime<Utc>,
        pub by_name: String,
        /// How long the class was kept then, in words.
        pub period: String,
        pub class: Class,
        /// The last day of what was destroyed.
        pub until_day: NaiveDate,
        pub destroyed: i64,
        /// What was due and stayed, under a legal hold.
        pub held: i64,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
