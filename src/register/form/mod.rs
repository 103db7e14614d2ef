//! From a submitted register to proposed facts: parsed at the edge, with every error tied to its field.

mod row;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};

use super::Policies;
use super::store::Record;
use crate::agencies::store::Directory;
use crate::calendar::{london, written};
use crate::conferences::entity::{child, conference};
use crate::conferences::{AdjournmentReason, Decision, Status};
use crate::invitations::entity::invitation;
use crate::platform::UnknownCode;
use crate::web::Fields;

pub use row::{NOTE_LIMIT, PutDown, Typed, Words, view_field};

/// Something wrong with a field of the form.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The id of the field on the page.
    pub field: String,
    /// What is wrong, and what to write.
    pub text: String,
}

/// One row of the form: what it proposes, and what it had shown when it was opened.
#[derive(Clone)]
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
    /// Invitations, in the order of the record, each with what of it is sealed as typed.
    pub invitations: Vec<(Proposed<invitation::Model>, Words)>,
    /// What is wrong.
    pub errors: Vec<FieldError>,
}

/// Reads the fields of one row, whose names start with the row's id.
pub struct Reader<'a> {
    fields: &'a Fields,
    prefix: String,
    whose: String,
    occasion: Occasion<'a>,
    errors: Vec<FieldError>,
}

/// The meeting that a form is about, and the day on which it is filled in.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    /// London's date of the conference.
    pub date: NaiveDate,
    /// Today.
    pub today: NaiveDate,
    /// When a report is on time.
    pub policies: &'a Policies,
}

impl<'a> Reader<'a> {
    /// What was wrong with the fields read so far.
    pub fn errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// A reader for the row with this id; `whose` names it in errors.
    pub fn new(
        fields: &'a Fields,
        prefix: impl std::fmt::Display,
        whose: &str,
        occasion: Occasion<'a>,
    ) -> Self {
        Self { fields, prefix: prefix.to_string(), whose: whose.to_owned(), occasion, errors: Vec::new() }
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
        let at = written::time(text).and_then(|time| london::to_utc(self.occasion.date, time));
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
        let read = written::day(text);
        match read {
            None => self.error(field, format!("\"{text}\" is not a date; write it as 30/09/2026")),
            Some(day) if day > self.occasion.today => {
                self.error(field, format!("{text} lies in the future"));
            }
            Some(_) => {}
        }
        read
    }

    /// Whether the form has this row: one that is saved while it is filled in has only those that changed.
    fn is_there(&self) -> bool {
        !self.text("base").is_empty()
    }

    /// The facts of the conference as the form has them.
    fn conference(&mut self, ours: &conference::Model) -> Proposed<conference::Model> {
        if !self.is_there() {
            return unchanged(ours);
        }
        let mut row = ours.clone();
        row.decision_at = self.time("decision_time");
        row.status = self.code_or("status", ours.status);
        row.adjournment_reason =
            self.code::<AdjournmentReason>("adjournment_reason").filter(|_| row.status == Status::Adjourned);
        if row.status == Status::Adjourned && row.adjournment_reason.is_none() {
            self.error("adjournment_reason", "say why it was adjourned".to_owned());
        }
        if row.decision_at.is_some_and(|at| at < row.starts_at) {
            self.error("decision_time", "the decision was before the start".to_owned());
        }
        if row.decision_at.is_some() && matches!(row.status, Status::Scheduled | Status::Cancelled) {
            row.status = Status::Held;
        }
        if matches!(row.status, Status::Held | Status::Adjourned) && self.occasion.date > self.occasion.today
        {
            self.error("status", "the conference has not taken place yet".to_owned());
        }
        Proposed { row, base: self.text("base").to_owned() }
    }

    /// The decision for a child as the form has it.
    fn child(&mut self, ours: &child::Model, conference: &conference::Model) -> Proposed<child::Model> {
        if !self.is_there() {
            return unchanged(ours);
        }
        let mut row = ours.clone();
        row.decision = self.code::<Decision>("decision");
        if let Some(wrong) = row.decision.filter(|d| !d.fits(conference.kind)) {
            let text = format!("\"{}\" cannot be decided at a {}", wrong.label(), conference.kind.label());
            self.error("decision", text);
        }
        Proposed { row, base: self.text("base").to_owned() }
    }
}

impl Submission {
    /// Reads a submitted register against the record as it stands. `names` are the invitations' services,
    /// for errors.
    pub fn read(
        fields: &Fields,
        record: &Record,
        directory: &Directory,
        names: &[String],
        occasion: Occasion<'_>,
    ) -> Self {
        let mut errors = Vec::new();
        let mut reader = Reader::new(fields, "conference", "The conference", occasion);
        let conference = reader.conference(&record.conference);
        errors.append(&mut reader.errors);
        let mut children = Vec::with_capacity(record.children.len());
        for (n, ours) in record.children.iter().enumerate() {
            let mut reader = Reader::new(fields, ours.id, &format!("Child {}", n + 1), occasion);
            children.push(reader.child(ours, &record.conference));
            errors.append(&mut reader.errors);
        }
        let mut invitations = Vec::with_capacity(record.invitations.len());
        for (ours, name) in record.invitations.iter().zip(names) {
            let mut reader = Reader::new(fields, ours.id, name, occasion);
            let group = directory.of(ours.service_id).1.agency_group;
            invitations.push(reader.invitation(ours, group, &record.viewed(ours.id)));
            errors.append(&mut reader.errors);
        }
        Self { conference, children, invitations, errors }
    }

    /// What can be saved of it: a line in which something is wrong stays as it stands, the others are taken.
    pub fn without_what_is_wrong(mut self, record: &Record) -> (Self, Vec<FieldError>) {
        let errors = std::mem::take(&mut self.errors);
        let wrong = |prefix: String| errors.iter().any(|e| e.field.starts_with(&prefix));
        if wrong("conference.".to_owned()) {
            self.conference = unchanged(&record.conference);
        }
        for (proposed, ours) in self.children.iter_mut().zip(&record.children) {
            if wrong(format!("{}.", ours.id)) {
                *proposed = unchanged(ours);
            }
        }
        for (proposed, ours) in self.invitations.iter_mut().zip(&record.invitations) {
            if wrong(format!("{}.", ours.id)) {
                *proposed = (unchanged(ours), Words::default());
            }
        }
        (self, errors)
    }
}

/// A line that says nothing: without a base nothing is taken from it.
fn unchanged<M: Clone>(ours: &M) -> Proposed<M> {
    Proposed { row: ours.clone(), base: String::new() }
}
