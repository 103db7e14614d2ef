//! By which figures an action can be judged: those that each month's paper keeps for the months after it.

/// Of the whole partnership, or of the authority itself.
const OF_PARTNERSHIP: [&str; 17] = [
    "M1",
    "M2",
    "M3",
    "M4",
    "M6_received",
    "M6_on_time",
    "M7",
    "M9",
    "M9b",
    "M9c",
    "M12",
    "M14",
    "M15",
    "M16_replied",
    "M18_initial_in_15",
    "M18_reviews_in_time",
    "M19",
];

/// Of one agency.
const OF_AGENCY: [&str; 4] = ["M1", "M2", "M3", "M4"];

/// The measures of the whole partnership, by their ids.
pub fn of_partnership() -> &'static [&'static str] {
    &OF_PARTNERSHIP
}

/// Those of one agency.
pub fn of_agency() -> &'static [&'static str] {
    &OF_AGENCY
}

/// Whether less of it is better.
pub fn is_better_lower(measure: &str) -> bool {
    matches!(measure, "M4" | "M9" | "M9b" | "M9c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::titles;

    #[test]
    fn each_measure_that_an_action_can_move_has_a_title_and_those_of_an_agency_are_among_all() {
        for id in of_partnership() {
            assert!(!titles::of(id).0.is_empty(), "{id}");
        }
        assert!(of_agency().iter().all(|id| of_partnership().contains(id)));
        assert!(is_better_lower("M9") && !is_better_lower("M2"));
    }
}
