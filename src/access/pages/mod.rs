//! Signing in and out, choosing a password, the second factor, one's own account, everybody's accounts.

mod accounts;
mod cover;
mod kept;
mod mine;
mod provider;
mod second_factor;
mod sign_in;
mod welcome;

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::web::{Desk, query};

pub use kept::keep_entries;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/sign-in", get(sign_in::ask).post(sign_in::sign_in))
        .route("/sign-in/provider", post(provider::go))
        .route("/sign-in/provider/back", get(provider::back))
        .route("/sign-in/provider/ended", post(provider::ended))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/second-factor", get(second_factor::ask).post(second_factor::answer))
        .route("/second-factor/set-up", get(second_factor::offer).post(second_factor::set_up))
        .route("/welcome/{token}", get(welcome::ask).post(welcome::choose))
        .route("/me", get(mine::show))
        .route("/me/password", post(mine::change_password))
        .route("/me/sessions/end", post(mine::end_other_sessions))
        .route("/me/stay", post(mine::stay))
        .route("/cover", get(cover::list).post(cover::grant))
        .route("/cover/{id}/end", post(cover::end))
        .route("/accounts", get(accounts::list).post(accounts::add))
        .route("/accounts/{id}/link", post(accounts::link))
        .route("/accounts/{id}/disable", post(accounts::disable))
        .route("/accounts/{id}/forget-second-factor", post(accounts::forget_second_factor))
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

/// Only a path of this site: anything else would send people elsewhere after signing in.
fn own_path(next: Option<&str>) -> String {
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    let safe = |path: &&str| path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain);
    next.filter(safe).unwrap_or("/").to_owned()
}

/// An address that leads on to another afterwards.
fn then(path: &str, next: &str) -> String {
    if next == "/" { path.to_owned() } else { query(path, &[("next", next)]) }
}
