//! Settings about people: how they sign in, and how long what is kept of them.

use std::path::PathBuf;

use chrono::TimeDelta;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::values::{flag, list, number, roles};
use super::{Config, ConfigError, secret};
use crate::access::{ProviderRules, Role};
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
    /// Where people sign in elsewhere.
    pub provider: IdentityProvider,
}

/// `access.provider`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    /// What people know it by.
    pub name: String,
    /// Its address; empty for none.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
    /// A file with the secret.
    pub client_secret_file: PathBuf,
    /// The claim with the groups.
    pub groups_claim: String,
    /// `group=role`.
    #[serde(deserialize_with = "list")]
    pub roles: Vec<String>,
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

impl Config {
    /// Where people sign in elsewhere; `None` where they do not.
    pub fn provider(&self) -> Result<Option<ProviderRules>, ConfigError> {
        let given = &self.access.provider;
        if given.issuer.is_empty() {
            return Ok(None);
        }
        for (name, value) in
            [("access.provider.client_id", &given.client_id), ("server.address", &self.server.address)]
        {
            if value.is_empty() {
                return Err(ConfigError::Value(
                    name,
                    "it is needed beside access.provider.issuer".to_owned(),
                ));
            }
        }
        let role = |line: &String| {
            let (group, role) = line.split_once('=')?;
            Some((group.trim().to_owned(), role.trim().parse::<Role>().ok()?))
        };
        let roles = given.roles.iter().map(|line| {
            let text = format!(
                "\"{line}\" is not GROUP=ROLE, with a role as `quorate account add --help` shows them"
            );
            role(line).ok_or(ConfigError::Value("access.provider.roles", text))
        });
        let secret =
            secret("access.provider.client_secret", &given.client_secret_file, &given.client_secret)?;
        Ok(Some(ProviderRules {
            name: given.name.clone(),
            issuer: given.issuer.clone(),
            client_id: given.client_id.clone(),
            client_secret: SecretString::from(secret),
            redirect_uri: format!("{}/sign-in/provider/back", self.server.address()),
            groups_claim: given.groups_claim.clone(),
            roles: roles.collect::<Result<_, _>>()?,
        }))
    }
}
