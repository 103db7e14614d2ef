//! Which letter an absence gets: the first case that applies (DOMAIN 7). High support, high challenge.

use chrono::{DateTime, Utc};

use crate::invitations::{AbsenceReason, Facts, Fault, Response};
use crate::platform::codes::codes;
use crate::register::Standing;

codes! {
    /// The kind of letter; each has a folder of templates so called.
    pub enum Wording {
        AuthorityFault = "authority_fault", "our fault: an apology";
        JoiningFailed = "joining_failed", "the technology failed";
        ArrivedAfterDecision = "arrived_after_decision", "came after the decision";
        LeftBeforeDecision = "left_before_decision", "left before the decision";
        Contributed = "contributed", "sent a report: thanks";
        Apologies = "apologies", "sent apologies";
        AcceptedNotCome = "accepted_not_come", "accepted and did not come";
        NoAnswer = "no_answer", "no answer and no one came";
    }
}

impl Wording {
    /// Whether the letter asks what happened, and so has a day to reply by. A letter of thanks asks for
    /// nothing, and an apology asks only for the right address.
    pub const fn asks_for_a_reply(self) -> bool {
        !matches!(self, Self::AuthorityFault | Self::Contributed)
    }
}

/// The wording for an absence on which feedback is due; `None` where none is.
pub fn wording(
    facts: &Facts,
    standing: Standing,
    fault: Option<Fault>,
    decision_at: Option<DateTime<Utc>>,
) -> Option<Wording> {
    if !standing.is_missing() || facts.walk_in {
        return None;
    }
    if fault.is_some() {
        return Some(Wording::AuthorityFault);
    }
    if facts.absence_reason == Some(AbsenceReason::JoiningFailed) {
        return Some(Wording::JoiningFailed);
    }
    Some(match standing {
        Standing::LeftBeforeDecision if arrived_after(facts, decision_at) => Wording::ArrivedAfterDecision,
        Standing::LeftBeforeDecision => Wording::LeftBeforeDecision,
        Standing::Contributed => Wording::Contributed,
        Standing::Apologies => Wording::Apologies,
        _ if facts.response == Response::Accepted => Wording::AcceptedNotCome,
        _ => Wording::NoAnswer,
    })
}

/// Who came after the decision came too late for it, whenever they left.
fn arrived_after(facts: &Facts, decision_at: Option<DateTime<Utc>>) -> bool {
    facts.joined_at.zip(decision_at).is_some_and(|(joined, decided)| joined > decided)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invitations::{Attendance, ChairImpact, ChildViews, Delivery, Necessity, Report};

    fn absent() -> Facts {
        Facts {
            necessity: Necessity::Core,
            walk_in: false,
            invited_on: None,
            delivery: Delivery::Sent,
            response: Response::None,
            attendance: Some(Attendance::Absent),
            by_deputy: false,
            joined_at: None,
            left_at: None,
            report: Report::None,
            report_received_on: None,
            absence_reason: None,
            excused: None,
            view: None,
            child_views: ChildViews::default(),
            chair_impact: ChairImpact::default(),
            attendance_only: false,
        }
    }

    #[test]
    fn the_first_case_that_applies_is_the_letter() {
        let at = |time: &str| Some(format!("2026-09-30T{time}:00Z").parse().unwrap());
        let nobody = absent();
        let accepted = Facts { response: Response::Accepted, ..absent() };
        let lost = Facts { absence_reason: Some(AbsenceReason::JoiningFailed), ..absent() };
        let left = Facts { attendance: Some(Attendance::Video), left_at: at("14:00"), ..absent() };
        let late = Facts { attendance: Some(Attendance::Video), joined_at: at("14:50"), ..absent() };
        let late_and_left = Facts { left_at: at("15:00"), ..late.clone() };
        let ours = Some(Fault::Late);
        for (facts, standing, fault, expected) in [
            (&lost, Standing::Apologies, ours, Some(Wording::AuthorityFault)),
            (&lost, Standing::Apologies, None, Some(Wording::JoiningFailed)),
            (&lost, Standing::Contributed, None, Some(Wording::JoiningFailed)),
            (&late, Standing::LeftBeforeDecision, None, Some(Wording::ArrivedAfterDecision)),
            (&late_and_left, Standing::LeftBeforeDecision, None, Some(Wording::ArrivedAfterDecision)),
            (&left, Standing::LeftBeforeDecision, None, Some(Wording::LeftBeforeDecision)),
            (&accepted, Standing::Contributed, None, Some(Wording::Contributed)),
            (&accepted, Standing::Apologies, None, Some(Wording::Apologies)),
            (&accepted, Standing::Silent, None, Some(Wording::AcceptedNotCome)),
            (&nobody, Standing::Silent, None, Some(Wording::NoAnswer)),
        ] {
            assert_eq!(wording(facts, standing, fault, at("14:30")), expected);
        }
    }

    #[test]
    fn nobody_is_written_to_who_was_there_or_was_not_expected_or_is_not_recorded() {
        for standing in Standing::ALL.iter().filter(|s| !s.is_missing()) {
            assert_eq!(wording(&absent(), *standing, None, None), None, "{}", standing.label());
        }
        let walk_in = Facts { walk_in: true, ..absent() };
        assert_eq!(wording(&walk_in, Standing::LeftBeforeDecision, Some(Fault::NotInvited), None), None);
    }
}
