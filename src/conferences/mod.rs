//! Conferences: the meeting, its clock, its children and what was decided for each.

mod codes;
mod due;
pub(crate) mod entity;
mod reference;
pub(crate) mod store;

pub use codes::{
    AdjournmentReason, Category, ConferenceType, Decision, Locality, Mode, ProceededReason, Status,
};
pub use due::{INITIAL_WORKING_DAYS, latest_day};
pub use reference::new_reference;

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

/// The purpose under which a child's case reference is sealed and found.
pub const CHILD: &str = "conference_child.child";
