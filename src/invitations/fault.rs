//! Invitation fault: what the convening authority did wrong (DOMAIN 4). Never the agency's.

use chrono::NaiveDate;

use super::{Delivery, MinimumNotice, notice};
use crate::calendar::Calendar;
use crate::conferences::ConferenceType;
use crate::platform::codes::codes;

codes! {
    /// The convening authority's fault in inviting an agency.
    pub enum Fault {
        NotInvited = "not_invited", "not invited";
        Undelivered = "undelivered", "not delivered";
        Late = "late", "invited too late";
    }
}

/// The first fault that applies: not invited, undelivered, late; or none.
///
/// It looks at the invitation alone. What the agency then did, whether it came, answered or wrote,
/// is not among the arguments, so exclusion from a rate cannot depend on the outcome.
pub fn fault(
    invited_on: Option<NaiveDate>,
    delivery: Delivery,
    kind: ConferenceType,
    conference_date: NaiveDate,
    minimum: MinimumNotice,
    calendar: &Calendar,
) -> Option<Fault> {
    let invited_on = match (invited_on, delivery) {
        (None, _) | (_, Delivery::NotSent) => return Some(Fault::NotInvited),
        (_, Delivery::Bounced) => return Some(Fault::Undelivered),
        (Some(day), Delivery::Sent) => day,
    };
    (notice(invited_on, conference_date, calendar) < minimum.for_type(kind)).then_some(Fault::Late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_that_applies_is_the_one_recorded() {
        let calendar = Calendar::with_changes([]);
        let minimum = MinimumNotice { initial: 5, review: 10, reconvened: 3 };
        let held = "2026-11-20".parse().unwrap();
        let day = |text: &str| Some(text.parse().unwrap());
        for (invited_on, delivery, kind, expected) in [
            (None, Delivery::Sent, ConferenceType::Initial, Some(Fault::NotInvited)),
            (day("2026-11-02"), Delivery::NotSent, ConferenceType::Initial, Some(Fault::NotInvited)),
            (day("2026-11-19"), Delivery::Bounced, ConferenceType::Initial, Some(Fault::Undelivered)),
            (day("2026-11-16"), Delivery::Sent, ConferenceType::Initial, Some(Fault::Late)),
            (day("2026-11-13"), Delivery::Sent, ConferenceType::Initial, None),
            (day("2026-11-13"), Delivery::Sent, ConferenceType::Review, Some(Fault::Late)),
            (day("2026-11-17"), Delivery::Sent, ConferenceType::Reconvened, None),
        ] {
            assert_eq!(fault(invited_on, delivery, kind, held, minimum, &calendar), expected);
        }
    }
}
