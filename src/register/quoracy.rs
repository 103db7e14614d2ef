//! Quorum, as data (DOMAIN 5). The default rule: children's social care and at least two other
//! counting units in direct contact with the family, present at the decision (Swindon; Pan-Sussex).
//! Deputies and the telephone count; a report alone does not; `legal` is never a unit.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::agencies::{AgencyGroup, AgencyId, ServiceId};
use crate::conferences::ConferenceType;
use crate::invitations::InvitationId;
use crate::platform::codes::codes;

codes! {
    /// What counts as one unit.
    pub enum CountingUnit {
        AgencyGroup = "agency_group", "agency group";
        Agency = "agency", "agency";
        Service = "service", "service";
    }
}

/// Somebody who must be there at conferences of one type, whatever the count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MustHave {
    /// The type of conference that asks for it.
    pub conference_type: ConferenceType,
    /// The words for people: "a midwife".
    pub name: String,
    /// What its role contains, in lower case: "midwi" for midwife and midwifery.
    pub role_contains: String,
}

/// One version of a partnership's quorum rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumRule {
    /// Which version; it is recorded with each confirmed register.
    pub version: i32,
    /// Counting units wanted beside children's social care.
    pub minimum_others: u32,
    /// What counts as one unit.
    pub unit: CountingUnit,
    /// Whether all health counts as one (as in Guernsey).
    pub all_health_is_one: bool,
    /// Who must be there by type of conference.
    pub must_haves: Vec<MustHave>,
}

/// One invitation (or walk-in) as quorum sees it.
#[derive(Clone, Debug)]
pub struct Participant {
    /// The invitation.
    pub id: InvitationId,
    /// Its agency's group.
    pub group: AgencyGroup,
    /// Its agency.
    pub agency: AgencyId,
    /// Its service.
    pub service: ServiceId,
    /// The role invited.
    pub role: String,
    /// Core or expected, and not excused.
    pub in_direct_contact: bool,
    /// There at the decision, in person or by deputy.
    pub present: bool,
    /// A counted invitation: only these can be pivotal.
    pub counted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Group(AgencyGroup),
    Health,
    Agency(AgencyId),
    Service(ServiceId),
}

/// What the rule makes of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoracy {
    /// Whether it was quorate.
    pub quorate: bool,
    /// The version of the rule.
    pub rule_version: i32,
    /// Whether children's social care was there.
    pub social_care: bool,
    /// Other units there.
    pub others: u32,
    /// Other units still wanted.
    pub others_wanted: u32,
    /// Must-haves that were not there, in words.
    pub must_haves_missing: Vec<String>,
    /// Counted absences whose presence alone would have made it quorate.
    pub pivotal: Vec<InvitationId>,
    /// Counted absences whose unit nobody represented, when it was not quorate. Holds every pivotal
    /// one that would have brought a new unit.
    pub short: Vec<InvitationId>,
}

/// Applies the rule to those present.
pub fn quoracy(rule: &QuorumRule, kind: ConferenceType, participants: &[Participant]) -> Quoracy {
    let here: Vec<&Participant> = participants.iter().filter(|p| p.present).collect();
    let mut found = evaluate(rule, kind, &here);
    if !found.quorate {
        let units: BTreeSet<Unit> = here.iter().filter_map(|p| unit(rule, p)).collect();
        for absent in participants.iter().filter(|p| p.counted && !p.present) {
            let with_it: Vec<&Participant> = here.iter().copied().chain([absent]).collect();
            let as_present = Participant { present: true, ..absent.clone() };
            let pivotal = evaluate(rule, kind, &with_it).quorate;
            if pivotal {
                found.pivotal.push(absent.id);
            }
            if pivotal || unit(rule, &as_present).is_some_and(|u| !units.contains(&u)) {
                found.short.push(absent.id);
            }
        }
    }
    found
}

/// Those present on whom quorum hangs: if one of them left, it would not be quorate any more.
pub fn hangs_on(rule: &QuorumRule, kind: ConferenceType, participants: &[Participant]) -> Vec<InvitationId> {
    let here: Vec<&Participant> = participants.iter().filter(|p| p.present).collect();
    if !evaluate(rule, kind, &here).quorate {
        return Vec::new();
    }
    let without = |gone: &Participant| {
        let left: Vec<&Participant> = here.iter().copied().filter(|p| p.id != gone.id).collect();
        !evaluate(rule, kind, &left).quorate
    };
    here.iter().filter(|p| without(p)).map(|p| p.id).collect()
}

