//! Convening: a conference is booked, agencies are invited, answer, are reminded; it is moved or cancelled. Before
//! the day the board shows where quorum is at risk, which is when attendance can still be improved.

mod address;
mod answering;
mod attending;
mod board;
mod booking;
mod calendar_entry;
mod draft;
pub(crate) mod entity;
mod hints;
mod inviting;
mod letter;
mod moving;
mod pages;
mod reminders;
mod settings;
mod still_stands;
pub(crate) mod store;
mod suggestion;
mod tasks;

use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

pub use inviting::Office;
pub use letter::samples;
pub use pages::routes;
pub use reminders::ReminderDays;
pub use settings::Settings;
pub use still_stands::StillStands;
pub use store::has_written;
pub use tasks::remind;

typed_id! {
    /// A message about an invitation.
    InvitationMessageId
}

codes! {
    /// What a message about an invitation is; also the name of its template.
    pub enum MessageKind {
        Invitation = "invitation", "an invitation";
        Changed = "invitation_changed", "a change";
        Cancelled = "invitation_cancelled", "a cancellation";
        AnswerWanted = "answer_wanted", "a reminder to answer";
        ReportWanted = "report_wanted", "a reminder of the report";
        AnswerNudge = "answer_nudge", "asked again for an answer";
        ReportNudge = "report_nudge", "asked again for the report";
    }
}

impl MessageKind {
    /// The folder of its template.
    pub const fn template(self) -> &'static str {
        match self {
            Self::AnswerNudge => Self::AnswerWanted.code(),
            Self::ReportNudge => Self::ReportWanted.code(),
            other => other.code(),
        }
    }
}
