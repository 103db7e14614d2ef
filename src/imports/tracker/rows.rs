//! From a tracker and what it means to rows as the attendance log has them.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::meaning::{Column, Letter, Tracker, Use, VALUES, used};
use super::memory::Meanings;
use crate::calendar::written;
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
}

/// Values of one kind that a page asks about: more of them, and the column is another one.
pub(super) const MOST_VALUES: usize = 60;

/// Something that nobody has said of the tracker yet: the field that asks, and the question.
pub(super) type Asked = (String, String);

/// What is still to be said before rows can be made.
pub(super) fn asked(tracker: &Tracker<'_>, meanings: &Meanings) -> Vec<Asked> {
    let mut open = Vec::new();
    let mut ask = |field: String, text: String| open.push((field, text));
    let first = tracker.columns.first().map(|c| format!("column.{}", c.key)).unwrap_or_default();
    let said = |name: &str| meanings.get(name).is_some_and(|means| !means.is_empty());
    for what in [
        Use::Reference,
        Use::Date,
        Use::StartTime,
        Use::Kind,
        Use::Area,
        Use::Chair,
        Use::Children,
        Use::Category,
        Use::Outcome,
    ] {
        let columns = tracker.used(meanings, what);
        if columns.len() > 1 {
            ask(
                format!("column.{}", columns[1].key),
                format!("Two columns are used for: {}. Keep one.", what.label()),
            );
        }
        if columns.is_empty() && matches!(what, Use::Reference | Use::Date) {
            ask(first.clone(), format!("Say which column holds the {}.", what.label()));
        }
    }
    let has = |what| !tracker.used(meanings, what).is_empty();
    for (name, what) in
        [("start_time", Use::StartTime), ("type", Use::Kind), ("area", Use::Area), ("chair", Use::Chair)]
    {
        if !has(what) && !said(&format!("all.{name}")) {
            ask(
                format!("all.{name}"),
                format!("No column holds the {}: say what to take for all.", what.label()),
            );
        }
    }
    if let Some(time) = meanings.get("all.start_time").filter(|t| !t.is_empty() && written::time(t).is_none())
    {
        ask("all.start_time".to_owned(), format!("\"{time}\" is not a time; write it as 09:30."));
    }
    let no_child = !has(Use::Children);
    if no_child && !said("all.children") {
        ask(
            "all.children".to_owned(),
            "No column names the children: say what to do about outcomes.".to_owned(),
        );
    }
    let one_child = meanings.get("all.children").is_some_and(|means| means == "one");
    if (!no_child || one_child) && !has(Use::Category) && !said("all.category") {
        ask("all.category".to_owned(), "No column holds the category: say what to take for all.".to_owned());
    }
    let attended = tracker.used(meanings, Use::Attendance);
    if attended.is_empty() {
        ask(first, "Say which columns hold the attendance of an agency.".to_owned());
    }
    for column in &attended {
        if !said(&format!("agency.{}", column.key)) {
            ask(format!("agency.{}", column.key), format!("{}: say which agency this is.", column.heading));
        }
    }
    for (kind, what) in VALUES {
        let (columns, values) =
            (tracker.used(meanings, *what), tracker.values(&tracker.used(meanings, *what)));
        if values.len() > MOST_VALUES {
            let text =
                format!("{} different values stand there: is it used for: {}?", values.len(), what.label());
            ask(format!("column.{}", columns[0].key), format!("{}: {text}", columns[0].heading));
            continue;
        }
        for value in values {
            let name = format!("{kind}.{value}");
            let of_no_child = matches!(*kind, "outcome" | "category") && no_child && !one_child;
            let optional = value.is_empty() && *kind != "letter" || of_no_child;
            if !optional && !said(&name) {
                let shown =
                    if value.is_empty() { "an empty cell".to_owned() } else { format!("\"{value}\"") };
                ask(name, format!("Say what {shown} means as {}.", what.label()));
            }
        }
    }
    open
}

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
    let column = heading(tracker, meanings, &refusal.column).to_owned();
    let value = match (refusal.column.as_str(), refusal.value.split_once('=')) {
        ("decisions", Some((_, decision))) => decision.split(';').next().unwrap_or_default().to_owned(),
        _ => refusal.value.clone(),
    };
    Refusal { column, value, ..refusal }
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

/// Makes rows. Nothing may be [`asked`] any more.
pub(super) fn make(tracker: &Tracker<'_>, meanings: &Meanings, file: &str, today: NaiveDate) -> Made {
    let mut made = Made::default();
    let mut seen: HashMap<String, (u64, &[String])> = HashMap::new();
    let one = |what| tracker.used(meanings, what).into_iter().next();
    let (reference, date) = (one(Use::Reference), one(Use::Date));
    for (line, cells) in tracker.rows {
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
        if let Some((first, same)) = seen.get(name) {
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
        seen.insert(name.to_owned(), (*line, cells));
        made.conference(tracker, meanings, today, *line, cells, name, at(date));
    }
    // A conference that stands twice, otherwise each time, is taken from neither row.
    let twice: Vec<String> = made.refused.iter().filter_map(|r| r.conference.clone()).collect();
    let place = COLUMNS.iter().position(|c| *c == "conference_ref").expect("a column of the log");
    made.rows.retain(|row| !twice.iter().any(|name| row.at(place) == name));
    made
}

impl Made {
    #[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
    fn conference(
        &mut self,
        tracker: &Tracker<'_>,
        meanings: &Meanings,
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
        // A date may carry its time: "2026-01-05 09:30".
        let (day, time) = date.split_once(' ').map_or((date, ""), |(day, time)| (day, time));
        let mut start = plain(Use::StartTime, "start_time");
        if tracker.used(meanings, Use::StartTime).is_empty() && written::time(time).is_some() {
            start = time.to_owned();
        }
        let outcome = coded(Use::Outcome, "outcome");
        let status = match outcome.as_str() {
            _ if written::day(day).is_some_and(|day| day > today) => Status::Scheduled,
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
                let letter = means(format!("letter.{}", tracker.cell(cells, column).to_lowercase()));
                Some((column, letter.parse().ok()?))
            })
            .filter(|(_, letter)| *letter != Letter::NotInvited)
            .collect();
        if letters.is_empty() {
            self.warnings.push(format!("Row {line} ({name}): nobody was invited by it, and it is left out."));
            return;
        }
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
            ("conference_date", day.to_owned()),
            ("start_time", start.clone()),
            // No tracker knows it. Nobody joins late or leaves early here, so any moment of the meeting will do.
            ("decision_time", if took_place { start } else { String::new() }),
            ("conference_type", coded(Use::Kind, "type")),
            ("status", status.code().to_owned()),
            ("adjournment_reason", if status == Status::Adjourned { "other" } else { "" }.to_owned()),
            ("locality", coded(Use::Area, "area")),
            ("mode", mode.to_owned()),
            ("chair", plain(Use::Chair, "chair")),
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
                ("service", column.heading.clone()),
                ("role", column.heading.clone()),
                ("necessity", means(format!("necessity.{}", column.key))),
            ];
            let facts = facts(letter).map(|(name, text)| (name, text.to_owned()));
            let cells: BTreeMap<&str, String> = own.into_iter().chain(facts).collect();
            let cell =
                |name: &&str| of_all.get(name).or_else(|| cells.get(name)).cloned().unwrap_or_default();
            self.rows.push(Row::of(line, COLUMNS.iter().map(cell).collect()));
        }
    }
}
