//! The only place that asks what time it is.

use chrono::{DateTime, SubsecRound, Utc};

/// A source of "now". Rules never hold one: they take the time as an argument.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still, for rehearsals (`--at`) and tests.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// Now, cut to the microsecond: PostgreSQL keeps six digits and SQLite nine, and a time must
    /// compare equal to itself after a round trip through either.
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::System => Utc::now().trunc_subsecs(6),
            Clock::Fixed(at) => at.trunc_subsecs(6),
        }
    }
}
