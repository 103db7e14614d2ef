//! Whom to invite, suggested: by the partnership's rules (`config/suggestions.toml`) and by the last conference of
//! the same children. The administrator decides; each suggestion says why.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::agencies::{AgencyGroup, ServiceId};
use crate::calendar::london;
use crate::conferences::{Category, ConferenceType, Locality};
use crate::invitations::Necessity;
use crate::platform::codes::codes;

codes! {
    /// What the administrator says of a family while booking: it drives the suggestion and is not stored.
    pub enum Circumstance {
        Unborn = "unborn", "an unborn child";
        UnderFive = "under_five", "a child under five";
        SchoolAge = "school_age", "a child at school";
        LookedAfter = "looked_after", "a child who is looked after";
        Disabled = "disabled", "a disability in the family";
        DomesticAbuse = "domestic_abuse", "domestic abuse";
        SubstanceMisuse = "substance_misuse", "drugs or alcohol";
        ParentMentalHealth = "parent_mental_health", "a parent's mental health";
        ChildMentalHealth = "child_mental_health", "a child's mental health";
        Offending = "offending", "somebody known to probation or youth justice";
        Housing = "housing", "housing";
    }
}

/// One rule of a partnership.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuggestionRule {
    /// The sector.
    pub group: AgencyGroup,
    /// The role asked for, as the directory has it.
    pub role: String,
    /// How much it matters.
    pub necessity: Necessity,
    /// Only for these types; for all where there are none.
    #[serde(default)]
    pub types: Vec<ConferenceType>,
    /// Only where a child is in one of these categories.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// Only where one of these was ticked.
    #[serde(default)]
    pub when: Vec<Circumstance>,
    /// The words for the administrator.
    pub why: String,
}

/// What rules look at.
#[derive(Clone, Debug)]
pub struct Family {
    pub kind: ConferenceType,
    pub categories: Vec<Category>,
    pub circumstances: Vec<Circumstance>,
    pub locality: Locality,
}

impl SuggestionRule {
    /// Whether the rule holds for a family.
    pub fn holds(&self, family: &Family) -> bool {
        fn any<T: PartialEq>(of: &[T], found: &[T]) -> bool {
            of.is_empty() || of.iter().any(|wanted| found.contains(wanted))
        }
        any(&self.types, &[family.kind])
            && any(&self.categories, &family.categories)
            && any(&self.when, &family.circumstances)
    }
}

/// A service of the directory that holds on the day, with the roles that its contacts have.
#[derive(Clone, Debug)]
pub struct Place {
    pub service: ServiceId,
    pub name: String,
    pub group: AgencyGroup,
    pub roles: Vec<String>,
}

/// Somebody who was invited to the last conference of one of the children.
#[derive(Clone, Debug)]
pub struct Before {
    pub service: ServiceId,
    pub group: AgencyGroup,
    pub role: String,
    pub necessity: Necessity,
    /// The day of that conference.
    pub on: NaiveDate,
    /// It said then that it is not involved any more.
    pub no_longer_involved: bool,
    /// The conference is booked and not held yet.
    pub is_booked: bool,
    /// The children it concerned, by their keyed hashes; `None`: all of them.
    pub children: Option<Vec<Vec<u8>>>,
}

/// One line of the suggested list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    /// The services that are meant: one; several, of which the administrator chooses; or none in the directory.
    pub services: Vec<ServiceId>,
    pub role: String,
    pub necessity: Necessity,
    pub why: Vec<String>,
    /// Ticked from the start: only where it is clear who is meant.
    pub ticked: bool,
    /// The children it concerned before; `None`: all of them.
    pub children: Option<Vec<Vec<u8>>>,
}

