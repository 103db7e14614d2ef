//! `attendance-log.csv`: one row an invitation, with its conference's columns repeated.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::cells::{Cells, parse_date, parse_time};
use super::outcome::Refusal;
use super::text::{Row, Table};
use crate::agencies::AgencyGroup;
use crate::calendar::{Calendar, london};
use crate::conferences::{AdjournmentReason, Category, ConferenceType, Decision, Locality, Mode, Status};
use crate::invitations::{
    AbsenceReason, Attendance, Delivery, Excused, Necessity, Report, Response, View, report_timing,
};
use crate::platform::nearest;

/// The columns that describe the conference, and must agree between its rows.
const CONFERENCE_COLUMNS: &[&str] = &[
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
    "decisions",
];

/// Every column of the log.
pub(super) const COLUMNS: &[&str] = &[
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

/// A conference of the log that can be taken.
#[derive(Clone, Debug)]
pub(super) struct LogConference {
    pub conference_ref: String,
    pub date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub decision_at: Option<DateTime<Utc>>,
    pub kind: ConferenceType,
    pub status: Status,
    pub adjournment_reason: Option<AdjournmentReason>,
    pub locality: Locality,
    pub mode: Mode,
    pub chair: String,
    pub strategy_discussion_on: Option<NaiveDate>,
    pub category: Category,
    pub children: Vec<(String, Option<Decision>)>,
    pub invitations: Vec<LogInvitation>,
}

/// An invitation of the log.
#[derive(Clone, Debug)]
pub(super) struct LogInvitation {
    pub agency_code: String,
    pub service: String,
    pub role: String,
    pub contact_email: Option<String>,
    pub necessity: Necessity,
    pub invited_on: Option<NaiveDate>,
    pub delivery: Delivery,
    pub response: Response,
    pub attendance: Option<Attendance>,
    pub by_deputy: bool,
    pub joined_at: Option<DateTime<Utc>>,
    pub left_at: Option<DateTime<Utc>>,
    pub report: Report,
    pub report_received_on: Option<NaiveDate>,
    pub absence_reason: Option<AbsenceReason>,
    pub excused: Option<Excused>,
    pub view: Option<View>,
}

/// What the rows are read against.
pub(super) struct Context<'a> {
    pub today: NaiveDate,
    pub calendar: &'a Calendar,
    pub report_on_time_working_days: u32,
    /// Known agencies: code → group, and the day until which each is valid, with its successor.
    pub agencies: &'a BTreeMap<String, KnownAgency>,
}

/// An agency that a row can name.
#[derive(Clone, Debug)]
pub(super) struct KnownAgency {
    pub group: AgencyGroup,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub successor: Option<String>,
}

/// The log, read: the conferences that hold no refused row, and everything that is wrong.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub conferences: Vec<LogConference>,
    pub refused: Vec<Refusal>,
    pub refused_conferences: usize,
    pub refused_invitations: usize,
    pub warnings: Vec<String>,
}

/// Reads the rows into conferences.
pub(super) fn read(table: &Table, misshapen: Vec<Refusal>, context: &Context<'_>) -> Log {
    let mut log = Log { refused_invitations: misshapen.len(), refused: misshapen, ..Log::default() };
    let mut order: Vec<&str> = Vec::new();
    let mut groups: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in &table.rows {
        let mut cells = Cells::new(table, row);
        let name = cells.required("conference_ref");
        if name.is_empty() {
            log.refused_invitations += 1;
            log.refused.extend(cells.refused);
            continue;
        }
        let group = groups.entry(name).or_insert_with(|| {
            order.push(name);
            Vec::new()
        });
        group.push(row);
    }
    for name in order {
        let rows = &groups[name];
        let mut refused = Vec::new();
        let conference = conference(table, name, rows, context, &mut refused, &mut log.warnings);
        let misshapen = log.refused.iter().any(|r| r.conference.as_deref() == Some(name));
        match conference {
            Some(conference) if refused.is_empty() && !misshapen => log.conferences.push(conference),
            _ => {
                log.refused_conferences += 1;
                log.refused_invitations += rows.len();
                log.refused
                    .extend(refused.into_iter().map(|r| Refusal { conference: Some(name.to_owned()), ..r }));
            }
        }
    }
    log.refused.sort_by_key(|r| r.line);
    log
}

