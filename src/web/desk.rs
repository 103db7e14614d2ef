//! What every page works with.

use std::sync::Arc;

use chrono::TimeDelta;

use super::Limits;
use crate::outbox::Letterhead;
use crate::platform::{Clock, Db, Keys};

/// How long a session lasts, and what its cookie is like.
#[derive(Clone, Copy, Debug)]
pub struct SessionRules {
    /// At most this long, however busy.
    pub lasts: TimeDelta,
    /// This long without a request.
    pub idle: TimeDelta,
    /// The same for system administrators.
    pub keepers_idle: TimeDelta,
    /// The cookie travels over HTTPS only.
    pub secure_cookies: bool,
}

/// The state of every route.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The database.
    pub db: Db,
    /// The keys.
    pub keys: Keys,
    /// The clock.
    pub clock: Clock,
    /// Sessions.
    pub sessions: SessionRules,
    /// The roles, by code, that need a second factor.
    pub second_factor: Arc<[String]>,
    /// Where people find the service, for links: no slash at its end.
    pub address: Arc<str>,
    /// The identity provider, by the name that people know it by.
    pub provider: Option<Arc<str>>,
    /// What notices are written on.
    pub letterhead: Letterhead,
    /// How much one address, and one account, may ask for.
    pub limits: Arc<Limits>,
    /// How long a restricted conference stays open to who broke the glass.
    pub broken_glass: TimeDelta,
}
