//! The page of a month that is not circulated yet, for those who read what is.

use serde::Serialize;

use crate::calendar::london;
use crate::register::Policies;
use crate::reports::{Edition, Month, closes_on};
use crate::web::Page;

#[derive(Serialize)]
pub(super) struct Waits {
    name: String,
    /// The day on which it closes, while it is open.
    closes: Option<String>,
    newest: Option<String>,
    newest_name: String,
}

impl Waits {
    pub fn of(edition: &Edition, month: Month, newest: Option<Month>, policies: &Policies) -> Self {
        Self {
            name: month.name(),
            closes: edition.closed.is_none().then(|| london::full_date(closes_on(month, policies))),
            newest: newest.map(|month| month.to_string()),
            newest_name: newest.map(Month::name).unwrap_or_default(),
        }
    }
}

impl Page for Waits {
    const TEMPLATE: &'static str = "reports/waits";
    fn title(&self) -> String {
        format!("Attendance at child protection conferences, {}", self.name)
    }
}
