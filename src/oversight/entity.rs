//! The table of what was found.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::{FindingId, FindingKind};

pub mod finding {
    use super::*;

    /// One thing that is not as it should be, from when it was found until it was so no more.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "finding")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: FindingId,
        pub kind: FindingKind,
        /// The row that it is about, or the name of the task.
        pub object: String,
        pub conference_id: Option<Uuid>,
        pub found_at: DateTime<Utc>,
        pub told_at: Option<DateTime<Utc>>,
        pub gone_at: Option<DateTime<Utc>>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
