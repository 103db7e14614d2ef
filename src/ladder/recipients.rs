//! To whom a step's letter goes: contact roles of the agency, by the ladder. Those of the service itself before those of
//! the whole agency; never an address that came back, nor consumer webmail.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::agencies::ServiceId;
use crate::agencies::entity::contact;
use crate::mail::{Domains, Trust, is_address};

/// The role that is no title: whoever the directory marks as the lead.
const LEAD: &str = "safeguarding lead";

/// An address, and whether it may be told everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    pub address: String,
    /// "Ann Field, Head of service".
    pub who: String,
    pub full: bool,
}

/// Who gets a letter about a service; `contacts` are those of its agency. Empty: somebody telephones.
pub fn addressees(
    roles: &[String],
    service: ServiceId,
    contacts: &[contact::Model],
    domains: &Domains,
    today: NaiveDate,
) -> Vec<Addressee> {
    let has_role = |c: &contact::Model| {
        roles.iter().any(|role| {
            c.role.trim().eq_ignore_ascii_case(role)
                || role.eq_ignore_ascii_case(LEAD) && c.is_safeguarding_lead
        })
    };
    let of = |place: Option<ServiceId>| -> Vec<Addressee> {
        let mut seen = BTreeSet::new();
        contacts
            .iter()
            .filter(|c| c.service_id == place && has_role(c) && c.is_valid(today) && c.bounced_at.is_none())
            .filter(|c| is_address(&c.email) && domains.trust(&c.email) != Trust::Blocked)
            .filter(|c| seen.insert(c.email.to_lowercase()))
            .map(|c| {
                let parts = [c.name.as_str(), c.role.as_str()].into_iter().filter(|part| !part.is_empty());
                let who = parts.collect::<Vec<_>>().join(", ");
                Addressee { address: c.email.clone(), who, full: domains.trust(&c.email) == Trust::Full }
            })
            .collect()
    };
    let own = of(Some(service));
    if own.is_empty() { of(None) } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::{AgencyId, ContactId};

    fn contact(service: Option<ServiceId>, role: &str, email: &str) -> contact::Model {
        contact::Model {
            id: ContactId::new(),
            agency_id: AgencyId::new(),
            service_id: service,
            name: String::new(),
            role: role.into(),
            email: email.into(),
            telephone: None,
            is_safeguarding_lead: false,
            daily_digest: false,
            valid_from: None,
            valid_to: None,
            verified_on: None,
            bounced_at: None,
        }
    }

    #[test]
    fn a_steps_letter_goes_to_its_roles_of_the_service_or_else_of_the_agency() {
        let service = ServiceId::new();
        let domains = Domains {
            trusted: vec!["nhs.uk".into()],
            consumer: vec!["gmail.com".into()],
            general_mailboxes: vec![],
        };
        let to = |roles: &[&str], contacts: &[contact::Model]| -> Vec<String> {
            let roles: Vec<String> = roles.iter().map(|r| (*r).to_owned()).collect();
            let today = "2026-09-30".parse().unwrap();
            addressees(&roles, service, contacts, &domains, today).into_iter().map(|a| a.address).collect()
        };
        let mut all = vec![
            contact(None, "Head of Service", "head@nhs.uk"),
            contact(Some(ServiceId::new()), "head of service", "other@nhs.uk"),
            contact(Some(service), "Desk", "desk@nhs.uk"),
            contact(Some(service), "Safeguarding lead", "someone@gmail.com"),
        ];
        assert_eq!(to(&["head of service"], &all), ["head@nhs.uk"]);
        assert_eq!(
            to(&["safeguarding lead"], &all),
            [] as [&str; 0],
            "consumer webmail: somebody telephones"
        );
        all[2].is_safeguarding_lead = true;
        assert_eq!(to(&["safeguarding lead"], &all), ["desk@nhs.uk"], "marked as one, whatever the title");
        all[2].bounced_at = Some("2026-09-01T00:00:00Z".parse().unwrap());
        assert_eq!(to(&["safeguarding lead"], &all), [] as [&str; 0]);
        all[0].valid_to = Some("2026-09-29".parse().unwrap());
        assert_eq!(to(&["head of service"], &all), [] as [&str; 0]);
    }
}
