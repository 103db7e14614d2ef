//! Booking, inviting, answering in the browser; and the board of the coming weeks.

mod answer;
mod board;
mod book;
mod change;
mod check;
mod details;
mod invitations;
mod list;
mod one;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::json;

use super::Settings;
use super::inviting::Office;
use crate::access::SignedIn;
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::conferences::ConferenceId;
use crate::conferences::entity::conference;
use crate::mail::Domains;
use crate::register::Policies;
use crate::web::{Desk, Problem};

/// What every page of this room works with.
struct Bureau {
    desk: Desk,
    policies: Arc<Policies>,
    settings: Arc<Settings>,
    domains: Arc<Domains>,
}

impl FromRequestParts<Desk> for Bureau {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Infallible> {
        fn of<T: Send + Sync + 'static>(parts: &Parts) -> Arc<T> {
            parts.extensions.get::<Arc<T>>().cloned().expect("the router lays it on every request")
        }
        let (policies, settings, domains) = (of(parts), of(parts), of(parts));
        Ok(Self { desk: desk.clone(), policies, settings, domains })
    }
}

impl Bureau {
    fn office<'a>(&'a self, actor: &'a Actor) -> Office<'a> {
        Office {
            db: &self.desk.db,
            keys: &self.desk.keys,
            letterhead: &self.desk.letterhead,
            policies: &self.policies,
            settings: &self.settings,
            domains: &self.domains,
            actor,
            now: self.desk.clock.now(),
        }
    }
}

/// A field and its value, carried along from step to step.
#[derive(Clone, Debug, Serialize)]
struct Carried {
    name: String,
    value: String,
}

/// A choice whose words come from the directory.
#[derive(Clone, Debug, Serialize)]
struct Pick {
    value: String,
    label: String,
    chosen: bool,
}

/// "Wednesday 30 September 2026, 1:30pm".
fn when(c: &conference::Model) -> String {
    format!("{}, {}", london::full_date(c.conference_date), london::clock(c.starts_at))
}

/// "1 working day", "12 working days".
fn working_days(n: u32) -> String {
    if n == 1 { "1 working day".to_owned() } else { format!("{n} working days") }
}

/// Notes in the trail that somebody looked at restricted conferences.
async fn note_looks(
    desk: &Desk,
    who: &SignedIn,
    ids: impl IntoIterator<Item = ConferenceId>,
) -> Result<(), Problem> {
    for id in ids {
        let event = Event { action: "restricted.looked", object: id.to_string(), payload: json!({}) };
        audit::looked(&desk.db, &desk.keys, &who.actor(), desk.clock.now(), event).await?;
    }
    Ok(())
}

fn id_of<T: std::str::FromStr>(who: &SignedIn, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::NotFound(who.chrome()))
}

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/board", get(board::show))
        .route("/book", get(book::begin).post(book::step))
        .route("/book/hints", post(details::hints_only))
        .route("/conferences/{id}/invitations", get(invitations::show).post(invitations::add))
        .route("/conferences/{id}/invitations/send", post(invitations::send))
        .route("/conferences/{id}/invitations/{invitation}", get(one::show).post(one::by_phone))
        .route("/conferences/{id}/invitations/{invitation}/address", post(one::readdress))
        .route("/conferences/{id}/invitations/{invitation}/nudge", post(one::nudge))
        .route("/conferences/{id}/invitations/{invitation}/telephoned", post(one::telephoned))
        .route("/conferences/{id}/invitations/{invitation}/reinstate", post(one::reinstate))
        .route("/conferences/{id}/invitations/{invitation}/withdraw", post(one::withdraw))
        .route("/conferences/{id}/change", get(change::show).post(change::change))
        .route("/conferences/{id}/cancel", get(change::ask_cancel).post(change::cancel))
        .route("/answer/{token}", get(answer::show).post(answer::answer))
}
