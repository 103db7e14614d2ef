//! The report as a page that stands alone, for `quorate report --format html`.

use crate::reports::{MonthPage, Paper};
use crate::web::standalone as stands_alone;

/// The paper as one HTML file: the same page as in the browser, with its style sheet inside and no links.
pub(super) fn standalone(paper: &Paper) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    stands_alone(&MonthPage::figures_only(paper))
}
