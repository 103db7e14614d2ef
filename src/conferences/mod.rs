//! Conferences: the meeting, its clock, its children and what was decided for each.

mod codes;
mod due;
pub(crate) mod entity;
mod reference;
mod sight;
pub(crate) mod store;

pub use codes::{
    AdjournmentReason, Category, ConferenceType, Decision, Locality, Mode, ProceededReason, Status,
};
pub use due::{INITIAL_WORKING_DAYS, latest_day};
pub use reference::new_reference;
pub use sight::Sight;

use crate::platform::ids::typed_id;

typed_id! {
    /// A conference.
    ConferenceId
}
typed_id! {
    /// One child at one conference.
    ChildId
}
typed_id! {
    /// A chair in the directory.
    ChairId
}

typed_id! {
    /// Somebody named on a restricted conference.
    NamedId
}
typed_id! {
    /// Cover for a chair.
    CoverId
}

/// The purpose under which the local reference of an erased conference is known again: no file brings it back.
pub const ERASED_REFERENCE: &str = "conference.erased_key";
/// The purpose under which the reason for breaking the glass is sealed.
pub const BROKEN_GLASS: &str = "conference_named.why";
/// How long a conference is planned to take where nobody says, in minutes.
pub const USUAL_MINUTES: i32 = 90;
/// The purpose under which a child's case reference is sealed and found.
pub const CHILD: &str = "conference_child.child";
