//! A frozen message as a person of the service reads it.

use crate::mail::{self, Letter};

/// Where the links begin by which an agency answers without an account.
const LINKS: [&str; 2] = ["/answer/", "/reply/"];

/// A text without those links: whoever reads what was sent does not answer for the agency.
fn without_links(text: &str) -> String {
    let mut shown = text.to_owned();
    for begins in LINKS {
        let mut parts = shown.split(begins);
        let mut without = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            without.push_str(begins);
            without.push('…');
            without.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        }
        shown = without;
    }
    shown
}

/// The letter of a frozen message, but for those links; `None` where it is none, as one whose text has had its time.
pub fn read(message: &[u8]) -> Option<Letter> {
    let letter = mail::read(message)?;
    let (text, html) = (without_links(&letter.text), without_links(&letter.html));
    Some(Letter { text, html, ..letter })
}
