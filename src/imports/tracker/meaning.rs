//! What the columns and the values of a tracker mean: guessed where that is safe, otherwise asked.

use std::collections::BTreeSet;

use super::memory::Meanings;
use super::sheet::Sheet;
use crate::agencies::AgencyGroup;
use crate::conferences::{Category, ConferenceType, Decision, Locality};
use crate::platform::codes::codes;

codes! {
    /// What a column holds.
    pub enum Use {
        Reference = "reference", "reference of the conference";
        Date = "date", "date";
        StartTime = "start_time", "start time";
        Kind = "type", "type";
        Area = "area", "area";
        Chair = "chair", "chair";
        Children = "children", "case references of the children";
        Category = "category", "category";
        Outcome = "outcome", "outcome";
        Attendance = "attendance", "attendance of an agency";
        Nothing = "nothing", "not taken";
    }
}

codes! {
    /// What a letter in a column of attendance says.
    pub enum Letter {
        InPerson = "in_person", "there, in person or as it may be";
        Video = "video", "there by video";
        Phone = "phone", "there by phone";
        DeputyInPerson = "deputy_in_person", "a deputy came in person";
        DeputyVideo = "deputy_video", "a deputy by video";
        Apologies = "apologies", "absent, with apologies";
        Report = "report", "absent, sent a report";
        Absent = "absent", "absent without word";
        NotInvited = "not_invited", "not invited: not part of this conference";
        Unrecorded = "unrecorded", "nobody wrote it down: the register stays open";
    }
}

/// A heading, and the cells under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub heading: String,
    /// The heading in small letters: what it is remembered by.
    pub key: String,
    /// Its place in a row.
    pub place: usize,
}

/// A sheet with its headings.
pub(super) struct Tracker<'a> {
    pub columns: Vec<Column>,
    /// The rows under the headings.
    pub rows: Vec<&'a (u64, Vec<String>)>,
    /// Of a cell of attendance the first letter alone is looked at: "V - J. Smith" is V.
    pub first_letter: bool,
}

impl<'a> Tracker<'a> {
    /// The sheet under the headings in this row of the spreadsheet.
    pub fn of(sheet: &'a Sheet, heading: u64) -> Self {
        let at = sheet.rows.iter().position(|(n, _)| *n >= heading).unwrap_or(0);
        let rows: Vec<_> = sheet.rows.iter().skip(at + 1).collect();
        let width = sheet.rows[at..].iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let mut columns: Vec<Column> = Vec::new();
        for place in 0..width {
            let heading = sheet.rows[at].1.get(place).cloned().unwrap_or_default();
            let is_empty = rows.iter().all(|(_, cells)| cells.get(place).is_none_or(String::is_empty));
            if heading.is_empty() && is_empty {
                continue;
            }
            let heading = if heading.is_empty() { format!("(column {})", place + 1) } else { heading };
            let twice = columns.iter().any(|c| c.heading.eq_ignore_ascii_case(&heading));
            let heading = if twice { format!("{heading} ({})", place + 1) } else { heading };
            columns.push(Column { key: heading.to_lowercase(), heading, place });
        }
        Self { columns, rows, first_letter: false }
    }

    /// Leaves out rows that are no conference's, totals and legends: no date, no type, no chair. Their numbers.
    pub fn leave_out_totals(&mut self, meanings: &Meanings) -> Vec<u64> {
        let telling: Vec<usize> = [Use::Date, Use::Kind, Use::Chair]
            .into_iter()
            .flat_map(|what| self.used(meanings, what))
            .map(|column| column.place)
            .collect();
        let is_one = |row: &&&(u64, Vec<String>)| {
            telling.is_empty() || telling.iter().any(|place| row.1.get(*place).is_some_and(|c| !c.is_empty()))
        };
        let (kept, left): (Vec<_>, Vec<_>) = self.rows.iter().copied().partition(|row| is_one(&row));
        self.rows = kept;
        left.into_iter().map(|(line, _)| *line).collect()
    }

