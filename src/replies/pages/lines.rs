//! What several pages show of evidence and replies.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::calendar::london;
use crate::feedback::{Evidence, Letter};
use crate::mail::masked;
use crate::platform::Keys;
use crate::register::Standing;
use crate::replies::entity::reply;
use crate::replies::{ReplyState, Texts};

/// "Wednesday 30 September 2026, 5:05pm".
pub fn when(at: DateTime<Utc>) -> String {
    format!("{}, {}", london::full_date(london::date(at)), london::clock(at))
}

/// What is recorded of one invitation, with the evidence.
#[derive(Serialize)]
pub struct EvidenceLines {
    pub letter: Letter,
    answer: String,
    times: Option<String>,
    counts: String,
    letters: Vec<String>,
}

impl EvidenceLines {
    /// `asked_again`: the day that the first letter named is not asked for any more.
    pub fn of(evidence: &Evidence, asked_again: bool) -> Self {
        let row = evidence.row();
        let assessed = &evidence.assessment.invitations[evidence.place];
        let on = row.responded_on.map(|day| format!(", on {}", london::full_date(day))).unwrap_or_default();
        let at = |moment| london::clock(moment);
        // Where somebody was not there at the decision, the sentence before says when they came and went.
        let shown = assessed.standing.is_represented();
        let times = match (row.joined_at.filter(|_| shown).map(at), row.left_at.filter(|_| shown).map(at)) {
            (None, None) => None,
            (Some(joined), None) => Some(format!("joined at {joined}")),
            (None, Some(left)) => Some(format!("left at {left}")),
            (Some(joined), Some(left)) => Some(format!("joined at {joined}, left at {left}")),
        };
        let counts = match (assessed.fault, assessed.standing) {
            (Some(fault), standing) => {
                format!(
                    "{}; not counted against you: {}, which is our fault",
                    standing.label(),
                    fault.label()
                )
            }
            (None, standing @ (Standing::Excused | Standing::NotExpected | Standing::Unrecorded)) => {
                format!("{}; not counted", in_figures(standing))
            }
            (None, standing) => in_figures(standing).to_owned(),
        };
        let letters = evidence.messages.iter().map(|m| {
            let to = masked(&m.recipient);
            match m.sent_at {
                Some(at) => format!("to {to}, accepted by the mail server on {}", when(at)),
                None => format!("to {to}: {}", m.state.label()),
            }
        });
        let mut letter = evidence.letter.clone();
        // Of whoever was there after all, and where the fault was ours, nothing is asked any more.
        letter.reply_by = letter.reply_by.filter(|_| !asked_again && letter.missed && !letter.our_fault);
        Self {
            letter,
            answer: format!("{}{on}", row.answer_in_words()),
            times,
            counts,
            letters: letters.collect(),
        }
    }
}

/// A standing as an agency reads it.
fn in_figures(standing: Standing) -> &'static str {
    match standing {
        Standing::Silent => "not there, and nobody told us before",
        Standing::Contributed => "a report, and nobody there",
        other => other.label(),
    }
}

/// A reply, for those who may see the conference.
#[derive(Serialize)]
pub struct ReplyLine {
    pub href: String,
    pub kind: &'static str,
    pub when: String,
    pub who: String,
    /// The ground, or the reason.
    pub what: Option<&'static str>,
    pub words: String,
    pub prevention: String,
    pub nominee: Option<String>,
    pub state: &'static str,
    pub waits: bool,
    pub answer: String,
    pub settled: Option<String>,
}

impl ReplyLine {
    /// Without what was written.
    pub fn bare(row: &reply::Model) -> Self {
        let settled = row.settled_at.zip(row.settled_by.as_ref());
        Self {
            href: format!("/replies/{}", row.id),
            kind: row.kind.label(),
            when: when(row.made_at),
            who: String::new(),
            what: row.ground.map(|g| g.label()).or(row.reason.map(|r| r.label())),
            words: String::new(),
            prevention: String::new(),
            nominee: None,
            state: row.state.label(),
            waits: row.state == ReplyState::Open,
            answer: String::new(),
            settled: settled.map(|(at, by)| format!("{by}, {}", when(at))),
        }
    }

    pub fn of(keys: &Keys, row: &reply::Model) -> Self {
        let texts = Texts::open(keys, row);
        let nominee = texts.nominee.map(|n| {
            let parts = [n.name, n.role, n.email, n.telephone].into_iter().filter(|part| !part.is_empty());
            let place = if n.in_place { ", in place of the address that the letter went to" } else { "" };
            format!("{}{place}", parts.collect::<Vec<_>>().join(", "))
        });
        Self {
            who: texts.who,
            words: texts.words,
            prevention: texts.prevention,
            nominee,
            answer: texts.answer,
            ..Self::bare(row)
        }
    }
}
