//! From a tracker and what it means to rows as the attendance log has them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::days::{day_and_time, is_month_first};
use super::meaning::{Column, Letter, Tracker, Use, used};
use super::memory::Meanings;
use crate::conferences::{Category, Status};
use crate::imports::log::COLUMNS;
use crate::imports::outcome::Refusal;
use crate::imports::text::Row;

/// What was made of a tracker.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Rows in the order of [`COLUMNS`], each with the number of its row in the spreadsheet.
    pub rows: Vec<Row>,
    pub refused: Vec<Refusal>,
    pub warnings: Vec<String>,
    /// Who chaired, each once.
    pub chairs: BTreeSet<String>,
}

/// Agencies' names by their codes.
pub(super) type Names = HashMap<String, String>;

/// The heading under which a column of the log stands in the tracker; the log's own name where there is none.
fn heading<'a>(tracker: &'a Tracker<'_>, meanings: &Meanings, column: &'a str) -> &'a str {
    let what = match column {
        "conference_ref" => Use::Reference,
        "conference_date" => Use::Date,
        "start_time" | "decision_time" => Use::StartTime,
        "conference_type" => Use::Kind,
        "locality" => Use::Area,
        "chair" => Use::Chair,
        "child_refs" => Use::Children,
        "category" => Use::Category,
        "decisions" | "status" | "adjournment_reason" => Use::Outcome,
        _ => return column,
    };
    tracker.columns.iter().find(|c| used(meanings, c) == what).map_or(column, |c| c.heading.as_str())
}

/// A refusal in the words of the spreadsheet.
pub(super) fn in_its_words(refusal: Refusal, tracker: &Tracker<'_>, meanings: &Meanings) -> Refusal {
    if refusal.column == "agency_code" || refusal.column == "service" {
        return refusal;
    }
    let column = heading(tracker, meanings, &refusal.column).to_owned();
    let value = match (refusal.column.as_str(), refusal.value.split_once('=')) {
        ("decisions", Some((_, decision))) => decision.split(';').next().unwrap_or_default().to_owned(),
        _ => refusal.value.clone(),
    };
    Refusal { column, value, ..refusal }
}

/// Service and role of each column. The one column of an agency is the agency itself, however it is headed: a heading
/// that is tidied is no other invitation. Of several columns each is called as it is headed.
fn services(tracker: &Tracker<'_>, meanings: &Meanings, agencies: &Names) -> BTreeMap<String, [String; 2]> {
    let columns = tracker.used(meanings, Use::Attendance);
    let agency =
        |column: &Column| meanings.get(&format!("agency.{}", column.key)).cloned().unwrap_or_default();
    let named = |column: &&Column| {
        let code = agency(column);
        match columns.iter().filter(|c| agency(c) == code).count() {
            1 => [agencies.get(&code).cloned().unwrap_or(code), "representative".to_owned()],
            _ => [column.heading.clone(), column.heading.clone()],
        }
    };
    columns.iter().map(|column| (column.key.clone(), named(column))).collect()
}

/// Cells of the log that one letter gives: attendance, by_deputy, response, report.
fn facts(letter: Letter) -> [(&'static str, &'static str); 4] {
    let (attendance, by_deputy, response, report) = match letter {
        Letter::InPerson => ("in_person", "no", "none", "none"),
        Letter::Video => ("video", "no", "none", "none"),
        Letter::Phone => ("phone", "no", "none", "none"),
        Letter::DeputyInPerson => ("in_person", "yes", "none", "none"),
        Letter::DeputyVideo => ("video", "yes", "none", "none"),
        Letter::Apologies => ("absent", "no", "apologies", "none"),
        // That it came is known, and not when: no figure about reports counts it.
        Letter::Report => ("absent", "no", "none", "late"),
        Letter::Absent => ("absent", "no", "none", "none"),
        Letter::NotInvited | Letter::Unrecorded => ("", "no", "none", "none"),
    };
    [("attendance", attendance), ("by_deputy", by_deputy), ("response", response), ("report", report)]
}

