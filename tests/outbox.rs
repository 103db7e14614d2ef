//! What may never be in the outbox, whatever the facts.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::feedback::make_and_send;
use crate::harness::Place;
use crate::harness::log::{EVENING, Row};

/// Any facts that a file may hold of one invitation.
fn any_row(service: usize) -> impl Strategy<Value = Row> {
    let agencies = [
        ("CSC", "Family Safeguarding North"),
        ("SCH", "Marston Primary School"),
        ("OH", "Health Visiting North"),
        ("TVP", "Child Abuse Investigation Unit"),
        ("GP", "Sandhills Surgery"),
    ];
    let pick = |list: &'static [&'static str]| proptest::sample::select(list);
    (
        pick(&["core", "expected", "information_only"]),
        pick(&["2026-09-07", "2026-09-25", ""]),
        pick(&["sent", "sent", "bounced", "not_sent"]),
        pick(&["accepted", "apologies", "deputy", "none"]),
        pick(&["in_person", "video", "phone", "absent", "absent"]),
        pick(&["no", "yes"]),
        pick(&["", "13:40", "14:31"]),
        pick(&["", "14:29", "14:45"]),
        pick(&["on_time", "none", "nil_return", "not_required"]),
        pick(&["", "clash", "none_given", "joining_failed", "late_notice"]),
        pick(&["", "", "no_longer_involved"]),
    )
        .prop_map(
            move |(
                necessity,
                invited,
                delivery,
                response,
                attendance,
                deputy,
                joined,
                left,
                report,
                reason,
                excused,
            )| {
                let (agency, name) = agencies[service];
                let there = attendance != "absent";
                let (joined, left) =
                    if joined == "14:31" && left == "14:29" { ("", left) } else { (joined, left) };
                let social_care = agency == "CSC";
                Row::of("C-1", agency, name, "Role")
                    .with("necessity", necessity)
                    .with("invited_on", invited)
                    .with("delivery", delivery)
                    .with("response", response)
                    .with("attendance", attendance)
                    .with("by_deputy", if there { deputy } else { "no" })
                    .with("joined_at", if there { joined } else { "" })
                    .with("left_at", if there { left } else { "" })
                    .with("report", report)
                    .with("report_received_on", "")
                    .with("absence_reason", if there { "" } else { reason })
                    .with("excused", if social_care { "" } else { excused })
            },
        )
}

#[test]
fn no_letter_goes_about_an_invitation_that_was_attended_or_deputised_nor_with_anothers_facts() {
    let strategy = (any_row(0), any_row(1), any_row(2), any_row(3), any_row(4));
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    runner
        .run(&strategy, |(a, b, c, d, e)| {
            let rows = [a, b, c, d, e];
            let place = Place::sqlite();
            place.import(EVENING, &rows);
            make_and_send(&place);
            let mail = place.mail();
            for message in place.outbox() {
                let service = message["service"].as_str().unwrap();
                let row = rows.iter().find(|r| r.get("service") == service).unwrap();
                let present = row.get("attendance") != "absent"
                    && row.get("joined_at") <= "14:30"
                    && (row.get("left_at").is_empty() || row.get("left_at") >= "14:30");
                prop_assert!(!present, "{service} was there: {row:?}");
                prop_assert!(row.get("excused").is_empty() && row.get("necessity") != "information_only");
            }
            for letter in &mail {
                let named = rows.iter().filter(|r| {
                    letter.raw.contains(r.get("service")) || letter.text.contains(r.get("service"))
                });
                prop_assert!(
                    named.count() <= 1,
                    "one service, or none where little may be said: {}",
                    letter.text
                );
                prop_assert!(!letter.raw.contains("L1042") && !letter.raw.contains("C-1\r"));
            }
            Ok(())
        })
        .unwrap();
}
