//! The one pure function from a conference's facts to everything that is derived from them. The
//! register, the letters, the report and the API read its result, and so cannot disagree.

use chrono::{DateTime, NaiveDate, Utc};

use super::impact::{Absence, Impact, impact};
use super::plan_end::{PlanEnd, plan_ends};
use super::quoracy::{Participant, Quoracy, QuorumRule, hangs_on, quoracy};
use super::standing::{Standing, standing};
use crate::agencies::{AgencyGroup, AgencyId, ServiceId};
use crate::calendar::Calendar;
use crate::conferences::{AdjournmentReason, ChildId, ConferenceType, Decision, Status};
use crate::invitations::{AbsenceReason, Facts, Fault, InvitationId, MinimumNotice, View};

/// The stored facts of one conference that rules look at.
#[derive(Clone, Debug)]
pub struct ConferenceFacts {
    /// The type.
    pub kind: ConferenceType,
    /// Held, adjourned, …
    pub status: Status,
    /// Why it was adjourned, if it was.
    pub adjournment_reason: Option<AdjournmentReason>,
    /// London's date of the meeting.
    pub date: NaiveDate,
    /// When the decision was taken.
    pub decision_at: Option<DateTime<Utc>>,
    /// Whether the register is confirmed.
    pub confirmed: bool,
    /// The children.
    pub children: Vec<ChildFacts>,
    /// The invitations, walk-ins among them.
    pub invitations: Vec<InvitationFacts>,
}

/// A child of a conference, as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct ChildFacts {
    /// Which child of which conference.
    pub id: ChildId,
    /// What was decided.
    pub decision: Option<Decision>,
}

/// An invitation with what its service is.
#[derive(Clone, Debug)]
pub struct InvitationFacts {
    /// The invitation.
    pub id: InvitationId,
    /// The group of its agency.
    pub group: AgencyGroup,
    /// Its agency.
    pub agency: AgencyId,
    /// Its service.
    pub service: ServiceId,
    /// The role invited.
    pub role: String,
    /// The children it concerns; empty for all of them.
    pub only_children: Vec<ChildId>,
    /// What was recorded.
    pub facts: Facts,
}

impl InvitationFacts {
    /// Something was decided for a child whom it concerns, and its view on that was not obtained (DOMAIN 3).
    fn lacks_view(&self, children: &[ChildFacts]) -> bool {
        // A tracker has no views: that one was not obtained is not known.
        if self.facts.attendance_only && self.facts.view.is_none() {
            return false;
        }
        let decided = |c: &&ChildFacts| c.decision.is_some_and(|d| d != Decision::Adjourned);
        let mut concerned = children.iter().filter(decided).filter(|c| self.concerns(c.id));
        concerned.any(|c| !self.facts.view_on(c.id).is_some_and(View::was_given))
    }

    /// Whether it concerns this child.
    pub fn concerns(&self, child: ChildId) -> bool {
        self.only_children.is_empty() || self.only_children.contains(&child)
    }
}

/// What a partnership's settings add to the facts.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The working days.
    pub calendar: &'a Calendar,
    /// The notice owed.
    pub minimum_notice: MinimumNotice,
    /// The quorum rule of the conference's date.
    pub quorum: &'a QuorumRule,
}

/// What is derived of one invitation.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The standing.
    pub standing: Standing,
    /// The authority's fault in inviting it.
    pub fault: Option<Fault>,
    /// In E: it counts in every attendance rate.
    pub counted: bool,
    /// What its absence did.
    pub impact: Vec<Impact>,
}

impl Assessed {
    /// The reason recorded for an absence is the authority's, and the authority's own facts show no fault:
    /// somebody settles whose it was before anybody is written to (DOMAIN 7).
    pub fn is_to_be_settled(&self, reason: Option<AbsenceReason>) -> bool {
        self.standing.is_missing() && self.fault.is_none() && reason.is_some_and(|r| r.is_the_authoritys())
    }

    /// A miss (DOMAIN 7): counted, and silent, gone before the decision, or away for the agency's own reason.
    pub fn is_miss(&self, reason: Option<AbsenceReason>) -> bool {
        self.counted && self.standing.is_miss(reason)
    }
}

/// What is derived of a conference. `invitations` stands in the order of the facts.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Whether the month counts it: held, or adjourned on the day, and confirmed.
    pub in_population: bool,
    /// Quorum at the decision.
    pub quoracy: Quoracy,
    /// Those present on whom it hangs.
    pub hangs_on: Vec<InvitationId>,
    /// Children whose plan ended.
    pub plan_ends: Vec<PlanEnd>,
    /// Invitation by invitation.
    pub invitations: Vec<Assessed>,
}

