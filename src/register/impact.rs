//! What an absence did (DOMAIN 6): what the system derives, and what the chair put down beside it.

use serde::Serialize;

use super::Standing;
use crate::conferences::AdjournmentReason;
use crate::invitations::{ChairImpact, Fault, ImpactCode};

/// One line of impact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// What it did.
    pub code: ImpactCode,
    /// How grave; `None` where the fault was the authority's, for that is nobody's miss.
    pub severity: Option<u8>,
}

/// What is known of one absence when its impact is derived.
#[derive(Clone, Debug)]
pub struct Absence {
    /// The standing.
    pub standing: Standing,
    /// The authority's fault in inviting it, if any.
    pub fault: Option<Fault>,
    /// Something was decided for a child whom it concerned, and its view on that was not obtained.
    pub view_missing: bool,
    /// Whether a report came.
    pub report_received: bool,
    /// Its presence alone would have made quorum.
    pub pivotal: bool,
    /// Its unit was missing, and quorum with it.
    pub short_of_quorum: bool,
    /// A plan ended for a child whom it concerned, and it was core.
    pub plan_ended_without: bool,
    /// Why the conference was adjourned, if it was.
    pub adjourned: Option<AdjournmentReason>,
    /// What the chair put down.
    pub chairs: ChairImpact,
}

/// What the absence of one invitation that was not represented did, gravest first; nothing for any other, whatever
/// the chair had put down before it was known to have been there.
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
    let derived = [
        (ImpactCode::Pivotal, absence.pivotal),
        (ImpactCode::ShortOfQuorum, absence.short_of_quorum && !absence.pivotal),
        (ImpactCode::Adjourned, adjourned_for_it),
        (ImpactCode::PlanEndedWithout, absence.plan_ended_without),
        (ImpactCode::ViewMissing, absence.view_missing),
    ];
    derived
        .into_iter()
        .filter(|(_, applies)| *applies)
        .map(|(code, _)| code)
        .chain(absence.chairs.iter())
        .map(|code| Impact { code, severity: counted.then(|| code.severity()) })
        .collect()
}

/// Whether the register itself shows a grave effect (severity 3), ours to answer for or not: beside it no chair puts down
/// that there was no effect.
pub fn is_grave(impact: &[Impact]) -> bool {
    impact.iter().any(|line| line.code.severity() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Absence {
        Absence {
            standing: Standing::Silent,
            fault: None,
            view_missing: false,
            report_received: false,
            pivotal: false,
            short_of_quorum: false,
            plan_ended_without: false,
            adjourned: None,
            chairs: ChairImpact::default(),
        }
    }

    fn absence(change: impl FnOnce(&mut Absence)) -> Vec<ImpactCode> {
        let mut absence = nothing();
        change(&mut absence);
        impact(absence).into_iter().map(|i| i.code).collect()
    }

    #[test]
    fn each_effect_has_its_code_and_a_represented_agency_has_none() {
        assert_eq!(absence(|_| {}), []);
        assert_eq!(absence(|a| a.view_missing = true), [ImpactCode::ViewMissing]);
        assert_eq!(absence(|a| a.plan_ended_without = true), [ImpactCode::PlanEndedWithout]);
        assert_eq!(absence(|a| (a.pivotal, a.short_of_quorum) = (true, true)), [ImpactCode::Pivotal]);
        assert_eq!(absence(|a| (a.standing, a.view_missing) = (Standing::Attended, true)), []);
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
    fn what_the_chair_put_down_stands_beside_what_is_derived_and_falls_with_the_absence() {
        let chairs: ChairImpact = [ImpactCode::InformationGap].into_iter().collect();
        let both = absence(|a| (a.pivotal, a.chairs) = (true, chairs.clone()));
        assert_eq!(both, [ImpactCode::Pivotal, ImpactCode::InformationGap]);
        assert_eq!(absence(|a| (a.standing, a.chairs) = (Standing::Deputised, chairs)), []);
    }

    #[test]
    fn an_absence_that_was_our_fault_has_no_severity() {
        let chairs: ChairImpact = [ImpactCode::ExpertiseMissing].into_iter().collect();
        let ours = Absence { fault: Some(Fault::Late), plan_ended_without: true, chairs, ..nothing() };
        assert!(impact(ours.clone()).iter().all(|i| i.severity.is_none()));
        let severities: Vec<_> = impact(Absence { fault: None, ..ours }).iter().map(|i| i.severity).collect();
        assert_eq!(severities, [Some(3), Some(2)]);
    }
}
