//! The demonstration's mail folder as a mailbox in the browser: what each agency gets.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::{Path as Part, State};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use crate::calendar::london;
use crate::mail::{self, Letter};
use crate::operations::letter_alone;
use crate::web::{Chrome, Desk, Page, Problem};

/// Letters on the page.
const SHOWN: usize = 100;

pub(super) fn routes(folder: PathBuf) -> Router<Desk> {
    Router::new()
        .route("/demo/mail", get(list))
        .route("/demo/mail/{name}", get(one))
        .route("/demo/mail/{name}/as-sent", get(as_sent))
        .layer(axum::Extension(Folder(folder)))
}

#[derive(Clone)]
struct Folder(PathBuf);

#[derive(Serialize)]
struct Row {
    href: String,
    to: String,
    subject: String,
    date: String,
}

#[derive(Serialize)]
struct MailPage {
    rows: Vec<Row>,
    all: usize,
}

impl Page for MailPage {
    const TEMPLATE: &'static str = "app/demo/mail";
    fn title(&self) -> String {
        "Mail".to_owned()
    }
}

#[derive(Serialize)]
struct LetterPage {
    to: String,
    subject: String,
    date: String,
    text: String,
    as_sent: String,
}

impl Page for LetterPage {
    const TEMPLATE: &'static str = "app/demo/letter";
    fn title(&self) -> String {
        self.subject.clone()
    }
}

fn read(file: &Path) -> Option<Letter> {
    mail::read(&std::fs::read(file).ok()?)
}

fn dated(letter: &Letter) -> String {
    letter.date.map(london::short).unwrap_or_default()
}

async fn list(
    _: State<Desk>,
    axum::Extension(Folder(folder)): axum::Extension<Folder>,
) -> Result<Response, Problem> {
    // Message ids are made in the order of posting, so names sort by time.
    let page = tokio::task::spawn_blocking(move || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|e| e.file_name().to_str().and_then(|n| n.strip_suffix(".eml")).map(str::to_owned))
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        let rows = names.iter().take(SHOWN).filter_map(|name| {
            let letter = read(&folder.join(format!("{name}.eml")))?;
            let href = format!("/demo/mail/{name}");
            let date = dated(&letter);
            Some(Row { href, to: letter.to, subject: letter.subject, date })
        });
        MailPage { rows: rows.collect(), all: names.len() }
    });
    let page = page.await.map_err(|e| Problem::internal(e.to_string()))?;
    Ok(page.show(Chrome::default()))
}

fn find(folder: &Path, name: &str) -> Result<Letter, Problem> {
    // Only ids are names here: nothing that leads out of the folder.
    let id: Option<uuid::Uuid> = name.parse().ok();
    let letter = id.and_then(|id| read(&folder.join(format!("{id}.eml"))));
    letter.ok_or(Problem::NotFound(Chrome::default()))
}

async fn one(
    Part(name): Part<String>,
    axum::Extension(Folder(folder)): axum::Extension<Folder>,
) -> Result<Response, Problem> {
    let letter = find(&folder, &name)?;
    let page = LetterPage {
        date: dated(&letter),
        to: letter.to,
        subject: letter.subject,
        text: letter.text,
        as_sent: format!("/demo/mail/{name}/as-sent"),
    };
    Ok(page.show(Chrome::default()))
}

async fn as_sent(
    Part(name): Part<String>,
    axum::Extension(Folder(folder)): axum::Extension<Folder>,
) -> Result<Response, Problem> {
    Ok(letter_alone(find(&folder, &name)?.html))
}
