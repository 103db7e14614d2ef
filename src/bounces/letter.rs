//! What administrators are told: which conference, and what came of it. The address is masked.

use serde::Serialize;

/// The template folder.
pub const CAME_BACK: &str = "came_back";

/// The context of `came_back`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CameBack {
    /// The random reference; empty where it was about no conference.
    pub reference: String,
    /// "h…@…nhs.uk".
    pub address: String,
    /// "5.1.1".
    pub status: String,
    /// The address itself is wrong, and is flagged.
    pub flagged: bool,
    /// It was an invitation: recorded as not delivered.
    pub undelivered: bool,
    /// An invitation of a register that is confirmed: somebody amends it.
    pub to_amend: bool,
    /// Others to whom the letter goes in its place.
    pub others: usize,
    pub link: String,
}

/// Contexts to try it on.
pub fn samples() -> Vec<(&'static str, CameBack)> {
    let invitation = CameBack {
        reference: "K7Q2-M4TD".into(),
        address: "h…@…nhs.uk".into(),
        status: "5.1.1".into(),
        flagged: true,
        undelivered: true,
        to_amend: true,
        others: 1,
        link: "https://quorate.example/directory?show=bounced".into(),
    };
    let bare = CameBack {
        reference: String::new(),
        flagged: false,
        undelivered: false,
        to_amend: false,
        others: 0,
        ..invitation.clone()
    };
    vec![(CAME_BACK, invitation), (CAME_BACK, bare)]
}
