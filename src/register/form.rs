//! From a submitted register to proposed facts: parsed at the edge, with every error tied to its field.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::store::Record;
use crate::calendar::london;
use crate::conferences::entity::{child, conference};
use crate::conferences::{AdjournmentReason, Decision, Status};
use crate::invitations::entity::invitation;
use crate::platform::UnknownCode;
use crate::web::Fields;

/// Something wrong with a field of the form.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The id of the field on the page.
    pub field: String,
    /// What is wrong, and what to write.
    pub text: String,
}

/// One row of the form: what it proposes, and what it had shown when it was opened.
pub struct Proposed<M> {
    /// Our row with the form's facts in it.
    pub row: M,
    /// The facts as they stood when the form was opened.
    pub base: String,
}

/// A submitted register.
pub struct Submission {
    /// The conference's own facts.
    pub conference: Proposed<conference::Model>,
    /// Decisions, in the order of the record.
    pub children: Vec<Proposed<child::Model>>,
    /// Invitations, in the order of the record, each with its deputy's name and role as typed.
    pub invitations: Vec<(Proposed<invitation::Model>, Typed)>,
    /// What is wrong.
    pub errors: Vec<FieldError>,
}

/// Text that is sealed when it is stored: as typed, and as it was when the form was opened.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Now.
    pub text: String,
    /// Then.
    pub base: String,
}

/// Reads the fields of one row, whose names start with the row's id.
pub struct Reader<'a> {
    fields: &'a Fields,
    prefix: String,
    whose: String,
    date: NaiveDate,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// What was wrong with the fields read so far.
    pub fn errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// A reader for the row with this id; `whose` names it in errors.
    pub fn new(fields: &'a Fields, prefix: impl std::fmt::Display, whose: &str, date: NaiveDate) -> Self {
        Self { fields, prefix: prefix.to_string(), whose: whose.to_owned(), date, errors: Vec::new() }
    }

    fn name(&self, field: &str) -> String {
        format!("{}.{field}", self.prefix)
    }

    /// A field as text.
    pub fn text(&self, field: &str) -> &'a str {
        self.fields.text(&self.name(field))
    }

    fn error(&mut self, field: &str, text: String) {
        self.errors.push(FieldError { field: self.name(field), text: format!("{}: {text}", self.whose) });
    }

    /// A code, or nothing.
    pub fn code<C: FromStr<Err = UnknownCode>>(&mut self, field: &str) -> Option<C> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|e: UnknownCode| self.error(field, e.to_string())).ok()
    }

    /// A code that must be there; where the form lacks it, what stands.
    fn code_or<C: FromStr<Err = UnknownCode>>(&mut self, field: &str, stands: C) -> C {
        self.code(field).unwrap_or(stands)
    }

    fn time(&mut self, field: &str) -> Option<DateTime<Utc>> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        let forms = ["%H:%M", "%H:%M:%S", "%H.%M", "%I:%M%p", "%I:%M %p", "%H%M"];
        let read = forms.iter().find_map(|f| NaiveTime::parse_from_str(text, f).ok());
        let at = read.and_then(|time| london::to_utc(self.date, time));
        if at.is_none() {
            self.error(field, format!("\"{text}\" is not a time; write it as 14:10"));
        }
        at
    }

    fn day(&mut self, field: &str) -> Option<NaiveDate> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        let forms = ["%Y-%m-%d", "%d/%m/%Y"];
        let read = forms.iter().find_map(|f| NaiveDate::parse_from_str(text, f).ok());
        if read.is_none() {
            self.error(field, format!("\"{text}\" is not a date; write it as 30/09/2026"));
        }
        read
    }

    /// The facts of an invitation as the form has them.
    pub fn invitation(&mut self, ours: &invitation::Model) -> (Proposed<invitation::Model>, Typed) {
        let mut row = ours.clone();
        row.attendance = self.code("attendance");
        row.by_deputy = self.text("by_deputy") == "yes";
        row.joined_at = self.time("joined_at");
        row.left_at = self.time("left_at");
        row.report = self.code_or("report", ours.report);
        row.report_received_on = self.day("report_received_on");
        row.absence_reason = self.code("absence_reason");
        row.excused = self.code("excused");
        row.view = self.code("view");
        row.response = self.code_or("response", ours.response);
        row.delivery = self.code_or("delivery", ours.delivery);
        row.necessity = self.code_or("necessity", ours.necessity);
        row.invited_on = self.day("invited_on");
        let address = self.text("contact_email");
        row.contact_email = (!address.is_empty()).then(|| address.to_lowercase());
        if row.contact_email.as_deref().is_some_and(|a| a.parse::<lettre::Address>().is_err()) {
            self.error("contact_email", format!("\"{address}\" is not a mail address"));
        }
        let facts = row.facts();
        if !facts.was_there() && (facts.joined_at.is_some() || facts.left_at.is_some()) {
            self.error("joined_at", "a time to join or leave needs someone who was there".to_owned());
        }
        if !facts.was_there() && facts.by_deputy {
            self.error("by_deputy", "a deputy needs to have been there".to_owned());
        }
        if facts.joined_at.zip(facts.left_at).is_some_and(|(joined, left)| left < joined) {
            self.error("left_at", "left before joining".to_owned());
        }
        if facts.report_received_on.is_some() && !facts.report.was_received() {
            self.error("report_received_on", "a day of receipt needs a report".to_owned());
        }
        let base = self.text("base").to_owned();
        let was: BTreeMap<String, String> = serde_json::from_str(&base).unwrap_or_default();
        let typed = Typed {
            text: self.text("deputy").to_owned(),
            base: was.get("deputy").cloned().unwrap_or_default(),
        };
        (Proposed { row, base }, typed)
    }
}

