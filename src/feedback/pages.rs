//! What feedback waits for a person: calls to make, and absences whose fault is to be settled.

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
use super::{FeedbackId, ItemState, Settings, Wording, store};
use crate::access::{May, SeeFeedback, SignedIn};
use crate::agencies::store::directory;
use crate::calendar::london;
use crate::conferences::entity::conference;
use crate::invitations::entity::invitation;
use crate::register::store::records;
use crate::register::{Policies, assess};
use crate::web::{Desk, Page, Problem};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new().route("/feedback", get(waiting)).route("/feedback/{id}/telephoned", post(telephoned))
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

#[derive(Serialize)]
struct FeedbackPage {
    calls: Vec<Call>,
    held: Vec<Held>,
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
    let met = conference::Entity::find().filter(conference::Column::Id.is_in(of)).all(db).await?;
    let met: HashMap<_, _> = met.into_iter().map(|c| (c.id, c)).collect();
    let calls = items.iter().map(|item| {
        let row = &rows[&item.invitation_id];
        let (service, agency) = directory.of(row.service_id);
        Call {
            action: format!("/feedback/{}/telephoned", item.id),
            conference: format!("/conferences/{}", row.conference_id),
            reference: met[&row.conference_id].reference.clone(),
            service: service.name.clone(),
            agency: agency.name.clone(),
            role: row.role.clone(),
            wording: item
                .wording
                .parse::<Wording>()
                .map_or(item.wording.replace('_', " "), |w| w.label().to_owned()),
            since: london::moment(item.made_at),
        }
    });
    let calls = calls.collect();

    let wanted = store::wanted(db, desk.clock.now()).await?;
    let rows = conference::Entity::find().filter(conference::Column::Id.is_in(wanted)).all(db).await?;
    let mut held = Vec::new();
    for record in records(db, rows).await? {
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
    Ok(FeedbackPage { calls, held, missing: settings.missing() }.show(may.who.chrome()))
}

async fn telephoned(
    may: May<SeeFeedback>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let id: FeedbackId = id.parse().map_err(|_| not_found(&may.who))?;
    let done = note_call(&desk.db, &desk.keys, &may.who.actor(), desk.clock.now(), id).await?;
    if !done {
        return Err(not_found(&may.who));
    }
    Ok(Redirect::to("/feedback"))
}

fn not_found(who: &SignedIn) -> Problem {
    Problem::NotFound(who.chrome())
}
