//! The columns of a conference, which must agree in all its rows.

use std::collections::HashMap;

use super::invitation::invitation;
use super::{Context, LogConference, moment};
use crate::calendar::written;
use crate::conferences::{AdjournmentReason, Category, ConferenceType, Decision, Locality, Mode, Status};
use crate::imports::cells::Cells;
use crate::imports::outcome::Refusal;
use crate::imports::text::{Row, Table};
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

pub(super) fn conference(
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
    let children = children(&mut cells, kind, took_place, context.tracker, name, warnings);
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
        line: first.line,
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
        || written::day(one).is_some_and(|day| written::day(other) == Some(day))
        || written::time(one).is_some_and(|time| written::time(other) == Some(time))
}

/// The children with their decisions. `child_refs` and `decisions` both separate by `;`.
fn children(
    cells: &mut Cells<'_>,
    kind: Option<ConferenceType>,
    took_place: bool,
    may_be_none: bool,
    name: &str,
    warnings: &mut Vec<String>,
) -> Vec<(String, Option<Decision>)> {
    let mut children: Vec<(String, Option<Decision>)> = Vec::new();
    let refs = if may_be_none { cells.text("child_refs") } else { cells.required("child_refs") };
    for child in refs.split(';').map(str::trim).filter(|c| !c.is_empty()) {
        if child.contains([' ', ',', '\t']) {
            let reason = format!("\"{child}\" is not a case reference");
            let remedy = "Write case-system references with ; between them, and no names.";
            cells.refuse("child_refs", reason, remedy);
        } else if children.iter().any(|(known, _)| known.eq_ignore_ascii_case(child)) {
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
