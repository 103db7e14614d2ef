//! What feedback waits for a person: calls to make, absences whose fault is to be settled, letters of
//! restricted conferences to be released.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;

use super::calls::note_call;
use super::entity::feedback;
use super::release::{Decided, decide, people, waits};
use super::tasks::{Office, Paperwork};
use super::{FeedbackId, ItemState, Kind, Settings, Wording, store};
use crate::access::{May, Permission, ReleaseLetter, SeeFeedback, SignedIn};
use crate::agencies::store::directory;
use crate::calendar::london;
use crate::conferences::{self, Sight};
use crate::invitations::entity::invitation;
use crate::register::store::{Record, records};
use crate::register::{Policies, assess};
use crate::web::{Desk, Fields, Page, Problem};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/feedback", get(waiting))
        .route("/feedback/{id}/telephoned", post(telephoned))
        .route("/feedback/release/{invitation}", post(release))
}

#[derive(Serialize)]
struct Call {
    action: String,
    conference: String,
    reference: String,
    service: String,
    agency: String,
    role: String,
    wording: String,
    since: String,
}

#[derive(Serialize)]
struct Held {
    href: String,
    conference: String,
    reference: String,
    name: String,
    reason: String,
}

/// A letter of a restricted conference.
#[derive(Serialize)]
struct ToRelease {
    action: String,
    conference: String,
    reference: String,
    name: String,
    about: &'static str,
    id: String,
    people: Vec<Person>,
}

#[derive(Serialize)]
struct Person {
    email: String,
    label: String,
}

#[derive(Serialize)]
struct FeedbackPage {
    calls: Vec<Call>,
    held: Vec<Held>,
    releases: bool,
    to_release: Vec<ToRelease>,
    /// Restricted conferences with letters that wait, on which this person is not named.
    out_of_sight: usize,
    missing: Vec<&'static str>,
}

impl Page for FeedbackPage {
    const TEMPLATE: &'static str = "feedback/waiting";
    fn title(&self) -> String {
        "Feedback that waits for a person".to_owned()
    }
}

async fn waiting(
    may: May<SeeFeedback>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
) -> Result<Response, Problem> {
    let db = desk.db.read();
    let directory = directory(db).await?;
    let items = feedback::Entity::find()
        .filter(feedback::Column::State.eq(ItemState::ToTelephone))
        .order_by_asc(feedback::Column::MadeAt)
        .all(db)
        .await?;
    let ids = items.iter().map(|i| i.invitation_id);
    let rows = invitation::Entity::find().filter(invitation::Column::Id.is_in(ids)).all(db).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|r| (r.id, r)).collect();
    let of = rows.values().map(|r| r.conference_id);
    let sight = may.who.sight(desk.clock.now());
    let met = conferences::store::by_ids(db, of, sight).await?;
    let met: HashMap<_, _> = met.into_iter().map(|c| (c.id, c)).collect();
    let calls = items.iter().filter_map(|item| {
        let row = &rows[&item.invitation_id];
        let (service, agency) = directory.of(row.service_id);
        Some(Call {
            action: format!("/feedback/{}/telephoned", item.id),
            conference: format!("/conferences/{}", row.conference_id),
            reference: met.get(&row.conference_id)?.reference.clone(),
            service: service.name.clone(),
            agency: agency.name.clone(),
            role: row.role.clone(),
            wording: item
                .wording
                .parse::<Wording>()
                .map_or(item.wording.replace('_', " "), |w| w.label().to_owned()),
            since: london::moment(item.made_at),
        })
    });
    let calls = calls.collect();

    let wanted = store::wanted(db, desk.clock.now()).await?;
    let rows = conferences::store::by_ids(db, wanted.iter().copied(), sight).await?;
    let releases = may.who.role.may(Permission::ReleaseLetter);
    let (mut held, mut to_release, mut out_of_sight) = (Vec::new(), Vec::new(), 0);
    if releases {
        let all = conferences::store::by_ids(db, wanted, Sight::Everything).await?;
        out_of_sight = all.iter().filter(|c| rows.iter().all(|seen| seen.id != c.id)).count();
    }
    for record in records(db, rows).await? {
        if releases && record.conference.restricted {
            to_release.extend(waiting_letters(&desk, &policies, &settings, &record).await?);
        }
        let facts = record.facts(&directory);
        let assessment = assess(&facts, policies.on(facts.date));
        for (row, assessed) in record.invitations.iter().zip(&assessment.invitations) {
            let Some(reason) = row.absence_reason.filter(|_| assessed.is_to_be_settled(row.absence_reason))
            else {
                continue;
            };
            let service = directory.of(row.service_id).0;
            held.push(Held {
                href: format!("/conferences/{}/amend/{}", record.conference.id, row.id),
                conference: format!("/conferences/{}", record.conference.id),
                reference: record.conference.reference.clone(),
                name: format!("{}, {}", service.name, row.role),
                reason: reason.label().to_owned(),
            });
        }
    }
    let missing = settings.missing();
    let page = FeedbackPage { calls, held, releases, to_release, out_of_sight, missing };
    Ok(page.show(may.who.chrome()))
}

