//! To whom a letter goes (DOMAIN 7): the invited contact, and the safeguarding lead of the service or,
//! where it has none, of the agency. One message each; never to an address that bounced, and never to
//! consumer webmail.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::agencies::ServiceId;
use crate::agencies::entity::contact;
use crate::invitations::Delivery;
use crate::mail::{Domains, Trust, is_address};

/// One address, and how much it may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// Everything, rather than that feedback is waiting.
    pub full: bool,
}

/// Whom to write to, and whether somebody has to telephone as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// One message each.
    pub recipients: Vec<Recipient>,
    /// Nobody can be written to, or one of them only by consumer webmail.
    pub call: bool,
}

/// The addresses of an agency that may be written to about a service, where one was invited: that one, or, where
/// every entry of it there has ended, whoever has the same role there now. The person has left, the role has not.
pub fn invited<'a>(
    address: Option<&'a str>,
    service: ServiceId,
    role: &str,
    contacts: &[&'a contact::Model],
    today: NaiveDate,
) -> Vec<&'a str> {
    let Some(address) = address else { return Vec::new() };
    let here = || contacts.iter().filter(|c| c.service_id.is_none_or(|of| of == service));
    let mut entries = here().filter(|c| c.email.eq_ignore_ascii_case(address)).peekable();
    if entries.peek().is_none() || entries.any(|c| c.is_valid(today)) {
        return vec![address];
    }
    let next = here().filter(|c| c.service_id.is_some() && c.is_valid(today));
    next.filter(|c| c.role.eq_ignore_ascii_case(role)).map(|c| c.email.as_str()).collect()
}

