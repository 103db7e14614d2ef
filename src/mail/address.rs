//! Addresses: how much a mail domain may be told, and how an address is shown without being given.

use std::str::FromStr;

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
        let on = |list: &[String]| list.iter().any(|entry| covers(entry, &domain));
        if on(&self.consumer) {
            Trust::Blocked
        } else if on(&self.trusted) && !self.general_mailboxes.iter().any(|g| g.eq_ignore_ascii_case(name)) {
            Trust::Full
        } else {
            Trust::Minimal
        }
    }
}

/// Whether a domain is an entry's own, or under it. Both in small letters.
fn covers(entry: &str, domain: &str) -> bool {
    domain == entry || domain.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.'))
}

/// What a gateway looks for in the subject of a message before it lets it out encrypted: a keyword for a domain and those
/// under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    domain: String,
    keyword: String,
}

impl Gateway {
    /// The keyword for an address, of the first that covers it.
    pub fn keyword<'a>(gateways: &'a [Self], address: &str) -> Option<&'a str> {
        let domain = address.rsplit_once('@')?.1.to_ascii_lowercase();
        gateways.iter().find(|g| covers(&g.domain, &domain)).map(|g| g.keyword.as_str())
    }
}

impl FromStr for Gateway {
    type Err = String;

    /// Reads `police.uk=[secure]`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no domain with a keyword: write it as \"police.uk=[secure]\"");
        let (domain, keyword) = text.split_once('=').ok_or_else(wrong)?;
        let (domain, keyword) = (domain.trim().to_ascii_lowercase(), keyword.trim());
        let plain = keyword.chars().all(|c| c == ' ' || c.is_ascii_graphic()) && keyword.len() <= 40;
        if domain.is_empty() || domain.contains('@') || keyword.is_empty() || !plain {
            return Err(wrong());
        }
        Ok(Self { domain, keyword: keyword.to_owned() })
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

    #[test]
    fn a_gateways_keyword_is_for_its_domain_and_those_under_it() {
        let all: Vec<Gateway> =
            ["police.uk=[secure]", "NHS.uk = ENCRYPT"].iter().map(|text| text.parse().unwrap()).collect();
        for (address, keyword) in [
            ("desk@police.uk", Some("[secure]")),
            ("desk@Unit.Police.uk", Some("[secure]")),
            ("hv@oh.nhs.uk", Some("ENCRYPT")),
            ("desk@notpolice.uk", None),
            ("desk@example.org", None),
        ] {
            assert_eq!(Gateway::keyword(&all, address), keyword, "{address}");
        }
        for wrong in ["police.uk", "=[secure]", "police.uk=", "a@police.uk=x", "police.uk=\u{7}"] {
            assert!(wrong.parse::<Gateway>().is_err(), "{wrong}");
        }
    }
}
