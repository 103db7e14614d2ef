//! The directory's pages, and what an agency safeguarding lead's account sees of it.

mod agency;
mod contact;
mod directory;
mod rows;
mod scope;
mod service;

use std::convert::Infallible;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};

use super::maintaining::Maintaining;
use crate::audit::Actor;
use crate::web::Desk;

fn maintaining<'a>(desk: &'a Desk, actor: &'a Actor) -> Maintaining<'a> {
    Maintaining { db: &desk.db, keys: &desk.keys, actor, now: desk.clock.now() }
}

/// Whether a page is shown after something was done: `?done=yes`.
struct Done(bool);

impl<S: Send + Sync> FromRequestParts<S> for Done {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.uri.query() == Some("done=yes")))
    }
}

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/accounts/{id}/scope", get(scope::show).post(scope::grant))
        .route("/accounts/{id}/scope/end", post(scope::end))
        .route("/directory", get(directory::show))
        .route("/directory/agencies", get(agency::begin).post(agency::add))
        .route("/directory/agencies/{id}", get(agency::show).post(agency::change))
        .route("/directory/agencies/{id}/services", post(agency::add_service))
        .route("/directory/services/{id}", get(service::show).post(service::rename))
        .route("/directory/services/{id}/merge", post(service::merge))
        .route("/directory/contacts", get(contact::begin).post(contact::add))
        .route("/directory/contacts/{id}", get(contact::show).post(contact::change))
        .route("/directory/contacts/{id}/verified", post(contact::verified))
        .route("/directory/contacts/{id}/came-back", post(contact::came_back))
        .route("/directory/contacts/{id}/left", post(contact::left))
        .route("/directory/contacts/{id}/back", post(contact::back))
}