/// Makes rows. Nothing may be open to be asked any more.
pub(super) fn make(
    tracker: &Tracker<'_>,
    meanings: &Meanings,
    agencies: &Names,
    file: &str,
    today: NaiveDate,
) -> Made {
    let services = services(tracker, meanings, agencies);
    let mut made = Made::default();
    let mut seen: HashMap<String, (u64, &[String])> = HashMap::new();
    let one = |what| tracker.used(meanings, what).into_iter().next();
    let (reference, date) = (one(Use::Reference), one(Use::Date));
    for (line, cells) in &tracker.rows {
        let at = |column: Option<&Column>| column.map_or("", |c| tracker.cell(cells, c));
        let name = at(reference);
        if name.is_empty() {
            let refused = Refusal::new(
                file,
                *line,
                reference.map_or("", |c| &c.heading),
                "",
                "the row names no conference".to_owned(),
                "Write its reference, or delete the row.",
            );
            made.refused.push(refused);
            continue;
        }
        if let Some((first, same)) = seen.get(&name.to_lowercase()) {
            if *same == cells.as_slice() {
                made.warnings.push(format!("Row {line} says the same as row {first} ({name}): taken once."));
            } else {
                let reason = format!("row {first} holds the same conference, and says otherwise");
                let refused = Refusal::new(
                    file,
                    *line,
                    reference.map_or("", |c| &c.heading),
                    name,
                    reason,
                    "Keep the row that is right.",
                );
                made.refused.push(Refusal { conference: Some(name.to_owned()), ..refused });
            }
            continue;
        }
        seen.insert(name.to_lowercase(), (*line, cells));
        made.conference(tracker, meanings, &services, today, *line, cells, name, at(date));
    }
    let dates = tracker.rows.iter().map(|(line, cells)| (line, date.map_or("", |c| tracker.cell(cells, c))));
    if let Some((line, cell)) = dates.into_iter().find(|(_, cell)| is_month_first(cell)) {
        made.warnings.push(format!(
            "Row {line} has the date {cell}, month first. All dates are read day first: look whether others are the wrong way round."
        ));
    }
    // A conference that stands twice, otherwise each time, is taken from neither row.
    let twice: Vec<String> = made.refused.iter().filter_map(|r| r.conference.clone()).collect();
    let place = COLUMNS.iter().position(|c| *c == "conference_ref").expect("a column of the log");
    made.rows.retain(|row| !twice.iter().any(|name| row.at(place).eq_ignore_ascii_case(name)));
    made
}

