//! The tables of months that are closed, alone and together, of what was restated of them since, and of what was published
//! of a year.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

pub mod month_close {
    use super::*;

    /// A month that is closed. What it froze is never written again.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "month_close")]
    pub struct Model {
        /// "2026-09".
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: String,
        pub closed_at: DateTime<Utc>,
        /// The version of the measures' definitions.
        pub definitions: String,
        /// The frozen paper (JSON).
        pub snapshot: String,
        /// SHA-256 of definitions and snapshot; the audit trail has it too.
        pub hash: Vec<u8>,
        /// The figures that later months compare with (JSON).
        pub known: String,
        pub approved_by: Option<String>,
        pub approved_at: Option<DateTime<Utc>>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod month_restated {
    use super::*;

    /// A month counted again when a later one closed, for its registers had changed.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "month_restated")]
    pub struct Model {
        /// The month that closed then.
        #[sea_orm(primary_key, auto_increment = false)]
        pub closing: String,
        /// The one that was counted again.
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: String,
        /// Its figures as they are known since, in the form of `month_close`.
        pub known: String,
        /// Each of its figures as a line (JSON).
        pub figures: String,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod period_close {
    use super::*;

    /// A quarter or a financial year whose months are closed. What it froze is never written again.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "period_close")]
    pub struct Model {
        /// "2026-27-q2", "2026-27-year".
        #[sea_orm(primary_key, auto_increment = false)]
        pub period: String,
        pub closed_at: DateTime<Utc>,
        /// The version of the measures' definitions.
        pub definitions: String,
        /// The frozen figures (JSON).
        pub snapshot: String,
        /// SHA-256 of period, definitions and snapshot; the audit trail has it too.
        pub hash: Vec<u8>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod year_published {
    use super::*;

    /// What was published of a financial year. It is never written again.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "year_published")]
    pub struct Model {
        /// "2026-27".
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: String,
        pub published_at: DateTime<Utc>,
        /// Its tables (JSON).
        pub tables: String,
        /// SHA-256 of them; the audit trail has it too.
        pub hash: Vec<u8>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
