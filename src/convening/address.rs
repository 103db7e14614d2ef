//! To which address an invitation goes: whoever has the role at the service, a mailbox before a person; else whoever
//! is there; else the safeguarding lead of the agency. Never one that came back, never consumer webmail.

use chrono::NaiveDate;

use crate::agencies::ServiceId;
use crate::agencies::entity::contact;
use crate::mail::{Domains, Trust, is_address};

/// The contacts that may be written to about a service, the best first. `contacts` are those of its agency.
pub fn addressees<'a>(
    service: ServiceId,
    role: &str,
    contacts: &[&'a contact::Model],
    day: NaiveDate,
    domains: &Domains,
) -> Vec<&'a contact::Model> {
    let came_back =
        |email: &str| contacts.iter().any(|c| c.bounced_at.is_some() && c.email.eq_ignore_ascii_case(email));
    let usable = contacts.iter().copied().filter(|c| {
        c.is_valid(day)
            && (c.service_id == Some(service) || c.service_id.is_none() && c.is_safeguarding_lead)
            && is_address(&c.email)
            && !came_back(&c.email)
            && domains.trust(&c.email) != Trust::Blocked
    });
    let mut usable: Vec<&contact::Model> = usable.collect();
    usable.sort_by_key(|c| {
        let elsewhere = c.service_id.is_none();
        let other_role = !c.role.eq_ignore_ascii_case(role);
        (elsewhere, other_role, !c.name.is_empty(), c.email.clone())
    });
    usable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::{AgencyId, ContactId};

    fn contact(service: Option<ServiceId>, role: &str, name: &str, email: &str) -> contact::Model {
        contact::Model {
            id: ContactId::new(),
            agency_id: AgencyId::new(),
            service_id: service,
            name: name.into(),
            role: role.into(),
            email: email.into(),
            telephone: None,
            is_safeguarding_lead: service.is_none(),
            daily_digest: false,
            valid_from: None,
            valid_to: None,
            verified_on: None,
            bounced_at: None,
        }
    }

    #[test]
    fn the_role_at_the_service_comes_first_and_nothing_goes_to_webmail_or_where_mail_came_back() {
        let service = ServiceId::new();
        let domains =
            Domains { trusted: vec![], consumer: vec!["gmail.com".into()], general_mailboxes: vec![] };
        let mut gone = contact(Some(service), "Health visitor", "", "gone@nhs.uk");
        gone.bounced_at = Some("2026-09-01T00:00:00Z".parse().unwrap());
        let all = [
            contact(None, "Safeguarding lead", "", "lead@nhs.uk"),
            contact(Some(service), "Team lead", "", "team@nhs.uk"),
            contact(Some(service), "Health visitor", "Ann", "ann@nhs.uk"),
            contact(Some(service), "health visitor", "", "hv@nhs.uk"),
            contact(Some(service), "Health visitor", "", "hv@gmail.com"),
            contact(Some(ServiceId::new()), "Health visitor", "", "other@nhs.uk"),
            gone,
        ];
        let all: Vec<&contact::Model> = all.iter().collect();
        let found = addressees(service, "Health visitor", &all, "2026-11-20".parse().unwrap(), &domains);
        let found: Vec<&str> = found.iter().map(|c| c.email.as_str()).collect();
        assert_eq!(found, ["hv@nhs.uk", "ann@nhs.uk", "team@nhs.uk", "lead@nhs.uk"]);
    }
}