impl Made {
    #[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
    fn conference(
        &mut self,
        tracker: &Tracker<'_>,
        meanings: &Meanings,
        services: &BTreeMap<String, [String; 2]>,
        today: NaiveDate,
        line: u64,
        cells: &[String],
        name: &str,
        date: &str,
    ) {
        let means = |key: String| meanings.get(&key).cloned().unwrap_or_default();
        // The cell's meaning; where no column has it, what holds for all.
        let coded = |what: Use, kind: &str| match tracker.used(meanings, what).first() {
            Some(column) => means(format!("{kind}.{}", tracker.cell(cells, column).to_lowercase())),
            None => means(format!("all.{kind}")),
        };
        let plain = |what: Use, kind: &str| match tracker.used(meanings, what).first() {
            Some(column) => tracker.cell(cells, column).to_owned(),
            None => means(format!("all.{kind}")),
        };
        let read = day_and_time(date);
        let mut start = plain(Use::StartTime, "start_time");
        if let Some((_, Some(time))) = read.filter(|_| tracker.used(meanings, Use::StartTime).is_empty()) {
            start = time.format("%H:%M").to_string();
        }
        if read.is_some_and(|(day, _)| day > today) {
            self.warnings.push(format!(
                "Row {line} ({name}): its day lies ahead, and it is left out. A tracker is history; book it instead."
            ));
            return;
        }
        let day = read.map_or(date.to_owned(), |(day, _)| day.to_string());
        let outcome = coded(Use::Outcome, "outcome");
        let status = match outcome.as_str() {
            "cancelled" => Status::Cancelled,
            "adjourned" => Status::Adjourned,
            _ => Status::Held,
        };
        let took_place = matches!(status, Status::Held | Status::Adjourned);
        let refs = match tracker.used(meanings, Use::Children).first() {
            Some(column) => {
                let parts = tracker.cell(cells, column).split([';', ',', '/', '\n']).map(str::trim);
                parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
            None if means("all.children".to_owned()) == "one" => {
                vec![name.replace(|c: char| c.is_whitespace() || matches!(c, ',' | ';'), "-")]
            }
            None => Vec::new(),
        };
        let decided = took_place && !matches!(outcome.as_str(), "" | "nothing");
        let decisions: Vec<String> =
            refs.iter().filter(|_| decided).map(|child| format!("{child}={outcome}")).collect();
        let letters: Vec<(&Column, Letter)> = tracker
            .used(meanings, Use::Attendance)
            .into_iter()
            .filter_map(|column| {
                let letter = means(format!("letter.{}", tracker.value(cells, column, Use::Attendance)));
                Some((column, letter.parse().ok()?))
            })
            .filter(|(_, letter)| *letter != Letter::NotInvited)
            .collect();
        if letters.is_empty() {
            self.warnings.push(format!("Row {line} ({name}): nobody was invited by it, and it is left out."));
            return;
        }
        let chair = plain(Use::Chair, "chair");
        self.chairs.extend(Some(chair.clone()).filter(|name| !name.is_empty()));
        let by = |letters: &[(&Column, Letter)], of: &[Letter]| letters.iter().any(|(_, l)| of.contains(l));
        let video = by(&letters, &[Letter::Video, Letter::DeputyVideo, Letter::Phone]);
        let room = by(&letters, &[Letter::InPerson, Letter::DeputyInPerson]);
        let mode = match (room, video) {
            (true, true) => "hybrid",
            (false, true) => "video",
            _ => "room",
        };
        // A category is a child's: where no child is named, none of them is written.
        let of_all: BTreeMap<&str, String> = BTreeMap::from([
            ("conference_ref", name.to_owned()),
            ("conference_date", day),
            ("start_time", start.clone()),
            // No tracker knows it. Nobody joins late or leaves early here, so any moment of the meeting will do.
            ("decision_time", if took_place { start } else { String::new() }),
            ("conference_type", coded(Use::Kind, "type")),
            ("status", status.code().to_owned()),
            ("adjournment_reason", if status == Status::Adjourned { "other" } else { "" }.to_owned()),
            ("locality", coded(Use::Area, "area")),
            ("mode", mode.to_owned()),
            ("chair", chair),
            ("child_refs", refs.join(";")),
            (
                "category",
                if refs.is_empty() {
                    Category::Multiple.code().to_owned()
                } else {
                    coded(Use::Category, "category")
                },
            ),
            ("decisions", decisions.join(";")),
            ("delivery", "sent".to_owned()),
        ]);
        for (column, letter) in letters {
            let own = [
                ("agency_code", means(format!("agency.{}", column.key))),
                ("service", services[&column.key][0].clone()),
                ("role", services[&column.key][1].clone()),
                ("necessity", means(format!("necessity.{}", column.key))),
            ];
            // Of a conference that did not take place nobody was absent.
            let letter = if status == Status::Cancelled { Letter::Unrecorded } else { letter };
            let facts = facts(letter).map(|(name, text)| (name, text.to_owned()));
            let cells: BTreeMap<&str, String> = own.into_iter().chain(facts).collect();
            let cell =
                |name: &&str| of_all.get(name).or_else(|| cells.get(name)).cloned().unwrap_or_default();
            self.rows.push(Row::of(line, COLUMNS.iter().map(cell).collect()));
        }
    }
}
