//! What is sealed of a reply, opened.

use super::entity::reply;
use super::reply::Nominee;
use super::sealed;
use crate::platform::{Keys, Sealed};

/// The texts of a reply; empty where there is none.
pub struct Texts {
    pub who: String,
    pub words: String,
    pub prevention: String,
    pub nominee: Option<Nominee>,
    pub answer: String,
}

impl Texts {
    /// Opens them. One that does not open is said to be such, and not lost.
    pub fn open(keys: &Keys, row: &reply::Model) -> Self {
        let open = |purpose, sealed: &Option<Sealed>| match sealed {
            Some(text) => keys.open(purpose, text).unwrap_or_else(|_| "(does not open)".to_owned()),
            None => String::new(),
        };
        Self {
            who: open(sealed::WHO, &row.who),
            words: open(sealed::WORDS, &row.words),
            prevention: open(sealed::PREVENTION, &row.prevention),
            nominee: serde_json::from_str(&open(sealed::NOMINEE, &row.nominee)).ok(),
            answer: open(sealed::ANSWER, &row.answer),
        }
    }
}