fn conference(
    table: &Table,
    name: &str,
    rows: &[&Row],
    context: &Context<'_>,
    refused: &mut Vec<Refusal>,
    warnings: &mut Vec<String>,
) -> Option<LogConference> {
    let first = rows[0];
    for row in &rows[1..] {
        for column in CONFERENCE_COLUMNS {
            let (there, here) = (table.cell(first, column), table.cell(row, column));
            if !means_the_same(there, here) {
                let reason = format!("row {} of the same conference has \"{there}\"", first.line);
                let remedy =
                    "A conference's columns must agree in all its rows: correct the one that is wrong.";
                refused.push(Refusal::new(&table.file, row.line, column, here, reason, remedy));
            }
        }
    }
    let mut cells = Cells::new(table, first);
    let date = cells.date("conference_date");
    if date.is_none() && cells.text("conference_date").is_empty() {
        cells.required("conference_date");
    }
    let start = cells.time("start_time");
    if start.is_none() && cells.text("start_time").is_empty() {
        cells.required("start_time");
    }
    let decision_time = cells.time("decision_time");
    let kind = cells.required_code::<ConferenceType>("conference_type");
    let status = cells.required_code::<Status>("status");
    let adjournment_reason = cells.code::<AdjournmentReason>("adjournment_reason");
    let locality = cells.required_code::<Locality>("locality");
    let mode = cells.required_code::<Mode>("mode");
    let chair = cells.required("chair");
    let strategy_discussion_on = cells.date("strategy_discussion_date");
    let category = cells.required_code::<Category>("category");
    let starts_at = date.zip(start).and_then(|(d, t)| moment(&mut cells, "start_time", d, t));
    let decision_at = date.zip(decision_time).and_then(|(d, t)| moment(&mut cells, "decision_time", d, t));

    if let (Some(starts), Some(decided)) = (starts_at, decision_at)
        && decided < starts
    {
        cells.refuse("decision_time", "this is before the conference began", "Correct the time.");
    }
    if let (Some(day), Some(began)) = (date, strategy_discussion_on)
        && began > day
    {
        let remedy = "Correct this date, or the conference's.";
        cells.refuse("strategy_discussion_date", format!("this is after the conference ({day})"), remedy);
    }
    match (status, adjournment_reason) {
        (Some(Status::Adjourned), None) if cells.text("adjournment_reason").is_empty() => {
            cells.refuse(
                "adjournment_reason",
                "an adjourned conference has no reason",
                "Write why it was adjourned.",
            );
        }
        (Some(other), Some(_)) if other != Status::Adjourned => {
            let reason = format!("a conference that is {} was not adjourned", other.code());
            cells.refuse("adjournment_reason", reason, "Empty the cell, or correct the status.");
        }
        _ => {}
    }
    let took_place = matches!(status, Some(Status::Held | Status::Adjourned));
    if let (Some(status), Some(day)) = (status, date) {
        if took_place && day > context.today {
            let reason = format!("the conference is {}, and its date lies in the future", status.code());
            cells.refuse("conference_date", reason, "Correct the date, or the status to scheduled.");
        }
        if !took_place && decision_at.is_some() {
            let reason = format!("a conference that is {} has no decision time", status.code());
            cells.refuse("decision_time", reason, "Empty the cell, or correct the status.");
        }
        if took_place && !context.calendar.is_working_day(day) {
            warnings.push(format!("{name}: {day} is not a working day."));
        }
    }
    let children = children(&mut cells, kind, took_place, name, warnings);
    refused.append(&mut cells.refused);

    let mut invitations = Vec::with_capacity(rows.len());
    let mut seen: HashMap<(String, String, String), u64> = HashMap::new();
    for row in rows {
        let mut cells = Cells::new(table, row);
        let read = invitation(&mut cells, date, took_place, context, name, warnings);
        if let Some(i) = &read {
            let key = (i.agency_code.clone(), i.service.to_lowercase(), i.role.to_lowercase());
            if let Some(line) = seen.insert(key, row.line) {
                let reason = format!("the same service and role stand in row {line} of this conference");
                cells.refuse(
                    "service",
                    reason,
                    "An invitation is one service in one role: remove one of the rows.",
                );
            }
        }
        refused.append(&mut cells.refused);
        invitations.extend(read);
    }
    Some(LogConference {
        conference_ref: name.to_owned(),
        date: date?,
        starts_at: starts_at?,
        decision_at,
        kind: kind?,
        status: status?,
        adjournment_reason,
        locality: locality?,
        mode: mode?,
        chair: chair.to_owned(),
        strategy_discussion_on,
        category: category?,
        children,
        invitations,
    })
}

