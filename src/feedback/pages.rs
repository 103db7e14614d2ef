//! What feedback waits for a person: calls to make, absences whose fault is to be settled, letters of
//! restricted conferences to be released.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use super::calls::note_call;
use super::entity::feedback;
use super::release::{Decided, decide, people, waits};
use super::steps::Spoke;
use super::tasks::{Office, Paperwork};
use super::{FeedbackId, ItemState, Kind, Settings, Wording, store};
use crate::access::{May, Permission, ReleaseLetter, SeeFeedback, SignedIn};
use crate::agencies::store::{contacts_of, directory, numbers};
use crate::calendar::london;
use crate::conferences::{self, Sight};
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
use crate::register::store::{Record, records};
use crate::register::{Policies, assess};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, choices};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/feedback", get(waiting))
        .route("/feedback/{id}/telephoned", post(telephoned))
        .route("/feedback/release/{invitation}", post(release))
}

#[derive(Serialize)]
struct Call {
    id: String,
    action: String,
    conference: String,
    reference: String,
    service: String,
    agency: String,
    role: String,
    wording: String,
    since: String,
    numbers: Vec<String>,
    with: Vec<Choice>,
    error: Option<&'static str>,
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
    /// The letter as it would go.
    letter: String,
    people: Vec<Person>,
    error: Option<&'static str>,
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
    done: Option<&'static str>,
    errors: Errors,
}

/// What was done, as an address says it and as the page does.
const DONE: [(&str, &str); 3] = [
    ("released", "The letter is released, and in the post."),
    ("withheld", "The letter is withheld. It does not go."),
    ("telephoned", "The call is noted as made."),
];

#[derive(Default, Deserialize)]
struct Asked {
    done: Option<String>,
}

impl Page for FeedbackPage {
    const TEMPLATE: &'static str = "feedback/waiting";
    fn title(&self) -> String {
        "Feedback that waits for a person".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

async fn waiting(
    may: May<SeeFeedback>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let done = DONE.iter().find(|(code, _)| Some(*code) == asked.done.as_deref()).map(|(_, text)| *text);
    page(&desk, &may.who, &policies, &settings, done, None).await
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    settings: &Settings,
    done: Option<&'static str>,
    refused: Option<Refused>,
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
    let sight = who.sight(desk.clock.now());
    let met = conferences::store::by_ids(db, of, sight).await?;
    let met: HashMap<_, _> = met.into_iter().map(|c| (c.id, c)).collect();
    let agencies: HashSet<_> = rows.values().map(|row| directory.of(row.service_id).1.id).collect();
    let people = contacts_of(db, agencies).await?;
    let today = london::date(desk.clock.now());
    let calls = items.iter().filter_map(|item| {
        let row = &rows[&item.invitation_id];
        let (service, agency) = directory.of(row.service_id);
        let of_agency = people.iter().filter(|p| p.agency_id == agency.id);
        Some(Call {
            id: item.id.to_string(),
            numbers: numbers(of_agency, service.id, today),
            with: choices(Spoke::ALL, None, |s| (s.code(), s.label())),
            error: (refused == Some(Refused::Call(item.id))).then_some(WITH_WHOM),
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
    let calls: Vec<Call> = calls.collect();

    let wanted = store::wanted(db, desk.clock.now()).await?;
    let rows = conferences::store::by_ids(db, wanted.iter().copied(), sight).await?;
    let releases = who.role.may(Permission::ReleaseLetter);
    let (mut held, mut to_release, mut out_of_sight) = (Vec::new(), Vec::new(), 0);
    if releases {
        let all = conferences::store::by_ids(db, wanted, Sight::Everything).await?;
        out_of_sight = all.iter().filter(|c| rows.iter().all(|seen| seen.id != c.id)).count();
    }
    // Who has only broken the glass looks, and sends nothing.
    let restricted = rows.iter().filter(|c| c.restricted).map(|c| c.id);
    let named = conferences::store::by_ids(db, restricted, sight.named_only()).await?;
    let named: HashSet<_> = named.into_iter().map(|c| c.id).collect();
    for record in records(db, rows).await? {
        if releases && named.contains(&record.conference.id) {
            to_release.extend(waiting_letters(desk, policies, settings, &record).await?);
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
    let mut errors = Errors::default();
    match refused {
        Some(Refused::Call(id)) if calls.iter().all(|call| call.id != id.to_string()) => {
            return Err(not_found(who));
        }
        Some(Refused::Call(id)) => errors.add_at(format!("with-{id}"), WITH_WHOM),
        Some(Refused::Letter(id)) => {
            if let Some(letter) = to_release.iter_mut().find(|letter| letter.id == id.to_string()) {
                letter.error = Some(CHOOSE);
                errors.add_at(format!("to-{id}"), CHOOSE);
            }
        }
        None => {}
    }
    let page = FeedbackPage { calls, held, releases, to_release, out_of_sight, missing, done, errors };
    Ok(page.show(who.chrome()))
}

const CHOOSE: &str = "Choose who gets the letter";
/// What is said where nobody says with whom they spoke.
pub const WITH_WHOM: &str = "Choose with whom you spoke; a call that nobody answered stays to be made";

/// What was asked for and cannot be done as it was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// A letter without anybody to get it.
    Letter(InvitationId),
    /// A call without anybody who answered.
    Call(FeedbackId),
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
    let following = paperwork.following(db, policies).await?;
    let office = Office::of(desk, policies, settings);
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
            letter: waits
                .letter(&paperwork, &following, place, office)
                .map_err(|e| Problem::internal(e.to_string()))?,
            error: None,
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
) -> Result<Response, Problem> {
    let invitation = invitation.parse().map_err(|_| not_found(&may.who))?;
    let now = desk.clock.now();
    let office = Office::of(&desk, &policies, &settings);
    let to = (form.text("do") != "withhold").then(|| form.text("to"));
    let decided =
        decide(office, &may.who.actor(), may.who.sight(now).named_only(), now, invitation, to).await;
    match decided.map_err(|e| Problem::internal(e.to_string()))? {
        Decided::Done if to.is_some() => Ok(Redirect::to("/feedback?done=released").into_response()),
        Decided::Done => Ok(Redirect::to("/feedback?done=withheld").into_response()),
        Decided::Nothing => Err(not_found(&may.who)),
        Decided::NotOneOfThem => {
            page(&desk, &may.who, &policies, &settings, None, Some(Refused::Letter(invitation))).await
        }
        Decided::NotSetUp => Err(Problem::Bad(
            "No letter is sent while a setting it needs is empty: see the page before.".to_owned(),
        )),
    }
}

async fn telephoned(
    may: May<SeeFeedback>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let id: FeedbackId = id.parse().map_err(|_| not_found(&may.who))?;
    let sight = may.who.sight(desk.clock.now());
    let Ok(with) = form.text("with").parse() else {
        return page(&desk, &may.who, &policies, &settings, None, Some(Refused::Call(id))).await;
    };
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let done = note_call(&desk.db, &desk.keys, &actor, sight, now, id, Some(with)).await?;
    if !done {
        return Err(not_found(&may.who));
    }
    Ok(Redirect::to("/feedback?done=telephoned").into_response())
}

fn not_found(who: &SignedIn) -> Problem {
    Problem::NotFound(who.chrome())
}
