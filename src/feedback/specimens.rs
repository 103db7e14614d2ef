//! Letters to try the templates on: of each kind one with everything in it, and one with as little as can be. What they say
//! could all be recorded of one absence.

use super::letter::Letter;
use super::tasks::{CORRECTION, MINIMAL, REPEAT, WITHDRAWAL};
use super::{REMINDER, Wording};

/// What is recorded in a letter of a kind, and of the report.
fn recorded(kind: &str) -> (&'static str, &'static str) {
    let none = "We had no report.";
    match kind {
        "authority_fault" => ("We recorded that nobody from your service was there.", ""),
        "joining_failed" => ("We recorded that your service could not join.", none),
        "arrived_after_decision" => {
            ("We recorded that your service joined at 2:40pm; the decision was taken at 2:15pm.", none)
        }
        "left_before_decision" => (
            "We recorded that your service took part and left at 2:10pm; the decision was taken at 2:15pm.",
            none,
        ),
        "contributed" => (
            "We recorded that nobody from your service was there.",
            "Your report reached us on Monday 28 September 2026, in time.",
        ),
        "apologies" => {
            ("We recorded that your service sent apologies, and that nobody came in its place.", none)
        }
        "accepted_not_come" => ("We recorded that your service had accepted, and that nobody came.", none),
        WITHDRAWAL => ("We recorded that your service was there at the decision.", ""),
        _ => ("We recorded that nobody came, and that we had no answer to our invitation.", none),
    }
}

/// Whether a letter of a kind asks for an answer.
fn asks(kind: &str) -> bool {
    match kind.parse::<Wording>() {
        Ok(wording) => wording.asks_for_a_reply(),
        Err(_) => matches!(kind, REPEAT | REMINDER | MINIMAL | CORRECTION),
    }
}

fn full(kind: &str) -> Letter {
    let (recorded, report) = recorded(kind);
    let our_fault = kind == Wording::AuthorityFault.code();
    let letter = Letter {
        reference: "K7Q2-M4TD".into(),
        conference_type: "first review conference".into(),
        date: "Wednesday 30 September 2026".into(),
        time: "1:30pm".into(),
        place: Some("Conference room 2, County Hall".into()),
        chair: "A. Chair".into(),
        mode: "in person or by video".into(),
        service: "Health Visiting North & O'Neil House".into(),
        role: "Health visitor".into(),
        invited: match our_fault {
            true => "Our invitation of Monday 7 September 2026 to h…@…nhs.uk came back undelivered.".into(),
            false => "The invitation went on Monday 7 September 2026 (17 working days before) to h…@…nhs.uk."
                .into(),
        },
        told: kind == Wording::Apologies.code(),
        recorded: recorded.into(),
        report: report.into(),
        nil_return: false,
        quorum: "Too few agencies were there (it was not quorate), and it was put off.".into(),
        impact: vec![
            "With your service there, it would have been quorate.".into(),
            "A decision about the children waits 10 working days longer, until Wednesday 14 October 2026."
                .into(),
        ],
        our_fault,
        again: kind == REPEAT,
        missed: kind != WITHDRAWAL,
        corrects: matches!(kind, CORRECTION | WITHDRAWAL),
        changed: Vec::new(),
        decided_without: false,
        next: Some("Wednesday 14 October 2026, 1:30pm, in person or by video".into()),
        address_wanted: our_fault,
        reply_by: asks(kind).then(|| "Wednesday 7 October 2026".into()),
        reply_link: "https://quorate.example/reply/0123456789abcdef0123456789abcdef".into(),
        contact: "Conference team, Oxfordshire".into(),
        telephone: "01865 000000".into(),
        disagreement_procedure: "https://safeguarding.example/disagreement".into(),
    };
    match kind {
        CORRECTION => Letter {
            changed: vec![
                "the reason for the absence",
                "what followed from your service not being there for the decision",
            ],
            ..letter
        },
        WITHDRAWAL => Letter { impact: Vec::new(), ..letter },
        _ => letter,
    }
}

fn bare(kind: &str) -> Letter {
    let full = full(kind);
    Letter {
        place: None,
        impact: Vec::new(),
        decided_without: full.missed,
        next: None,
        quorum: "Enough agencies were there for a decision (it was quorate).".into(),
        changed: Vec::new(),
        corrects: full.corrects || kind == MINIMAL,
        reply_by: full.reply_by.filter(|_| !matches!(kind, MINIMAL | CORRECTION)),
        ..full
    }
}

/// Every kind of letter with contexts to try it on.
pub fn samples() -> Vec<(&'static str, Letter)> {
    let others = [CORRECTION, WITHDRAWAL, REPEAT, MINIMAL, REMINDER];
    let kinds = Wording::ALL.iter().map(|w| w.code()).chain(others);
    kinds.flat_map(|kind| [(kind, full(kind)), (kind, bare(kind))]).collect()
}
