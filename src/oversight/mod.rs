//! Oversight: an auditor that trusts nobody. It looks at the tables by queries of its own, with rules of its own, and
//! shares no code with those whose work it checks: neither the register's nor the feedback's nor the ladder's
//! (`tests/architecture.rs` holds that). Two programs that agree are worth more than one that is sure.

mod absences;
mod entity;
mod heartbeat;
mod looking;
mod notice;
mod pages;
mod steps;
mod store;
mod timeliness;
mod watching;

use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

pub use entity::finding::Entity as FindingEntity;
pub use looking::{DueTask, Expectations, NAME, TASK as TASK_MAY_BE_LATE};
pub use notice::samples;
pub use pages::routes;
pub use store::open_by_kind;
pub use watching::watch;

typed_id! {
    /// Something that is not as it should be.
    FindingId
}

codes! {
    /// What is not as it should be.
    pub enum FindingKind {
        AbsenceWithoutFeedback = "absence_without_feedback", "an absence on a confirmed register without its feedback";
        LetterWithoutAbsence = "letter_without_absence", "a letter to a service that was represented, not corrected";
        ItemWithoutMessage = "item_without_message", "feedback without a message";
        StepLate = "step_late", "a letter that was not answered in time, and no step of the ladder";
        StepUndecided = "step_undecided", "a step of the ladder that nobody decides on";
        MessageStuck = "message_stuck", "a message that is due and does not go";
        TaskLate = "task_late", "a task that does not run when it is due";
    }
}