fn evaluate(rule: &QuorumRule, kind: ConferenceType, here: &[&Participant]) -> Quoracy {
    let social_care = here.iter().any(|p| p.in_direct_contact && p.group == AgencyGroup::ChildrensSocialCare);
    let others: BTreeSet<Unit> = here
        .iter()
        .filter(|p| p.group != AgencyGroup::ChildrensSocialCare)
        .filter_map(|p| unit(rule, p))
        .collect();
    let others = others.len() as u32;
    let must_haves_missing: Vec<String> = rule
        .must_haves
        .iter()
        .filter(|must| must.conference_type == kind)
        .filter(|must| {
            !here.iter().any(|p| p.in_direct_contact && p.role.to_lowercase().contains(&must.role_contains))
        })
        .map(|must| must.name.clone())
        .collect();
    Quoracy {
        quorate: social_care && others >= rule.minimum_others && must_haves_missing.is_empty(),
        rule_version: rule.version,
        social_care,
        others,
        others_wanted: rule.minimum_others.saturating_sub(others),
        must_haves_missing,
        pivotal: Vec::new(),
        short: Vec::new(),
    }
}

fn unit(rule: &QuorumRule, participant: &Participant) -> Option<Unit> {
    if !participant.in_direct_contact || participant.group == AgencyGroup::Legal {
        return None;
    }
    if rule.all_health_is_one && participant.group.is_health() {
        return Some(Unit::Health);
    }
    Some(match rule.unit {
        CountingUnit::AgencyGroup => Unit::Group(participant.group),
        CountingUnit::Agency => Unit::Agency(participant.agency),
        CountingUnit::Service => Unit::Service(participant.service),
    })
}

