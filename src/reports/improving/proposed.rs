//! An action as it is proposed: the strategy's proforma, read from a form. Who reads the paper reads all of it.

use chrono::{Months, NaiveDate};

use super::{ActionId, measured};
use crate::agencies::AgencyId;
use crate::agencies::store::Directory;
use crate::calendar::{london, written};
use crate::mail::{Domains, Trust, is_address};
use crate::reports::Month;
use crate::web::{Errors, Fields, one_line, visible};

/// Characters of a part at most: the paper prints each in a table.
pub const LONGEST: usize = 1000;
const LONGEST_LEAD: usize = 120;
/// Months ahead at most.
const FARTHEST: u32 = 24;

/// A proforma that can be raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// Made with the form: one that is sent twice raises one action.
    pub id: ActionId,
    pub agency: Option<AgencyId>,
    pub measure: String,
    /// The month of the paper that it was raised from.
    pub raised_from: Month,
    /// The sentence of that paper that gave reason for it.
    pub because: Option<String>,
    pub objective: String,
    pub action: String,
    pub input: String,
    pub desired_outcome: String,
    pub lead: String,
    pub lead_email: Option<String>,
    pub due: NaiveDate,
}

/// A part of the proforma as it is kept, if it says anything and not too much.
pub fn part(text: &str) -> Option<String> {
    let text = visible(text).replace("\r\n", "\n").trim().to_owned();
    (1..=LONGEST).contains(&text.chars().count()).then_some(text)
}

/// What is wrong with a part that is not kept: it says nothing, or too much.
pub fn missing(text: &str, asks: &str) -> String {
    match text.trim().chars().count() {
        0 => asks.to_owned(),
        n => format!("{n} characters are too many: write at most {LONGEST}"),
    }
}

/// A day that an action may be due on.
pub fn due(text: &str, today: NaiveDate) -> Result<NaiveDate, &'static str> {
    match written::day(text) {
        None => Err("Enter the day by which it is done, as 30/09/2026"),
        Some(day) if day <= today => Err("The day by which it is done must lie ahead"),
        Some(day) if day > today + Months::new(FARTHEST) => Err(
            "The day by which it is done must lie within two years: what takes longer is more than one action",
        ),
        Some(day) => Ok(day),
    }
}

impl Proposed {
    /// Reads the form.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(
        form: &Fields,
        directory: &Directory,
        domains: &Domains,
        today: NaiveDate,
    ) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut text = |field: &'static str, asks: &str| {
            part(form.raw(field)).unwrap_or_else(|| {
                errors.add(field, missing(form.raw(field), asks));
                String::new()
            })
        };
        let objective = text("objective", "Say what is to be brought about");
        let action = text("action", "Say what is done");
        let input = text("input", "Say what goes into it: people, time, money");
        let desired_outcome = text("desired_outcome", "Say how you will know that it worked");
        let code = form.text("agency");
        let agency = directory.agencies.values().find(|agency| agency.code == code).map(|agency| agency.id);
        if agency.is_none() && !code.is_empty() {
            errors.add("agency", "Choose an agency of the directory, or the whole partnership");
        }
        let measure = form.text("measure").to_owned();
        let (all, of_one) = (measured::of_partnership(), measured::of_agency());
        if !all.contains(&measure.as_str()) {
            errors.add("measure", "Choose the measure that it is to move");
        } else if agency.is_some() && !of_one.contains(&measure.as_str()) {
            errors.add(
                "measure",
                format!("Of one agency the papers keep {}: choose one of these", of_one.join(", ")),
            );
        }
        let raised_from = form.text("month").parse::<Month>().ok().filter(|month| month.first() <= today);
        if raised_from.is_none() {
            errors.add("agency", "The paper that it is raised from is not there: begin again from its page");
        }
        let lead = one_line(form.text("lead"));
        if !(1..=LONGEST_LEAD).contains(&lead.chars().count()) {
            errors.add("lead", format!("Say who leads it, in at most {LONGEST_LEAD} characters"));
        }
        let lead_email = Some(form.text("lead_email").to_owned()).filter(|address| !address.is_empty());
        if let Some(address) = &lead_email {
            if !is_address(address) {
                errors.add("lead_email", "Enter an email address, as name@agency.example, or leave it empty");
            } else if domains.trust(address) == Trust::Blocked {
                errors.add("lead_email", "Enter an address at work: nothing goes to webmail");
            }
        }
        let due = due(form.text("due"), today).unwrap_or_else(|why| {
            errors.add("due", why);
            today
        });
        let (Some(raised_from), true) = (raised_from, errors.is_empty()) else { return Err(errors) };
        // A form without an id of its own is a new one each time.
        let id = form.text("id").parse().unwrap_or_else(|_| ActionId::new());
        Ok(Self {
            id,
            agency,
            measure,
            raised_from,
            because: None,
            objective,
            action,
            input,
            desired_outcome,
            lead,
            lead_email,
            due,
        })
    }
}

/// The month in which a moment lies, here.
pub fn month_of(at: chrono::DateTime<chrono::Utc>) -> Month {
    Month::of(london::date(at))
}
