//! The page that asks what a tracker means.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::meaning::{Letter, Tracker, Use, VALUES, used};
use super::memory::Meanings;
use super::questions::{Asked, MOST_VALUES};
use super::sheet::Sheet;
use crate::agencies::entity::agency;
use crate::conferences::{Category, ConferenceType, Decision, Locality};
use crate::web::{Choice, Page};

#[derive(Serialize)]
struct Wrong {
    field: String,
    text: String,
}

#[derive(Serialize)]
struct ColumnRow {
    id: String,
    necessity_id: String,
    heading: String,
    sample: String,
    uses: Vec<Choice>,
    agency_id: String,
    agencies: Vec<Choice>,
    error: Option<String>,
    agency_error: Option<String>,
    core: bool,
    /// It holds an agency's attendance: then it is asked of which.
    attendance: bool,
}

#[derive(Serialize)]
struct ValueRow {
    id: String,
    value: String,
    count: usize,
    choices: Vec<Choice>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Values {
    title: &'static str,
    rows: Vec<ValueRow>,
}

/// A question about all conferences, where no column has the answer.
#[derive(Serialize)]
struct ForAll {
    id: String,
    label: &'static str,
    hint: &'static str,
    text: Option<String>,
    choices: Vec<Choice>,
    error: Option<String>,
}

#[derive(Serialize)]
pub(super) struct TrackerPage {
    errors: Vec<Wrong>,
    file: Option<FileShown>,
    columns: Vec<ColumnRow>,
    values: Vec<Values>,
    for_all: Vec<ForAll>,
}

#[derive(Serialize)]
struct FileShown {
    name: String,
    base64: String,
    sheets: Vec<Choice>,
    heading: u64,
    rows: usize,
}

impl Page for TrackerPage {
    const TEMPLATE: &'static str = "imports/tracker/tracker";
    fn title(&self) -> String {
        match &self.file {
            None => "Take in a tracker".to_owned(),
            Some(file) => format!("What {} means", file.name),
        }
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// An id for a page, and a field's name, of any text.
pub(super) fn id(name: &str) -> String {
    let mut id = String::from("m-");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() { id.push(c) } else { id.push_str(&format!("_{:x}_", u32::from(c))) }
    }
    id
}

fn choices<'a>(chosen: &str, all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Choice> {
    let none = Choice { value: "".into(), label: "choose".into(), chosen: chosen.is_empty() };
    let all = all.into_iter().map(|(value, label)| Choice {
        value: value.to_owned().into(),
        label: label.to_owned().into(),
        chosen: value == chosen,
    });
    std::iter::once(none).chain(all).collect()
}

/// The codes that a value of this kind may stand for.
fn meant(kind: &str) -> Vec<(&'static str, &'static str)> {
    match kind {
        "letter" => Letter::ALL.iter().map(|l| (l.code(), l.label())).collect(),
        "type" => ConferenceType::ALL.iter().map(|t| (t.code(), t.label())).collect(),
        "area" => Locality::ALL.iter().map(|l| (l.code(), l.label())).collect(),
        "category" => Category::ALL.iter().map(|c| (c.code(), c.label())).collect(),
        "outcome" => {
            let decisions = Decision::ALL.iter().map(|d| (d.code(), d.label()));
            decisions
                .chain([("cancelled", "the conference did not take place"), ("nothing", "no decision")])
                .collect()
        }
        _ => Vec::new(),
    }
}

const TITLES: &[(&str, &str)] = &[
    ("letter", "What the letters mean"),
    ("type", "Types"),
    ("area", "Areas"),
    ("outcome", "Outcomes"),
    ("category", "Categories"),
];

/// The page for this sheet, with what its things mean as far as anybody said. `file`: its name and its bytes.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
pub(super) fn mapping(
    file: (&str, &[u8]),
    sheets: &[Sheet],
    at: usize,
    row: u64,
    tracker: &Tracker<'_>,
    meanings: &Meanings,
    agencies: &[agency::Model],
    errors: Vec<Asked>,
) -> TrackerPage {
    let means = |name: &str| meanings.get(name).cloned().unwrap_or_default();
    let wrong = |name: &str| errors.iter().find(|(field, _)| field == name).map(|(_, text)| text.clone());
    let columns = tracker.columns.iter().map(|column| {
        let mut sample: Vec<&str> =
            tracker.rows.iter().map(|(_, cells)| tracker.cell(cells, column)).collect();
        sample.retain(|cell| !cell.is_empty());
        sample.dedup();
        sample.truncate(4);
        let names = agencies.iter().map(|a| (a.code.as_str(), a.name.as_str()));
        let uses = Use::ALL.iter().map(|u| Choice {
            value: u.code().into(),
            label: u.label().into(),
            chosen: *u == used(meanings, column),
        });
        ColumnRow {
            id: id(&format!("column.{}", column.key)),
            agency_id: id(&format!("agency.{}", column.key)),
            heading: column.heading.clone(),
            sample: sample.join(", "),
            uses: uses.collect(),
            agencies: choices(&means(&format!("agency.{}", column.key)), names),
            core: means(&format!("necessity.{}", column.key)) == "core",
            attendance: used(meanings, column) == Use::Attendance,
            error: wrong(&format!("column.{}", column.key)),
            agency_error: wrong(&format!("agency.{}", column.key)),
            necessity_id: id(&format!("necessity.{}", column.key)),
        }
    });
    let values = VALUES.iter().filter_map(|(kind, what)| {
        let (columns, values) = (tracker.used(meanings, *what), tracker.values(meanings, *what));
        let count = |value: &str| {
            let cells = tracker
                .rows
                .iter()
                .flat_map(|(_, cells)| columns.iter().map(|c| tracker.value(cells, c, *what)));
            cells.filter(|cell| cell == value).count()
        };
        let rows = values.iter().filter(|value| !value.is_empty() || *kind == "letter").map(|value| {
            let name = format!("{kind}.{value}");
            ValueRow {
                id: id(&name),
                value: if value.is_empty() { "(empty)".to_owned() } else { value.clone() },
                count: count(value),
                choices: choices(&means(&name), meant(kind)),
                error: wrong(&name),
            }
        });
        let title = TITLES.iter().find(|(k, _)| k == kind).map_or("", |(_, title)| *title);
        (!values.is_empty() && values.len() <= MOST_VALUES).then(|| Values { title, rows: rows.collect() })
    });
    let lacks = |what| tracker.used(meanings, what).is_empty();
    let mut for_all = Vec::new();
    let mut ask = |name: &'static str, label, hint, of: Option<Vec<(&str, &str)>>| {
        let stands = means(name);
        for_all.push(ForAll {
            id: id(name),
            label,
            hint,
            choices: of.map(|of| choices(&stands, of)).unwrap_or_default(),
            error: wrong(name),
            text: Some(stands).filter(|_| matches!(name, "all.start_time" | "all.chair")),
        });
    };
    if lacks(Use::StartTime) {
        ask(
            "all.start_time",
            "Start time",
            "As 09:30. No rule looks at it, and the conference's page says that it is not known.",
            None,
        );
    }
    if !lacks(Use::Attendance) {
        let ways = vec![
            ("whole", "The whole cell"),
            ("first", "Its first letter: what follows, such as a name, is not read"),
        ];
        ask("all.letters", "Of each cell of attendance, look at", "", Some(ways));
    }
    if lacks(Use::Kind) {
        ask("all.type", "Type", "", Some(meant("type")));
    }
    if lacks(Use::Area) {
        ask("all.area", "Area", "", Some(meant("area")));
    }
    if lacks(Use::Chair) {
        ask("all.chair", "Chair", "As the other records name them.", None);
    }
    if lacks(Use::Children) {
        let ways = vec![
            ("none", "Leave outcomes out: no figure about decisions or plans counts these conferences"),
            ("one", "Take one child for each conference: figures about plans then count conferences"),
        ];
        ask(
            "all.children",
            "No column names the children",
            "What an outcome is about is a child.",
            Some(ways),
        );
    }
    if lacks(Use::Category) && !(lacks(Use::Children) && means("all.children") != "one") {
        ask("all.category", "Category", "", Some(meant("category")));
    }
    TrackerPage {
        columns: columns.collect(),
        values: values.collect(),
        for_all,
        errors: errors
            .iter()
            .map(|(field, text)| Wrong {
                field: if field == "heading" { field.clone() } else { id(field) },
                text: text.clone(),
            })
            .collect(),
        file: Some(FileShown {
            name: file.0.to_owned(),
            base64: STANDARD.encode(file.1),
            sheets: sheets
                .iter()
                .enumerate()
                .map(|(n, s)| Choice {
                    value: n.to_string().into(),
                    label: s.name.clone().into(),
                    chosen: n == at,
                })
                .collect(),
            heading: row,
            rows: tracker.rows.len(),
        }),
    }
}

pub(super) fn first_page(error: Option<String>) -> TrackerPage {
    let errors = error.into_iter().map(|text| Wrong { field: "upload".to_owned(), text }).collect();
    TrackerPage { errors, file: None, columns: Vec::new(), values: Vec::new(), for_all: Vec::new() }
}
