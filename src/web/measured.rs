//! Each request, counted, timed and logged: method, route, status, time. The route is the pattern and
//! not the address, for an address may hold what a person typed.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::platform::for_request;

/// The layer. A request gets an id of its own, which its log lines and its answer carry.
pub async fn measured(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    // Any word is a method to a stranger; only the known ones become figures.
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    };
    let request_id = Uuid::now_v7();
    let id = request_id.to_string();
    let span = tracing::info_span!("request", id);
    let begun = Instant::now();
    let mut response = for_request(request_id, next.run(request)).instrument(span.clone()).await;
    let (time, status) = (begun.elapsed(), response.status().as_u16());
    metrics::counter!(
        "quorate_requests_total",
        "method" => method, "route" => route.clone(), "status" => status.to_string()
    )
    .increment(1);
    metrics::histogram!("quorate_request_seconds", "route" => route.clone()).record(time);
    let _in = span.enter();
    tracing::info!(method, route, status, ms = time.as_millis() as u64, "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}
