//! Rows of an attendance log, to be changed one cell at a time.

use std::collections::BTreeMap;

pub const COLUMNS: &[&str] = &[
    "conference_ref",
    "conference_date",
    "start_time",
    "decision_time",
    "conference_type",
    "status",
    "adjournment_reason",
    "locality",
    "mode",
    "chair",
    "strategy_discussion_date",
    "child_refs",
    "category",
    "agency_code",
    "service",
    "role",
    "contact_email",
    "necessity",
    "invited_on",
    "delivery",
    "response",
    "attendance",
    "by_deputy",
    "joined_at",
    "left_at",
    "report",
    "report_received_on",
    "absence_reason",
    "excused",
    "view",
    "decisions",
];

pub const AGENCIES: &str = "agency_code,agency_name,agency_group,valid_from,valid_to,successor_code
CSC,Children's Social Care,childrens_social_care,,,
SCH,Schools,education,,,
OH,Community Health,community_health,,,
TVP,Police,police,,,
GP,GP practices,primary_care,,,
OCCG,Clinical Commissioning Group,primary_care,2013-04-01,2022-06-30,GP
";

pub const CONTACTS: &str = "agency_code,service,contact_name,role,email,is_safeguarding_lead
SCH,,,Safeguarding lead,lead@sch.gov.example,yes
OH,Health Visiting North,,Health visitor,hv-north@oh.nhs.example,no
OH,,,Safeguarding lead,lead@oh.nhs.example,yes
TVP,,,Safeguarding lead,lead@tvp.police.example,yes
";

#[derive(Clone, Debug)]
pub struct Row(BTreeMap<&'static str, String>);

/// The day of the conferences that [`conference`] makes, a Wednesday.
pub const DAY: &str = "2026-09-30";
/// The moment at which they are imported: the same evening in London.
pub const EVENING: &str = "2026-09-30T15:30:00Z";
/// When their letters are made: past the hold, and inside the window.
pub const LATER: &str = "2026-09-30T16:05:00Z";

impl Row {
    /// An invitation in good order, attended by video.
    pub fn of(conference: &str, agency: &str, service: &str, role: &str) -> Self {
        let mut row = Self(COLUMNS.iter().map(|c| (*c, String::new())).collect());
        let address =
            format!("{}@{}.nhs.example", service.to_lowercase().replace(' ', "-"), agency.to_lowercase());
        for (column, value) in [
            ("conference_ref", conference),
            ("conference_date", DAY),
            ("start_time", "13:30"),
            ("decision_time", "14:30"),
            ("conference_type", "review"),
            ("status", "held"),
            ("locality", "north"),
            ("mode", "hybrid"),
            ("chair", "Chair 1"),
            ("child_refs", "L1042"),
            ("category", "NEG"),
            ("agency_code", agency),
            ("service", service),
            ("role", role),
            ("contact_email", &address),
            ("necessity", "core"),
            ("invited_on", "2026-09-07"),
            ("delivery", "sent"),
            ("response", "accepted"),
            ("attendance", "video"),
            ("by_deputy", "no"),
            ("report", "on_time"),
            ("report_received_on", "2026-09-25"),
            ("view", "agree"),
            ("decisions", "L1042=plan_continues"),
        ] {
            row.0.insert(column, value.to_owned());
        }
        row
    }

    pub fn with(mut self, column: &'static str, value: &str) -> Self {
        assert!(COLUMNS.contains(&column), "{column}");
        self.0.insert(column, value.to_owned());
        self
    }

    /// Absent, without a report.
    pub fn absent(self) -> Self {
        self.with("attendance", "absent")
            .with("report", "none")
            .with("report_received_on", "")
            .with("view", "")
    }

    pub fn get(&self, column: &str) -> &str {
        &self.0[column]
    }
}

/// A quorate review: social care, school, health visitor and police.
pub fn conference(name: &str) -> Vec<Row> {
    vec![
        Row::of(name, "CSC", "Family Safeguarding North", "Lead social worker"),
        Row::of(name, "SCH", "Marston Primary School", "Designated safeguarding lead"),
        Row::of(name, "OH", "Health Visiting North", "Health visitor"),
        Row::of(name, "TVP", "Child Abuse Investigation Unit", "Officer"),
    ]
}

pub fn csv(rows: &[Row]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).unwrap();
    for row in rows {
        writer.write_record(COLUMNS.iter().map(|c| row.get(c))).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}
