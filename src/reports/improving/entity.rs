//! The tables of improvement actions and of their reviews. Rows are added, and none is ever changed.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use super::{ActionId, Progress, ReviewId};
use crate::agencies::AgencyId;
use crate::platform::Sealed;

pub mod action {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "improvement_action")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ActionId,
        /// `None`: the whole partnership's, or the authority's own.
        pub agency_id: Option<AgencyId>,
        /// The measure that it is to move, by its id.
        pub measure: String,
        /// The month of the paper that it was raised from: "2026-09".
        pub raised_from: String,
        /// The sentence of the paper that gave reason for it.
        pub because: Option<Sealed>,
        pub objective: Sealed,
        pub action: Sealed,
        pub input: Sealed,
        pub desired_outcome: Sealed,
        pub lead: Sealed,
        /// Where the lead is chased.
        pub lead_email: Option<String>,
        /// Its timescale, as it was raised.
        pub due: NaiveDate,
        pub raised_by: String,
        pub raised_at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod review {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "improvement_review")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ReviewId,
        pub action_id: ActionId,
        pub progress: Progress,
        pub words: Sealed,
        /// Its timescale from now on.
        pub due: NaiveDate,
        pub by_name: String,
        pub at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
