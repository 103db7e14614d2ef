//! Feedback on non-attendance: who is owed a letter, in which words, when, to whom. A confirmed absence
//! is a fact that the feedback task looks for; nobody calls it.

mod asking;
mod calls;
mod correcting;
mod digest;
mod due;
pub(crate) mod entity;
mod letter;
mod link;
mod pages;
mod recipients;
mod release;
mod repeat;
mod retry;
mod settings;
mod specimens;
pub(crate) mod steps;
mod still_due;
mod store;
mod tasks;
mod window;
mod wording;

use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

pub use asking::{Asking, asking_since, invitation_of, remind, write_to_others};
pub use calls::telephoned_before;
pub use digest::{Carries, DIGEST, digest, digest_samples};
pub use due::{rests, told_by};
pub use letter::Letter;
pub use link::{Evidence, Opened, evidence, make as make_link, opened, take_by_link};
pub use pages::{WITH_WHOM, routes};
pub use repeat::repeats;
pub use retry::next_attempt;
pub use settings::Settings;
pub use specimens::samples;
pub use still_due::StillDue;
pub use store::{hidden_from, items_that_stand, newest, posted_again};
pub use tasks::{FeedbackError, Office, make, preview};
pub use window::Window;
pub use wording::Wording;

typed_id! {
    /// A feedback item: one absence, one kind, one version.
    FeedbackId
}

/// The template folder of the reminder to reply, and the kind of its message.
pub const REMINDER: &str = "reply_reminder";

codes! {
    /// What kind of item.
    pub enum Kind {
        Absence = "absence", "feedback on an absence";
        Correction = "correction", "a correction of what we wrote";
    }
}

codes! {
    /// Where an item stands.
    pub enum ItemState {
        Posted = "posted", "posted";
        ToTelephone = "to_telephone", "to be telephoned";
        Telephoned = "telephoned", "telephoned";
        Overtaken = "overtaken", "overtaken before it went";
        Withheld = "withheld", "withheld: the conference is restricted";
    }
}
