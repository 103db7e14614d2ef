//! One invitation as fields of a form.

use serde::Serialize;

use super::{child_name, invited};
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::invitations::entity::invitation;
use crate::invitations::{
    AbsenceReason, Attendance, Delivery, Excused, ImpactCode, Necessity, Report, Response, View,
};
use crate::platform::Keys;
use crate::register::form::{FieldError, NOTE_LIMIT, PutDown, view_field};
use crate::register::save::{open_deputy, open_note};
use crate::register::store::Record;
use crate::register::{Assessment, Policies, merge, sealed};
use crate::web::{Choice, Fields, choices, options};

/// One invitation as fields.
#[derive(Serialize)]
pub(super) struct RowFields {
    id: String,
    service: String,
    agency: String,
    role: String,
    necessity: &'static str,
    invited: String,
    standing: &'static str,
    /// ", joined 14:10": what the line shows of the times.
    times: String,
    /// The deputy that an answer named.
    announced: Option<String>,
    /// It said that a report will come.
    promised: bool,
    attendance: Vec<Choice>,
    by_deputy: bool,
    /// Whether the part below the fold is shown: a deputy came, or something in it is wrong.
    opened: bool,
    deputy: String,
    joined_at: String,
    left_at: String,
    report: Vec<Choice>,
    report_received_on: String,
    absence_reason: Vec<Choice>,
    excused: Vec<Choice>,
    view: Vec<Choice>,
    views: Vec<ViewOn>,
    response: Vec<Choice>,
    delivery: Vec<Choice>,
    necessities: Vec<Choice>,
    invited_on: String,
    contact_email: String,
    base: String,
    errors: Vec<String>,
}

/// A view on one child.
#[derive(Serialize)]
struct ViewOn {
    field: String,
    child: String,
    choices: Vec<Choice>,
}

/// What the chair puts down of one absence, as fields.
#[derive(Serialize)]
pub(super) struct ImpactFields {
    id: String,
    codes: Vec<Ticked>,
    note: String,
    shown: bool,
    limit: usize,
    error: Option<String>,
    note_error: Option<String>,
}

#[derive(Serialize)]
struct Ticked {
    value: &'static str,
    label: &'static str,
    severity: u8,
    ticked: bool,
}

impl ImpactFields {
    /// `report`: whether one came, that could have covered what it knew.
    pub(super) fn of(id: &str, put: &PutDown, report: bool, errors: &[FieldError]) -> Self {
        let offered =
            |code: &ImpactCode| report || *code != ImpactCode::NoMaterialEffect || put.codes.has(*code);
        let error = |field: &str| {
            let name = format!("{id}.{field}");
            errors.iter().find(|e| e.field == name).map(|e| e.text.clone())
        };
        let codes = ImpactCode::CHAIRS.iter().copied().filter(offered).map(|code| Ticked {
            value: code.code(),
            label: code.label(),
            severity: code.severity(),
            ticked: put.codes.has(code),
        });
        Self {
            id: id.to_owned(),
            codes: codes.collect(),
            note: put.note.clone(),
            shown: put.shown,
            limit: NOTE_LIMIT,
            error: error("impact"),
            note_error: error("impact_note"),
        }
    }
}

/// ", joined 14:10, left 15:00"; empty for whoever was there all the time.
pub(super) fn times(row: &invitation::Model) -> String {
    let joined = row.joined_at.map(|at| format!(", joined {}", london::hhmm(at)));
    let left = row.left_at.map(|at| format!(", left {}", london::hhmm(at)));
    [joined, left].into_iter().flatten().collect()
}

fn announced(keys: &Keys, row: &invitation::Model) -> Option<String> {
    row.announced_deputy.as_ref().and_then(|who| keys.open(sealed::ANNOUNCED_DEPUTY, who).ok())
}

