//! The page behind the link of a letter, what waits for an answer, and the replies of a conference.

mod agency;
mod conference;
mod lines;
mod queue;
mod settle;

use axum::Router;
use axum::routing::{get, post};

use crate::web::Desk;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/reply/{token}", get(agency::begin).post(agency::step))
        .route("/replies", get(queue::show))
        .route("/replies/{id}", get(settle::show).post(settle::settle))
        .route("/replies/{id}/contact", post(queue::contact))
        .route("/conferences/{id}/replies", get(conference::show))
}
