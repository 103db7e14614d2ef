//! The plan-end alert (DOMAIN 5): a plan is about to end, and a core agency is neither attended nor
//! deputised. This is the inspectors' finding (Oxfordshire Neglect Strategy 2020-23, s3.1), caught live.

use crate::conferences::{ChildId, Decision};
use crate::invitations::{InvitationId, Necessity};

use super::Standing;
use super::assessment::{ChildFacts, InvitationFacts};

/// A child whose plan ends, and the core agencies that were not there for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanEnd {
    /// The child.
    pub child: ChildId,
    /// How it ends.
    pub decision: Decision,
    /// Core invitations that concern this child, not excused, neither attended nor deputised,
    /// whatever the fault.
    pub missing: Vec<InvitationId>,
}

/// Every child whose plan ends, with who was missing (nobody, one hopes).
pub fn plan_ends<'a>(
    children: &[ChildFacts],
    invitations: impl Iterator<Item = (&'a InvitationFacts, Standing)> + Clone,
) -> Vec<PlanEnd> {
    let ending =
        children.iter().filter_map(|child| Some((child.id, child.decision.filter(|d| d.ends_plan())?)));
    ending
        .map(|(child, decision)| PlanEnd {
            child,
            decision,
            missing: invitations
                .clone()
                .filter(|(invitation, standing)| {
                    invitation.facts.necessity == Necessity::Core
                        && !invitation.facts.walk_in
                        && invitation.concerns(child)
                        && *standing != Standing::Excused
                        && !standing.is_represented()
                })
                .map(|(invitation, _)| invitation.id)
                .collect(),
        })
        .collect()
}
