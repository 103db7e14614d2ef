//! Settings about people: how they sign in, and how long what is kept of them.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::values::{flag, number, roles};
use crate::access::Role;
use crate::retention::Periods;
use crate::web::SessionRules;

/// `access`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Hours.
    #[serde(deserialize_with = "number")]
    pub session_hours: u32,
    /// Minutes.
    #[serde(deserialize_with = "number")]
    pub idle_minutes: u32,
    /// Minutes, for system administrators.
    #[serde(deserialize_with = "number")]
    pub system_administrator_idle_minutes: u32,
    /// Roles that need a second factor.
    #[serde(deserialize_with = "roles")]
    pub second_factor_roles: Vec<Role>,
    /// Passwords, codes and links tried a minute from one address.
    #[serde(deserialize_with = "number")]
    pub attempts_per_minute: u32,
    /// Hours for which a broken glass shows a restricted conference.
    #[serde(deserialize_with = "number")]
    pub broken_glass_hours: u32,
    /// Cookies over HTTPS only.
    #[serde(deserialize_with = "flag")]
    pub secure_cookies: bool,
}

impl Access {
    /// The same, as pages use it.
    pub fn sessions(&self) -> SessionRules {
        let minutes = |n: u32| TimeDelta::minutes(i64::from(n));
        SessionRules {
            lasts: TimeDelta::hours(i64::from(self.session_hours)),
            idle: minutes(self.idle_minutes),
            keepers_idle: minutes(self.system_administrator_idle_minutes),
            secure_cookies: self.secure_cookies,
        }
    }
}

/// `retention`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Years after the financial year.
    #[serde(deserialize_with = "number")]
    pub register_years: u32,
    /// Years after the financial year.
    #[serde(deserialize_with = "number")]
    pub audit_years: u32,
    /// Days.
    #[serde(deserialize_with = "number")]
    pub mail_text_days: u32,
    /// Days.
    #[serde(deserialize_with = "number")]
    pub task_run_days: u32,
}

impl Retention {
    /// The same, as the room uses it.
    pub fn periods(&self) -> Periods {
        Periods {
            register_years: self.register_years,
            audit_years: self.audit_years,
            mail_text_days: self.mail_text_days,
            task_run_days: self.task_run_days,
        }
    }
}
