//! Agency groups: the sector of an agency, and the default counting unit for quorum (DOMAIN 3).

use crate::platform::codes::codes;

codes! {
    /// The sector that an agency belongs to.
    pub enum AgencyGroup {
        ChildrensSocialCare = "childrens_social_care", "children's social care";
        Education = "education", "education";
        EarlyYears = "early_years", "early years";
        CommunityHealth = "community_health", "community health";
        PrimaryCare = "primary_care", "primary care";
        Hospital = "hospital", "hospital";
        MentalHealth = "mental_health", "mental health";
        Police = "police", "police";
        Probation = "probation", "probation";
        Housing = "housing", "housing";
        AdultSocialCare = "adult_social_care", "adult social care";
        SubstanceMisuse = "substance_misuse", "substance misuse";
        YouthJustice = "youth_justice", "youth justice";
        DomesticAbuse = "domestic_abuse", "domestic abuse";
        Voluntary = "voluntary", "voluntary";
        Legal = "legal", "legal";
    }
}

impl AgencyGroup {
    /// Children's social care convenes: it cannot be excused (DOMAIN 5).
    pub const fn can_be_excused(self) -> bool {
        !matches!(self, Self::ChildrensSocialCare)
    }

    /// Whether this is a health group, for partnerships that count all health as one unit
    /// (DOMAIN 5, as in Guernsey).
    pub const fn is_health(self) -> bool {
        matches!(self, Self::CommunityHealth | Self::PrimaryCare | Self::Hospital | Self::MentalHealth)
    }
}
