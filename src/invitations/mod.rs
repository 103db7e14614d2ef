//! Invitations: who was asked to a conference, and the facts of what became of it. The invitation
//! is the unit of counting: conference × service × role.

mod child_views;
mod codes;
pub(crate) mod entity;
mod facts;
mod fault;
mod impact_code;
mod notice;
mod report_timing;
pub(crate) mod store;

pub use child_views::ChildViews;
pub use codes::{AbsenceReason, Attendance, Delivery, Excused, Necessity, Report, Response, View};
pub use facts::Facts;
pub use fault::{Fault, fault};
pub use impact_code::{ChairImpact, ImpactCode};
pub use notice::{MinimumNotice, notice};
pub use report_timing::report_timing;

use crate::platform::ids::typed_id;

typed_id! {
    /// An invitation.
    InvitationId
}
