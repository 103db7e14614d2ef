//! The tables of conferences, their children and chairs, and of who may see what is not for everybody.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use super::{
    AdjournmentReason, Category, ChairId, ChildId, ConferenceId, ConferenceType, CoverId, Decision, Locality,
    Mode, NamedId, ProceededReason, Status,
};
use crate::platform::Sealed;

pub mod chair {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chair")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ChairId,
        pub name: String,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod conference {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conference")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ConferenceId,
        /// Random and mailable: "K7Q2-M4TD".
        pub reference: String,
        /// The local or imported reference: may be a case-system number, and never goes into mail.
        pub conference_ref: String,
        pub kind: ConferenceType,
        pub status: Status,
        pub adjournment_reason: Option<AdjournmentReason>,
        /// London's date of `starts_at`.
        pub conference_date: NaiveDate,
        pub starts_at: DateTime<Utc>,
        pub decision_at: Option<DateTime<Utc>>,
        pub locality: Locality,
        pub mode: Mode,
        pub place: Option<String>,
        /// For joining by video.
        pub link: Option<String>,
        /// How long it is planned to take.
        pub minutes: i32,
        /// Under which id it stands in calendars, where not its own: that of the date it was moved from.
        pub calendar_id: Option<ConferenceId>,
        /// Counts what calendars were told of it.
        pub calendar_sequence: i32,
        pub chair_id: ChairId,
        pub strategy_discussion_on: Option<NaiveDate>,
        pub moved_to_id: Option<ConferenceId>,
        pub restricted: bool,
        pub proceeded_reason: Option<ProceededReason>,
        /// Counts the changes of the register, so that two people never overwrite each other unseen.
        pub version: i32,
        /// What the last file said of this conference (JSON, no child): the base of the next comparison.
        pub from_file: Option<String>,
        /// When what identified anybody was erased, its time being over.
        pub erased_at: Option<DateTime<Utc>>,
        /// A keyed hash of the local reference that it had.
        pub erased_key: Option<Vec<u8>>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod child {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conference_child")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ChildId,
        pub conference_id: ConferenceId,
        /// The local case-system reference, sealed.
        pub child: Sealed,
        /// Its keyed hash, by which the same child is found again.
        pub child_key: Vec<u8>,
        pub category: Category,
        pub decision: Option<Decision>,
        /// Why the plan still ended without a core agency, sealed.
        pub plan_end_reason: Option<Sealed>,
        pub decision_from_file: Option<String>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod named {
    use super::*;

    /// Somebody who sees a restricted conference: named, or by breaking the glass until a moment.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "conference_named")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: NamedId,
        pub conference_id: ConferenceId,
        pub account_id: Uuid,
        /// Who named them.
        pub named_by: String,
        pub named_at: DateTime<Utc>,
        /// The end of what was broken open; a name has none.
        pub until: Option<DateTime<Utc>>,
        /// Why the glass was broken, sealed.
        pub why: Option<Sealed>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod cover {
    use super::*;

    /// An account that stands in for a chair on some days.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chair_cover")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CoverId,
        pub chair_id: ChairId,
        pub account_id: Uuid,
        pub from_day: NaiveDate,
        /// The last day, included.
        pub until_day: NaiveDate,
        pub granted_by: String,
        pub granted_at: DateTime<Utc>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
