//! The columns of an invitation, and what cannot be true together.

use chrono::NaiveDate;

use super::{Context, LogInvitation, moment};
use crate::calendar::london;
use crate::imports::cells::Cells;
use crate::invitations::{
    AbsenceReason, Attendance, Delivery, Excused, Necessity, Report, Response, View, report_timing,
};
use crate::platform::nearest;

pub(super) fn invitation(
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
    if excused.is_some() && agency.is_some_and(|a| !a.group.can_be_excused()) {
        cells.refuse("excused", "children's social care cannot be excused", "Empty the cell.");
    }
    if !context.tracker
        && delivery != Delivery::NotSent
        && invited_on.is_none()
        && cells.text("invited_on").is_empty()
    {
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
        attendance_only: context.tracker,
    })
}
