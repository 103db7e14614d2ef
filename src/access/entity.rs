//! The tables of accounts and sessions.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::{AccountId, Role};
use crate::audit::Actor;
use crate::conferences::ChairId;
use crate::platform::Sealed;
use crate::platform::codes::codes;

codes! {
    /// How far a session has come.
    pub enum Stage {
        SecondFactor = "second_factor", "the password was right, and a code is asked for";
        SetUp = "set_up", "the role needs a second factor, and the account has none yet";
        Whole = "whole", "signed in";
    }
}

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
        /// Strangers' wrong passwords since the last right one.
        pub failures: i32,
        pub locked_until: Option<DateTime<Utc>>,
        /// The secret that codes are made of, sealed.
        pub second_factor: Option<Sealed>,
        /// The step of time of the last code that was taken.
        pub second_factor_step: Option<i64>,
        /// The identity provider, and its name for the person.
        pub provider_subject: Option<String>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

impl account::Model {
    /// For the audit trail.
    pub fn actor(&self) -> Actor {
        Actor { name: self.name.clone(), role: self.role.code(), account: Some(self.id.0) }
    }
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
        pub stage: Stage,
        /// The identity provider, and the session there that this one began with.
        pub provider_session: Option<String>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod provider_token_seen {
    use super::*;

    /// A logout token that was taken: it counts once.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "provider_token_seen")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub until: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod kept_form {
    use super::*;

    /// A form that waits, sealed, while somebody is at the identity provider.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "kept_form")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: AccountId,
        /// A hash of the sign-in under way.
        pub id: Vec<u8>,
        pub kept: String,
        pub until: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod known_device {
    use super::*;

    /// A device from which somebody has signed in: its wrong passwords are counted apart from strangers'.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "known_device")]
    pub struct Model {
        /// A hash of the cookie's token.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Vec<u8>,
        pub account_id: AccountId,
        pub failures: i32,
        pub locked_until: Option<DateTime<Utc>>,
        pub seen_at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod recovery_code {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_code")]
    pub struct Model {
        /// A keyed hash of the code with its account.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub account_id: AccountId,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod account_link {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_link")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        /// Nobody's: the first account of all is made with it.
        pub account_id: Option<AccountId>,
        pub made_at: DateTime<Utc>,
        pub expires_at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
