//! What is still to be said of a tracker before it can be taken in.

use std::collections::BTreeSet;

use super::meaning::{Column, Tracker, Use, VALUES};
use super::memory::Meanings;
use crate::calendar::written;

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
        let values = tracker.values(meanings, *what);
        if values.len() > MOST_VALUES {
            let of = |column: &&&Column| {
                let cells = tracker.rows.iter().map(|(_, cells)| tracker.value(cells, column, *what));
                cells.collect::<BTreeSet<_>>().len()
            };
            let columns = tracker.used(meanings, *what);
            if let Some(column) = columns.iter().max_by_key(of) {
                let n = of(&column);
                let text = format!(
                    "{}: {n} different values stand there: is it used for: {}?",
                    column.heading,
                    what.label()
                );
                let first = if *what == Use::Attendance {
                    " If a name follows each letter, look at the first letter alone."
                } else {
                    ""
                };
                ask(format!("column.{}", column.key), format!("{text}{first}"));
            }
            continue;
        }
        for value in values {
            let name = format!("{kind}.{value}");
            // Whether a conference took place is asked, whatever becomes of decisions.
            let of_no_child = *kind == "category" && no_child && !one_child;
            let optional = value.is_empty() && *kind != "letter" || of_no_child;
            if !optional && !said(&name) {
                let shown =
                    if value.is_empty() { "an empty cell".to_owned() } else { format!("\"{value}\"") };
                ask(name, format!("Say what {shown} means as {}.", what.label()));
            }
        }
    }
    if let Some(column) = tracker.used(meanings, Use::Children).first() {
        let mut cells =
            tracker.rows.iter().map(|(_, cells)| tracker.cell(cells, column)).filter(|c| !c.is_empty());
        if cells.all(|cell| cell.parse::<u8>().is_ok()) {
            let text = format!(
                "{}: these look like numbers of children, not like their references.",
                column.heading
            );
            ask(format!("column.{}", column.key), text);
        }
    }
    open
}
