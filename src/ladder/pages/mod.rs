//! The queue of the ladder: what a chair or a QA manager decides on, what is open, what ended.

mod queue;

use axum::Router;
use axum::routing::{get, post};

use crate::web::Desk;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/escalation", get(queue::show))
        .route("/escalation/{id}", post(queue::decide))
        .route("/escalation/{id}/telephoned", post(queue::telephoned))
}