async fn waiting_letters(
    desk: &Desk,
    policies: &Policies,
    settings: &Settings,
    record: &Record,
) -> Result<Vec<ToRelease>, Problem> {
    let (db, c) = (desk.db.read(), &record.conference);
    let mut letters = Vec::new();
    let paperwork = Paperwork::open(db, c.id, policies, desk.clock.now()).await?;
    let Some(paperwork) = paperwork else { return Ok(letters) };
    let newest = store::newest(db, record.invitations.iter().map(|i| i.id)).await?;
    for (place, owed) in paperwork.owed(settings).iter().enumerate() {
        let row = &paperwork.record.invitations[place];
        let waits = waits(db, &paperwork, place, owed, newest.get(&row.id)).await?;
        let Some(waits) = waits else { continue };
        let people = people(&paperwork, place, settings).into_iter();
        letters.push(ToRelease {
            action: format!("/feedback/release/{}", row.id),
            conference: format!("/conferences/{}", c.id),
            reference: c.reference.clone(),
            name: format!("{}, {}", paperwork.directory.of(row.service_id).0.name, row.role),
            about: match waits.kind {
                Kind::Correction => Kind::Correction.label(),
                Kind::Absence => waits.wording.map_or("", Wording::label),
            },
            id: row.id.to_string(),
            people: people.map(|(email, label)| Person { email, label }).collect(),
        });
    }
    Ok(letters)
}

async fn release(
    may: May<ReleaseLetter>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(invitation): Path<String>,
    form: Fields,
) -> Result<Redirect, Problem> {
    let invitation = invitation.parse().map_err(|_| not_found(&may.who))?;
    let now = desk.clock.now();
    let office = Office {
        db: &desk.db,
        keys: &desk.keys,
        letterhead: &desk.letterhead,
        policies: &policies,
        settings: &settings,
    };
    let to = (form.text("do") != "withhold").then(|| form.text("to"));
    let decided = decide(office, &may.who.actor(), may.who.sight(now), now, invitation, to).await;
    match decided.map_err(|e| Problem::internal(e.to_string()))? {
        Decided::Done => Ok(Redirect::to("/feedback")),
        Decided::Nothing => Err(not_found(&may.who)),
        Decided::NotOneOfThem => {
            Err(Problem::Bad("Choose one of the people listed for that agency.".to_owned()))
        }
        Decided::NotSetUp => Err(Problem::Bad(
            "No letter is sent while a setting it needs is empty: see the page before.".to_owned(),
        )),
    }
}

async fn telephoned(
    may: May<SeeFeedback>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let id: FeedbackId = id.parse().map_err(|_| not_found(&may.who))?;
    let of = store::conference_of(desk.db.read(), id).await?.ok_or_else(|| not_found(&may.who))?;
    let sight = may.who.sight(desk.clock.now());
    if conferences::store::by_ids(desk.db.read(), [of], sight).await?.is_empty() {
        return Err(not_found(&may.who));
    }
    let done = note_call(&desk.db, &desk.keys, &may.who.actor(), desk.clock.now(), id).await?;
    if !done {
        return Err(not_found(&may.who));
    }
    Ok(Redirect::to("/feedback"))
}

fn not_found(who: &SignedIn) -> Problem {
    Problem::NotFound(who.chrome())
}
