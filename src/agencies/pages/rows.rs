//! How the directory's entries are shown.

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

use crate::agencies::entity::{agency, contact, service};
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::mail::{Domains, Trust};

/// An entry that nobody has checked for so many days is listed to be checked.
const CHECKED_DAYS: i64 = 90;

#[derive(Serialize)]
pub(super) struct Tag {
    pub text: String,
    /// Of the design system's colours.
    pub colour: &'static str,
}

fn tag(text: impl Into<String>, colour: &'static str) -> Tag {
    Tag { text: text.into(), colour }
}

#[derive(Serialize)]
pub(super) struct ContactRow {
    pub href: String,
    pub who: String,
    /// The role, where `who` is a name.
    pub role: Option<String>,
    pub email: String,
    /// The service, or the whole agency.
    pub place: String,
    pub place_href: String,
    pub tags: Vec<Tag>,
    pub verified: String,
}

/// Whether an entry is to be checked with them.
pub(super) fn is_unverified(c: &contact::Model, today: NaiveDate) -> bool {
    c.is_valid(today) && c.verified_on.is_none_or(|on| on < today - TimeDelta::days(CHECKED_DAYS))
}

/// What is worth knowing about a contact at a glance, the address's trust first; of one who has left, only that.
pub(super) fn tags(c: &contact::Model, domains: &Domains, today: NaiveDate) -> Vec<Tag> {
    if let Some(to) = c.valid_to.filter(|to| *to < today) {
        return vec![tag(format!("ended {}", london::long_date(to)), "grey")];
    }
    let mut tags = vec![match domains.trust(&c.email) {
        Trust::Full => tag("letters in full", "green"),
        Trust::Minimal => tag("short letters only", "grey"),
        Trust::Blocked => tag("no letters: webmail", "red"),
    }];
    if c.is_safeguarding_lead {
        tags.push(tag("safeguarding lead", "blue"));
    }
    if c.daily_digest {
        tags.push(tag("one email a day", "grey"));
    }
    if let Some(at) = c.bounced_at {
        tags.push(tag(format!("came back {}", london::long_date(london::date(at))), "red"));
    }
    if let Some(from) = c.valid_from.filter(|from| *from > today) {
        tags.push(tag(format!("from {}", london::long_date(from)), "grey"));
    }
    tags
}

/// A person's name; of a mailbox, whose it is.
pub(super) fn who(c: &contact::Model) -> String {
    if c.name.is_empty() { c.role.clone() } else { c.name.clone() }
}

/// "checked 30 September 2026", or that nobody has.
pub(super) fn verified(c: &contact::Model) -> String {
    c.verified_on.map_or("not checked yet".to_owned(), |on| format!("checked {}", london::long_date(on)))
}

impl ContactRow {
    pub(super) fn of(c: &contact::Model, directory: &Directory, domains: &Domains, today: NaiveDate) -> Self {
        let agency = &directory.agencies[&c.agency_id];
        let (place, place_href) = match c.service_id {
            Some(id) => {
                let service = &directory.services[&id];
                (format!("{}, {}", service.name, agency.name), format!("/directory/services/{id}"))
            }
            None => (agency.name.clone(), format!("/directory/agencies/{}", agency.id)),
        };
        Self {
            href: format!("/directory/contacts/{}", c.id),
            who: who(c),
            role: (!c.name.is_empty()).then(|| c.role.clone()),
            email: c.email.clone(),
            place,
            place_href,
            tags: tags(c, domains, today),
            verified: verified(c),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ServiceRow {
    pub href: String,
    pub name: String,
    pub agency: String,
}

impl ServiceRow {
    pub(super) fn of(s: &service::Model, agency: &agency::Model) -> Self {
        Self {
            href: format!("/directory/services/{}", s.id),
            name: s.name.clone(),
            agency: agency.name.clone(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct AgencyRow {
    pub href: String,
    pub code: String,
    pub name: String,
    pub group: &'static str,
    /// "until 25 June 2021, then Probation Service", where it does not hold for good.
    pub holds: String,
}

impl AgencyRow {
    pub(super) fn of(a: &agency::Model, directory: &Directory) -> Self {
        let from = a.valid_from.map(|day| format!("from {}", london::long_date(day)));
        let to = a.valid_to.map(|day| format!("until {}", london::long_date(day)));
        let next = a.successor_id.and_then(|id| directory.agencies.get(&id));
        let next = next.map(|a| format!("then {}", a.name));
        let holds: Vec<String> = [from, to, next].into_iter().flatten().collect();
        Self {
            href: format!("/directory/agencies/{}", a.id),
            code: a.code.clone(),
            name: a.name.clone(),
            group: a.agency_group.label(),
            holds: holds.join(", "),
        }
    }
}
