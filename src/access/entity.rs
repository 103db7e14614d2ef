//! The tables of accounts and sessions.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::{AccountId, Role};
use crate::conferences::ChairId;

pub mod account {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AccountId,
        pub email: String,
        pub name: String,
        pub role: Role,
        /// The chair that the account acts for.
        pub chair_id: Option<ChairId>,
        pub password_hash: String,
        pub created_at: DateTime<Utc>,
        pub disabled_at: Option<DateTime<Utc>>,
        /// Wrong passwords since the last right one.
        pub failures: i32,
        pub locked_until: Option<DateTime<Utc>>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod session {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        /// A hash of the cookie's token: who reads the database cannot take a session over.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Vec<u8>,
        pub account_id: AccountId,
        pub began_at: DateTime<Utc>,
        /// When it was last used, to the minute.
        pub seen_at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
