//! What messages about a reply say: never what was written in it.

use serde::Serialize;

use super::Ground;
use crate::feedback::Letter;

pub const RECEIVED: &str = "reply_received";
pub const ANSWERED: &str = "reply_answered";
pub const RAISED: &str = "dispute_raised";
pub const CHANGED: &str = "contact_changed";

/// The context of the templates `reply_received`, `reply_answered`, `dispute_raised`, `contact_changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplyLetter {
    /// The random reference; the only thing of the conference that a subject may hold.
    pub reference: String,
    /// Empty for an address that may be told little, as are the role and the ground.
    pub service: String,
    pub role: String,
    /// It is a dispute, rather than a contact that was named.
    pub disputed: bool,
    /// "we were not invited".
    pub ground: &'static str,
    /// The day by which we answer.
    pub answer_by: String,
    pub upheld: bool,
    /// The record said so before it was looked at.
    pub already: bool,
    /// The contact takes the place of the address written to.
    pub in_place: bool,
    /// The contact's address, masked.
    pub new_address: String,
    /// Where the answer is read.
    pub reply_link: String,
    /// Where a QA manager settles it.
    pub link: String,
    pub contact: String,
    pub telephone: String,
    pub disagreement_procedure: String,
}

impl ReplyLetter {
    /// A message about what was replied to a letter.
    /// `full`: to an address that may be told everything.
    pub fn about(letter: &Letter, ground: Option<Ground>, full: bool) -> Self {
        let told = |text: &str| if full { text.to_owned() } else { String::new() };
        Self {
            reference: letter.reference.clone(),
            service: told(&letter.service),
            role: told(&letter.role),
            disputed: ground.is_some(),
            ground: ground.filter(|_| full).map_or("", Ground::label),
            answer_by: String::new(),
            upheld: false,
            already: false,
            in_place: false,
            new_address: String::new(),
            reply_link: String::new(),
            link: String::new(),
            contact: letter.contact.clone(),
            telephone: letter.telephone.clone(),
            disagreement_procedure: letter.disagreement_procedure.clone(),
        }
    }
}

/// Every message with contexts to try it on.
pub fn samples() -> Vec<(&'static str, ReplyLetter)> {
    let full = ReplyLetter {
        reference: "K7Q2-M4TD".into(),
        service: "Health Visiting North & O'Neil House".into(),
        role: "Health visitor".into(),
        disputed: true,
        ground: Ground::WrongContact.label(),
        answer_by: "Wednesday 14 October 2026".into(),
        upheld: true,
        already: true,
        in_place: true,
        new_address: "d…@…nhs.uk".into(),
        reply_link: "https://quorate.example/reply/0123456789abcdef0123456789abcdef".into(),
        link: "https://quorate.example/replies/0000".into(),
        contact: "Conference team, Oxfordshire".into(),
        telephone: "01865 000000".into(),
        disagreement_procedure: "https://safeguarding.example/disagreement".into(),
    };
    let bare = ReplyLetter {
        service: String::new(),
        role: String::new(),
        ground: "",
        disputed: false,
        upheld: false,
        already: false,
        in_place: false,
        reply_link: String::new(),
        ..full.clone()
    };
    [RECEIVED, ANSWERED, RAISED, CHANGED]
        .into_iter()
        .flat_map(|kind| {
            // A QA manager is told the ground, always.
            let ground = if kind == RAISED { full.ground } else { "" };
            [(kind, full.clone()), (kind, ReplyLetter { ground, ..bare.clone() })]
        })
        .collect()
}