impl Quoracy {
    /// The reason in words: "Quorate: social care and 4 others."
    pub fn sentence(&self) -> String {
        let others = |n: u32| match n {
            1 => "1 other agency".to_owned(),
            n => format!("{n} others"),
        };
        if self.quorate {
            return format!("Quorate: social care and {}.", others(self.others));
        }
        let here = match (self.social_care, self.others) {
            (true, 0) => "only social care is here".to_owned(),
            (true, 1) => "social care and 1 other agency are here".to_owned(),
            (true, n) => format!("social care and {n} other agencies are here"),
            (false, 0) => "nobody who counts is here".to_owned(),
            (false, 1) => "1 agency is here, and not social care".to_owned(),
            (false, n) => format!("{n} agencies are here, and not social care"),
        };
        let mut wanted = Vec::new();
        if !self.social_care {
            wanted.push("Social care is needed".to_owned());
        }
        match self.others_wanted {
            0 => {}
            1 => wanted.push("One more agency is needed".to_owned()),
            n => wanted.push(format!("{n} more agencies are needed")),
        }
        wanted.extend(self.must_haves_missing.iter().map(|name| format!("This conference needs {name}")));
        format!("Not quorate: {here}. {}.", wanted.join(". "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> QuorumRule {
        QuorumRule {
            version: 1,
            minimum_others: 2,
            unit: CountingUnit::AgencyGroup,
            all_health_is_one: false,
            must_haves: vec![],
        }
    }

    fn participant(group: AgencyGroup, present: bool) -> Participant {
        Participant {
            id: InvitationId::new(),
            group,
            agency: AgencyId::new(),
            service: ServiceId::new(),
            role: String::new(),
            in_direct_contact: true,
            present,
            counted: true,
        }
    }

    use AgencyGroup::{ChildrensSocialCare, CommunityHealth, Education, Hospital, Legal, Police};

    #[test]
    fn social_care_and_two_other_groups_make_quorum() {
        let here: Vec<_> = [ChildrensSocialCare, Education, Police].map(|g| participant(g, true)).into();
        let found = quoracy(&rule(), ConferenceType::Review, &here);
        assert!(found.quorate);
        assert_eq!(found.sentence(), "Quorate: social care and 2 others.");
        let found = quoracy(&rule(), ConferenceType::Review, &here[1..]);
        assert_eq!(
            found.sentence(),
            "Not quorate: 2 agencies are here, and not social care. Social care is needed."
        );
    }

    #[test]
    fn quorum_hangs_on_whoever_could_not_leave() {
        let mut people: Vec<_> =
            [ChildrensSocialCare, Education, Education, Police].map(|g| participant(g, true)).into();
        let review = ConferenceType::Review;
        assert_eq!(
            hangs_on(&rule(), review, &people),
            [people[0].id, people[3].id],
            "one of two schools may go"
        );
        people.push(participant(Hospital, true));
        assert_eq!(hangs_on(&rule(), review, &people), [people[0].id]);
        people[0].present = false;
        assert_eq!(hangs_on(&rule(), review, &people), []);
    }

    #[test]
    fn two_of_one_group_are_one_unit_and_the_third_group_is_pivotal() {
        let people = [
            participant(ChildrensSocialCare, true),
            participant(Education, true),
            participant(Education, true),
            participant(Education, false),
            participant(Police, false),
        ];
        let found = quoracy(&rule(), ConferenceType::Review, &people);
        assert!(!found.quorate);
        assert_eq!(found.pivotal, [people[4].id]);
        assert_eq!(found.short, [people[4].id]);
        assert_eq!(
            found.sentence(),
            "Not quorate: social care and 1 other agency are here. One more agency is needed."
        );
    }

    #[test]
    fn two_missing_units_are_both_short_and_neither_is_pivotal() {
        let people = [
            participant(ChildrensSocialCare, true),
            participant(Education, false),
            participant(Police, false),
        ];
        let found = quoracy(&rule(), ConferenceType::Review, &people);
        assert!(found.pivotal.is_empty());
        assert_eq!(found.short, [people[1].id, people[2].id]);
    }

    #[test]
    fn an_agency_whose_invitation_is_not_counted_makes_quorum_and_is_never_pivotal() {
        let mut people = [ChildrensSocialCare, Education, Police].map(|g| participant(g, true));
        people[2].counted = false;
        assert!(quoracy(&rule(), ConferenceType::Review, &people).quorate);
        people[2].present = false;
        assert!(quoracy(&rule(), ConferenceType::Review, &people).pivotal.is_empty());
    }

    #[test]
    fn legal_is_never_a_unit_and_neither_is_anyone_not_in_direct_contact() {
        let mut people = [ChildrensSocialCare, Education, Legal].map(|g| participant(g, true));
        assert!(!quoracy(&rule(), ConferenceType::Review, &people).quorate);
        people[2].group = Police;
        people[2].in_direct_contact = false;
        assert!(!quoracy(&rule(), ConferenceType::Review, &people).quorate);
    }

    #[test]
    fn a_partnership_can_count_services_or_all_health_as_one_or_ask_for_a_midwife() {
        let people: Vec<_> =
            [ChildrensSocialCare, CommunityHealth, Hospital].map(|g| participant(g, true)).into();
        assert!(quoracy(&rule(), ConferenceType::Review, &people).quorate);
        let one_health = QuorumRule { all_health_is_one: true, ..rule() };
        assert!(!quoracy(&one_health, ConferenceType::Review, &people).quorate);

        let schools: Vec<_> =
            [ChildrensSocialCare, Education, Education].map(|g| participant(g, true)).into();
        let by_service = QuorumRule { unit: CountingUnit::Service, ..rule() };
        assert!(!quoracy(&rule(), ConferenceType::Review, &schools).quorate);
        assert!(quoracy(&by_service, ConferenceType::Review, &schools).quorate);

        let midwife = MustHave {
            conference_type: ConferenceType::PreBirth,
            name: "a midwife".into(),
            role_contains: "midwi".into(),
        };
        let with_midwife = QuorumRule { must_haves: vec![midwife], ..rule() };
        assert!(quoracy(&with_midwife, ConferenceType::Review, &people).quorate);
        let found = quoracy(&with_midwife, ConferenceType::PreBirth, &people);
        assert!(found.sentence().ends_with("This conference needs a midwife."), "{}", found.sentence());
        let mut people = people;
        people[2].role = "Safeguarding midwife".into();
        assert!(quoracy(&with_midwife, ConferenceType::PreBirth, &people).quorate);
    }
}