/// What a form shows of an invitation: the base of the comparison when it is sent.
pub(super) fn base_of(keys: &Keys, row: &invitation::Model) -> String {
    let mut base: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&merge::as_text(merge::of_a_form(), row)).unwrap_or_default();
    base.insert("deputy".to_owned(), open_deputy(keys, row).into());
    base.insert("impact_note".to_owned(), open_note(keys, row).into());
    base.extend(row.child_views.iter().map(|(child, view)| (view_field(child), view.code().into())));
    serde_json::Value::Object(base).to_string()
}

fn views(record: &Record, row: &invitation::Model, keys: &Keys) -> Vec<ViewOn> {
    let children =
        record.viewed(row.id).into_iter().filter_map(|id| record.children.iter().find(|c| c.id == id));
    let fields = children.map(|child| ViewOn {
        field: view_field(child.id),
        child: child_name(keys, child),
        choices: options("the same", View::ALL, row.child_views.on(child.id), |v| (v.code(), v.label())),
    });
    fields.collect()
}

/// The fields of each invitation, showing `shown` (what stands, or what the form proposed); times and days
/// that could not be read are shown as they were `typed`.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
pub(super) fn row_fields(
    record: &Record,
    shown: &[invitation::Model],
    deputies: &[String],
    directory: &Directory,
    assessment: &Assessment,
    policies: &Policies,
    keys: &Keys,
    errors: &[FieldError],
    typed: Option<&Fields>,
) -> Vec<RowFields> {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(london::hhmm).unwrap_or_default();
    let day = |d: Option<chrono::NaiveDate>| d.map(|d| d.format("%d/%m/%Y").to_string()).unwrap_or_default();
    let rows = record.invitations.iter().enumerate().zip(shown).zip(deputies);
    rows.map(|(((place, stored), row), deputy)| {
        let (service, agency) = directory.of(stored.service_id);
        let prefix = format!("{}.", stored.id);
        let as_typed = |field: &str, stands: String| {
            typed.map_or(stands, |fields| fields.text(&format!("{prefix}{field}")).to_owned())
        };
        RowFields {
            id: stored.id.to_string(),
            service: service.name.clone(),
            agency: agency.name.clone(),
            role: stored.role.clone(),
            necessity: stored.necessity.label(),
            invited: invited(record, stored, assessment, place, policies),
            standing: assessment.invitations[place].standing.label(),
            times: times(stored),
            announced: announced(keys, stored),
            promised: stored.report_promised && !stored.report.was_received(),
            attendance: choices(Attendance::ALL, row.attendance, |a| (a.code(), a.label())),
            by_deputy: row.by_deputy,
            opened: row.by_deputy || errors.iter().any(|e| e.field.starts_with(&prefix)),
            deputy: deputy.clone(),
            joined_at: as_typed("joined_at", time(row.joined_at)),
            left_at: as_typed("left_at", time(row.left_at)),
            report: choices(Report::ALL, Some(row.report), |r| (r.code(), r.label())),
            report_received_on: as_typed("report_received_on", day(row.report_received_on)),
            absence_reason: options("no reason recorded", AbsenceReason::ALL, row.absence_reason, |r| {
                (r.code(), r.label())
            }),
            excused: options("not excused", Excused::ALL, row.excused, |e| (e.code(), e.label())),
            view: options("not recorded", View::ALL, row.view, |v| (v.code(), v.label())),
            views: views(record, row, keys),
            response: choices(Response::ALL, Some(row.response), |r| (r.code(), r.label())),
            delivery: choices(Delivery::ALL, Some(row.delivery), |d| (d.code(), d.label())),
            necessities: choices(Necessity::ALL, Some(row.necessity), |n| (n.code(), n.label())),
            invited_on: as_typed("invited_on", day(row.invited_on)),
            contact_email: as_typed("contact_email", row.contact_email.clone().unwrap_or_default()),
            base: base_of(keys, stored),
            errors: errors.iter().filter(|e| e.field.starts_with(&prefix)).map(|e| e.text.clone()).collect(),
        }
    })
    .collect()
}
