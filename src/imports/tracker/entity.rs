//! What columns and values of trackers meant when one was last taken in.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

pub(super) mod tracker_meaning {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tracker_meaning")]
    pub struct Model {
        /// The kind of thing and its text in small letters: "column.police", "letter.p".
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// What was chosen for it.
        pub means: String,
        pub by_name: String,
        pub at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
