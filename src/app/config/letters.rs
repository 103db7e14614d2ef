//! What letters hang on: `feedback` and `ladder`.

use std::path::PathBuf;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::values::{list, number};
use super::{Config, ConfigError};
use crate::calendar::{Breaks, Span};
use crate::feedback;
use crate::ladder::Ladders;
use crate::mail::Domains;
use crate::reports::{Press, Targets, TargetsError};

/// `feedback`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Minutes.
    #[serde(deserialize_with = "number")]
    pub hold_minutes: u32,
    /// "08:00-18:00"
    pub window: String,
    /// Working days.
    #[serde(deserialize_with = "number")]
    pub maximum_age_working_days: u32,
    /// Working days.
    #[serde(deserialize_with = "number")]
    pub reply_working_days: u32,
    /// Working days before the day that a letter names.
    #[serde(deserialize_with = "number")]
    pub reminder_working_days: u32,
    /// Letters to one address, after an outage; 0 for no digest.
    #[serde(deserialize_with = "number")]
    pub digest_above: u32,
    /// "09:00", in the window.
    pub daily_digest_at: String,
    /// Spans of days.
    #[serde(deserialize_with = "list")]
    pub school_holidays: Vec<String>,
    /// Who signs.
    pub contact: String,
    /// The number to ring.
    pub telephone: String,
    /// Where the procedure is.
    pub disagreement_procedure: String,
}

/// `ladder`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LadderFile {
    /// Rules of one's own.
    pub file: PathBuf,
}

impl Config {
    fn school_holidays(&self) -> Result<Breaks, ConfigError> {
        let wrong = |why| ConfigError::Value("feedback.school_holidays", why);
        self.feedback.school_holidays.iter().map(|text| text.parse::<Span>().map_err(wrong)).collect()
    }

    /// What the partnership has agreed on.
    pub fn targets(&self) -> Result<Targets, ConfigError> {
        let wrong = |e: TargetsError| ConfigError::Value("reports.targets_file", e.to_string());
        Targets::read(&self.reports.targets_file).map_err(wrong)
    }

    /// What prints papers.
    pub fn press(&self) -> Result<Press, ConfigError> {
        Press::find(&self.reports.pdf_program)
            .map_err(|e| ConfigError::Value("reports.pdf_program", e.to_string()))
    }

    /// What follows beyond a letter.
    pub fn ladders(&self) -> Result<Ladders, ConfigError> {
        Ladders::read(&self.ladder.file).map_err(|e| ConfigError::Value("ladder.file", e.to_string()))
    }

    pub(super) fn window(&self) -> Result<feedback::Window, ConfigError> {
        self.feedback.window.parse().map_err(|why| ConfigError::Value("feedback.window", why))
    }

    fn daily_digest_at(&self) -> Result<NaiveTime, ConfigError> {
        let (name, text) = ("feedback.daily_digest_at", &self.feedback.daily_digest_at);
        let time = NaiveTime::parse_from_str(text, "%H:%M");
        let time =
            time.map_err(|_| ConfigError::Value(name, format!("\"{text}\" is not a time: write 09:00")))?;
        match self.window()?.holds(time) {
            true => Ok(time),
            false => Err(ConfigError::Value(name, format!("{text} lies outside the sending window"))),
        }
    }

    /// How feedback is made.
    pub fn feedback_settings(&self) -> Result<feedback::Settings, ConfigError> {
        let lower = |list: &[String]| list.iter().map(|d| d.to_ascii_lowercase()).collect();
        Ok(feedback::Settings {
            hold_minutes: self.feedback.hold_minutes,
            window: self.window()?,
            maximum_age_working_days: self.feedback.maximum_age_working_days,
            reply_working_days: self.feedback.reply_working_days,
            one_by_one: Some(self.feedback.digest_above as usize).filter(|n| *n > 0),
            daily_digest_at: self.daily_digest_at()?,
            school_holidays: self.school_holidays()?,
            contact: self.feedback.contact.clone(),
            telephone: self.feedback.telephone.clone(),
            disagreement_procedure: self.feedback.disagreement_procedure.clone(),
            address: self.server.address(),
            from: self.mail.from.clone(),
            reply_to: self.mail.reply_to.clone(),
            domains: Domains {
                trusted: lower(&self.mail.domains.trusted),
                consumer: lower(&self.mail.domains.consumer),
                general_mailboxes: self.mail.domains.general_mailboxes.clone(),
            },
        })
    }
}
