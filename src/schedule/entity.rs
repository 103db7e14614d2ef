//! The ledger's table.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::ledger::Outcome;

pub mod task_run {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "task_run")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub task: String,
        /// The time that this run is for; unique with the task, so two instances do it once.
        pub due_at: DateTime<Utc>,
        pub started_at: DateTime<Utc>,
        pub finished_at: Option<DateTime<Utc>>,
        pub outcome: Outcome,
        pub said: String,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
