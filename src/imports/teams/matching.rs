//! Who in the report is who among the invited: by address, then by name, then by what else speaks for somebody. Sure is
//! only what a careful person would take without asking.

use super::reading::Seen;
use crate::mail::Domains;
use crate::register::identifying::TITLES;

/// Somebody who was invited.
#[derive(Clone, Debug)]
pub struct Invited {
    pub address: Option<String>,
    /// The person's name, where the directory has one.
    pub name: String,
    pub role: String,
    pub agency: String,
    pub service: String,
}

/// Who somebody in the report is: the places of the invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    Sure(usize),
    /// One of these perhaps.
    Doubtful(Vec<usize>),
    Unknown,
}

const DEVICES: &[&str] = &[
    "iphone", "ipad", "phone", "android", "pixel", "galaxy", "laptop", "macbook", "pc", "tablet", "surface",
    "s",
];

/// What stands in brackets, and the words of the name before it, the family name last.
fn parts(name: &str) -> (Vec<String>, Vec<String>) {
    let lower = name.to_lowercase().replace(['\u{2019}', '`'], "'");
    let mut plain = String::new();
    let mut inside = String::new();
    let mut depth = 0;
    for c in lower.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = (depth - 1).max(0),
            _ if depth > 0 => inside.push(c),
            _ => plain.push(c),
        }
        if depth > 0 && matches!(c, '(' | '[') {
            inside.push(' ');
        }
    }
    // "Ann Lee - School Nursing": what follows says where from.
    for mark in [" - ", " | ", " \u{2013} ", " / "] {
        if let Some((name, rest)) = plain.clone().split_once(mark) {
            inside.push(' ');
            inside.push_str(rest);
            plain = name.to_owned();
        }
    }
    let plain = match plain.split_once(',') {
        Some((family, given)) => format!("{given} {family}"),
        None => plain,
    };
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '\''))
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let names = words(&plain);
    let names =
        names.into_iter().filter(|w| !TITLES.contains(&w.as_str()) && !w.chars().any(|c| c.is_ascii_digit()));
    (names.collect(), words(&inside))
}

/// A device called after somebody: "Ahmed's iPhone".
fn owner(name: &str) -> Option<String> {
    let lower = name.to_lowercase().replace('\u{2019}', "'");
    let (owner, device) = lower.split_once("'s ")?;
    let is_device = device.split_whitespace().any(|word| DEVICES.contains(&word));
    (is_device && !owner.trim().contains(' ')).then(|| owner.trim().to_owned())
}

fn domain(address: &str) -> Option<String> {
    address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase())
}

/// The words of an agency or a service that tell it from others.
fn telling(text: &str) -> Vec<String> {
    const COMMON: &[&str] = &[
        "the",
        "and",
        "of",
        "for",
        "nhs",
        "foundation",
        "trust",
        "service",
        "services",
        "team",
        "council",
        "county",
        "school",
        "primary",
        "academy",
        "surgery",
        "unit",
        "office",
        "north",
        "south",
        "central",
    ];
    let words = text.to_lowercase();
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 2 && !COMMON.contains(w));
    words.map(str::to_owned).collect()
}

/// Matches the people of a report to the invited, in their order.
pub fn matches(seen: &[Seen], invited: &[Invited], domains: &Domains) -> Vec<Match> {
    let mut found: Vec<Match> = vec![Match::Unknown; seen.len()];
    let mut taken = vec![false; invited.len()];
    for (n, person) in seen.iter().enumerate() {
        let Some(address) = &person.address else { continue };
        let same = |i: &Invited| i.address.as_ref().is_some_and(|a| a.eq_ignore_ascii_case(address));
        let mut of: Vec<usize> = (0..invited.len()).filter(|i| same(&invited[*i])).collect();
        match of.len() {
            0 => {}
            1 => {
                taken[of[0]] = true;
                found[n] = Match::Sure(of.remove(0));
            }
            // One mailbox for several: by its name, or a person says.
            _ => found[n] = Match::Doubtful(of),
        }
    }
    let named: Vec<Vec<String>> = invited.iter().map(|i| parts(&i.name).0).collect();
    for (n, person) in seen.iter().enumerate() {
        let (name, _) = parts(&person.name);
        if found[n] != Match::Unknown || name.len() < 2 {
            continue;
        }
        let of: Vec<usize> = (0..invited.len()).filter(|i| named[*i] == name).collect();
        // Two of one name in the report are not both sure.
        let twice = seen.iter().filter(|other| parts(&other.name).0 == name).count() > 1;
        match of[..] {
            [one] if !taken[one] && !twice => {
                taken[one] = true;
                found[n] = Match::Sure(one);
            }
            [] => {}
            _ => found[n] = Match::Doubtful(of),
        }
    }
    for (n, person) in seen.iter().enumerate() {
        if found[n] != Match::Unknown {
            continue;
        }
        let perhaps: Vec<usize> = (0..invited.len())
            .filter(|i| !taken[*i] && speaks_for(person, &invited[*i], &named[*i], domains))
            .collect();
        if !perhaps.is_empty() {
            found[n] = Match::Doubtful(perhaps);
        }
    }
    found
}

