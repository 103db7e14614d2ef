//! Style sheet and scripts, built in.

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$QUORATE_ASSETS"]
struct Assets;

/// Whether the design system's script was built in.
pub fn has_scripts() -> bool {
    Assets::get("govuk-frontend.js").is_some_and(|file| !file.data.is_empty())
}

/// The style sheet, for a page that stands alone.
pub fn style() -> String {
    Assets::get("style.css").map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default()
}

/// `/assets/…`
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>) -> Response {
    let Some(file) = Assets::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = file.metadata.mimetype().to_owned();
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=3600".to_owned())];
    (headers, file.data.into_owned()).into_response()
}
