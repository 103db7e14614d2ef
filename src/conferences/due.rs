//! By when a conference of each type must be held (DOMAIN 3, "Conference types and clocks").
//! Statutory: *Working Together* counts working days and calendar months; office closures do not stop it.

use chrono::NaiveDate;

use super::ConferenceType;
use crate::calendar::{Calendar, add_months};

/// Working days from the strategy discussion (or the notification of a transfer).
pub const INITIAL_WORKING_DAYS: u32 = 15;
/// Working days from the adjourned date.
pub const RECONVENED_WORKING_DAYS: u32 = 10;

/// The last day in time, given the day that starts the clock: the strategy discussion or
/// notification (initial types), the adjourned date (reconvened), the child's last held conference
/// (reviews). A pre-birth conference is due before the birth as well; the birth is not recorded.
pub fn latest_day(kind: ConferenceType, starts: NaiveDate, calendar: &Calendar) -> NaiveDate {
    match kind {
        ConferenceType::Initial | ConferenceType::PreBirth | ConferenceType::TransferIn => {
            calendar.add_working_days(starts, INITIAL_WORKING_DAYS)
        }
        ConferenceType::FirstReview => add_months(starts, 3),
        ConferenceType::Review => add_months(starts, 6),
        ConferenceType::Reconvened => calendar.add_working_days(starts, RECONVENED_WORKING_DAYS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_clock() {
        let calendar = Calendar::with_changes([]);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (kind, starts, latest) in [
            (ConferenceType::Initial, "2026-11-02", "2026-11-23"),
            (ConferenceType::PreBirth, "2026-03-20", "2026-04-14"), // over Easter
            (ConferenceType::TransferIn, "2026-11-01", "2026-11-20"), // notified on a Sunday
            (ConferenceType::FirstReview, "2026-01-31", "2026-04-30"),
            (ConferenceType::Review, "2026-08-31", "2027-02-28"),
            (ConferenceType::Reconvened, "2026-11-02", "2026-11-16"),
        ] {
            assert_eq!(latest_day(kind, day(starts), &calendar), day(latest), "{}", kind.label());
        }
    }
}
