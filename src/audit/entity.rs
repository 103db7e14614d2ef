//! The tables of the audit trail.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::platform::Sealed;

pub mod entry {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub at: DateTime<Utc>,
        pub actor: String,
        pub role: String,
        pub action: String,
        pub object: String,
        pub payload_id: Uuid,
        pub payload_digest: Vec<u8>,
        pub previous: Vec<u8>,
        pub hash: Vec<u8>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod payload {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_payload")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub salt: Vec<u8>,
        pub payload: Sealed,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod head {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_head")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub number: i64,
        pub hash: Vec<u8>,
        /// A keyed hash of the two: without the keys nobody can write one. An old one can be put back, which
        /// a checkpoint finds.
        pub seal: Option<Vec<u8>>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
