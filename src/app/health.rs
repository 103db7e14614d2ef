//! `/health/live`: the process answers. `/health/ready`: it can do its work. Neither tells a stranger more.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::site::Site;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn routes<S: Clone + Send + Sync + 'static>(site: &Arc<Site>) -> Router<S> {
    let site = site.clone();
    Router::new()
        .route("/health/live", get(async || answer(StatusCode::OK, json!({ "live": true }))))
        .route("/health/ready", get(async move || ready(&site).await))
}

async fn ready(site: &Site) -> Response {
    let database = tokio::time::timeout(PATIENCE, site.db.read().execute_unprepared("select 1"));
    let database = matches!(database.await, Ok(Ok(_)));
    let schedule = site.ticked.is_alive(site.clock.now());
    let stopping = site.stop.is_cancelled();
    let ready = database && schedule && !stopping;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": ready, "database": database, "schedule": schedule, "stopping": stopping });
    answer(status, body)
}

fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, axum::Json(body)).into_response()
}
