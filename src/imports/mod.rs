//! Taking in the files a partnership keeps: `agencies.csv`, `contacts.csv`, `attendance-log.csv`.
//!
//! All of an import happens in one transaction. A dry run does the same work and takes it back, so what
//! it says is what would happen.

mod cells;
mod directory;
mod fresh;
mod log;
mod lookalike;
mod merging;
mod outcome;
mod pages;
mod records;
mod teams;
mod text;
mod tracker;

use std::path::Path;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

pub use log::COLUMNS as LOG_COLUMNS;
pub use outcome::{Outcome, Tally};
pub use pages::routes;
pub use teams::routes as teams_routes;
pub use tracker::routes as tracker_routes;

use outcome::Refusal;

use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::conferences::Sight;
use crate::feedback;
use crate::platform::{Db, Keys};
use crate::register::Policies;
use directory::Known;
use log::Context;
use records::Run;
use text::Table;

/// A file to take in.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, as messages give it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What somebody wants of an import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Only say what would happen.
    pub dry_run: bool,
    /// Take what is right, without the whole conferences that hold a refused row.
    pub without_refused: bool,
    /// Make feedback for the registers of these files that are recent enough.
    pub feedback: bool,
    /// Leave registers open though a file holds all of them: their chairs confirm.
    pub leave_open: bool,
    /// The rows were made of a tracker, which knows the attendance alone.
    pub tracker: bool,
}

/// Settings that rows are judged by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Notice, calendar, quorum.
    pub policies: Policies,
    /// How feedback is made.
    pub feedback: feedback::Settings,
}

/// Why nothing could be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing to read there.
    #[error("{0}: {1}")]
    Read(String, std::io::Error),
    /// The folder holds none of the three files.
    #[error("{0} holds no .csv file: agencies.csv, contacts.csv and attendance-log.csv are looked for")]
    NothingThere(String),
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbErr),
}

/// Reads a folder's CSV files, or one file. Which of the three each is, its header says.
pub fn files_at(path: &Path) -> Result<Vec<File>, ImportError> {
    let read = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        std::fs::read(path)
            .map(|bytes| File { name, bytes })
            .map_err(|e| ImportError::Read(path.display().to_string(), e))
    };
    if !path.is_dir() {
        return Ok(vec![read(path)?]);
    }
    let failed = |e: std::io::Error| ImportError::Read(path.display().to_string(), e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.retain(|p| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")));
    paths.sort();
    let files = paths.iter().map(|p| read(p));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    if files.is_empty() { Err(ImportError::NothingThere(path.display().to_string())) } else { Ok(files) }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Agencies,
    Contacts,
    Log,
}

impl Kind {
    /// By the columns: a file keeps its meaning when somebody renames it.
    fn of(text: &str) -> Option<Self> {
        let header = Table::header(text);
        let likeness = |columns: &[&str]| {
            columns.iter().filter(|c| header.iter().any(|h| h.eq_ignore_ascii_case(c))).count()
        };
        let kinds = [
            (Self::Agencies, directory::AGENCY_COLUMNS),
            (Self::Contacts, directory::CONTACT_COLUMNS),
            (Self::Log, log::COLUMNS),
        ];
        let best = kinds.map(|(kind, columns)| (likeness(columns) * 100 / columns.len(), kind));
        best.into_iter()
            .max_by_key(|(share, _)| *share)
            .filter(|(share, _)| *share >= 50)
            .map(|(_, kind)| kind)
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Agencies => directory::AGENCY_COLUMNS,
            Self::Contacts => directory::CONTACT_COLUMNS,
            Self::Log => log::COLUMNS,
        }
    }
}

