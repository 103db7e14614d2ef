//! The pages of those who run the service.

mod audit;
mod letters;
mod post;
mod schedule;

pub use post::letter_alone;

use axum::Router;
use axum::routing::{get, post as on_post};

use crate::web::Desk;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/audit", get(audit::list))
        .route("/audit/entries.csv", get(audit::file))
        .route("/audit/{number}", get(audit::one))
        .route("/post", get(post::list))
        .route("/post/requeue", on_post(post::requeue_all))
        .route("/post/hold", on_post(post::hold_back))
        .route("/post/release", on_post(post::let_go))
        .route("/post/{id}", get(post::one))
        .route("/post/{id}/as-sent", get(post::as_sent))
        .route("/post/{id}/letter.eml", get(post::file))
        .route("/post/{id}/requeue", on_post(post::requeue_one))
        .route("/letters", get(letters::list))
        .route("/letters/{kind}/{n}", get(letters::one))
        .route("/letters/{kind}/{n}/as-sent", get(letters::as_sent))
        .route("/schedule", get(schedule::show))
        .route("/schedule/{task}/run", on_post(schedule::run_now))
}
