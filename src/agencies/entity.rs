//! The directory's tables.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use super::{AgencyGroup, AgencyId, ContactId, ServiceId};
use crate::access::AccountId;

pub mod agency {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agency")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AgencyId,
        pub code: String,
        pub name: String,
        pub agency_group: AgencyGroup,
        pub valid_from: Option<NaiveDate>,
        pub valid_to: Option<NaiveDate>,
        pub successor_id: Option<AgencyId>,
    }
    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// Whether the agency holds on a day.
        pub fn is_valid(&self, day: NaiveDate) -> bool {
            self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| to >= day)
        }
    }
}

pub mod service {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "service")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ServiceId,
        pub agency_id: AgencyId,
        pub name: String,
        /// The service that this one was found to be; its own rows have moved there.
        pub merged_into_id: Option<ServiceId>,
    }
    impl ActiveModelBehavior for ActiveModel {}

    /// The agency that it is of.
    impl Related<agency::Entity> for Entity {
        fn to() -> RelationDef {
            Entity::belongs_to(agency::Entity).from(Column::AgencyId).to(agency::Column::Id).into()
        }
    }
}

pub mod contact {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "contact")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ContactId,
        pub agency_id: AgencyId,
        /// `None`: the whole agency.
        pub service_id: Option<ServiceId>,
        pub name: String,
        pub role: String,
        pub email: String,
        pub telephone: Option<String>,
        pub is_safeguarding_lead: bool,
        /// Asked for one email a day in place of one for each absence.
        pub daily_digest: bool,
        pub valid_from: Option<NaiveDate>,
        pub valid_to: Option<NaiveDate>,
        pub verified_on: Option<NaiveDate>,
        pub bounced_at: Option<DateTime<Utc>>,
    }
    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// Whether the entry holds on a day.
        pub fn is_valid(&self, day: NaiveDate) -> bool {
            self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| to >= day)
        }
    }
}

pub mod account_service {
    use super::*;

    /// A service that an account sees.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_service")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: AccountId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub service_id: ServiceId,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod account_agency {
    use super::*;

    /// An agency all of whose services an account sees.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_agency")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: AccountId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub agency_id: AgencyId,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
