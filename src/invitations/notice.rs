//! Notice: how long an agency had (DOMAIN 4).
//!
//! Office closures and school holidays are ignored on purpose: the clock is statutory.

use chrono::NaiveDate;

use crate::calendar::Calendar;
use crate::conferences::ConferenceType;

/// The number of working days `d` with `invited_on < d ≤ conference_date`.
pub fn notice(invited_on: NaiveDate, conference_date: NaiveDate, calendar: &Calendar) -> u32 {
    calendar.working_days(invited_on, conference_date)
}

/// The least notice, in working days, that the partnership owes an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinimumNotice {
    /// For initial, pre-birth and transfer-in conferences.
    pub initial: u32,
    /// For reviews, the first included.
    pub review: u32,
    /// For reconvened conferences.
    pub reconvened: u32,
}

impl MinimumNotice {
    /// The minimum for a type of conference, in working days.
    pub const fn for_type(self, kind: ConferenceType) -> u32 {
        match kind {
            ConferenceType::Initial | ConferenceType::PreBirth | ConferenceType::TransferIn => self.initial,
            ConferenceType::FirstReview | ConferenceType::Review => self.review,
            ConferenceType::Reconvened => self.reconvened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notice_is_counted_in_working_days_up_to_the_day_itself() {
        let calendar = Calendar::with_changes([]);
        let given =
            |invited: &str, held: &str| notice(invited.parse().unwrap(), held.parse().unwrap(), &calendar);
        assert_eq!(given("2026-11-16", "2026-11-20"), 4, "Monday for Friday");
        assert_eq!(given("2026-04-02", "2026-04-07"), 1, "Maundy Thursday for the Tuesday after Easter");
        assert_eq!(given("2026-11-20", "2026-11-20"), 0, "the day itself");
        assert_eq!(given("2026-11-23", "2026-11-20"), 0, "afterwards");
    }
}
