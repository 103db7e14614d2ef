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
const OF_AGENCY: [&str; 8] = ["M1", "M2", "M3", "M4", "M6_received", "M6_on_time", "M14", "M16_replied"];

/// The measures of the whole partnership, by their ids.
pub fn of_partnership() -> &'static [&'static str] {
    &OF_PARTNERSHIP
}

/// Those of one agency.
pub fn of_agency() -> &'static [&'static str] {
    &OF_AGENCY
}

/// What an action about a measure most likely is to bring about: offered, to be said better.
pub fn goal(measure: &str, agency: Option<&str>) -> String {
    let who = agency.unwrap_or("Each agency");
    match measure {
        "M1" => format!("{who} attends when it is decided."),
        "M2" => format!("{who} is there, or sends a deputy, when it is decided."),
        "M3" => format!("{who} is there or sends its report when it is decided."),
        "M4" => format!("{who} is never absent without word."),
        "M6_received" => format!("{who} sends a report to every conference that asks for one."),
        "M6_on_time" => format!("{who} sends its reports in time to be read."),
        "M7" => "Conferences are quorate when they decide.".to_owned(),
        "M9" | "M9b" => "No plan ends without a core agency.".to_owned(),
        "M9c" => "No plan ends at a conference without quorum.".to_owned(),
        "M12" => "Invitations go out with the minimum notice.".to_owned(),
        "M14" => format!("{who} answers its invitations by the day."),
        "M15" => "Agencies are told by ten on the next working day.".to_owned(),
        "M16_replied" => format!("{who} answers the feedback that it gets."),
        "M18_initial_in_15" | "M18_reviews_in_time" => "Conferences are held in time.".to_owned(),
        "M19" => "Registers are confirmed within a working day.".to_owned(),
        _ => String::new(),
    }
}

/// Whether a paper's figure is of the conferences of the month before the paper's (DOMAIN 8: M15 to M17).
pub fn is_of_the_month_before(measure: &str) -> bool {
    matches!(measure, "M15" | "M16_replied")
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
            assert!(!titles::of(id).0.is_empty() && !goal(id, None).is_empty(), "{id}");
        }
        assert!(of_agency().iter().all(|id| of_partnership().contains(id)));
        assert!(is_better_lower("M9") && !is_better_lower("M2"));
    }
}
