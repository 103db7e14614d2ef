//! What each measure is called, and how it is defined, in words.

use super::INVITATION_MEASURES;
use super::climbed::effect;
use super::words::capital;
use crate::conferences::ProceededReason;
use crate::register::Standing;

/// Measures that are not over invitations, or are named otherwise in the paper: title and definition.
const OTHER: &[(&str, &str, &str)] = &[
    ("M7", "Quoracy", "conferences quorate at the decision, of the conferences of the month"),
    (
        "M9",
        "Plans ended without a core agency",
        "children whose plan ended with a core agency neither attended nor deputised, of children whose plan ended",
    ),
    ("M9_step_down", "The same, endings that step down only", "child in need, early help, no further action"),
    (
        "M9b",
        "Without its report either",
        "a missing core agency had sent no report, of children whose plan ended",
    ),
    ("M9c", "Plans ended at an inquorate conference", "children, of children whose plan ended"),
    (
        "M16_replied",
        "Feedback replied to",
        "previous month's conferences; of the absences on which a letter was accepted",
    ),
    ("M16_disputed", "Feedback disputed", "of the same"),
    ("M16_upheld", "Disputes upheld", "of the same"),
    ("M12", "Invitations with at least the minimum notice", "of invitations that went out"),
    (
        "M15",
        "Feedback accepted by 10am on the next working day",
        "previous month's conferences; of the feedback owed",
    ),
    (
        "M18_initial_in_15",
        "Initial conferences within 15 working days",
        "of those whose clock's start is known",
    ),
    ("M18_reviews_in_time", "Reviews in time", "of those where a child's conference before is known"),
    (
        "M19",
        "Registers confirmed within 1 working day",
        "of conferences held whose register was confirmed here; files do not say when",
    ),
];

/// What the words and signs of a month mean.
pub const HOW_TO_READ: [&str; 2] = [
    "A verdict is about the newest month (of several months together about each of them, by the limits of the months up to their end), and says whether it changed, or whether chance moves it as far; what stood out in an earlier month the charts show, and that month's paper said: a point beyond three sigma of the average of its months, seven on one side, seven rising or falling, two of three beyond two sigma; from twelve months on. A point beyond a limit is a signal where an exact count finds it as rare as the limit says: of few, or near none or all, it may be chance still. “Among its group” compares an agency's twelve months with those of all agencies of its group: about 95 of 100, and 998 of 1,000, lie within the limits where only chance is at work.",
    "Counted invitations leave out those that were excused, not expected, unrecorded, or wrongly made by us, whatever came of them. In brackets stands the 95% interval (Wilson): with few invitations it is wide, and a difference within it may be chance. Of fewer than 20, the count stands in place of a percentage. A target's colour is judged before rounding. “None” means that there was nothing to count. Feedback figures (M15 to M17) are about the month before, whose replies have had their time. The second inquorate conference running leaves out pre-birth conferences and those with too few agencies involved.",
];

fn find(id: &str) -> Option<(&'static str, &'static str)> {
    let own = INVITATION_MEASURES.iter().find(|m| m.id == id).map(|m| (m.title, m.definition));
    own.or_else(|| OTHER.iter().find(|(name, ..)| *name == id).map(|(_, title, what)| (*title, *what)))
}

/// Title and definition of a measure by its id.
pub fn of(id: &str) -> (&'static str, &'static str) {
    find(id).expect("every measure has its words")
}

/// What a figure is called whose invitations are asked for: a measure, a count, a standing, what an absence did.
pub fn of_figure(figure: &str) -> String {
    let figure = match figure {
        "M11" => "M11_adjournments",
        "M16" => "M16_sent",
        "expected" => return "Counted invitations".to_owned(),
        _ => figure,
    };
    let title = (find(figure).is_some() || is_count(figure)).then(|| alone(figure));
    let title = title.map(|title| match figure.split('_').next().filter(|id| id.starts_with('M')) {
        Some(measure) => format!("{measure} {title}"),
        None => title.to_owned(),
    });
    let standing = || figure.parse::<Standing>().ok().map(|standing| capital(standing.label()));
    let effect = || figure.strip_prefix("impact_")?.parse().ok().map(|code| effect(code).to_owned());
    let reason = || {
        let reason = figure.strip_prefix("M8_by_reason_")?.parse::<ProceededReason>();
        let words = reason.map_or("reason not recorded", |reason| reason.label());
        Some(format!("M8 Held without quorum: {words}"))
    };
    title.or_else(standing).or_else(effect).or_else(reason).unwrap_or_else(|| figure.replace('_', " "))
}

/// Counts as they are called.
const COUNTS: &[(&str, &str)] = &[
    ("conferences", "Conferences with a confirmed register"),
    ("registers_open", "Conferences without a confirmed register, which count nowhere"),
    ("invitations", "Invitations"),
    ("M8_proceeded_inquorate", "Held without quorum"),
    ("M8_consecutive", "The second inquorate conference running"),
    ("M9_our_fault", "Of M9's children: a missing core agency had been invited wrongly by us"),
    ("M9_step_down_our_fault", "The same, of endings that step down only"),
    ("M10_pivotal", "Pivotal absences: each alone would have made quorum"),
    ("M11_adjournments", "Adjourned as inquorate, or for a missing agency or report"),
    ("M11_working_days_lost", "Working days until those were reconvened"),
    ("M11_not_yet_reconvened", "Of those, not reconvened, or not yet"),
    ("M13_not_invited", "Not invited"),
    ("M13_undelivered", "Invitation came back undelivered"),
    ("M13_late", "Invited too late"),
    ("M16_sent", "Feedback sent (previous month's conferences)"),
    ("M16_disputes_open", "Disputes not settled yet"),
    ("M17", "Services missing twice running for the same child (previous month's conferences)"),
    ("feedback_due", "Absences on which feedback is due"),
    ("feedback_authority_fault", "Of those, letters of apology"),
];

/// What a figure is called where it stands alone: some titles go on from the one before them.
pub fn alone(id: &str) -> &'static str {
    match id {
        "M9_step_down" => "Stepped down without a core agency",
        "M9b" => "Plans ended without a core agency and without its report",
        "M9_our_fault" => "Children for whom a missing core agency had been invited wrongly by us",
        "M9_step_down_our_fault" => {
            "Children stepped down for whom a missing core agency had been invited wrongly by us"
        }
        "M11_working_days_lost" => "Working days until adjourned conferences were reconvened",
        "M11_not_yet_reconvened" => "Adjourned and not reconvened, or not yet",
        "feedback_authority_fault" => "Letters of apology due",
        _ if is_count(id) => of_count(id),
        _ => of(id).0,
    }
}

/// Whether a figure is a count, and no rate.
pub fn is_count(id: &str) -> bool {
    COUNTS.iter().any(|(name, _)| *name == id)
}

/// What a count is called.
pub fn of_count(id: &str) -> &'static str {
    COUNTS.iter().find(|(name, _)| *name == id).map(|(_, title)| *title).expect("every count has its words")
}
