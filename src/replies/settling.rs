//! Settling a dispute (DOMAIN 7): upheld, the register is amended, and correction and figures follow from that; not
//! upheld, the agency is told why. The facts and the reply change together, or not at all.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::entity::reply;
use super::letter::{ANSWERED, ReplyLetter};
use super::{ReplyKind, ReplyState, sealed, store};
use crate::audit::{self, Event};
use crate::feedback::{self, Evidence, Office};
use crate::invitations::entity::invitation;
use crate::mail::Trust;
use crate::outbox::{self, NoticeError};
use crate::platform::{Keys, Tx};
use crate::register::amend::{Amended, Amendment, NotAmended};

/// What a QA manager decides.
pub enum Verdict {
    /// The agency is right, and this is how the invitation should be recorded.
    Upheld(Box<invitation::Model>),
    /// The agency is right, and the register says so by now.
    UpheldAlready,
    NotUpheld,
}

impl Verdict {
    const fn state(&self) -> ReplyState {
        match self {
            Self::Upheld(_) | Self::UpheldAlready => ReplyState::Upheld,
            Self::NotUpheld => ReplyState::NotUpheld,
        }
    }
}

/// The reason that an amendment carries where a dispute led to it.
pub fn why(dispute: &reply::Model, answer: &str) -> String {
    let ground = dispute.ground.map_or("", |ground| ground.label());
    let answer = if answer.is_empty() { String::new() } else { format!(" {answer}") };
    format!("The agency said: \u{201c}{ground}\u{201d}. Upheld.{answer}")
}

/// Settles a dispute that waits; gives back what was amended.
pub async fn settle(
    tx: &Tx,
    office: Office<'_>,
    amendment: Amendment<'_>,
    mut dispute: reply::Model,
    evidence: Evidence,
    verdict: Verdict,
    answer: &str,
) -> Result<Result<Vec<Amended>, NotAmended>, NoticeError> {
    let (now, letter) = (amendment.now, evidence.letter.clone());
    let restricted = evidence.record.conference.restricted;
    let (state, already) = (verdict.state(), matches!(verdict, Verdict::UpheldAlready));
    let made = match verdict {
        Verdict::Upheld(row) => match amendment.to(tx, evidence.record, evidence.place, *row).await? {
            Ok(made) => made,
            Err(why_not) => return Ok(Err(why_not)),
        },
        Verdict::UpheldAlready | Verdict::NotUpheld => Vec::new(),
    };
    let payload = json!({ "verdict": state, "ground": dispute.ground, "amended": made.len() });
    let event = Event { action: "dispute.settled", object: dispute.id.to_string(), payload };
    // Of a restricted conference nothing goes by itself: whoever settles it tells the agency, and the page says so.
    if let Some(address) = dispute.address.clone().filter(|_| office.letterhead.is_set_up() && !restricted) {
        let full = office.settings.domains.trust(&address) == Trust::Full;
        let path = feedback::make_link(tx, dispute.feedback_id.0, &address, now).await?;
        let message = ReplyLetter {
            upheld: state == ReplyState::Upheld,
            already,
            reply_link: format!("{}{path}", office.settings.address),
            ..ReplyLetter::about(&letter, dispute.ground, full)
        };
        outbox::tell(tx, office.letterhead, ANSWERED, dispute.id.0, &address, &message, now).await?;
    }
    close(&mut dispute, state, amendment.keys, answer, &amendment.actor.name, now);
    store::save(tx, dispute).await?;
    audit::record(tx, amendment.keys, amendment.actor, now, vec![event]).await?;
    Ok(Ok(made))
}

/// Writes down what became of a reply that waited.
pub fn close(
    row: &mut reply::Model,
    state: ReplyState,
    keys: &Keys,
    answer: &str,
    by: &str,
    now: DateTime<Utc>,
) {
    row.state = state;
    row.answer = (!answer.is_empty()).then(|| keys.seal(sealed::ANSWER, answer));
    (row.settled_by, row.settled_at) = (Some(by.to_owned()), Some(now));
}

/// Whether a reply is a dispute that waits to be settled.
pub fn waits(row: &reply::Model) -> bool {
    row.kind == ReplyKind::Disputed && row.state == ReplyState::Open
}
