//! The report as a page that stands alone, for `quorate report --format html`.

use chrono::NaiveDate;

use crate::reports::{Edition, MonthPage};
use crate::web::standalone as stands_alone;

/// The paper as one HTML file: the same page as in the browser, with its style sheet inside and no links.
pub(super) fn standalone(
    edition: &Edition,
    closes: NaiveDate,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    stands_alone(&MonthPage::alone(edition, closes))
}