/// Whether two cells say the same: capitals aside, and a date or a time however it is written.
fn means_the_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || parse_date(one).is_some_and(|day| parse_date(other) == Some(day))
        || parse_time(one).is_some_and(|time| parse_time(other) == Some(time))
}

fn moment(cells: &mut Cells<'_>, column: &str, day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    let at = london::to_utc(day, time);
    if at.is_none() {
        cells.refuse(column, "the clocks went forward over this time: it did not exist", "Correct the time.");
    }
    at
}

/// The children with their decisions. `child_refs` and `decisions` both separate by `;`.
fn children(
    cells: &mut Cells<'_>,
    kind: Option<ConferenceType>,
    took_place: bool,
    name: &str,
    warnings: &mut Vec<String>,
) -> Vec<(String, Option<Decision>)> {
    let mut children: Vec<(String, Option<Decision>)> = Vec::new();
    for child in cells.required("child_refs").split(';').map(str::trim).filter(|c| !c.is_empty()) {
        if children.iter().any(|(known, _)| known == child) {
            cells.refuse("child_refs", format!("{child} stands twice"), "Write each child once.");
        } else {
            children.push((child.to_owned(), None));
        }
    }
    for part in cells.text("decisions").split(';').map(str::trim).filter(|p| !p.is_empty()) {
        let Some((child, code)) = part.split_once('=').map(|(child, code)| (child.trim(), code.trim()))
        else {
            cells.refuse(
                "decisions",
                format!("\"{part}\" is not child=decision"),
                "Write L1042=plan_continues;….",
            );
            continue;
        };
        let decision = match code.parse::<Decision>() {
            Ok(decision) => decision,
            Err(e) => {
                let meant = nearest(code, e.allowed.iter().copied());
                let remedy =
                    meant.map_or("Correct the cell.".to_owned(), |m| format!("Did you mean \"{m}\"?"));
                cells.refuse("decisions", e.to_string(), &remedy);
                continue;
            }
        };
        if let Some(kind) = kind.filter(|kind| !decision.fits(*kind)) {
            let reason =
                format!("{} cannot be decided at a conference of type {}", decision.code(), kind.code());
            cells.refuse("decisions", reason, "Correct the decision, or the type.");
        }
        match children.iter_mut().find(|(known, _)| known == child) {
            None => {
                let reason = format!("{child} is not one of this conference's children");
                cells.refuse(
                    "decisions",
                    reason,
                    "Correct the reference here, or add the child in child_refs.",
                );
            }
            Some((_, Some(_))) => {
                cells.refuse(
                    "decisions",
                    format!("{child} has two decisions"),
                    "Leave the one that is right.",
                );
            }
            Some((_, none)) => *none = Some(decision),
        }
    }
    if !took_place && children.iter().any(|(_, decision)| decision.is_some()) {
        let reason = "a conference that has not taken place has decisions";
        cells.refuse("decisions", reason, "Empty the cell, or correct the status.");
    }
    if took_place && children.iter().any(|(_, decision)| decision.is_none()) {
        warnings.push(format!("{name}: a child has no decision; it counts in no figure about decisions."));
    }
    children
}

