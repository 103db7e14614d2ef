//! Figures for Prometheus, on a listener of their own: they are nobody's business who only sees the pages.
//!
//! What this process did is counted where it happens; how the post stands is asked of the database when
//! somebody looks, so that it is the same from every process.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::site::Site;
use super::tasks::Task;
use crate::outbox::{self, State};
use crate::oversight::{self, FindingKind};
use crate::schedule;

/// Upper bounds in seconds: a page's time, and a letter's way.
const SECONDS: &[f64] = &[0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0];

/// Begins to count. Once a process.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?;
    describe_counter!("quorate_requests_total", "Requests answered, by method, route and status");
    describe_histogram!("quorate_request_seconds", Unit::Seconds, "Time to answer a request, by route");
    describe_counter!("quorate_messages_total", "Tries to send a message, by what came of it");
    describe_histogram!(
        "quorate_message_due_to_accepted_seconds",
        Unit::Seconds,
        "From the moment at which a message was due to its acceptance by the mail server"
    );
    describe_counter!("quorate_task_runs_total", "Runs of scheduled tasks in this process, by outcome");
    describe_histogram!("quorate_task_run_seconds", Unit::Seconds, "Time that a run of a task took");
    describe_gauge!("quorate_outbox_messages", "Messages in the outbox, by state");
    describe_gauge!(
        "quorate_outbox_oldest_due_seconds",
        Unit::Seconds,
        "For how long the oldest waiting message is due"
    );
    describe_gauge!("quorate_findings", "What the independent check found and is not settled, by kind");
    describe_gauge!("quorate_post_held_back", "1 while all post is held back");
    describe_gauge!(
        "quorate_task_last_run_timestamp_seconds",
        "When a task last did something, by outcome of that run"
    );
    Ok(handle)
}

pub(super) fn router(site: Arc<Site>, handle: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(async move || show(&site, &handle).await))
}

async fn show(site: &Site, handle: &PrometheusHandle) -> Response {
    if let Err(error) = look(site).await {
        tracing::error!(%error, "the figures cannot be had");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    handle.render().into_response()
}

async fn look(site: &Site) -> Result<(), sea_orm::DbErr> {
    let (db, now) = (site.db.read(), site.clock.now());
    let counts = outbox::counts(db).await?;
    for state in State::ALL {
        let n = counts.iter().find(|(of, _)| of == state).map_or(0, |(_, n)| *n);
        gauge!("quorate_outbox_messages", "state" => state.code()).set(n as f64);
    }
    let age = outbox::oldest_due(db).await?.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
    gauge!("quorate_outbox_oldest_due_seconds").set(age);
    let found = oversight::open_by_kind(db).await?;
    for kind in FindingKind::ALL {
        let n = found.iter().find(|(of, _)| of == kind).map_or(0, |(_, n)| *n);
        gauge!("quorate_findings", "kind" => kind.code()).set(n as f64);
    }
    let held = outbox::held_back(db).await?.is_some();
    gauge!("quorate_post_held_back").set(f64::from(u8::from(held)));
    for task in Task::ALL {
        let Some(run) = schedule::last_run(db, task.name()).await? else { continue };
        let at = run.started_at.timestamp() as f64;
        gauge!(
            "quorate_task_last_run_timestamp_seconds",
            "task" => task.name(), "outcome" => run.outcome.code()
        )
        .set(at);
    }
    Ok(())
}
