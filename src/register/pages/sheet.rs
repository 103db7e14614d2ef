//! A sheet to sign at the door: who was invited, with room for names and times. It names no child.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::{Heading, heading, open};
use crate::access::{May, SeeConferences};
use crate::web::{Desk, Page, Problem};

/// Empty lines for whoever comes besides.
const EMPTY: usize = 5;

#[derive(Serialize)]
struct Line {
    service: String,
    role: String,
}

#[derive(Serialize)]
struct SheetPage {
    heading: Heading,
    place: Option<String>,
    lines: Vec<Line>,
    empty: Vec<usize>,
}

impl Page for SheetPage {
    const TEMPLATE: &'static str = "register/pages/sheet";
    fn title(&self) -> String {
        format!("Signing-in sheet of {}", self.heading.reference)
    }
}

pub(super) async fn sheet(
    may: May<SeeConferences>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (record, directory) = open(&desk, &may.who, &id).await?;
    let expected = record.invitations.iter().filter(|row| row.excused.is_none());
    let lines = expected
        .map(|row| Line { service: directory.of(row.service_id).0.name.clone(), role: row.role.clone() });
    let page = SheetPage {
        heading: heading(&desk, &record).await?,
        place: record.conference.place.clone(),
        lines: lines.collect(),
        empty: (0..EMPTY).collect(),
    };
    Ok(page.show(may.who.chrome()))
}
