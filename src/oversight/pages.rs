//! What was found, and how timely our letters are.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use chrono::TimeDelta;
use serde::Serialize;

use super::entity::finding;
use super::timeliness::{self, Timeliness};
use super::{FindingKind, NAME, store};
use crate::access::{May, SeeOversight};
use crate::calendar::{Calendar, london};
use crate::conferences::{self, ConferenceId};
use crate::schedule;
use crate::web::{Desk, Page, Problem};

/// The check runs every five minutes, and is late after this.
const STALE: TimeDelta = TimeDelta::minutes(20);
/// Settled findings that are shown.
const SETTLED: u64 = 30;
/// Open ones that are listed of one kind; the rest is counted.
const LISTED: usize = 20;

#[derive(Serialize)]
struct Line {
    what: String,
    /// The conference, where whoever looks may see it.
    href: Option<String>,
    since: String,
    until: Option<String>,
}

#[derive(Serialize)]
struct Kind {
    label: &'static str,
    what_to_do: &'static str,
    lines: Vec<Line>,
    more: usize,
}

#[derive(Serialize)]
struct OversightPage {
    /// When the check ran last; `None` where it never did.
    checked: Option<String>,
    /// It should have run since.
    stale: bool,
    kinds: Vec<Kind>,
    settled: Vec<Line>,
    days: i64,
    absences: usize,
    in_time: String,
    messages: usize,
    seconds: Option<String>,
}

impl Page for OversightPage {
    const TEMPLATE: &'static str = "oversight/pages";
    fn title(&self) -> String {
        "Oversight".to_owned()
    }
}

/// What a person does about it.
const fn what_to_do(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::AbsenceWithoutFeedback => {
            "Open the conference: is a reason of ours to be settled? If not, look at the feedback task under Schedule."
        }
        FindingKind::LetterWithoutAbsence => {
            "The record says that the service was there, and nobody has told it so. Open the conference, and ring the service."
        }
        FindingKind::ItemWithoutMessage => {
            "Nothing was written although it says so. Ring the service, and tell whoever maintains Quorate."
        }
        FindingKind::StepLate => "Look at the ladder task under Schedule.",
        FindingKind::StepUndecided => "A chair or a QA manager decides under Escalation.",
        FindingKind::MessageStuck => "Look at the post: is the mail server reachable?",
        FindingKind::TaskLate => "Look at Schedule: is the service running, and does the task fail?",
    }
}

pub(super) async fn show(
    may: May<SeeOversight>,
    State(desk): State<Desk>,
    Extension(calendar): Extension<Arc<Calendar>>,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let open = store::open(db).await?;
    let settled = store::settled(db, SETTLED).await?;
    let about = open.iter().chain(&settled).filter_map(|row| row.conference_id).map(ConferenceId);
    let sees = may.who.role.may(crate::access::Permission::SeeConferences);
    let seen = match sees {
        true => conferences::store::by_ids(db, about, may.who.sight(now)).await?,
        false => Vec::new(),
    };
    let seen: HashMap<_, _> = seen.into_iter().map(|c| (c.id.0, c.reference)).collect();
    let line = |row: &finding::Model| {
        let reference = row.conference_id.and_then(|id| seen.get(&id));
        let what = match (reference, row.kind) {
            (Some(reference), _) => reference.clone(),
            (None, FindingKind::TaskLate) => row.object.clone(),
            (None, _) => row.kind.label().to_owned(),
        };
        Line {
            what,
            href: reference.and(row.conference_id).map(|id| format!("/conferences/{id}")),
            since: london::moment(row.found_at),
            until: row.gone_at.map(london::moment),
        }
    };
    let kinds = FindingKind::ALL.iter().filter_map(|kind| {
        let of: Vec<&finding::Model> = open.iter().filter(|row| row.kind == *kind).collect();
        (!of.is_empty()).then(|| Kind {
            label: kind.label(),
            what_to_do: what_to_do(*kind),
            more: of.len().saturating_sub(LISTED),
            lines: of.into_iter().take(LISTED).map(line).collect(),
        })
    });
    let Timeliness { absences, in_time, messages, median_seconds, p99_seconds } =
        timeliness::measure(db, &calendar, now).await?;
    let seen = schedule::seen(db, NAME).await?.map(|(_, at)| at);
    let page = OversightPage {
        checked: seen.map(london::moment),
        stale: seen.is_none_or(|at| now - at > STALE),
        kinds: kinds.collect(),
        settled: settled
            .iter()
            .map(|row| Line { what: format!("{}: {}", row.kind.label(), line(row).what), ..line(row) })
            .collect(),
        days: timeliness::DAYS,
        absences,
        in_time: match absences {
            0 => "none".to_owned(),
            n => format!("{in_time} of {n} ({}%)", (in_time * 100 + n / 2) / n),
        },
        messages,
        seconds: median_seconds.zip(p99_seconds).map(|(half, most)| {
            format!("half within {}, 99 of 100 within {}", in_words(half), in_words(most))
        }),
    };
    Ok(page.show(may.who.chrome()))
}

/// "12 seconds", "3 minutes", "7 hours": no more than a reader wants to know.
fn in_words(seconds: i64) -> String {
    let of = |n: i64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match seconds {
        ..120 => of(seconds, "second"),
        120..7200 => of((seconds + 30) / 60, "minute"),
        _ => of((seconds + 1800) / 3600, "hour"),
    }
}

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new().route("/oversight", get(show))
}
