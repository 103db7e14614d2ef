//! Addresses: how much a mail domain may be told, and how an address is shown without being given.

use serde::{Deserialize, Serialize};

/// How much a letter to an address may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Everything a letter says.
    Full,
    /// That feedback is waiting, and whom to ring.
    Minimal,
    /// Nothing: consumer webmail. Somebody telephones instead.
    Blocked,
}

/// The lists that decide. A domain covers its subdomains: `nhs.uk` covers `oxfordhealth.nhs.uk`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    /// Secure, institutional domains.
    pub trusted: Vec<String>,
    /// Consumer webmail.
    pub consumer: Vec<String>,
    /// Names of general office mailboxes (`office`, `admin`): many people read them.
    pub general_mailboxes: Vec<String>,
}

impl Domains {
    /// How much this address may be told. What is on no list is told little.
    pub fn trust(&self, address: &str) -> Trust {
        let Some((name, domain)) = address.rsplit_once('@') else { return Trust::Blocked };
        let domain = domain.to_ascii_lowercase();
        let covers = |list: &[String]| {
            list.iter().any(|entry| {
                domain == *entry || domain.strip_suffix(entry.as_str()).is_some_and(|d| d.ends_with('.'))
            })
        };
        if covers(&self.consumer) {
            Trust::Blocked
        } else if covers(&self.trusted)
            && !self.general_mailboxes.iter().any(|g| g.eq_ignore_ascii_case(name))
        {
            Trust::Full
        } else {
            Trust::Minimal
        }
    }
}

/// Whether a message can be addressed to this: one plain address, at a domain with a dot.
pub fn is_address(text: &str) -> bool {
    let plain = |c: char| {
        c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '(' | ')' | ',' | ';' | '[' | ']' | '\\')
    };
    let domain = text.rsplit_once('@').map_or("", |(_, domain)| domain);
    text.chars().all(plain)
        && domain.contains('.')
        && text.parse::<lettre::Address>().is_ok()
        && text.parse::<lettre::message::Mailbox>().is_ok()
}

/// "h…@…nhs.uk": enough for its owner to know it, too little for anybody else.
pub fn masked(address: &str) -> String {
    let Some((name, domain)) = address.rsplit_once('@') else { return "…".to_owned() };
    let labels: Vec<&str> = domain.split('.').collect();
    let shown = labels[labels.len().saturating_sub(2)..].join(".");
    let before = if labels.len() > 2 { "…" } else { "" };
    format!("{}…@{before}{shown}", name.chars().next().unwrap_or('…'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_covers_its_subdomains_and_no_lookalike() {
        let list = |entries: &[&str]| entries.iter().map(|e| (*e).to_owned()).collect();
        let domains = Domains {
            trusted: list(&["nhs.uk", "nhs.net"]),
            consumer: list(&["gmail.com"]),
            general_mailboxes: list(&["office"]),
        };
        assert_eq!(domains.trust("hv@oxfordhealth.nhs.uk"), Trust::Full);
        assert_eq!(domains.trust("HV@NHS.NET"), Trust::Full);
        assert_eq!(domains.trust("Office@oxfordhealth.nhs.uk"), Trust::Minimal);
        assert_eq!(domains.trust("hv@evilnhs.uk"), Trust::Minimal);
        assert_eq!(domains.trust("hv@nhs.uk.example.org"), Trust::Minimal);
        assert_eq!(domains.trust("someone@gmail.com"), Trust::Blocked);
        assert_eq!(domains.trust("no address"), Trust::Blocked);
    }

    #[test]
    fn only_one_plain_address_can_be_written_to() {
        assert!(is_address("hv-north@oxfordhealth.nhs.uk"));
        for text in [
            "",
            "hv",
            "hv@localhost",
            "\"x y\"@nhs.uk",
            "a@[127.0.0.1]",
            "a@nhs.uk, b@nhs.uk",
            "A <a@nhs.uk>",
            "a@nhs.uk\nBcc: b@nhs.uk",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_masked_address_shows_its_first_letter_and_the_end_of_its_domain() {
        assert_eq!(masked("hv-north@oxfordhealth.nhs.uk"), "h…@…nhs.uk");
        assert_eq!(masked("a@b.org"), "a…@b.org");
    }
}