/// The suggested list: core first, each service and role once, with every reason for it.
pub fn suggest(
    rules: &[SuggestionRule],
    family: &Family,
    places: &[Place],
    before: &[Before],
) -> Vec<Suggested> {
    let mut list: Vec<(AgencyGroup, Suggested)> = Vec::new();
    for past in before {
        let on = london::long_date(past.on);
        let why = match (past.no_longer_involved, past.is_booked) {
            (true, _) => format!("no longer involved, by the conference of {on}"),
            (false, true) => format!("invited to the conference that is booked for {on}"),
            (false, false) => format!("invited to the conference of {on}"),
        };
        let same = |s: &Suggested| s.services == [past.service] && s.role.eq_ignore_ascii_case(&past.role);
        if let Some((_, line)) = list.iter_mut().find(|(_, s)| same(s)) {
            line.why.push(why);
            line.ticked |= !past.no_longer_involved;
            line.children = match (line.children.take(), &past.children) {
                (Some(some), Some(more)) => Some(some.into_iter().chain(more.iter().cloned()).collect()),
                _ => None,
            };
            continue;
        }
        let line = Suggested {
            services: vec![past.service],
            role: past.role.clone(),
            necessity: past.necessity,
            why: vec![why],
            ticked: !past.no_longer_involved,
            children: past.children.clone(),
        };
        list.push((past.group, line));
    }
    for rule in rules.iter().filter(|rule| rule.holds(family)) {
        let meant =
            |group: AgencyGroup, role: &str| group == rule.group && role.eq_ignore_ascii_case(&rule.role);
        // Somebody who has left stands in for nobody: another of the kind may have to come.
        let mut known = list.iter_mut().filter(|(group, s)| s.ticked && meant(*group, &s.role)).peekable();
        if known.peek().is_some() {
            for (_, line) in known {
                if !line.why.contains(&rule.why) {
                    line.why.push(rule.why.clone());
                }
                line.necessity = line.necessity.min(rule.necessity);
            }
            continue;
        }
        let fitting: Vec<&Place> =
            places.iter().filter(|p| p.roles.iter().any(|role| meant(p.group, role))).collect();
        // A team of the conference's part of the county, where its name says which part it is for. A school, a nursery or
        // a surgery is the family's own, whatever its name.
        let is_setting =
            matches!(rule.group, AgencyGroup::Education | AgencyGroup::EarlyYears | AgencyGroup::PrimaryCare);
        let part = family.locality.label().to_lowercase();
        let near: Vec<&Place> = fitting
            .iter()
            .copied()
            .filter(|p| !is_setting && p.name.to_lowercase().split_whitespace().any(|word| word == part))
            .collect();
        let services: Vec<ServiceId> =
            if near.is_empty() { &fitting } else { &near }.iter().map(|p| p.service).collect();
        let ticked = services.len() == 1 && !is_setting;
        let line = Suggested {
            services,
            role: rule.role.clone(),
            necessity: rule.necessity,
            why: vec![rule.why.clone()],
            ticked,
            children: None,
        };
        list.push((rule.group, line));
    }
    let mut list: Vec<Suggested> = list.into_iter().map(|(_, line)| line).collect();
    list.sort_by_key(|line| line.necessity);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(group: AgencyGroup, role: &str, necessity: Necessity) -> SuggestionRule {
        SuggestionRule {
            group,
            role: role.into(),
            necessity,
            types: vec![],
            categories: vec![],
            when: vec![],
            why: format!("why {role}"),
        }
    }

    fn place(group: AgencyGroup, name: &str, role: &str) -> Place {
        Place { service: ServiceId::new(), name: name.into(), group, roles: vec![role.into()] }
    }

    fn family(kind: ConferenceType) -> Family {
        Family { kind, categories: vec![Category::Neglect], circumstances: vec![], locality: Locality::North }
    }

    use AgencyGroup::{CommunityHealth, Education, Police};

    #[test]
    fn a_rule_holds_only_where_each_of_its_conditions_is_met() {
        let mut rule = rule(Police, "Officer", Necessity::Core);
        assert!(rule.holds(&family(ConferenceType::Review)));
        rule.types = vec![ConferenceType::Initial, ConferenceType::PreBirth];
        assert!(
            rule.holds(&family(ConferenceType::PreBirth)) && !rule.holds(&family(ConferenceType::Review))
        );
        rule.when = vec![Circumstance::DomesticAbuse, Circumstance::Offending];
        let mut told = family(ConferenceType::Initial);
        assert!(!rule.holds(&told));
        told.circumstances = vec![Circumstance::Offending];
        assert!(rule.holds(&told));
        rule.categories = vec![Category::Physical];
        assert!(!rule.holds(&told));
    }

    #[test]
    fn the_team_of_the_locality_is_meant_and_of_many_schools_one_is_to_be_chosen() {
        let north = place(CommunityHealth, "Health Visiting North", "Health visitor");
        let south = place(CommunityHealth, "Health Visiting South", "Health visitor");
        let schools = ["Oak Primary", "North Leigh Primary"]
            .map(|n| place(Education, n, "Designated safeguarding lead"));
        let rules = [
            rule(Education, "Designated safeguarding lead", Necessity::Expected),
            rule(CommunityHealth, "health visitor", Necessity::Core),
            rule(Police, "Officer", Necessity::Expected),
        ];
        let [one, two] = schools;
        let list = suggest(
            &rules,
            &family(ConferenceType::Initial),
            &[south, north.clone(), one.clone(), two.clone()],
            &[],
        );
        assert_eq!(list.len(), 3);
        assert!(list[0].services == [north.service] && list[0].ticked, "core first: {list:?}");
        assert!(list[1].services == [one.service, two.service] && !list[1].ticked, "{list:?}");
        assert!(
            list[2].services.is_empty() && !list[2].ticked,
            "nobody in the directory is said, not hidden"
        );
    }

    #[test]
    fn who_came_before_is_asked_again_once_with_every_reason_and_not_who_has_left() {
        let school = place(Education, "Oak Primary", "Designated safeguarding lead");
        let before = |role: &str, gone| Before {
            service: school.service,
            group: Education,
            role: role.into(),
            necessity: Necessity::Expected,
            on: "2026-09-30".parse().unwrap(),
            no_longer_involved: gone,
            is_booked: false,
            children: None,
        };
        let rules = [rule(Education, "Designated safeguarding lead", Necessity::Core)];
        let past = [
            before("Designated safeguarding lead", false),
            before("Designated safeguarding lead", false),
            before("Class teacher", true),
        ];
        let list = suggest(&rules, &family(ConferenceType::Review), std::slice::from_ref(&school), &past);
        assert_eq!(list.len(), 2);
        assert!(list[0].ticked && list[0].necessity == Necessity::Core && list[0].why.len() == 3, "{list:?}");
        assert!(!list[1].ticked && list[1].why[0].starts_with("no longer involved"), "{list:?}");
        let left = [before("Designated safeguarding lead", true)];
        let list = suggest(&rules, &family(ConferenceType::Review), std::slice::from_ref(&school), &left);
        assert_eq!(list.len(), 2, "who has left stands in for nobody: {list:?}");
    }
}
