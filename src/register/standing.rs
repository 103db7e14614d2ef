//! Standing: what an agency's part in a conference comes to (DOMAIN 4). One of eight, the first that
//! applies. The register, the letter, the report and the API all read it from here.

use chrono::{DateTime, Utc};

use crate::invitations::{AbsenceReason, Attendance, Facts, Necessity, Response};
use crate::platform::codes::codes;

codes! {
    /// What an agency's part in a conference comes to.
    pub enum Standing {
        Excused = "excused", "excused";
        NotExpected = "not_expected", "not expected";
        Unrecorded = "unrecorded", "not yet recorded";
        Attended = "attended", "attended";
        Deputised = "deputised", "deputy came";
        LeftBeforeDecision = "left_before_decision", "not there at the decision";
        Contributed = "contributed", "sent a report only";
        Apologies = "apologies", "apologies";
        Silent = "silent", "absent without word";
    }
}

impl Standing {
    /// Represented at the decision, in person or by a deputy.
    pub const fn is_represented(self) -> bool {
        matches!(self, Self::Attended | Self::Deputised)
    }

    /// Expected, and known one way or the other: the standings that can be counted.
    pub const fn can_count(self) -> bool {
        !matches!(self, Self::Excused | Self::NotExpected | Self::Unrecorded)
    }

    /// Whether it is a miss (DOMAIN 7), where it counts: silent, gone before the decision, or away for the agency's own
    /// reason.
    pub fn is_miss(self, reason: Option<AbsenceReason>) -> bool {
        let own_reason = !reason.is_some_and(|r| r.is_the_authoritys() || r == AbsenceReason::JoiningFailed);
        match self {
            Self::Apologies => own_reason,
            Self::Silent | Self::LeftBeforeDecision => true,
            _ => false,
        }
    }

    /// Feedback is due: expected, recorded, and not represented (DOMAIN 7).
    pub const fn is_missing(self) -> bool {
        self.can_count() && !self.is_represented()
    }
}

/// The standing of an invitation, given when the decision was taken (`None`: not yet, or never, so
/// nobody was present at it).
pub fn standing(facts: &Facts, decision_at: Option<DateTime<Utc>>) -> Standing {
    if facts.excused.is_some() {
        return Standing::Excused;
    }
    if facts.necessity == Necessity::InformationOnly {
        return Standing::NotExpected;
    }
    let Some(attendance) = facts.attendance else { return Standing::Unrecorded };
    if decision_at.is_some_and(|moment| facts.is_present_at(moment)) {
        return if facts.by_deputy { Standing::Deputised } else { Standing::Attended };
    }
    if attendance != Attendance::Absent {
        return Standing::LeftBeforeDecision;
    }
    if facts.report.was_received() {
        return Standing::Contributed;
    }
    let gave_a_reason = facts.absence_reason.is_some_and(|reason| reason != AbsenceReason::NoneGiven);
    if gave_a_reason || matches!(facts.response, Response::Apologies | Response::Deputy) {
        Standing::Apologies
    } else {
        Standing::Silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invitations::{ChairImpact, ChildViews, Delivery, Excused, Report};

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-09-30T{time}:00Z").parse().unwrap()
    }

    fn facts(change: impl FnOnce(&mut Facts)) -> Facts {
        let mut facts = Facts {
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
        };
        change(&mut facts);
        facts
    }

    #[test]
    fn the_first_standing_that_applies_is_the_one() {
        let decided = Some(at("14:30"));
        let of = |change: fn(&mut Facts)| standing(&facts(change), decided);
        assert_eq!(of(|f| f.excused = Some(Excused::NoLongerInvolved)), Standing::Excused);
        assert_eq!(of(|f| f.necessity = Necessity::InformationOnly), Standing::NotExpected);
        assert_eq!(of(|f| f.attendance = None), Standing::Unrecorded);
        assert_eq!(of(|f| f.attendance = Some(Attendance::Phone)), Standing::Attended);
        assert_eq!(
            of(|f| (f.attendance, f.by_deputy) = (Some(Attendance::Video), true)),
            Standing::Deputised
        );
        assert_eq!(of(|f| f.report = Report::NilReturn), Standing::Contributed);
        assert_eq!(of(|f| f.response = Response::Apologies), Standing::Apologies);
        assert_eq!(of(|f| f.response = Response::Deputy), Standing::Apologies);
        assert_eq!(of(|f| f.absence_reason = Some(AbsenceReason::JoiningFailed)), Standing::Apologies);
        assert_eq!(of(|f| f.absence_reason = Some(AbsenceReason::NoneGiven)), Standing::Silent);
        assert_eq!(of(|f| f.response = Response::Accepted), Standing::Silent, "accepted, and did not come");
    }

    #[test]
    fn an_information_only_invitation_that_nobody_recorded_is_not_expected_rather_than_unrecorded() {
        let quiet = facts(|f| (f.necessity, f.attendance) = (Necessity::InformationOnly, None));
        assert_eq!(standing(&quiet, None), Standing::NotExpected);
    }

    #[test]
    fn who_joins_or_leaves_on_the_minute_of_the_decision_was_there() {
        let between = |joined: Option<&str>, left: Option<&str>| {
            let f = facts(|f| {
                f.attendance = Some(Attendance::InPerson);
                (f.joined_at, f.left_at) = (joined.map(at), left.map(at));
            });
            standing(&f, Some(at("14:30")))
        };
        assert_eq!(between(Some("14:30"), None), Standing::Attended);
        assert_eq!(between(None, Some("14:30")), Standing::Attended);
        assert_eq!(between(Some("14:31"), None), Standing::LeftBeforeDecision);
        assert_eq!(between(None, Some("14:29")), Standing::LeftBeforeDecision);
    }

    #[test]
    fn without_a_decision_time_nobody_was_present_at_the_decision() {
        let there = facts(|f| f.attendance = Some(Attendance::InPerson));
        assert_eq!(standing(&there, None), Standing::LeftBeforeDecision);
    }
}
