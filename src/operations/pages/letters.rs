//! Every letter as it reads, on samples: before it goes to anybody.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::post::letter_alone;
use crate::access::{May, ReadLetter, SignedIn};
use crate::operations::{Specimen, Specimens};
use crate::web::{Desk, Page, Problem};

#[derive(Serialize)]
struct Sample {
    href: String,
    text: &'static str,
}

#[derive(Serialize)]
struct Kind {
    name: String,
    subject: String,
    version: String,
    own: bool,
    samples: Vec<Sample>,
}

#[derive(Serialize)]
struct LettersPage {
    kinds: Vec<Kind>,
}

impl Page for LettersPage {
    const TEMPLATE: &'static str = "operations/pages/letters";
    fn title(&self) -> String {
        "Letters".to_owned()
    }
}

#[derive(Serialize)]
struct SamplePage {
    name: String,
    subject: String,
    text: String,
    as_sent: String,
}

impl Page for SamplePage {
    const TEMPLATE: &'static str = "operations/pages/sample";
    fn title(&self) -> String {
        format!("Letter: {}", self.name)
    }
}

/// What a sample is, by its place among those of its kind.
const SAMPLES: [&str; 2] = ["with everything in it", "with as little as can be"];

pub(super) async fn list(
    may: May<ReadLetter>,
    State(desk): State<Desk>,
    Extension(specimens): Extension<Specimens>,
) -> Result<Response, Problem> {
    let templates = &desk.letterhead.templates;
    let mut kinds: Vec<Kind> = Vec::new();
    for of in specimens.0.chunk_by(|a, b| a.kind == b.kind) {
        let kind = of[0].kind;
        let written = templates.try_on(kind, &of[0].context).map_err(|e| Problem::Bad(e.to_string()))?;
        let samples = of.iter().enumerate().map(|(n, _)| Sample {
            href: format!("/letters/{kind}/{n}"),
            text: SAMPLES.get(n).copied().unwrap_or("another"),
        });
        kinds.push(Kind {
            name: kind.replace('_', " "),
            subject: written.subject,
            version: templates.version(kind).to_owned(),
            own: templates.is_own(kind),
            samples: samples.collect(),
        });
    }
    Ok(LettersPage { kinds }.show(may.who.chrome()))
}

fn find<'a>(who: &SignedIn, all: &'a Specimens, kind: &str, n: &str) -> Result<&'a Specimen, Problem> {
    let not_found = || Problem::NotFound(who.chrome());
    let n: usize = n.parse().map_err(|_| not_found())?;
    all.0.iter().filter(|specimen| specimen.kind == kind).nth(n).ok_or_else(not_found)
}

pub(super) async fn one(
    may: May<ReadLetter>,
    State(desk): State<Desk>,
    Extension(specimens): Extension<Specimens>,
    Path((kind, n)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let specimen = find(&may.who, &specimens, &kind, &n)?;
    let written = desk.letterhead.templates.try_on(specimen.kind, &specimen.context);
    let written = written.map_err(|e| Problem::Bad(e.to_string()))?;
    let page = SamplePage {
        name: specimen.kind.replace('_', " "),
        subject: written.subject,
        text: written.text,
        as_sent: format!("/letters/{kind}/{n}/as-sent"),
    };
    Ok(page.show(may.who.chrome()))
}

/// With its layout, shut off from everything else.
pub(super) async fn as_sent(
    may: May<ReadLetter>,
    State(desk): State<Desk>,
    Extension(specimens): Extension<Specimens>,
    Path((kind, n)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let specimen = find(&may.who, &specimens, &kind, &n)?;
    let written = desk.letterhead.templates.try_on(specimen.kind, &specimen.context);
    Ok(letter_alone(written.map_err(|e| Problem::Bad(e.to_string()))?.html))
}
