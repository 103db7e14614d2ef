//! The attendance of a conference as a text for the minutes and the case system, so that nothing is typed twice.

use super::Assessment;
use super::standing::Standing;
use super::store::Record;
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::invitations::Attendance;
use crate::invitations::entity::invitation;

/// The groups, in the order of the minutes.
const GROUPS: &[(Standing, &str)] = &[
    (Standing::Attended, "Present at the decision"),
    (Standing::Deputised, "Present at the decision, by deputy"),
    (Standing::LeftBeforeDecision, "There, but not at the decision"),
    (Standing::Contributed, "Not there; sent a report"),
    (Standing::Apologies, "Apologies"),
    (Standing::Silent, "Not there, and no apologies"),
    (Standing::Excused, "Not to come"),
    (Standing::NotExpected, "Asked for a report alone"),
];

fn line(row: &invitation::Model, service: &str, deputy: &str) -> String {
    let mut parts = vec![format!("{service} ({})", row.role)];
    parts.extend(
        row.attendance.filter(|a| *a != Attendance::Absent).map(|attendance| attendance.label().to_owned()),
    );
    parts.extend(row.joined_at.map(|at| format!("from {}", london::clock(at))));
    parts.extend(row.left_at.map(|at| format!("until {}", london::clock(at))));
    if !deputy.is_empty() {
        parts.push(format!("deputy: {deputy}"));
    }
    if row.report.was_received() {
        parts.push(format!("report: {}", row.report.label()));
    }
    if row.walk_in {
        parts.push("not invited".to_owned());
    }
    parts.join(", ")
}

/// The text. `deputies`: as recorded, in the order of the invitations; empty for none.
pub fn minutes(
    record: &Record,
    directory: &Directory,
    assessment: &Assessment,
    deputies: &[String],
    chair: &str,
) -> String {
    let c = &record.conference;
    let mut text = vec![
        format!("Attendance of conference {}, {}", c.reference, c.kind.label()),
        format!("{}, {}", london::full_date(c.conference_date), london::clock(c.starts_at)),
        format!("Chair: {chair}"),
    ];
    text.extend(c.decision_at.map(|at| format!("Decision taken at {}", london::clock(at))));
    text.push(assessment.quoracy.sentence());
    let service = |n: usize| directory.of(record.invitations[n].service_id).0.name.as_str();
    for (n, child) in record.children.iter().enumerate() {
        let of = if record.children.len() > 1 {
            format!("Decision for child {}", n + 1)
        } else {
            "Decision".to_owned()
        };
        let decision = child.decision.map_or("not recorded", |d| d.label());
        let dissent: Vec<&str> = record.dissent(child.id).map(service).collect();
        let dissent =
            if dissent.is_empty() { String::new() } else { format!("; disagree: {}", dissent.join(", ")) };
        text.push(format!("{of}: {decision}{dissent}"));
    }
    for (standing, heading) in GROUPS {
        let of = assessment.invitations.iter().enumerate().filter(|(_, a)| a.standing == *standing);
        let lines: Vec<String> = of
            .map(|(n, _)| {
                let row = &record.invitations[n];
                format!("- {}", line(row, &directory.of(row.service_id).0.name, &deputies[n]))
            })
            .collect();
        if !lines.is_empty() {
            text.push(format!("\n{heading}:"));
            text.extend(lines);
        }
    }
    text.join("\n")
}
