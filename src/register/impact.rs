//! What an absence did (DOMAIN 6): the codes that the system derives. The chair's own come with the
//! close-out page.

use serde::Serialize;

use super::Standing;
use crate::conferences::AdjournmentReason;
use crate::invitations::{Fault, View};
use crate::platform::codes::codes;

codes! {
    /// A derived impact of an absence.
    pub enum ImpactCode {
        Pivotal = "pivotal", "its presence alone would have made the conference quorate";
        ShortOfQuorum = "short_of_quorum", "the conference was not quorate, and this agency was among the missing";
        Adjourned = "adjourned", "the conference was adjourned";
        PlanEndedWithout = "plan_ended_without", "a plan ended without this core agency";
        ViewMissing = "view_missing", "no view of this agency was obtained";
    }
}

impl ImpactCode {
    /// 0 (none) to 3 (gravest).
    pub const fn severity(self) -> u8 {
        match self {
            Self::ViewMissing => 2,
            _ => 3,
        }
    }
}

/// One line of impact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// What it did.
    pub code: ImpactCode,
    /// How grave; `None` where the fault was the authority's, for that is nobody's miss.
    pub severity: Option<u8>,
}

/// What is known of one absence when its impact is derived.
#[derive(Clone, Copy, Debug)]
pub struct Absence {
    /// The standing.
    pub standing: Standing,
    /// The authority's fault in inviting it, if any.
    pub fault: Option<Fault>,
    /// Its view, if one was recorded.
    pub view: Option<View>,
    /// Whether a report came.
    pub report_received: bool,
    /// Its presence alone would have made quorum.
    pub pivotal: bool,
    /// Its unit was missing, and quorum with it.
    pub short_of_quorum: bool,
    /// A plan ended for a child whom it concerned, and it was core.
    pub plan_ended_without: bool,
    /// Something was decided that day.
    pub decision_taken: bool,
    /// Why the conference was adjourned, if it was.
    pub adjourned: Option<AdjournmentReason>,
}

/// The derived codes for one invitation that was not represented, gravest first; none for any other.
///
/// `pivotal` is the special case of `short_of_quorum`, and stands in its place. An adjournment for a
/// missing agency or report is put down only to those who neither came nor sent a report.
pub fn impact(absence: Absence) -> Vec<Impact> {
    if !absence.standing.is_missing() {
        return Vec::new();
    }
    let counted = absence.fault.is_none();
    let adjourned_for_it = match absence.adjourned {
        Some(AdjournmentReason::Inquorate) => absence.short_of_quorum,
        Some(AdjournmentReason::AgencyOrReportMissing) => counted && !absence.report_received,
        _ => false,
    };
    let view_missing = absence.decision_taken && !absence.view.is_some_and(View::was_given);
    [
        (ImpactCode::Pivotal, absence.pivotal),
        (ImpactCode::ShortOfQuorum, absence.short_of_quorum && !absence.pivotal),
        (ImpactCode::Adjourned, adjourned_for_it),
        (ImpactCode::PlanEndedWithout, absence.plan_ended_without),
        (ImpactCode::ViewMissing, view_missing),
    ]
    .into_iter()
    .filter(|(_, applies)| *applies)
    .map(|(code, _)| Impact { code, severity: counted.then(|| code.severity()) })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absence(change: impl FnOnce(&mut Absence)) -> Vec<ImpactCode> {
        let mut absence = Absence {
            standing: Standing::Silent,
            fault: None,
            view: Some(View::Agree),
            report_received: false,
            pivotal: false,
            short_of_quorum: false,
            plan_ended_without: false,
            decision_taken: true,
            adjourned: None,
        };
        change(&mut absence);
        impact(absence).into_iter().map(|i| i.code).collect()
    }

    #[test]
    fn each_effect_has_its_code_and_a_represented_agency_has_none() {
        assert_eq!(absence(|_| {}), []);
        assert_eq!(absence(|a| a.view = Some(View::NotAsked)), [ImpactCode::ViewMissing]);
        assert_eq!(absence(|a| a.plan_ended_without = true), [ImpactCode::PlanEndedWithout]);
        assert_eq!(absence(|a| (a.pivotal, a.short_of_quorum) = (true, true)), [ImpactCode::Pivotal]);
        assert_eq!(absence(|a| (a.standing, a.view) = (Standing::Attended, None)), []);
    }

    #[test]
    fn an_adjournment_is_put_down_to_those_it_waited_for() {
        use AdjournmentReason::{AgencyOrReportMissing, Family, Inquorate};
        assert_eq!(absence(|a| a.adjourned = Some(Family)), []);
        assert_eq!(absence(|a| a.adjourned = Some(Inquorate)), []);
        assert_eq!(absence(|a| a.adjourned = Some(AgencyOrReportMissing)), [ImpactCode::Adjourned]);
        assert_eq!(absence(|a| (a.adjourned, a.report_received) = (Some(AgencyOrReportMissing), true)), []);
        let short = absence(|a| (a.adjourned, a.short_of_quorum) = (Some(Inquorate), true));
        assert_eq!(short, [ImpactCode::ShortOfQuorum, ImpactCode::Adjourned]);
    }

    #[test]
    fn no_view_is_missed_where_nothing_was_decided() {
        assert_eq!(absence(|a| (a.view, a.decision_taken) = (None, false)), []);
    }

    #[test]
    fn an_absence_that_was_our_fault_has_no_severity() {
        let ours = Absence {
            standing: Standing::Silent,
            fault: Some(Fault::Late),
            view: None,
            report_received: false,
            pivotal: false,
            short_of_quorum: false,
            plan_ended_without: true,
            decision_taken: true,
            adjourned: None,
        };
        assert!(impact(ours).iter().all(|i| i.severity.is_none()));
        assert_eq!(impact(Absence { fault: None, ..ours })[0].severity, Some(3));
    }
}