/// Imports the files, all of them or nothing: agencies first, then contacts, then the log.
/// `sight`: a conference that whoever imports may not see stays as it is, and nothing of it is told.
/// `progress` is told of each conference done, and of how many.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
pub async fn run(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    rules: &Rules,
    files: &[File],
    options: Options,
    sight: Sight,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Outcome, ImportError> {
    let mut out = Outcome::default();
    let tables = tables(files, &mut out);
    take(db, keys, actor, now, rules, tables, out, options, sight, progress).await
}

/// A table with what it holds, and the rows that its shape refuses.
type Read = (Kind, Table, Vec<Refusal>);

fn tables(files: &[File], out: &mut Outcome) -> Vec<Read> {
    let mut tables = Vec::new();
    for file in files {
        let (text, guessed) = text::decode(&file.bytes);
        if let Some(encoding) = guessed {
            let name = &file.name;
            out.warnings.push(format!(
                "{name}: read as {encoding}, for it is not UTF-8; look at names with accents."
            ));
        }
        let Some(kind) = Kind::of(&text) else {
            let reason =
                "the first line names none of the columns of agencies, contacts or the attendance log";
            let remedy = "The first line must be the header; docs/operating.md lists the columns.";
            out.refusals.push(Refusal::new(&file.name, 1, "", "", reason.to_owned(), remedy));
            continue;
        };
        match Table::read(&file.name, &text, kind.columns()) {
            Err(refused) => out.refusals.extend(refused),
            Ok((table, misshapen)) => {
                if table.rows.is_empty() {
                    out.warnings.push(format!("{}: there is no row under the header.", file.name));
                }
                for column in table.unread(kind.columns()) {
                    out.warnings.push(format!("{}: the column `{column}` is not read.", file.name));
                }
                tables.push((kind, table, misshapen));
            }
        }
    }
    tables.sort_by_key(|(kind, ..)| *kind);
    tables
}

/// Takes tables in. `out` holds what is known of them already; a refusal there makes the directory unreadable.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
async fn take(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    rules: &Rules,
    tables: Vec<Read>,
    mut out: Outcome,
    options: Options,
    sight: Sight,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Outcome, ImportError> {
    let names: Vec<String> = tables.iter().map(|(_, table, _)| table.file.clone()).collect();
    let tx = db.begin("import").await?;
    let mut known = Known::load(&tx).await?;
    let mut events = Vec::new();
    let mut for_feedback = Vec::new();
    let unreadable = !options.tracker && !out.refusals.is_empty();
    let mut untied = false;
    for (kind, table, misshapen) in tables {
        match kind {
            Kind::Agencies | Kind::Contacts => {
                let shape = misshapen.len();
                out.refusals.extend(misshapen);
                if kind == Kind::Agencies {
                    directory::agencies(&tx, &table, &mut known, &mut out).await?;
                    out.agencies.refused += shape;
                } else {
                    directory::contacts(&tx, &table, &mut known, &mut out).await?;
                    out.contacts.refused += shape;
                }
            }
            // Read against a directory that is not there, every row of the log would be refused too.
            Kind::Log if unreadable => {}
            Kind::Log => {
                let agencies = known.for_log();
                let context = Context {
                    today: london::date(now),
                    calendar: &rules.policies.calendar,
                    report_on_time_working_days: rules.policies.report_on_time_working_days,
                    agencies: &agencies,
                    tracker: options.tracker,
                };
                let log = log::read(&table, misshapen, &context);
                out.conferences.refused += log.refused_conferences;
                out.invitations.refused += log.refused_invitations;
                untied |= log.untied;
                out.refusals.extend(log.refused);
                out.warnings.extend(log.warnings);
                let run = Run {
                    tx: &tx,
                    keys,
                    now,
                    file: &table.file,
                    policies: &rules.policies,
                    maximum_age_working_days: rules.feedback.maximum_age_working_days,
                    feedback: options.feedback,
                    leave_open: options.leave_open,
                    tracker: options.tracker,
                    sight,
                    progress,
                };
                let taken = run.take(log.conferences, &mut known, &mut out).await?;
                events.extend(taken.events);
                for_feedback.extend(taken.for_feedback);
            }
        }
    }
    let preview = feedback::preview(&tx, &rules.policies, &rules.feedback, &for_feedback, now).await?;
    (out.letters, out.letter_absences) = (preview.letters, preview.absences);
    (out.telephone_calls, out.held_back) = (preview.telephone_calls, preview.held_back);

    let acceptable = out.refusals.is_empty() || options.without_refused && !unreadable && !untied;
    if untied && options.without_refused {
        let why = "A refused row names no conference, so none is known to be whole: correct that row first.";
        out.warnings.push(why.to_owned());
    }
    if options.dry_run || !acceptable {
        tx.roll_back().await?;
        return Ok(out);
    }
    let payload = json!({
        "files": names, "feedback": options.feedback, "leave_open": options.leave_open, "without_refused": options.without_refused, "tracker": options.tracker,
        "conferences": out.conferences, "invitations": out.invitations, "refused": out.refusals.len(),
    });
    events.push(Event { action: "import.taken", object: names.join(", "), payload });
    audit::record(&tx, keys, actor, now, events).await?;
    tx.commit().await?;
    out.taken = true;
    Ok(out)
}
