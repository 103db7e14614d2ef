//! The page behind the link of a letter, what waits for an answer, and the replies of a conference.

mod agency;
mod conference;
mod lines;
mod queue;
mod settle;

use axum::Router;
use axum::routing::{get, post};

use crate::feedback::{Office, Settings};
use crate::register::Policies;
use crate::web::Desk;

fn office<'a>(desk: &'a Desk, policies: &'a Policies, settings: &'a Settings) -> Office<'a> {
    Office { db: &desk.db, keys: &desk.keys, letterhead: &desk.letterhead, policies, settings }
}

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/reply/{token}", get(agency::begin).post(agency::step))
        .route("/replies", get(queue::show))
        .route("/replies/{id}", get(settle::show).post(settle::settle))
        .route("/replies/{id}/contact", post(queue::contact))
        .route("/conferences/{id}/replies", get(conference::show))
}
