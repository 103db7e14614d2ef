//! Each kind of letter as its recipient reads it, kept as a snapshot and reviewed like code.

use crate::harness::Place;
use crate::harness::log::{EVENING, LATER, Row, conference};

/// What makes an agency that was there one that is written to.
type Change = fn(Row) -> Row;

/// One letter of each kind, out of one import.
fn letters() -> Vec<(String, crate::harness::Mail)> {
    let kinds: [(&str, Change); 8] = [
        ("authority_fault", |r| r.absent().with("invited_on", "2026-09-25").with("response", "none")),
        ("joining_failed", |r| r.absent().with("absence_reason", "joining_failed")),
        ("arrived_after_decision", |r| r.with("joined_at", "14:40")),
        ("left_before_decision", |r| r.with("left_at", "14:10")),
        ("contributed", |r| {
            r.with("attendance", "absent").with("response", "apologies").with("view", "disagree")
        }),
        ("apologies", |r| r.absent().with("response", "apologies").with("absence_reason", "clash")),
        ("accepted_not_come", |r| r.absent()),
        ("no_answer", |r| r.absent().with("response", "none")),
    ];
    let place = Place::sqlite();
    let mut rows = Vec::new();
    for (n, (_, change)) in kinds.iter().enumerate() {
        let name = format!("CANARY-CONFERENCE-{n}");
        let child = format!("CANARYCHILD{n}");
        let decisions = format!("{child}=plan_ended_child_in_need");
        for (m, row) in conference(&name).into_iter().enumerate() {
            let row = row.with("child_refs", &child).with("decisions", &decisions);
            rows.push(match m {
                2 => change(row),
                // Without the police the health visitor is pivotal.
                3 => row.absent(),
                _ => row,
            });
        }
    }
    place.import(EVENING, &rows);
    place.done_at(LATER, &["run-task", "feedback"]);
    place.done_at(LATER, &["run-task", "dispatch"]);
    let outbox = place.outbox();
    let mail = place.mail();
    kinds
        .iter()
        .map(|(kind, _)| {
            let posted = outbox
                .iter()
                .find(|m| m["kind"] == *kind && m["service"] == "Health Visiting North")
                .unwrap();
            let (to, reference) =
                (posted["recipient"].as_str().unwrap(), posted["reference"].as_str().unwrap());
            let letter = mail.iter().find(|m| m.to == to && m.subject.contains(reference)).unwrap().clone();
            ((*kind).to_owned(), letter)
        })
        .collect()
}

#[test]
fn every_letter_reads_as_it_was_reviewed() {
    let reference = regex::Regex::new("[2-9A-Z]{4}-[2-9A-Z]{4}").unwrap();
    let token = regex::Regex::new("/reply/[0-9a-f]{64}").unwrap();
    for (kind, letter) in letters() {
        let text = format!(
            "To: {}\nSubject: {}\n\n{}",
            letter.to,
            letter.subject,
            letter.text.replace("\r\n", "\n")
        );
        let text = reference.replace_all(&text, "K7Q2-M4TD");
        insta::assert_snapshot!(kind, token.replace_all(&text, "/reply/…"));
    }
}

#[test]
fn safety_comes_first_and_no_letter_says_what_may_never_be_said() {
    let tag = regex::Regex::new("<[^>]*>").unwrap();
    for (kind, letter) in letters() {
        assert!(letter.text.starts_with("If you know something"), "{kind}: {}", letter.text);
        let body = letter.html.split_once("<body").unwrap().1;
        let words = tag.replace_all(body, " ").into_owned();
        let first = words.find("ring the conference team today").unwrap();
        assert!(first < words.find("was invited to").unwrap(), "{kind}");
        // A word of its own: a reference is of any letters.
        for never in ["CANARY", "neglect", r"\bNEG\b", "failed to", "failure to attend"] {
            let word = regex::Regex::new(never).unwrap();
            let said = [&letter.subject, &letter.text, &letter.html].iter().any(|part| word.is_match(part));
            assert!(!said, "{kind} says {never}");
        }
        assert!(
            !letter.raw.contains("CANARY"),
            "{kind}: no byte that is sent holds a child or a local reference"
        );
        assert!(
            !letter.raw.contains("health-visiting-north@oh")
                || letter.to.starts_with("health-visiting-north")
        );
        assert!(letter.raw.contains("Auto-Submitted: auto-generated"), "{kind}");
        assert!(letter.message_id.contains('@'), "{kind}");
    }
}

#[test]
fn an_address_that_is_not_known_to_be_secure_is_told_only_that_feedback_is_waiting() {
    let place = Place::sqlite();
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent().with("contact_email", "office@oh.nhs.example");
    rows[3] = rows[3].clone().absent().with("contact_email", "unit@unknown.example");
    place.import(EVENING, &rows);
    place.done_at(LATER, &["run-task", "feedback"]);
    place.done_at(LATER, &["run-task", "dispatch"]);
    for to in ["office@oh.nhs.example", "unit@unknown.example"] {
        let letter = place.mail().into_iter().find(|m| m.to == to).unwrap();
        assert!(letter.subject.ends_with(": feedback is waiting"), "{}", letter.subject);
        assert!(
            !letter.text.contains("quorate") && !letter.text.contains("Health Visiting"),
            "{}",
            letter.text
        );
    }
}
