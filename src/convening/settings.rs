//! The settings that convening hangs on.

use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use super::ReminderDays;
use super::suggestion::SuggestionRule;

/// The rules that are built in.
const RULES: &str = include_str!("../../config/suggestions.toml");

/// Rules that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("booking.suggestions_file {file}: {why}")]
pub struct SettingsError {
    file: String,
    why: Box<figment::Error>,
}

/// How conferences are convened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whom to suggest.
    pub suggestions: Vec<SuggestionRule>,
    /// The hours at which conferences usually begin, as "09:30".
    pub slots: Vec<String>,
    /// When reminders go.
    pub reminders: ReminderDays,
    /// Who writes, and the number to ring.
    pub contact: String,
    pub telephone: String,
    /// Where people find the service, for the links in messages: no slash at its end.
    pub address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    rule: Vec<SuggestionRule>,
}

impl Settings {
    /// The suggestion rules: those of a file, or the built-in ones where none is named.
    pub fn rules(file: &Path) -> Result<Vec<SuggestionRule>, SettingsError> {
        let figment = match file.as_os_str().is_empty() {
            true => Figment::from(Toml::string(RULES)),
            false => Figment::from(Toml::file_exact(file)),
        };
        let read = figment.extract::<RulesFile>();
        let read =
            read.map_err(|why| SettingsError { file: file.display().to_string(), why: Box::new(why) })?;
        Ok(read.rule)
    }

    /// The settings that are empty and must not be: nobody is invited by a message that cannot say whom to ring.
    pub fn missing(&self) -> Vec<&'static str> {
        let settings = [("feedback.contact", &self.contact), ("feedback.telephone", &self.telephone)];
        settings.into_iter().filter(|(_, value)| value.trim().is_empty()).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_suggestion_rules_are_read() {
        assert!(Settings::rules(Path::new("")).unwrap().len() > 10);
    }
}
