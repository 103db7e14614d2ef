//! What waits for an answer to an agency: disputes for a QA manager, contacts for an administrator; and what came last.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::lines::ReplyLine;
use crate::access::{KeepDirectory, May, Permission, SeeFeedback};
use crate::agencies::ServiceId;
use crate::agencies::store::{contacts, directory};
use crate::calendar::london;
use crate::conferences;
use crate::feedback::{Office, Settings, evidence};
use crate::invitations::entity::invitation;
use crate::invitations::store::by_ids;
use crate::mail::Trust;
use crate::register::{Policies, note_look};
use crate::replies::entity::reply;
use crate::replies::life::settle_by;
use crate::replies::nominating::{Decided, decide};
use crate::replies::{ReplyKind, ReplyState, Texts, store};
use crate::web::{Desk, Fields, Page, Problem};

/// Replies that are shown as the newest.
const NEWEST: u64 = 50;

#[derive(Serialize)]
struct Line {
    conference: String,
    reference: String,
    name: String,
    /// "by Wednesday 14 October 2026".
    by: Option<String>,
    overdue: bool,
    /// Of a contact that is named: whom the directory has at that service, and on which numbers.
    now: Vec<String>,
    /// Letters to its domain say little.
    little: bool,
    reply: ReplyLine,
}

#[derive(Serialize)]
struct QueuePage {
    disputes: Vec<Line>,
    contacts: Vec<Line>,
    newest: Vec<Line>,
    settles: bool,
    keeps_directory: bool,
    done: Option<&'static str>,
}

impl Page for QueuePage {
    const TEMPLATE: &'static str = "replies/pages/queue";
    fn title(&self) -> String {
        "Replies from agencies".to_owned()
    }
}

const DONE: [(&str, &str); 5] = [
    (
        "upheld",
        "The dispute is upheld, and the register amended. The correction goes with the next run of feedback.",
    ),
    ("already", "The dispute is upheld. The register said so already, and nothing in it was changed."),
    ("not_upheld", "The dispute is answered: the record stands, and the agency gets our answer."),
    ("taken", "The contact is in the directory, and the addresses that we had are told."),
    ("declined", "The contact is not taken."),
];

#[derive(Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

pub(super) async fn show(
    may: May<SeeFeedback>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let (open, newest) = tokio::try_join!(store::open(db), store::newest(db, NEWEST))?;
    let directory = directory(db).await?;
    let rows = by_ids(db, open.iter().chain(&newest).map(|r| r.invitation_id)).await?;
    let rows: HashMap<_, invitation::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let seen =
        conferences::store::by_ids(db, rows.values().map(|r| r.conference_id), may.who.sight(now)).await?;
    let seen: HashMap<_, _> = seen.into_iter().map(|c| (c.id, c)).collect();
    let people = contacts(db).await?;
    let known = |service: ServiceId| -> Vec<String> {
        let agency = directory.of(service).1.id;
        let here = people.iter().filter(|c| c.agency_id == agency && c.is_valid(london::date(now)));
        let here = here.filter(|c| c.service_id.is_none_or(|of| of == service));
        here.map(|c| {
            let parts = [
                c.name.as_str(),
                c.role.as_str(),
                c.email.as_str(),
                c.telephone.as_deref().unwrap_or_default(),
            ];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        })
        .collect()
    };
    let line = |row: &reply::Model| {
        let invited = rows.get(&row.invitation_id)?;
        let c = seen.get(&invited.conference_id)?;
        let by = settle_by(london::date(row.made_at), &policies.calendar);
        let waits = row.state == ReplyState::Open;
        Some(Line {
            conference: format!("/conferences/{}/replies", c.id),
            reference: c.reference.clone(),
            name: format!("{}, {}", directory.of(invited.service_id).0.name, invited.role),
            by: waits.then(|| london::full_date(by)),
            overdue: waits && by < london::date(now),
            now: match row.kind {
                ReplyKind::Nominated => known(invited.service_id),
                _ => Vec::new(),
            },
            little: Texts::open(&desk.keys, row)
                .nominee
                .is_some_and(|n| settings.domains.trust(&n.email) != Trust::Full),
            // What is restricted is read on its own page, where each look is noted.
            reply: if c.restricted { ReplyLine::bare(row) } else { ReplyLine::of(&desk.keys, row) },
        })
    };
    let of = |kind: ReplyKind| open.iter().filter(move |row| row.kind == kind).filter_map(line).collect();
    let page = QueuePage {
        disputes: of(ReplyKind::Disputed),
        contacts: of(ReplyKind::Nominated),
        newest: newest.iter().filter_map(line).collect(),
        settles: may.who.role.may(Permission::SettleDispute),
        keeps_directory: may.who.role.may(Permission::KeepDirectory),
        done: DONE.iter().find(|(code, _)| Some(*code) == asked.done.as_deref()).map(|(_, text)| *text),
    };
    Ok(page.show(may.who.chrome()))
}

pub(super) async fn contact(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id = id.parse().map_err(|_| not_found())?;
    let (db, now) = (desk.db.read(), desk.clock.now());
    let row = store::by_id(db, id).await?.ok_or_else(not_found)?;
    let found = evidence(db, &policies, &settings, row.feedback_id, now).await?.ok_or_else(not_found)?;
    let c = found.record.conference.id;
    if conferences::store::by_ids(db, [c], may.who.sight(now)).await?.is_empty() {
        return Err(not_found());
    }
    note_look(&desk, &may.who, &found.record.conference).await?;
    let take = match form.text("do") {
        "take" => true,
        "decline" => false,
        _ => return Err(not_found()),
    };
    let decided =
        decide(Office::of(&desk, &policies, &settings), &may.who.actor(), now, id, &found, take).await;
    match decided.map_err(|e| Problem::internal(e.to_string()))? {
        Decided::Done if take => Ok(Redirect::to("/replies?done=taken").into_response()),
        Decided::Done => Ok(Redirect::to("/replies?done=declined").into_response()),
        Decided::Nothing => Err(not_found()),
    }
}
