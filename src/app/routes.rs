//! Every address of the service, and the layers that each request passes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use chrono::TimeDelta;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use super::health;
use super::letters;
use super::site::Site;
use super::timetable::Tasks;
use crate::access;
use crate::agencies;
use crate::convening;
use crate::operations::{self, Specimens, Timetable};
use crate::web::{Chrome, Desk, FORM_LIMIT, Problem, asset_routes, limited, measured};
use crate::{
    feedback, imports, ladder, oversight, register, replies, reports, restriction, retention, subject,
};

/// Scripts and styles of our own only, nothing inline, nobody's frame.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                   connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The whole service.
pub fn router(site: &Arc<Site>) -> Router {
    router_with(site, Router::new())
}

/// The whole service, with more addresses under the same layers.
pub(super) fn router_with(site: &Arc<Site>, more: Router<Desk>) -> Router {
    let desk = Desk {
        db: site.db.clone(),
        keys: site.keys.clone(),
        clock: site.clock,
        sessions: site.config.access.sessions(),
        second_factor: site.config.access.second_factor_roles.iter().map(|r| r.code().to_owned()).collect(),
        address: site.config.server.address().into(),
        letterhead: site.letterhead.clone(),
        provider: site.provider.as_ref().map(|p| p.rules.name.as_str().into()),
        limits: site.limits.clone(),
        broken_glass: TimeDelta::hours(site.config.access.broken_glass_hours.into()),
    };
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    let kept = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let extensions = (
        axum::Extension(Arc::new(Tasks(site.clone())) as Arc<dyn Timetable>),
        axum::Extension(site.provider.clone()),
        axum::Extension(site.config.retention.periods()),
        axum::Extension(site.convening.clone()),
        axum::Extension(site.ladders.clone()),
        axum::Extension(Specimens(letters::specimens().into())),
        axum::Extension(Arc::new(site.rules.policies.calendar.clone())),
        axum::Extension(Arc::new(site.rules.clone())),
        axum::Extension(Arc::new(site.rules.policies.clone())),
        axum::Extension(Arc::new(site.rules.feedback.clone())),
        axum::Extension(Arc::new(site.targets.clone())),
        axum::Extension(site.press.clone()),
        axum::Extension(Arc::new(site.rules.feedback.domains.clone())),
        axum::Extension(register::restating::Restates { figures: reports::of_one, letter: feedback::rests }),
        axum::Extension(register::MaximumAge(site.rules.feedback.maximum_age_working_days)),
    );
    // Layers that are laid one by one are each a boxed service, which a request copies with all that it holds: laid
    // together, they are one. A request passes them from the first to the last.
    let pages = (
        // Pages hold records about children: no shared or disk cache keeps them.
        kept(header::CACHE_CONTROL, "no-store"),
        TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(60)),
        DefaultBodyLimit::max(FORM_LIMIT),
        CsrfLayer::new(),
        axum::middleware::from_fn_with_state(desk.clone(), limited),
        axum::middleware::from_fn_with_state(desk.clone(), access::keep_entries),
        extensions,
    );
    let everything = (
        axum::middleware::from_fn(measured),
        CatchPanicLayer::new(),
        CompressionLayer::new(),
        header(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        header(header::X_FRAME_OPTIONS, "DENY"),
        header(header::REFERRER_POLICY, "no-referrer"),
        header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        kept(header::CONTENT_SECURITY_POLICY, CSP),
    );
    Router::new()
        .merge(access::routes())
        .merge(agencies::routes())
        .merge(restriction::routes())
        .merge(register::routes())
        .merge(convening::routes())
        .merge(feedback::routes())
        .merge(replies::routes())
        .merge(ladder::routes())
        .merge(reports::routes())
        .merge(imports::routes())
        .merge(imports::teams_routes())
        .merge(imports::tracker_routes())
        .merge(operations::routes())
        .merge(oversight::routes())
        .merge(retention::routes())
        .merge(subject::routes())
        .merge(more)
        .fallback(async || Problem::NotFound(Chrome::default()).into_response())
        .layer(pages)
        .merge(asset_routes())
        .merge(health::routes(site))
        .layer(everything)
        .with_state(desk)
}