fn invitation(
    cells: &mut Cells<'_>,
    date: Option<NaiveDate>,
    took_place: bool,
    context: &Context<'_>,
    name: &str,
    warnings: &mut Vec<String>,
) -> Option<LogInvitation> {
    let agency_code = cells.required("agency_code");
    let agency = context.agencies.get(agency_code);
    if agency.is_none() && !agency_code.is_empty() {
        let meant = nearest(agency_code, context.agencies.keys().map(String::as_str));
        let remedy = meant.map_or("Add it to agencies.csv first.".to_owned(), |m| {
            format!("Did you mean \"{m}\"? Otherwise add it to agencies.csv first.")
        });
        cells.refuse("agency_code", "no agency has this code", &remedy);
    }
    if let (Some(agency), Some(day)) = (agency, date)
        && (agency.valid_to.is_some_and(|to| to < day) || agency.valid_from.is_some_and(|from| from > day))
    {
        let instead =
            agency.successor.as_ref().map(|s| format!(" Its successor is {s}.")).unwrap_or_default();
        let line = cells.row.line;
        warnings.push(format!(
            "{name}, row {line}: {agency_code} did not exist on {day}; taken as it stands.{instead}"
        ));
    }
    let service = cells.required("service");
    let role = cells.required("role");
    let contact_email = cells.email("contact_email");
    let necessity = cells.required_code::<Necessity>("necessity");
    let invited_on = cells.past_date("invited_on", context.today);
    let delivery = cells.code::<Delivery>("delivery").unwrap_or(Delivery::NotSent);
    let response = cells.code::<Response>("response").unwrap_or(Response::None);
    let attendance = cells.code::<Attendance>("attendance");
    let by_deputy = cells.yes("by_deputy");
    let time = |cells: &mut Cells<'_>, column| {
        let time = cells.time(column)?;
        moment(cells, column, date?, time)
    };
    let joined_at = time(cells, "joined_at");
    let left_at = time(cells, "left_at");
    let report = cells.code::<Report>("report").unwrap_or(Report::None);
    let report_received_on = cells.past_date("report_received_on", context.today);
    let absence_reason = cells.code::<AbsenceReason>("absence_reason");
    let excused = cells.code::<Excused>("excused");
    let view = cells.code::<View>("view");

    let was_there = attendance.is_some_and(|a| a != Attendance::Absent);
    if attendance.is_some() && date.is_some_and(|day| day > context.today) {
        let reason = format!(
            "attendance is recorded, and the conference is in the future (today is {})",
            context.today
        );
        cells.refuse("attendance", reason, "Empty the cell, or correct the conference's date.");
    } else if attendance.is_some() && !took_place {
        let reason = "attendance is recorded, and the conference was not held";
        cells.refuse("attendance", reason, "Empty the cell, or correct the conference's status.");
    }
    if by_deputy && !was_there {
        cells.refuse("by_deputy", "a deputy came, and nobody was there", "Correct this cell, or attendance.");
    }
    for column in ["joined_at", "left_at"] {
        if !was_there && !cells.text(column).is_empty() {
            cells.refuse(
                column,
                "nobody was there to join or leave",
                "Empty the cell, or correct attendance.",
            );
        }
    }
    if let (Some(joined), Some(left)) = (joined_at, left_at)
        && left < joined
    {
        let reason = format!("left before joining ({})", london::hhmm(joined));
        cells.refuse("left_at", reason, "Correct one of the two times.");
    }
    if report_received_on.is_some() && !report.was_received() {
        let reason = format!("a report has a date of receipt, and the report is \"{}\"", report.code());
        cells.refuse("report_received_on", reason, "Empty the cell, or correct the report.");
    }
    if let (Some(received), Some(day)) = (report_received_on, date)
        && report != Report::NilReturn
    {
        let derived = report_timing(received, day, context.report_on_time_working_days, context.calendar);
        if report.was_received() && derived != Some(report) {
            let line = cells.row.line;
            let by_date = derived.map_or("after the conference", Report::code);
            warnings.push(format!(
                "{name}, row {line}: the report is \"{}\", and by its date ({received}) it is {by_date}; taken as it stands.",
                report.code()
            ));
        }
    }
    if excused.is_some() && agency.is_some_and(|a| a.group == AgencyGroup::ChildrensSocialCare) {
        cells.refuse("excused", "children's social care cannot be excused", "Empty the cell.");
    }
    if delivery != Delivery::NotSent && invited_on.is_none() && cells.text("invited_on").is_empty() {
        let line = cells.row.line;
        warnings.push(format!(
            "{name}, row {line}: delivery is \"{}\" and no date of invitation stands there; it counts as not invited.",
            delivery.code()
        ));
    }
    Some(LogInvitation {
        agency_code: agency_code.to_owned(),
        service: service.to_owned(),
        role: role.to_owned(),
        contact_email,
        necessity: necessity?,
        invited_on,
        delivery,
        response,
        attendance,
        by_deputy,
        joined_at,
        left_at,
        report,
        report_received_on,
        absence_reason,
        excused,
        view,
    })
}