/// Who is reached about an invitation, and how. `contacts` are those of its agency.
pub fn recipients(
    contact_email: Option<&str>,
    delivery: Delivery,
    service: ServiceId,
    role: &str,
    contacts: &[&contact::Model],
    today: NaiveDate,
    domains: &Domains,
) -> Reached {
    let valid = |c: &&&contact::Model| c.is_valid(today);
    let bounced = |address: &str| {
        let this_one =
            delivery == Delivery::Bounced && contact_email.is_some_and(|c| c.eq_ignore_ascii_case(address));
        this_one || contacts.iter().any(|c| c.email.eq_ignore_ascii_case(address) && c.bounced_at.is_some())
    };
    let leads_of = |of: Option<ServiceId>| -> Vec<&str> {
        let leads = contacts.iter().filter(valid).filter(|c| c.is_safeguarding_lead && c.service_id == of);
        leads.map(|c| c.email.as_str()).filter(|address| !bounced(address)).collect()
    };
    let own = leads_of(Some(service));
    let leads = if own.is_empty() { leads_of(None) } else { own };
    let mut seen = BTreeSet::new();
    let mut reached = Reached::default();
    let candidates = invited(contact_email, service, role, contacts, today)
        .into_iter()
        .chain(leads)
        .filter(|address| seen.insert(address.to_lowercase()));
    for address in candidates.filter(|address| !bounced(address) && is_address(address)) {
        match domains.trust(address) {
            Trust::Blocked => reached.call = true,
            trust => {
                let full = trust == Trust::Full;
                reached.recipients.push(Recipient { address: address.to_owned(), full });
            }
        }
    }
    reached.call |= reached.recipients.is_empty();
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::{AgencyId, ContactId};

    fn contact(service: Option<ServiceId>, email: &str, lead: bool) -> contact::Model {
        contact::Model {
            id: ContactId::new(),
            agency_id: AgencyId::new(),
            service_id: service,
            name: String::new(),
            role: "r".into(),
            email: email.into(),
            telephone: None,
            is_safeguarding_lead: lead,
            daily_digest: false,
            valid_from: None,
            valid_to: None,
            verified_on: None,
            bounced_at: None,
        }
    }

    fn to(
        email: Option<&str>,
        delivery: Delivery,
        service: ServiceId,
        contacts: &[contact::Model],
    ) -> Vec<String> {
        let domains = Domains {
            trusted: vec!["nhs.uk".into()],
            consumer: vec!["gmail.com".into()],
            general_mailboxes: vec![],
        };
        let contacts: Vec<&contact::Model> = contacts.iter().collect();
        let today = "2026-09-30".parse().unwrap();
        let reached = recipients(email, delivery, service, "r", &contacts, today, &domains);
        assert!(reached.call || !reached.recipients.is_empty());
        reached.recipients.into_iter().map(|r| r.address).collect()
    }

    #[test]
    fn the_invited_contact_and_the_services_own_lead_are_written_to() {
        let service = ServiceId::new();
        let all = [
            contact(Some(service), "lead@nhs.uk", true),
            contact(Some(service), "desk@nhs.uk", false),
            contact(None, "agency@nhs.uk", true),
            contact(Some(ServiceId::new()), "other@nhs.uk", true),
        ];
        assert_eq!(to(Some("hv@nhs.uk"), Delivery::Sent, service, &all), ["hv@nhs.uk", "lead@nhs.uk"]);
        assert_eq!(to(Some("LEAD@nhs.uk"), Delivery::Sent, service, &all), ["LEAD@nhs.uk"], "one message");
        assert_eq!(to(Some("hv@nhs.uk"), Delivery::Sent, service, &all[2..]), ["hv@nhs.uk", "agency@nhs.uk"]);
    }

    #[test]
    fn an_address_that_bounced_and_consumer_webmail_are_never_written_to() {
        let service = ServiceId::new();
        let lead = [contact(None, "agency@nhs.uk", true)];
        assert_eq!(to(Some("hv@nhs.uk"), Delivery::Bounced, service, &lead), ["agency@nhs.uk"]);
        assert_eq!(to(Some("agency@nhs.uk"), Delivery::Bounced, service, &lead), [] as [&str; 0]);
        assert_eq!(to(Some("someone@gmail.com"), Delivery::Sent, service, &[]), [] as [&str; 0]);
        let mut gone = contact(None, "agency@nhs.uk", true);
        gone.bounced_at = Some("2026-09-01T00:00:00Z".parse().unwrap());
        assert_eq!(to(Some("agency@nhs.uk"), Delivery::Sent, service, &[gone]), [] as [&str; 0]);
        let mut own = contact(Some(service), "lead@nhs.uk", true);
        own.bounced_at = Some("2026-09-01T00:00:00Z".parse().unwrap());
        let both = [own, contact(None, "agency@nhs.uk", true)];
        assert_eq!(
            to(Some("hv@nhs.uk"), Delivery::Sent, service, &both),
            ["hv@nhs.uk", "agency@nhs.uk"],
            "falls back"
        );
        let mut left = contact(None, "agency@nhs.uk", true);
        left.valid_to = Some("2026-09-29".parse().unwrap());
        assert_eq!(to(None, Delivery::Sent, service, &[left]), [] as [&str; 0]);
    }

    #[test]
    fn whoever_was_invited_and_has_left_is_not_written_to_and_who_has_the_role_now_is() {
        let service = ServiceId::new();
        let mut left = contact(Some(service), "ann@nhs.uk", false);
        left.valid_to = Some("2026-09-29".parse().unwrap());
        let next = contact(Some(service), "jo@nhs.uk", false);
        let lead = contact(None, "agency@nhs.uk", true);
        let ann =
            || to(Some("Ann@nhs.uk"), Delivery::Sent, service, &[left.clone(), next.clone(), lead.clone()]);
        assert_eq!(ann(), ["jo@nhs.uk", "agency@nhs.uk"]);
        assert_eq!(
            to(Some("ann@nhs.uk"), Delivery::Sent, service, &[left.clone()]),
            [] as [&str; 0],
            "a call"
        );
        let again = contact(None, "ann@nhs.uk", false);
        assert_eq!(
            to(Some("ann@nhs.uk"), Delivery::Sent, service, &[left, again]),
            ["ann@nhs.uk"],
            "still there"
        );
    }
}
