//! The settings that feedback hangs on.

use chrono::{NaiveDate, NaiveTime};

use super::Window;
use crate::agencies::AgencyGroup;
use crate::calendar::{Breaks, Calendar};
use crate::mail::Domains;

/// How feedback is made (the `feedback` part of the configuration, with the mail domains).
#[derive(Clone, Debug)]
pub struct Settings {
    /// Minutes between confirmation and the letter, for corrections.
    pub hold_minutes: u32,
    /// When letters may go.
    pub window: Window,
    /// A register confirmed later than this after its conference is history.
    pub maximum_age_working_days: u32,
    /// Working days to reply in.
    pub reply_working_days: u32,
    /// More letters than these to one address, after an outage, become one; `None`: never.
    pub one_by_one: Option<usize>,
    /// When the one email a day goes to those who asked for it.
    pub daily_digest_at: NaiveTime,
    /// A school's clock stands still in them.
    pub school_holidays: Breaks,
    /// Who signs: "Conference team, Oxfordshire".
    pub contact: String,
    /// The number to ring today.
    pub telephone: String,
    /// Where the professional-disagreement procedure is.
    pub disagreement_procedure: String,
    /// Where the service is reached: what links in letters begin with.
    pub address: String,
    /// The sender.
    pub from: String,
    /// A monitored mailbox.
    pub reply_to: String,
    /// Which domains may be told how much.
    pub domains: Domains,
}

impl Settings {
    /// The day by which a letter of this day asks a service of this group for its reply.
    pub fn reply_by(&self, calendar: &Calendar, group: AgencyGroup, day: NaiveDate) -> NaiveDate {
        self.breaks_of(group).add_working_days(calendar, day, self.reply_working_days)
    }

    /// The days on which clocks to answer by stand still for a group: school holidays for education.
    pub fn breaks_of(&self, group: AgencyGroup) -> &Breaks {
        static NONE: Breaks = Breaks::none();
        if group == AgencyGroup::Education { &self.school_holidays } else { &NONE }
    }

    /// The settings that are empty and must not be: a letter that cannot say whom to ring is not sent
    /// (DOMAIN 7).
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("feedback.contact", &self.contact),
            ("feedback.telephone", &self.telephone),
            ("feedback.disagreement_procedure", &self.disagreement_procedure),
            ("mail.from", &self.from),
            ("mail.reply_to", &self.reply_to),
        ]
        .into_iter()
        .filter(|(_, value)| value.trim().is_empty())
        .map(|(name, _)| name)
        .collect()
    }
}
