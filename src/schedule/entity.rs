//! The ledger's tables.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::ledger::Outcome;

pub mod task_seen {
    use super::*;

    /// When a task ran first and last, whether it found anything to do or not: to the minute.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "task_seen")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub task: String,
        pub since: DateTime<Utc>,
        pub at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

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
        /// Until when whoever runs it has said that it does; after that the run is anybody's.
        pub held_until: Option<DateTime<Utc>>,
        /// How often it was begun.
        pub attempts: i32,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
