//! What an absence did, as codes (DOMAIN 6): some the system derives, the rest the chair puts down.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::platform::UnknownCode;
use crate::platform::codes::codes;

codes! {
    /// What an absence did.
    pub enum ImpactCode {
        Pivotal = "pivotal", "its presence alone would have made the conference quorate";
        ShortOfQuorum = "short_of_quorum", "the conference was not quorate, and this agency was among the missing";
        Adjourned = "adjourned", "the conference was adjourned";
        PlanEndedWithout = "plan_ended_without", "a plan ended without this core agency";
        ViewMissing = "view_missing", "no view of this agency was obtained";
        InformationGap = "information_gap", "we relied on old or second-hand information";
        ExpertiseMissing = "expertise_missing", "specialist advice was not available";
        ActionUnowned = "action_unowned", "actions of the plan could not be agreed with it";
        FamilyCouldNotHear = "family_could_not_hear", "the family could not question its information";
        CoreGroupUnconfirmed = "core_group_unconfirmed", "its part in the core group, or the date, is still open";
        NoMaterialEffect = "no_material_effect", "no material effect: its report covered what it knew";
    }
}

impl ImpactCode {
    /// Those that the chair puts down, in the order of the page.
    pub const CHAIRS: &'static [Self] = &[
        Self::InformationGap,
        Self::ExpertiseMissing,
        Self::ActionUnowned,
        Self::FamilyCouldNotHear,
        Self::CoreGroupUnconfirmed,
        Self::NoMaterialEffect,
    ];

    /// 0 (none) to 3 (gravest).
    pub const fn severity(self) -> u8 {
        match self {
            Self::Pivotal | Self::ShortOfQuorum | Self::Adjourned | Self::PlanEndedWithout => 3,
            Self::ViewMissing | Self::InformationGap | Self::ExpertiseMissing | Self::ActionUnowned => 2,
            Self::FamilyCouldNotHear | Self::CoreGroupUnconfirmed => 1,
            Self::NoMaterialEffect => 0,
        }
    }
}

/// What the chair put down of one absence: a set of [`ImpactCode::CHAIRS`], stored as `code;code`.
#[derive(Clone, Debug, Default, PartialEq, Eq, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct ChairImpact(BTreeSet<ImpactCode>);

impl ChairImpact {
    /// The codes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = ImpactCode> + '_ {
        self.0.iter().copied()
    }

    /// Whether the chair put this down.
    pub fn has(&self, code: ImpactCode) -> bool {
        self.0.contains(&code)
    }

    /// Whether nothing was put down.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// "No material effect" beside an effect.
    pub fn contradicts_itself(&self) -> bool {
        self.has(ImpactCode::NoMaterialEffect) && self.0.len() > 1
    }
}

/// Codes that are not the chair's are left out: nobody puts down what is derived.
impl FromIterator<ImpactCode> for ChairImpact {
    fn from_iter<I: IntoIterator<Item = ImpactCode>>(codes: I) -> Self {
        Self(codes.into_iter().filter(|code| ImpactCode::CHAIRS.contains(code)).collect())
    }
}

impl std::fmt::Display for ChairImpact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.iter().map(ImpactCode::code).collect::<Vec<_>>().join(";"))
    }
}

impl FromStr for ChairImpact {
    type Err = UnknownCode;
    fn from_str(given: &str) -> Result<Self, UnknownCode> {
        given.split(';').filter(|code| !code.is_empty()).map(ImpactCode::from_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chair_puts_down_its_own_codes_and_reads_back_what_was_put_down() {
        let put: ChairImpact = [ImpactCode::ActionUnowned, ImpactCode::Pivotal, ImpactCode::InformationGap]
            .into_iter()
            .collect();
        assert_eq!(put.to_string(), "information_gap;action_unowned");
        assert_eq!(put.to_string().parse(), Ok(put));
        assert_eq!("".parse(), Ok(ChairImpact::default()));
        assert!("misplaced".parse::<ChairImpact>().is_err());
    }

    #[test]
    fn no_material_effect_stands_alone() {
        let of = |codes: &[ImpactCode]| codes.iter().copied().collect::<ChairImpact>().contradicts_itself();
        assert!(!of(&[ImpactCode::NoMaterialEffect]));
        assert!(of(&[ImpactCode::NoMaterialEffect, ImpactCode::InformationGap]));
    }
}
