//! The demonstration's mail folder as a mailbox in the browser: what each agency gets.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::{Path as Part, State};
use axum::response::Response;
use axum::routing::get;
use mail_parser::MessageParser;
use serde::Serialize;

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

struct Letter {
    to: String,
    subject: String,
    date: String,
    text: String,
    html: String,
}

fn read(file: &Path) -> Option<Letter> {
    let bytes = std::fs::read(file).ok()?;
    let message = MessageParser::default().parse(&bytes)?;
    let date = message.date().and_then(|d| chrono::DateTime::from_timestamp(d.to_timestamp(), 0));
    Some(Letter {
        to: message.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default().to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: date.map(crate::calendar::london::short).unwrap_or_default(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: message.body_html(0).unwrap_or_default().into_owned(),
    })
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
            Some(Row { href, to: letter.to, subject: letter.subject, date: letter.date })
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
        to: letter.to,
        subject: letter.subject,
        date: letter.date,
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