    /// The cell of a row under a heading.
    pub fn cell<'r>(&self, cells: &'r [String], column: &Column) -> &'r str {
        cells.get(column.place).map_or("", String::as_str)
    }

    /// What a cell says, in small letters: what a meaning is looked up by.
    pub fn value(&self, cells: &[String], column: &Column, what: Use) -> String {
        let cell = self.cell(cells, column).to_lowercase();
        match self.first_letter && what == Use::Attendance {
            true => cell.chars().take(1).collect(),
            false => cell,
        }
    }

    /// The columns that are used so.
    pub fn used(&self, meanings: &Meanings, what: Use) -> Vec<&Column> {
        self.columns.iter().filter(|c| used(meanings, c) == what).collect()
    }

    /// Every value under the columns that are used so, in small letters.
    pub fn values(&self, meanings: &Meanings, what: Use) -> BTreeSet<String> {
        let columns = self.used(meanings, what);
        let cells =
            self.rows.iter().flat_map(|(_, cells)| columns.iter().map(|c| self.value(cells, c, what)));
        cells.collect()
    }
}

/// Every name that somebody may give a meaning of this tracker: its columns, what holds for all, its values.
pub(super) fn names(tracker: &Tracker<'_>, meanings: &Meanings) -> Vec<String> {
    let of_columns = tracker
        .columns
        .iter()
        .flat_map(|c| ["column", "agency", "necessity"].map(|kind| format!("{kind}.{}", c.key)));
    let of_values = VALUES.iter().flat_map(|(kind, what)| {
        tracker.values(meanings, *what).into_iter().map(move |value| format!("{kind}.{value}"))
    });
    of_columns.chain(FOR_ALL.iter().map(|name| (*name).to_owned())).chain(of_values).collect()
}

/// What may be said of all conferences together.
pub(super) const FOR_ALL: &[&str] =
    &["all.start_time", "all.type", "all.area", "all.chair", "all.category", "all.children", "all.letters"];

/// Whether this can be the meaning of a name. Nothing that is said counts without.
pub(super) fn may_mean(name: &str, means: &str, agencies: &[(String, AgencyGroup)]) -> bool {
    let of = |codes: &[&str]| codes.contains(&means);
    let (kind, rest) = name.split_once('.').unwrap_or((name, ""));
    match (kind, rest) {
        ("column", _) => means.parse::<Use>().is_ok(),
        ("agency", _) => agencies.iter().any(|(code, _)| code == means),
        ("necessity", _) => of(&["core", "expected"]),
        ("letter", _) => means.parse::<Letter>().is_ok(),
        ("type", _) | ("all", "type") => means.parse::<ConferenceType>().is_ok(),
        ("area", _) | ("all", "area") => means.parse::<Locality>().is_ok(),
        ("category", _) | ("all", "category") => means.parse::<Category>().is_ok(),
        ("outcome", _) => means.parse::<Decision>().is_ok() || of(&["cancelled", "nothing"]),
        ("all", "children") => of(&["none", "one"]),
        ("all", "letters") => of(&["whole", "first"]),
        ("all", "start_time") => means.len() <= 8,
        ("all", "chair") => means.chars().count() <= 100,
        _ => false,
    }
}

/// What a column is used for; nothing where nobody said.
pub(super) fn used(meanings: &Meanings, column: &Column) -> Use {
    let means = meanings.get(&format!("column.{}", column.key));
    means.and_then(|code| code.parse().ok()).unwrap_or(Use::Nothing)
}

/// Kinds of values that each need a meaning, with the use of their columns.
pub(super) const VALUES: &[(&str, Use)] = &[
    ("letter", Use::Attendance),
    ("type", Use::Kind),
    ("area", Use::Area),
    ("outcome", Use::Outcome),
    ("category", Use::Category),
];
