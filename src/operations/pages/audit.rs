//! The audit trail for an auditor: searched, one entry opened, saved as a file. Nothing here changes it, and
//! saving it is an entry of its own.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::{May, ReadAudit, Role};
use crate::audit::{self, Entry, Event, Search};
use crate::calendar::london;
use crate::web::{Desk, Page, Problem, csv_cell, download, query};

/// Entries on a page.
const SHOWN: u64 = 50;
/// Entries in a file: more than a year of a large county.
const SAVED: u64 = 200_000;

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Asked {
    #[serde(default)]
    who: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    object: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    before: Option<i64>,
}

#[derive(Serialize)]
struct FieldError {
    field: &'static str,
    text: &'static str,
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    london::to_utc_or_after(day, NaiveTime::MIN)
}

impl Asked {
    /// What is looked for; dates that are none are said.
    fn search(&self) -> (Search, Vec<FieldError>) {
        let mut errors = Vec::new();
        let mut day = |field, text: &str| match text.trim() {
            "" => None,
            text => text.parse::<NaiveDate>().ok().filter(|day| (2000..3000).contains(&day.year())).or_else(
                || {
                    errors.push(FieldError { field, text: "A day is written as 2026-09-30" });
                    None
                },
            ),
        };
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let search = Search {
            from: day("from", &self.from).map(midnight),
            // Days are whole: until the end of that one.
            until: day("until", &self.until).map(|day| midnight(day + Days::new(1))),
            actor: given(&self.who),
            action: given(&self.what),
            object: given(&self.object),
            before: self.before,
        };
        (search, errors)
    }

    fn with(&self, path: &str, before: Option<i64>) -> String {
        let before = before.map(|n| n.to_string()).unwrap_or_default();
        let parts = [
            ("who", &self.who),
            ("what", &self.what),
            ("object", &self.object),
            ("from", &self.from),
            ("until", &self.until),
            ("before", &before),
        ];
        let given: Vec<(&str, &str)> = parts
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        query(path, &given)
    }
}

#[derive(Serialize)]
struct Row {
    number: i64,
    href: String,
    at: String,
    who: String,
    role: String,
    what: String,
    object: String,
    same_object: String,
}

impl Row {
    fn of(e: Entry) -> Self {
        let role = e.role.parse::<Role>().map_or(e.role.clone(), |role| role.label().to_owned());
        Self {
            number: e.number,
            href: format!("/audit/{}", e.number),
            at: london::moment(e.at),
            who: e.actor,
            role,
            what: e.action,
            same_object: query("/audit", &[("object", &e.object)]),
            object: e.object,
        }
    }
}

#[derive(Serialize)]
struct AuditPage {
    asked: Asked,
    errors: Vec<FieldError>,
    bad_from: bool,
    bad_until: bool,
    rows: Vec<Row>,
    more: Option<String>,
    file: String,
}

impl Page for AuditPage {
    const TEMPLATE: &'static str = "operations/pages/audit";
    fn title(&self) -> String {
        "Audit trail".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

pub(super) async fn list(
    may: May<ReadAudit>,
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (search, errors) = asked.search();
    let found = match errors.is_empty() {
        true => audit::entries(desk.db.read(), &search, SHOWN).await?,
        false => Vec::new(),
    };
    let full = found.len() as u64 == SHOWN;
    let more = found.last().filter(|_| full).map(|e| asked.with("/audit", Some(e.number)));
    let page = AuditPage {
        file: asked.with("/audit/entries.csv", None),
        rows: found.into_iter().map(Row::of).collect(),
        more,
        bad_from: errors.iter().any(|e| e.field == "from"),
        bad_until: errors.iter().any(|e| e.field == "until"),
        errors,
        asked,
    };
    Ok(page.show(may.who.chrome()))
}

#[derive(Serialize)]
struct Change {
    row: String,
    field: String,
    before: String,
    after: String,
}

#[derive(Serialize)]
struct EntryPage {
    row: Row,
    request: Option<String>,
    changes: Vec<Change>,
    rest: Option<String>,
    erased: bool,
}

impl Page for EntryPage {
    const TEMPLATE: &'static str = "operations/pages/audit_entry";
    fn title(&self) -> String {
        format!("Audit entry {}", self.row.number)
    }
}

/// Text as it is, anything else as JSON.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The changes that a payload lists, taken out of it.
fn changes(said: &mut Value) -> Vec<Change> {
    let listed = said.as_object_mut().and_then(|said| match said.get("changes") {
        Some(Value::Array(_)) => said.remove("changes"),
        _ => None,
    });
    let Some(Value::Array(changes)) = listed else { return Vec::new() };
    let change = |c: &Value| Change {
        row: text(c.get("row").or_else(|| c.get("whose"))),
        field: text(c.get("field")),
        before: text(c.get("before")),
        after: text(c.get("after")),
    };
    changes.iter().map(change).collect()
}

pub(super) async fn one(
    may: May<ReadAudit>,
    State(desk): State<Desk>,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let number: i64 = number.parse().map_err(|_| not_found())?;
    let (entry, said) = audit::said(desk.db.read(), &desk.keys, number).await?.ok_or_else(not_found)?;
    let event = Event { action: "audit.read", object: number.to_string(), payload: json!({}) };
    audit::looked(&desk.db, &desk.keys, &may.who.actor(), desk.clock.now(), event).await?;
    let erased = said.is_none();
    let mut said = said.unwrap_or_default();
    let request = said.as_object_mut().and_then(|said| said.remove("request")).map(|id| text(Some(&id)));
    let changes = changes(&mut said);
    let empty = said.is_null() || said.as_object().is_some_and(serde_json::Map::is_empty);
    let rest = (!empty).then(|| serde_json::to_string_pretty(&said)).transpose();
    let rest = rest.map_err(|e| Problem::internal(e.to_string()))?;
    Ok(EntryPage { row: Row::of(entry), request, changes, rest, erased }.show(may.who.chrome()))
}

pub(super) async fn file(
    may: May<ReadAudit>,
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (search, errors) = asked.search();
    if !errors.is_empty() {
        return Err(Problem::Bad("A day is written as 2026-09-30.".to_owned()));
    }
    let found = audit::entries(desk.db.read(), &search, SAVED + 1).await?;
    if found.len() as u64 > SAVED {
        return Err(Problem::Bad(format!("More than {SAVED} entries fit: narrow the days.")));
    }
    let payload = json!({ "search": asked, "entries": found.len() });
    let event = Event { action: "audit.saved", object: "audit trail".to_owned(), payload };
    audit::looked(&desk.db, &desk.keys, &may.who.actor(), desk.clock.now(), event).await?;
    let bytes = csv(found).map_err(|e| Problem::internal(e.to_string()))?;
    Ok(download("audit-trail.csv", "text/csv; charset=utf-8", bytes))
}

/// Entries as a file, the newest first; times in UTC.
fn csv(entries: Vec<Entry>) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["number", "at", "who", "role", "what", "object"])?;
    for e in entries {
        let number = e.number.to_string();
        let cells = [number, e.at.to_rfc3339(), csv_cell(&e.actor), e.role, e.action, csv_cell(&e.object)];
        writer.write_record(cells)?;
    }
    Ok(writer.into_inner()?)
}
