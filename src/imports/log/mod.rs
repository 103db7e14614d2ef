//! `attendance-log.csv`: one row an invitation, with its conference's columns repeated.

mod conference;
mod invitation;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::cells::Cells;
use super::outcome::Refusal;
use super::text::{Row, Table};
use crate::agencies::AgencyGroup;
use crate::calendar::{Calendar, london};
use crate::conferences::{AdjournmentReason, Category, ConferenceType, Decision, Locality, Mode, Status};
use crate::invitations::{AbsenceReason, Attendance, Delivery, Excused, Necessity, Report, Response, View};
use conference::conference;

/// Every column of the log.
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

/// A conference of the log that can be taken.
#[derive(Clone, Debug)]
pub(super) struct LogConference {
    /// The row in which it stands first.
    pub line: u64,
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
    pub attendance_only: bool,
}

/// What the rows are read against.
pub(super) struct Context<'a> {
    pub today: NaiveDate,
    pub calendar: &'a Calendar,
    pub report_on_time_working_days: u32,
    /// Known agencies: code → group, and the day until which each is valid, with its successor.
    pub agencies: &'a BTreeMap<String, KnownAgency>,
    /// The rows were made of a tracker: it may name no children, and knows the attendance alone.
    pub tracker: bool,
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
    /// A refused row cannot be tied to its conference: then none is known to be whole.
    pub untied: bool,
}

/// Reads the rows into conferences.
pub(super) fn read(table: &Table, misshapen: Vec<Refusal>, context: &Context<'_>) -> Log {
    let untied = misshapen.iter().any(|r| r.conference.as_ref().is_none_or(String::is_empty));
    let mut log = Log { refused_invitations: misshapen.len(), refused: misshapen, untied, ..Log::default() };
    let mut order: Vec<&str> = Vec::new();
    let mut groups: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in &table.rows {
        let mut cells = Cells::new(table, row);
        let name = cells.required("conference_ref");
        if name.is_empty() {
            log.refused_invitations += 1;
            log.untied = true;
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

fn moment(cells: &mut Cells<'_>, column: &str, day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    let at = london::to_utc(day, time);
    if at.is_none() {
        cells.refuse(column, "the clocks went forward over this time: it did not exist", "Correct the time.");
    }
    at
}
