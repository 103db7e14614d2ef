//! What a tracker's own words tell, where everybody writes it so; the rest is asked.

use std::collections::BTreeSet;

use super::meaning::{FOR_ALL, Letter, Tracker, Use, VALUES};
use super::memory::Meanings;
use super::sheet::Sheet;
use crate::agencies::AgencyGroup;
use crate::conferences::{Category, ConferenceType, Decision, Locality};

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