/// Whether something speaks for it that this person is that invited one.
fn speaks_for(person: &Seen, invited: &Invited, named: &[String], domains: &Domains) -> bool {
    let (name, inside) = parts(&person.name);
    if let Some(owner) = owner(&person.name) {
        return named.first() == Some(&owner);
    }
    // The family name, with the same first letter of the given one, or alone.
    if let (Some(family), Some(theirs)) = (name.last(), named.last())
        && family == theirs
        && named.len() > 1
    {
        let given = name.first().filter(|_| name.len() > 1).and_then(|given| given.chars().next());
        if given.is_none() || given == named[0].chars().next() {
            return true;
        }
    }
    if name.len() == 1 && named.first() == name.first() {
        return true;
    }
    let same_domain = || {
        let theirs = invited.address.as_deref().and_then(domain);
        let own = person.address.as_deref().and_then(domain);
        let is_consumer =
            person.address.as_deref().is_some_and(|a| domains.trust(a) == crate::mail::Trust::Blocked);
        own.is_some() && own == theirs && !is_consumer
    };
    let said: Vec<String> = inside.iter().chain(&name).cloned().collect();
    let names_it = |text: &str, all: bool| {
        let words = telling(text);
        let hits = words.iter().filter(|word| said.contains(word)).count();
        hits > 0 && (!all || hits == words.len())
    };
    same_domain()
        || names_it(&invited.agency, true)
        || names_it(&invited.service, true)
        || names_it(&invited.role, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invited(name: &str, address: &str, role: &str, agency: &str) -> Invited {
        Invited {
            address: (!address.is_empty()).then(|| address.to_owned()),
            name: name.into(),
            role: role.into(),
            agency: agency.into(),
            service: String::new(),
        }
    }

    fn who(seen: &[(&str, &str)], invited: &[Invited]) -> Vec<Match> {
        let people: Vec<Seen> = seen
            .iter()
            .map(|(name, address)| Seen {
                name: (*name).to_owned(),
                address: (!address.is_empty()).then(|| (*address).to_owned()),
                stays: vec![],
            })
            .collect();
        let domains = Domains { consumer: vec!["gmail.com".into()], ..Domains::default() };
        matches(&people, invited, &domains)
    }

    #[test]
    fn an_address_is_sure_and_so_is_a_whole_name_however_it_is_written() {
        let all = [
            invited(
                "Grace Okafor",
                "grace@oh.nhs.uk",
                "Health visitor",
                "Oxford Health NHS Foundation Trust",
            ),
            invited("Dr Helen Marsh", "", "General practitioner", "GP practices"),
            invited("", "caiu@tvp.police.uk", "Officer", "Thames Valley Police"),
        ];
        let found = who(
            &[
                ("OKAFOR, Grace (Oxford Health)", ""),
                ("Helen Marsh (Guest)", ""),
                ("Somebody", "CAIU@tvp.police.uk"),
            ],
            &all,
        );
        assert_eq!(found, [Match::Sure(0), Match::Sure(1), Match::Sure(2)]);
    }

    #[test]
    fn initials_devices_and_organisations_are_proposed_and_never_sure() {
        let all = [
            invited("Jo Smith", "jo@justice.gov.uk", "Probation practitioner", "The Probation Service"),
            invited("Josephine Smith", "js@hub.org", "Recovery worker", "Hub"),
            invited("Ahmed Rahman", "ar@cherwell.gov.uk", "Housing officer", "Cherwell District Council"),
            invited("", "caiu@tvp.police.uk", "Officer", "Thames Valley Police"),
        ];
        let found = who(
            &[
                ("J Smith", ""),
                ("Ahmed\u{2019}s iPhone", ""),
                ("PC 4471 Dean Fowler (Thames Valley Police)", ""),
                ("+44 7700 900123", ""),
                ("Sam Smith", ""),
            ],
            &all,
        );
        assert_eq!(
            found,
            [
                Match::Doubtful(vec![0, 1]),
                Match::Doubtful(vec![2]),
                Match::Doubtful(vec![3]),
                Match::Unknown,
                Match::Unknown
            ]
        );
    }

    #[test]
    fn two_people_of_one_name_are_not_both_taken_for_the_invited_one() {
        let all = [invited("Jo Reed", "jo@nhs.uk", "School nurse", "Community Health")];
        let found = who(&[("Jo Reed", ""), ("Reed, Jo (Guest)", "")], &all);
        assert!(found.iter().all(|m| *m == Match::Doubtful(vec![0])), "{found:?}");
        let found = who(&[("Jo Reed", "jo@nhs.uk"), ("Jo Reed", "")], &all);
        assert_eq!(found[0], Match::Sure(0));
        assert_ne!(found[1], Match::Sure(0));
    }
}
