//! Importing in the browser: a dry run first, with every refused row, then for good.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde::Serialize;
use serde_json::json;

use super::outcome::{Change, Conflict};
use super::{File, ImportError, Options, Outcome, Rules, Tally, run};
use crate::access::{Import, May};
use crate::audit::{self, Actor, Event};
use crate::web::{Desk, Page, Problem};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new().route("/imports", get(ask).post(import).layer(DefaultBodyLimit::max(BODY_LIMIT)))
}

/// A year of a county's log is 3 MB; ten years fit.
const BODY_LIMIT: usize = 40 * 1024 * 1024;

/// Lines of one list that a page shows; the counts are always whole.
const SHOWN: usize = 500;

#[derive(Serialize)]
struct Count {
    name: &'static str,
    #[serde(flatten)]
    tally: Tally,
}

#[derive(Serialize)]
struct RefusedRow {
    place: String,
    column: String,
    value: String,
    reason: String,
    remedy: String,
    conference: String,
}

#[derive(Serialize)]
pub(super) struct Shown {
    headline: &'static str,
    counts: Vec<Count>,
    registers: String,
    letters: String,
    refusals: Vec<RefusedRow>,
    more_refusals: usize,
    changes: Vec<Change>,
    amendments: usize,
    more_changes: usize,
    conflicts: Vec<Conflict>,
    more_conflicts: usize,
    vanished: Vec<String>,
    warnings: Vec<String>,
    more_warnings: usize,
}

#[derive(Serialize)]
struct ImportPage {
    error: Option<String>,
    outcome: Option<Shown>,
}

impl Page for ImportPage {
    const TEMPLATE: &'static str = "imports/import";
    fn title(&self) -> String {
        "Import".to_owned()
    }
    fn has_error(&self) -> bool {
        self.error.is_some()
    }
}

async fn ask(may: May<Import>) -> Response {
    ImportPage { error: None, outcome: None }.show(may.who.chrome())
}

fn first<T>(mut list: Vec<T>) -> (Vec<T>, usize) {
    let more = list.len().saturating_sub(SHOWN);
    list.truncate(SHOWN);
    (list, more)
}

pub(super) fn shown(out: Outcome, options: Options) -> Shown {
    let headline = match (out.taken, options.dry_run, out.refusals.is_empty()) {
        (true, ..) => "Taken in",
        (false, true, true) => "Checked: it can be taken in as it is",
        (false, true, false) => "Checked: some rows are refused",
        (false, false, _) => "Nothing was taken in: some rows are refused",
    };
    let amendments = out.amendments();
    let refusals: Vec<RefusedRow> = out
        .refusals
        .into_iter()
        .map(|r| RefusedRow {
            place: format!("{}, row {}", r.file, r.line),
            column: r.column,
            value: r.value,
            reason: r.reason,
            remedy: r.remedy,
            conference: r.conference.unwrap_or_default(),
        })
        .collect();
    let (refusals, more_refusals) = first(refusals);
    let (changes, more_changes) = first(out.changes);
    let (conflicts, more_conflicts) = first(out.conflicts);
    let (warnings, more_warnings) = first(out.warnings);
    let count = |name, tally| Count { name, tally };
    let counts = vec![
        count("Agencies", out.agencies),
        count("Contacts", out.contacts),
        count("Conferences", out.conferences),
        count("Invitations", out.invitations),
    ];
    Shown {
        headline,
        counts: counts.into_iter().filter(|c| c.tally != Tally::default()).collect(),
        registers: format!(
            "{} registers confirmed by the file, {} open.",
            out.registers_confirmed, out.registers_open
        ),
        letters: match options.tracker {
            true => "It comes as history: no letter goes.".to_owned(),
            false => format!(
                "{} {} letters about {} absences and {} telephone calls; {} absences wait for someone to settle whose fault they were.",
                if options.feedback { "Feedback:" } else { "With feedback it would make" },
                out.letters,
                out.letter_absences,
                out.telephone_calls,
                out.held_back
            ),
        },
        refusals,
        more_refusals,
        changes,
        amendments,
        more_changes,
        conflicts,
        more_conflicts,
        vanished: out.vanished,
        warnings,
        more_warnings,
    }
}

async fn import(
    may: May<Import>,
    State(desk): State<Desk>,
    Extension(rules): Extension<Arc<Rules>>,
    mut form: Multipart,
) -> Result<Response, Problem> {
    let mut files = Vec::new();
    let mut options = Options { dry_run: true, ..Options::default() };
    let unreadable = |e: axum::extract::multipart::MultipartError| Problem::Bad(e.body_text());
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(unreadable)?;
        match (name.as_str(), file) {
            ("files", Some(name)) if !name.is_empty() => files.push(File { name, bytes: bytes.to_vec() }),
            ("what", _) => options.dry_run = &bytes[..] != b"import",
            ("without_refused", _) => options.without_refused = &bytes[..] == b"yes",
            ("feedback", _) => options.feedback = &bytes[..] == b"yes",
            ("leave_open", _) => options.leave_open = &bytes[..] == b"yes",
            _ => {}
        }
    }
    if files.is_empty() {
        let page = ImportPage { error: Some("Choose at least one file.".to_owned()), outcome: None };
        return Ok(page.show(may.who.chrome()));
    }
    let (actor, sight) = (may.who.actor(), may.who.sight(desk.clock.now()));
    let done =
        run(&desk.db, &desk.keys, &actor, desk.clock.now(), &rules, &files, options, sight, &|_, _| {}).await;
    let out = told(&desk, &actor, options, done).await?;
    let status = if out.refusals.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ImportPage { error: None, outcome: Some(shown(out, options)) };
    Ok(page.show_as(status, may.who.chrome()))
}

/// What is told of an import: of conferences that are hidden from whoever imports, their number, which is noted.
pub(super) async fn told(
    desk: &Desk,
    actor: &Actor,
    options: Options,
    done: Result<Outcome, ImportError>,
) -> Result<Outcome, Problem> {
    let mut out = match done {
        Ok(out) => out,
        Err(ImportError::Db(e)) => return Err(e.into()),
        Err(e) => return Err(Problem::internal(e.to_string())),
    };
    if out.left_alone > 0 {
        let payload = json!({ "conferences": out.left_alone, "check": options.dry_run });
        let event = Event { action: "import.met_closed", object: "records".to_owned(), payload };
        audit::looked(&desk.db, &desk.keys, actor, desk.clock.now(), event).await?;
        out.warnings.push(format!(
            "{} conference(s) of the file were left as they are: they are restricted and you are not named on them, \
             or their time was over and they were erased.",
            out.left_alone
        ));
    }
    Ok(out)
}
