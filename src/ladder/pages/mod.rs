//! The ladder in the browser: the list of its steps, and each one that a chair or a QA manager decides on.

mod queue;
mod step;

use axum::Router;
use axum::routing::{get, post};

use crate::web::Desk;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/escalation", get(queue::show))
        .route("/escalation/{id}", get(step::show).post(step::decide))
        .route("/escalation/{id}/telephoned", post(step::telephoned))
}
