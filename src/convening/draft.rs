//! From a booking form to a conference: parsed at the edge, every error tied to its field.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::suggestion::{Circumstance, Family};
use crate::calendar::{london, written};
use crate::conferences::{Category, ChairId, ConferenceType, Locality, Mode};
use crate::web::{Errors, Fields};

/// Children of one conference that the form has room for.
pub const CHILDREN: usize = 8;
const LONGEST: usize = 200;

/// When a conference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// London's date.
    pub date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    /// How long it is planned to take, in minutes.
    pub minutes: i32,
}

impl When {
    /// The planned end.
    pub fn ends_at(self) -> DateTime<Utc> {
        self.starts_at + TimeDelta::minutes(i64::from(self.minutes))
    }

    /// Whether two times have a moment in common.
    pub fn overlaps(self, from: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        self.starts_at < until && from < self.ends_at()
    }

    /// Reads `date`, `time` and `minutes`. The past is not booked.
    pub fn read(fields: &Fields, now: DateTime<Utc>, errors: &mut Errors) -> Option<Self> {
        let date = written::day(fields.text("date"));
        let time = written::time(fields.text("time"));
        let minutes = fields.text("minutes").parse::<i32>().ok().filter(|n| (5..=600).contains(n));
        match date {
            None => errors.add("date", "Enter the date as 30/09/2026"),
            Some(day) if day < london::date(now) => errors.add("date", "Enter a day that is to come"),
            Some(_) => {}
        }
        if time.is_none() {
            errors.add("time", "Enter the time it starts as 13:30");
        }
        if minutes.is_none() {
            errors.add("minutes", "Enter how long it is planned to take, in minutes: 5 to 600");
        }
        let (date, minutes) = (date.filter(|day| *day >= london::date(now))?, minutes?);
        let Some(starts_at) = london::to_utc(date, time?) else {
            errors.add("time", "The clocks leave this hour out that night: enter another time");
            return None;
        };
        Some(Self { date, starts_at, minutes })
    }
}

/// Where a conference is, and who chairs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Where {
    pub mode: Mode,
    pub place: Option<String>,
    /// For joining by video.
    pub link: Option<String>,
    pub chair: ChairId,
}

fn text(fields: &Fields, name: &'static str, errors: &mut Errors) -> Option<String> {
    let text = fields.text(name);
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        errors.add(name, format!("Shorten this to {LONGEST} characters on one line"));
    }
    (!text.is_empty()).then(|| text.to_owned())
}

impl Where {
    /// Reads `mode`, `place`, `link` and `chair`.
    pub fn read(fields: &Fields, chairs: &[ChairId], errors: &mut Errors) -> Option<Self> {
        let mode = fields.text("mode").parse::<Mode>().ok();
        let chair = fields.text("chair").parse::<ChairId>().ok().filter(|id| chairs.contains(id));
        let (place, link) = (text(fields, "place", errors), text(fields, "link", errors));
        if mode.is_none() {
            errors.add("mode", "Choose how people take part");
        }
        if link.as_deref().is_some_and(|link| !is_web_address(link)) {
            errors.add("link", "Enter the joining link as it is, beginning with https://");
        }
        if chair.is_none() {
            errors.add("chair", "Choose who chairs");
        }
        Some(Self { mode: mode?, place, link, chair: chair? })
    }
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host())
}

/// A conference that somebody is booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub kind: ConferenceType,
    pub when: When,
    pub at: Where,
    pub locality: Locality,
    pub strategy_discussion_on: Option<NaiveDate>,
    /// Case references and categories.
    pub children: Vec<(String, Category)>,
    /// The case system's own reference of the conference, if it has one.
    pub conference_ref: Option<String>,
    /// What drives the suggestion, and is not stored.
    pub circumstances: Vec<Circumstance>,
}

/// The children as typed, in their rows: `child.0`, `category.0`, …
fn children(fields: &Fields, errors: &mut Errors) -> Vec<(String, Category)> {
    let mut children: Vec<(String, Category)> = Vec::new();
    for n in 0..CHILDREN {
        let (child, category) = (fields.text(&format!("child.{n}")), fields.text(&format!("category.{n}")));
        if child.is_empty() {
            continue;
        }
        let category = category.parse::<Category>();
        if child.chars().count() > 60 || child.contains(char::is_whitespace) {
            let text = format!("Child {}: enter the case reference alone, never a name", n + 1);
            errors.add_at(format!("child.{n}"), text);
        } else if children.iter().any(|(known, _)| known.eq_ignore_ascii_case(child)) {
            errors.add_at(format!("child.{n}"), format!("Child {}: this reference is there twice", n + 1));
        } else {
            match category {
                Ok(category) => children.push((child.to_owned(), category)),
                Err(_) => {
                    errors.add_at(format!("category.{n}"), format!("Child {}: choose the category", n + 1));
                }
            }
        }
    }
    children
}

impl Draft {
    /// Reads the form. `None` where anything in it is wrong; `errors` then says what.
    pub fn read(
        fields: &Fields,
        chairs: &[ChairId],
        now: DateTime<Utc>,
        errors: &mut Errors,
    ) -> Option<Self> {
        let kind = fields.text("kind").parse::<ConferenceType>().ok();
        if kind.is_none() {
            errors.add("kind", "Choose the type of conference");
        }
        let when = When::read(fields, now, errors);
        let at = Where::read(fields, chairs, errors);
        let locality = fields.text("locality").parse::<Locality>().ok();
        if locality.is_none() {
            errors.add("locality", "Choose the part of the county");
        }
        let discussed = fields.text("strategy_discussion_on");
        let strategy_discussion_on = written::day(discussed);
        if !discussed.is_empty() && strategy_discussion_on.is_none() {
            errors.add("strategy_discussion_on", "Enter the date as 30/09/2026, or leave it empty");
        }
        if strategy_discussion_on.zip(when).is_some_and(|(day, when)| day > when.date) {
            errors.add("strategy_discussion_on", "The conference would be before its strategy discussion");
        } else if strategy_discussion_on.is_some_and(|day| day > london::date(now)) {
            errors.add("strategy_discussion_on", "This day is still to come");
        }
        let conference_ref = text(fields, "conference_ref", errors);
        let before = children(fields, errors);
        if before.is_empty() && (0..CHILDREN).all(|n| fields.text(&format!("child.{n}")).is_empty()) {
            errors.add_at("child.0".to_owned(), "Enter the case reference of at least one child");
        }
        let circumstances = fields.all("circumstance").iter().filter_map(|text| text.parse().ok()).collect();
        if !errors.is_empty() {
            return None;
        }
        Some(Self {
            kind: kind?,
            when: when?,
            at: at?,
            locality: locality?,
            strategy_discussion_on: strategy_discussion_on.filter(|_| kind.is_some_and(|k| k.is_initial())),
            children: before,
            conference_ref,
            circumstances,
        })
    }

    /// What suggestion rules look at.
    pub fn family(&self) -> Family {
        Family {
            kind: self.kind,
            categories: self.children.iter().map(|(_, category)| *category).collect(),
            circumstances: self.circumstances.clone(),
            locality: self.locality,
        }
    }
}
