//! The directory: searched while typing, and the lists of what is to be seen to.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::rows::{AgencyRow, ContactRow, ServiceRow, is_unverified};
use crate::access::{KeepDirectory, May};
use crate::agencies::store::{contacts, directory};
use crate::calendar::london;
use crate::mail::Domains;
use crate::web::{Desk, Page, Problem};

/// Contacts, and services, on a page at most: whoever wants less types more.
const SHOWN: usize = 100;

#[derive(Deserialize)]
pub(super) struct Asked {
    q: Option<String>,
    show: Option<String>,
}

#[derive(Serialize)]
struct Tab {
    href: &'static str,
    text: String,
    here: bool,
}

#[derive(Serialize)]
struct DirectoryPage {
    q: String,
    /// Which list, where one is asked for.
    list: Option<&'static str>,
    /// The same, as an address says it.
    show: String,
    searched: bool,
    tabs: Vec<Tab>,
    agencies: Vec<AgencyRow>,
    services: Vec<ServiceRow>,
    contacts: Vec<ContactRow>,
    /// "2 agencies, 3 services, 12 contacts".
    found: String,
    more: bool,
}

impl Page for DirectoryPage {
    const TEMPLATE: &'static str = "agencies/pages/directory";
    fn title(&self) -> String {
        match self.searched {
            true => format!("{} – Directory", self.q),
            false => "Directory".to_owned(),
        }
    }
}

fn count(n: usize, one: &str, many: &str) -> Option<String> {
    (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }))
}

pub(super) async fn show(
    may: May<KeepDirectory>,
    State(desk): State<Desk>,
    Extension(domains): Extension<Arc<Domains>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (db, today) = (desk.db.read(), london::date(desk.clock.now()));
    let q = asked.q.unwrap_or_default().trim().to_owned();
    let words: Vec<String> = q.split_whitespace().map(str::to_lowercase).collect();
    let meant = |texts: &[&str]| {
        let text = texts.join(" ").to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    // Contacts first: whatever place they are at, the directory that is read after has it.
    let people = contacts(db).await?;
    let known = directory(db).await?;
    let (to_check, came_back): (Vec<_>, Vec<_>) = (
        people.iter().filter(|c| is_unverified(c, today)).collect(),
        people.iter().filter(|c| c.is_valid(today) && c.bounced_at.is_some()).collect(),
    );
    let tab = |show: Option<&str>, href, text| Tab { href, text, here: asked.show.as_deref() == show };
    let tabs = vec![
        tab(None, "/directory", "everything".to_owned()),
        tab(Some("unverified"), "/directory?show=unverified", format!("to be checked ({})", to_check.len())),
        tab(Some("bounced"), "/directory?show=bounced", format!("mail came back ({})", came_back.len())),
    ];
    let (list, listed) = match asked.show.as_deref() {
        Some("unverified") => (Some("Not checked with them in the last 90 days"), to_check),
        Some("bounced") => (Some("Mail to them came back"), came_back),
        _ => (None, if words.is_empty() { Vec::new() } else { people.iter().collect() }),
    };
    let mut contacts: Vec<ContactRow> = listed
        .into_iter()
        .map(|c| ContactRow::of(c, &known, &domains, today))
        .filter(|row| meant(&[&row.who, row.role.as_deref().unwrap_or_default(), &row.email, &row.place]))
        .collect();
    contacts.sort_by(|a, b| (&a.place, &a.who).cmp(&(&b.place, &b.who)));
    let mut agencies: Vec<AgencyRow> = known
        .agencies
        .values()
        .map(|a| AgencyRow::of(a, &known))
        .filter(|row| list.is_none() && meant(&[&row.code, &row.name, row.group]))
        .collect();
    agencies.sort_by(|a, b| a.name.cmp(&b.name));
    let living = known.services.values().filter(|s| s.merged_into_id.is_none());
    let mut services: Vec<ServiceRow> = living
        .map(|s| ServiceRow::of(s, &known.agencies[&s.agency_id]))
        .filter(|row| list.is_none() && !words.is_empty() && meant(&[&row.name, &row.agency]))
        .collect();
    services.sort_by(|a, b| (&a.agency, &a.name).cmp(&(&b.agency, &b.name)));
    let found: Vec<String> = [
        count(agencies.len(), "agency", "agencies"),
        count(services.len(), "service", "services"),
        count(contacts.len(), "contact", "contacts"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let more = services.len() > SHOWN || contacts.len() > SHOWN;
    services.truncate(SHOWN);
    contacts.truncate(SHOWN);
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let searched = !words.is_empty();
    let show = asked.show.filter(|_| list.is_some()).unwrap_or_default();
    let page = DirectoryPage { q, list, show, searched, tabs, agencies, services, contacts, found, more };
    Ok(page.show(may.who.chrome()))
}