/// Derives it all. `moment` is when quorum is asked for: the decision, or now while a register fills.
pub fn assess_at(
    conference: &ConferenceFacts,
    policy: Policy<'_>,
    moment: Option<DateTime<Utc>>,
) -> Assessment {
    let in_population = conference.confirmed && matches!(conference.status, Status::Held | Status::Adjourned);
    let invitations = &conference.invitations;
    let standings: Vec<Standing> = invitations.iter().map(|i| standing(&i.facts, moment)).collect();
    let faults: Vec<Option<Fault>> = invitations
        .iter()
        .map(|i| {
            let f = &i.facts;
            let (kind, date) = (conference.kind, conference.date);
            f.fault(kind, date, policy.minimum_notice, policy.calendar)
        })
        .collect();
    let counts = |n: usize| standings[n].can_count() && faults[n].is_none() && !invitations[n].facts.walk_in;
    let participants: Vec<Participant> = invitations
        .iter()
        .enumerate()
        .map(|(n, i)| Participant {
            id: i.id,
            group: i.group,
            agency: i.agency,
            service: i.service,
            role: i.role.clone(),
            in_direct_contact: i.facts.is_in_direct_contact(),
            present: moment.is_some_and(|m| i.facts.is_present_at(m)),
            counted: counts(n),
        })
        .collect();
    let quoracy = quoracy(policy.quorum, conference.kind, &participants);
    let hangs_on = hangs_on(policy.quorum, conference.kind, &participants);
    let plan_ends = plan_ends(&conference.children, invitations.iter().zip(standings.iter().copied()));
    let assessed = invitations
        .iter()
        .enumerate()
        .map(|(n, i)| Assessed {
            standing: standings[n],
            fault: faults[n],
            counted: in_population && counts(n),
            impact: impact(Absence {
                standing: if i.facts.walk_in { Standing::NotExpected } else { standings[n] },
                fault: faults[n],
                view_missing: i.lacks_view(&conference.children),
                report_received: i.facts.report.was_received(),
                pivotal: quoracy.pivotal.contains(&i.id),
                short_of_quorum: quoracy.short.contains(&i.id),
                plan_ended_without: plan_ends.iter().any(|p| p.missing.contains(&i.id)),
                adjourned: conference.adjournment_reason,
                chairs: i.facts.chair_impact.clone(),
            }),
        })
        .collect();
    Assessment { in_population, quoracy, hangs_on, plan_ends, invitations: assessed }
}

/// Derives it all as of the decision.
pub fn assess(conference: &ConferenceFacts, policy: Policy<'_>) -> Assessment {
    assess_at(conference, policy, conference.decision_at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::invitations::{
        Attendance, ChairImpact, ChildViews, Delivery, Excused, Necessity, Report, Response,
    };
    use crate::register::quoracy::CountingUnit;

    /// What an agency then did: everything that is not a fact of its invitation.
    fn any_outcome(invited: Facts) -> impl Strategy<Value = Facts> {
        let at = |hour: u32| -> DateTime<Utc> { format!("2026-09-30T{hour}:00:00Z").parse().unwrap() };
        let moment = move || proptest::option::of((12u32..16).prop_map(at));
        (
            select(Attendance::ALL),
            any::<bool>(),
            (moment(), moment()),
            select(Response::ALL),
            select(Report::ALL),
            proptest::option::of(select(AbsenceReason::ALL)),
            proptest::option::of(select(View::ALL)),
        )
            .prop_map(
                move |(
                    attendance,
                    by_deputy,
                    (joined_at, left_at),
                    response,
                    report,
                    absence_reason,
                    view,
                )| {
                    let attendance = Some(attendance);
                    Facts {
                        attendance,
                        by_deputy,
                        joined_at,
                        left_at,
                        response,
                        report,
                        absence_reason,
                        view,
                        ..invited.clone()
                    }
                },
            )
    }

    fn any_invitation() -> impl Strategy<Value = Facts> {
        (
            select(Necessity::ALL),
            proptest::option::of((1u32..=30).prop_map(|d| NaiveDate::from_ymd_opt(2026, 9, d).unwrap())),
            select(Delivery::ALL),
            proptest::option::of(select(Excused::ALL)),
        )
            .prop_map(|(necessity, invited_on, delivery, excused)| Facts {
                necessity,
                walk_in: false,
                invited_on,
                delivery,
                response: Response::None,
                attendance: None,
                by_deputy: false,
                joined_at: None,
                left_at: None,
                report: Report::None,
                report_received_on: None,
                absence_reason: None,
                excused,
                view: None,
                child_views: ChildViews::default(),
                chair_impact: ChairImpact::default(),
                attendance_only: false,
            })
    }

    fn counted(facts: Facts) -> bool {
        let conference = ConferenceFacts {
            kind: ConferenceType::Review,
            status: Status::Held,
            adjournment_reason: None,
            date: "2026-09-30".parse().unwrap(),
            decision_at: Some("2026-09-30T14:00:00Z".parse().unwrap()),
            confirmed: true,
            children: vec![],
            invitations: vec![InvitationFacts {
                id: InvitationId::new(),
                group: AgencyGroup::Police,
                agency: AgencyId::new(),
                service: ServiceId::new(),
                role: String::new(),
                only_children: vec![],
                facts,
            }],
        };
        let rule = QuorumRule {
            version: 1,
            minimum_others: 2,
            unit: CountingUnit::AgencyGroup,
            all_health_is_one: false,
            must_haves: vec![],
        };
        let calendar = Calendar::with_changes([]);
        let minimum_notice = MinimumNotice { initial: 5, review: 10, reconvened: 3 };
        assess(&conference, Policy { calendar: &calendar, minimum_notice, quorum: &rule }).invitations[0]
            .counted
    }

    proptest! {
        #[test]
        fn exclusion_never_depends_on_the_outcome(
            (one, other) in any_invitation().prop_flat_map(|i| (any_outcome(i.clone()), any_outcome(i))),
        ) {
            prop_assert_eq!(counted(one), counted(other));
        }
    }
}