impl Submission {
    /// Reads a submitted register against the record as it stands. `names` are the invitations' services,
    /// for errors.
    pub fn read(fields: &Fields, record: &Record, names: &[String]) -> Self {
        let c = &record.conference;
        let mut errors = Vec::new();
        let mut reader = Reader::new(fields, "conference", "The conference", c.conference_date);
        let mut row = c.clone();
        row.decision_at = reader.time("decision_time");
        row.status = reader.code_or("status", c.status);
        row.adjournment_reason = reader
            .code::<AdjournmentReason>("adjournment_reason")
            .filter(|_| row.status == Status::Adjourned);
        if row.status == Status::Adjourned && row.adjournment_reason.is_none() {
            reader.error("adjournment_reason", "say why it was adjourned".to_owned());
        }
        if row.decision_at.is_some_and(|at| at < row.starts_at) {
            reader.error("decision_time", "the decision was before the start".to_owned());
        }
        if row.decision_at.is_some() && matches!(row.status, Status::Scheduled | Status::Cancelled) {
            row.status = Status::Held;
        }
        let conference = Proposed { row, base: reader.text("base").to_owned() };
        errors.append(&mut reader.errors);
        let mut children = Vec::with_capacity(record.children.len());
        for (n, ours) in record.children.iter().enumerate() {
            let whose = format!("Child {}", n + 1);
            let mut reader = Reader::new(fields, ours.id, &whose, c.conference_date);
            let mut row = ours.clone();
            row.decision = reader.code::<Decision>("decision");
            if let Some(wrong) = row.decision.filter(|d| !d.fits(c.kind)) {
                reader.error(
                    "decision",
                    format!("\"{}\" cannot be decided at a {}", wrong.label(), c.kind.label()),
                );
            }
            let base = reader.text("base").to_owned();
            errors.append(&mut reader.errors);
            children.push(Proposed { row, base });
        }
        let mut invitations = Vec::with_capacity(record.invitations.len());
        for (ours, name) in record.invitations.iter().zip(names) {
            let mut reader = Reader::new(fields, ours.id, name, c.conference_date);
            invitations.push(reader.invitation(ours));
            errors.append(&mut reader.errors);
        }
        Self { conference, children, invitations, errors }
    }
}
