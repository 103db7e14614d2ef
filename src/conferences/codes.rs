//! The codes of a conference (DOMAIN 3).

use crate::platform::codes::codes;

codes! {
    /// What kind of conference it is; the clocks hang on it.
    pub enum ConferenceType {
        Initial = "initial", "initial conference";
        PreBirth = "pre_birth", "pre-birth conference";
        TransferIn = "transfer_in", "transfer-in conference";
        FirstReview = "first_review", "first review conference";
        Review = "review", "review conference";
        Reconvened = "reconvened", "reconvened conference";
    }
}

impl ConferenceType {
    /// Initial types start a plan or do not; the strategy discussion (or notification) starts their clock.
    pub const fn is_initial(self) -> bool {
        matches!(self, Self::Initial | Self::PreBirth | Self::TransferIn)
    }

    /// Reviews, whose clock starts at the conference before.
    pub const fn is_review(self) -> bool {
        matches!(self, Self::FirstReview | Self::Review)
    }
}

codes! {
    /// Where a conference stands: `scheduled → held | adjourned | cancelled`.
    pub enum Status {
        Scheduled = "scheduled", "scheduled";
        Held = "held", "held";
        Adjourned = "adjourned", "adjourned";
        Cancelled = "cancelled", "cancelled";
    }
}

codes! {
    /// Why a conference was adjourned.
    pub enum AdjournmentReason {
        Inquorate = "inquorate", "not quorate";
        AgencyOrReportMissing = "agency_or_report_missing", "an agency or a report was missing";
        Family = "family", "for the family";
        Interpreter = "interpreter", "no interpreter";
        NewInformation = "new_information", "new information";
        Other = "other", "another reason";
    }
}

codes! {
    /// Why a chair went on although the conference was not quorate (DOMAIN 5).
    pub enum ProceededReason {
        PreBirth = "pre_birth", "the child is unborn";
        FewAgenciesInvolved = "few_agencies_involved", "few agencies are involved";
        InformationSufficient = "information_sufficient", "the information was sufficient";
        DelayHarmful = "delay_harmful", "delay would be harmful";
        LookedAfter = "looked_after", "the child is looked after";
        LocalDifficulty = "local_difficulty", "a local difficulty";
    }
}

codes! {
    /// The part of the county.
    pub enum Locality {
        North = "north", "North";
        Central = "central", "Central";
        South = "south", "South";
    }
}

codes! {
    /// How people can take part.
    pub enum Mode {
        Room = "room", "in person";
        Video = "video", "by video";
        Hybrid = "hybrid", "in person or by video";
    }
}

codes! {
    /// Category of abuse (DfE census codes).
    pub enum Category {
        Neglect = "NEG", "neglect";
        Physical = "PHY", "physical abuse";
        Sexual = "SAB", "sexual abuse";
        Emotional = "EMO", "emotional abuse";
        Multiple = "MUL", "multiple";
    }
}

codes! {
    /// What was decided for one child.
    pub enum Decision {
        PlanMade = "plan_made", "plan made";
        NoPlanChildInNeed = "no_plan_child_in_need", "no plan: child in need";
        NoPlanEarlyHelp = "no_plan_early_help", "no plan: early help";
        NoPlanNoFurtherAction = "no_plan_no_further_action", "no plan: no further action";
        PlanContinues = "plan_continues", "plan continues";
        PlanEndedChildInNeed = "plan_ended_child_in_need", "plan ended: child in need";
        PlanEndedEarlyHelp = "plan_ended_early_help", "plan ended: early help";
        PlanEndedNoFurtherAction = "plan_ended_no_further_action", "plan ended: no further action";
        PlanEndedLookedAfter = "plan_ended_looked_after", "plan ended: looked after";
        PlanEndedMoved = "plan_ended_moved", "plan ended: moved away";
        PlanEndedTurned18 = "plan_ended_turned_18", "plan ended: turned 18";
        PlanEndedLeftUk = "plan_ended_left_uk", "plan ended: left the UK";
        Adjourned = "adjourned", "adjourned";
    }
}

impl Decision {
    /// Whether this decision ends a child protection plan.
    pub const fn ends_plan(self) -> bool {
        self.steps_down()
            || matches!(
                self,
                Self::PlanEndedLookedAfter
                    | Self::PlanEndedMoved
                    | Self::PlanEndedTurned18
                    | Self::PlanEndedLeftUk
            )
    }

    /// Endings that step down only: child in need, early help, no further action (DOMAIN 8, M9).
    pub const fn steps_down(self) -> bool {
        matches!(self, Self::PlanEndedChildInNeed | Self::PlanEndedEarlyHelp | Self::PlanEndedNoFurtherAction)
    }

    /// Whether a conference of this type can decide this. A reconvened one takes up whatever was put off.
    pub const fn fits(self, kind: ConferenceType) -> bool {
        let of_an_initial = matches!(
            self,
            Self::PlanMade | Self::NoPlanChildInNeed | Self::NoPlanEarlyHelp | Self::NoPlanNoFurtherAction
        );
        match (self, kind) {
            (Self::Adjourned, _) | (_, ConferenceType::Reconvened) => true,
            _ => of_an_initial == kind.is_initial(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_fits_the_kind_of_conference_that_can_take_it() {
        assert!(Decision::PlanMade.fits(ConferenceType::PreBirth));
        assert!(!Decision::PlanMade.fits(ConferenceType::Review));
        assert!(!Decision::PlanContinues.fits(ConferenceType::Initial));
        assert!(Decision::Adjourned.fits(ConferenceType::Initial));
        assert!(Decision::ALL.iter().all(|d| d.fits(ConferenceType::Reconvened)));
        assert_eq!(Decision::ALL.iter().filter(|d| d.ends_plan()).count(), 7);
        assert!(Decision::ALL.iter().all(|d| d.ends_plan() == d.code().starts_with("plan_ended")));
    }
}
