//! What agencies reply to the letters on their absences (DOMAIN 7, "Reply", "Dispute"): by the link in the letter, without
//! an account. A reply never changes a fact; a dispute that is upheld leads to an amendment, which does.

pub(crate) mod entity;
mod letter;
mod life;
mod nominating;
mod pages;
mod promised;
pub(crate) mod remedy;
mod reminding;
mod reply;
mod replying;
pub(crate) mod settling;
pub(crate) mod store;
mod texts;

use crate::platform::codes::codes;
use crate::platform::ids::typed_id;

pub use letter::samples;
pub use pages::routes;
pub use promised::promised;
pub use reminding::{is_answered, remind};
pub use reply::{Reply, Said};
pub use replying::reply;
pub use store::{Told, told};
pub use texts::Texts;

typed_id! {
    /// One reply to one letter.
    ReplyId
}

codes! {
    /// What a reply is.
    pub enum ReplyKind {
        Acknowledged = "acknowledged", "has read it";
        Explained = "explained", "explains what happened";
        Nominated = "nominated", "names a contact";
        Disputed = "disputed", "says that the record is wrong";
    }
}

codes! {
    /// What a dispute says is wrong, as the agency says it.
    pub enum Ground {
        NotInvited = "not_invited", "we were not invited";
        LateNotice = "late_notice", "the invitation came too late";
        WrongContact = "wrong_contact", "it went to somebody who is not the contact for this";
        WeAttended = "we_attended", "somebody from our service was there";
        DeputyAttended = "deputy_attended", "a deputy was there for us";
        ReportSent = "report_sent", "we sent a report";
        NotInvolved = "not_involved", "our service is not involved with the family any more";
        Cancelled = "cancelled", "we were told that it was cancelled or moved";
    }
}

codes! {
    /// Where a reply stands. What asks for nothing is kept.
    pub enum ReplyState {
        Kept = "kept", "kept";
        Open = "open", "waits";
        Upheld = "upheld", "upheld";
        NotUpheld = "not_upheld", "not upheld";
        Confirmed = "confirmed", "contact confirmed";
        Declined = "declined", "contact not taken";
    }
}

/// For what the texts of a reply are sealed.
pub mod sealed {
    /// Name and role of whoever replied.
    pub const WHO: &str = "reply.who";
    /// What happened, or why the record is wrong.
    pub const WORDS: &str = "reply.words";
    /// What the agency does so that it does not happen again.
    pub const PREVENTION: &str = "reply.prevention";
    /// The contact that was named (JSON).
    pub const NOMINEE: &str = "reply.nominee";
    /// What a QA manager answered.
    pub const ANSWER: &str = "reply.answer";
}
