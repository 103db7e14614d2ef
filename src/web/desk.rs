//! What every page works with.

use crate::platform::{Clock, Db, Keys};

/// The state of every route.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The database.
    pub db: Db,
    /// The keys.
    pub keys: Keys,
    /// The clock.
    pub clock: Clock,
    /// How long a session lasts at most.
    pub session_hours: u32,
}
