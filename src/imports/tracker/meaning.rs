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

/// The row of the headings: of the first twenty the one with most headings that are known, else the first with at least
/// four cells, none of them twice.
pub(super) fn heading_row(sheet: &Sheet) -> u64 {
    let known = |cells: &[String]| cells.iter().filter(|c| guessed_use(c).is_some()).count();
    let is_heading = |cells: &[String]| {
        let filled: Vec<String> = cells.iter().filter(|c| !c.is_empty()).map(|c| c.to_lowercase()).collect();
        filled.len() >= 4 && filled.iter().collect::<BTreeSet<_>>().len() == filled.len()
    };
    let candidates = sheet.rows.iter().take(20).filter(|(_, cells)| is_heading(cells));
    // Of equals the first: max_by_key takes the last.
    let best = candidates.rev().max_by_key(|(_, cells)| known(cells));
    best.or(sheet.rows.first()).map_or(1, |(n, _)| *n)
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

/// Words in a heading that tell an agency group; the first that is found tells.
const GROUPS: &[(&str, AgencyGroup)] = &[
    ("school nurs", AgencyGroup::CommunityHealth),
    ("health visit", AgencyGroup::CommunityHealth),
    ("hv", AgencyGroup::CommunityHealth),
    ("mental", AgencyGroup::MentalHealth),
    ("camhs", AgencyGroup::MentalHealth),
    ("adult", AgencyGroup::AdultSocialCare),
    ("social care", AgencyGroup::ChildrensSocialCare),
    ("social work", AgencyGroup::ChildrensSocialCare),
    ("early years", AgencyGroup::EarlyYears),
    ("nursery", AgencyGroup::EarlyYears),
    ("education", AgencyGroup::Education),
    ("school", AgencyGroup::Education),
    ("gp", AgencyGroup::PrimaryCare),
    ("primary care", AgencyGroup::PrimaryCare),
    ("hospital", AgencyGroup::Hospital),
    ("midwi", AgencyGroup::Hospital),
    ("police", AgencyGroup::Police),
    ("probation", AgencyGroup::Probation),
    ("housing", AgencyGroup::Housing),
    ("drug", AgencyGroup::SubstanceMisuse),
    ("alcohol", AgencyGroup::SubstanceMisuse),
    ("substance", AgencyGroup::SubstanceMisuse),
    ("youth", AgencyGroup::YouthJustice),
    ("domestic", AgencyGroup::DomesticAbuse),
    ("idva", AgencyGroup::DomesticAbuse),
    ("voluntary", AgencyGroup::Voluntary),
    ("legal", AgencyGroup::Legal),
];

/// The agency group that a heading names.
pub(super) fn group(heading: &str) -> Option<AgencyGroup> {
    let heading = heading.to_lowercase();
    GROUPS.iter().find(|(word, _)| heading.contains(word)).map(|(_, group)| *group)
}

/// What a heading is for, where it says so.
fn guessed_use(heading: &str) -> Option<Use> {
    let heading = heading.to_lowercase();
    let words = [
        ("outcome", Use::Outcome),
        ("decision", Use::Outcome),
        ("note", Use::Nothing),
        ("comment", Use::Nothing),
        ("categor", Use::Category),
        ("child ref", Use::Children),
        ("children ref", Use::Children),
        ("child id", Use::Children),
        ("child", Use::Nothing),
        ("chair", Use::Chair),
        ("time", Use::StartTime),
        ("type", Use::Kind),
        ("date", Use::Date),
        ("area", Use::Area),
        ("localit", Use::Area),
        ("ref", Use::Reference),
    ];
    if group(&heading).is_some() {
        return Some(Use::Attendance);
    }
    words.iter().find(|(word, _)| heading.contains(word)).map(|(_, what)| *what)
}

/// What a value means, where everybody writes it so.
fn guessed_value(kind: &str, value: &str) -> Option<&'static str> {
    let said =
        |pairs: &[(&str, &'static str)]| pairs.iter().find(|(v, _)| *v == value).map(|(_, code)| *code);
    match kind {
        "letter" => said(&[
            ("p", Letter::InPerson.code()),
            ("v", Letter::Video.code()),
            ("d", Letter::DeputyInPerson.code()),
            ("a", Letter::Apologies.code()),
            ("r", Letter::Report.code()),
            ("n", Letter::Absent.code()),
            ("-", Letter::NotInvited.code()),
            ("", Letter::Unrecorded.code()),
        ]),
        "type" => value.parse().ok().map(ConferenceType::code).or_else(|| {
            said(&[("icpc", "initial"), ("initial", "initial"), ("rcpc", "review"), ("review", "review")])
        }),
        "area" => value.parse().ok().map(Locality::code),
        "outcome" => {
            let told = |words: &[&str]| words.iter().any(|word| value.contains(word));
            let cancelled = told(&["cancel", "stood down", "did not take place", "postponed"]);
            let adjourned = told(&["adjourn"]).then_some(Decision::Adjourned.code());
            value.parse().ok().map(Decision::code).or(cancelled.then_some("cancelled")).or(adjourned)
        }
        "category" => Category::ALL.iter().map(|c| c.code()).find(|code| code.eq_ignore_ascii_case(value)),
        _ => None,
    }
}

/// What is remembered of this tracker's columns, and what their headings tell; the rest is asked. `agencies`: code and group of
/// each; an agency is guessed only where its group has one.
pub(super) fn proposed(
    tracker: &Tracker<'_>,
    remembered: &Meanings,
    agencies: &[(String, AgencyGroup)],
) -> Meanings {
    let mut meanings = Meanings::new();
    let mut propose = |name: String, guess: Option<String>| {
        if let Some(means) = remembered.get(&name).cloned().or(guess) {
            meanings.insert(name, means);
        }
    };
    for column in &tracker.columns {
        let what = guessed_use(&column.heading).unwrap_or(Use::Nothing);
        propose(format!("column.{}", column.key), Some(what.code().to_owned()));
        let of = group(&column.heading);
        let mut of_group = agencies.iter().filter(|(_, group)| of == Some(*group));
        let only = of_group.next().filter(|_| of_group.next().is_none());
        propose(format!("agency.{}", column.key), only.map(|(code, _)| code.clone()));
        let core = of == Some(AgencyGroup::ChildrensSocialCare);
        propose(format!("necessity.{}", column.key), Some(if core { "core" } else { "expected" }.to_owned()));
    }
    for name in FOR_ALL {
        propose((*name).to_owned(), None);
    }
    meanings
}

/// The same of values, as the columns are used now; what is meant already stays.
pub(super) fn propose_values(tracker: &Tracker<'_>, remembered: &Meanings, meanings: &mut Meanings) {
    for (kind, what) in VALUES {
        for value in tracker.values(meanings, *what) {
            let name = format!("{kind}.{value}");
            let means = remembered.get(&name).cloned();
            let means = means.or_else(|| guessed_value(kind, &value).map(str::to_owned));
            if let Some(means) = means {
                meanings.entry(name).or_insert(means);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect();
        Sheet {
            name: "s".to_owned(),
            rows: vec![
                (3, row(&["Conf Ref", "Date of Conf", "HV/School Nurse", "Police", "Police", "", "Notes"])),
                (4, row(&["C-1", "2026-01-05", "P ", "x", "-", "", ""])),
            ],
        }
    }

    #[test]
    fn a_heading_tells_its_use_and_an_agency_only_where_its_group_has_one() {
        let sheet = sheet();
        let tracker = Tracker::of(&sheet, 3);
        let agencies = [
            ("OH".to_owned(), AgencyGroup::CommunityHealth),
            ("A".to_owned(), AgencyGroup::Police),
            ("B".to_owned(), AgencyGroup::Police),
        ];
        let mut all = proposed(&tracker, &Meanings::new(), &agencies);
        propose_values(&tracker, &Meanings::new(), &mut all);
        let means = |name: &str| all.get(name).map(String::as_str);
        assert_eq!(means("column.conf ref"), Some("reference"));
        assert_eq!(means("column.hv/school nurse"), Some("attendance"));
        assert_eq!(means("agency.hv/school nurse"), Some("OH"));
        assert_eq!((means("column.police (5)"), means("agency.police")), (Some("attendance"), None));
        assert_eq!(
            (means("letter.-"), means("letter.x")),
            (Some("not_invited"), None),
            "an unknown letter is asked"
        );
        assert_eq!(means("column.notes"), Some("nothing"));
    }

    #[test]
    fn the_row_of_headings_is_the_one_with_headings_that_are_known() {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let rows = vec![
            (1, row(&["Tracker", "", "", ""])),
            (2, row(&["Council", "Team", "Health side", "Others", "2026"])),
            (3, row(&["Ref", "Date", "GP", "Police"])),
            (4, row(&["C-1", "2026-01-05", "P", "N"])),
        ];
        assert_eq!(heading_row(&Sheet { name: "s".to_owned(), rows }), 3);
    }

    #[test]
    fn a_number_of_children_is_no_reference_and_a_conference_that_was_stood_down_was_not_held() {
        assert_eq!(guessed_use("No of children"), Some(Use::Nothing));
        assert_eq!(guessed_use("Child refs"), Some(Use::Children));
        assert_eq!(guessed_value("outcome", "cancelled - stood down"), Some("cancelled"));
        assert_eq!(guessed_value("outcome", "mother moved"), None);
    }

    #[test]
    fn what_is_remembered_goes_before_what_is_guessed() {
        let sheet = sheet();
        let remembered = Meanings::from([
            ("letter.x".to_owned(), "absent".to_owned()),
            ("column.notes".to_owned(), "chair".to_owned()),
        ]);
        let tracker = Tracker::of(&sheet, 3);
        let mut all = proposed(&tracker, &remembered, &[]);
        propose_values(&tracker, &remembered, &mut all);
        assert_eq!((all["letter.x"].as_str(), all["column.notes"].as_str()), ("absent", "chair"));
    }
}
