//! The last step of booking: what would be booked, and who would be written to, before anything leaves.

use axum::response::Response;
use chrono::NaiveDate;
use serde::Serialize;

use super::list::{Listing, carried, summary};
use super::{Bureau, Carried, Pick, working_days};
use crate::access::SignedIn;
use crate::agencies::entity::contact;
use crate::calendar::london;
use crate::convening::address::addressees;
use crate::convening::booking::Invitee;
use crate::convening::draft::Draft;
use crate::convening::hints::Hint;
use crate::invitations::notice;
use crate::mail::{Domains, Trust};
use crate::web::{Fields, Page};

#[derive(Serialize)]
struct Line {
    n: usize,
    service: String,
    role: String,
    necessity: &'static str,
    children: String,
    addresses: Vec<Pick>,
    /// Nobody is to be written to.
    nobody: bool,
}

#[derive(Serialize)]
struct CheckPage {
    summary: String,
    place: String,
    chair: String,
    children: Vec<String>,
    hints: Vec<Hint>,
    lines: Vec<Line>,
    /// "4 working days; 10 are owed".
    notice: String,
    late: bool,
    /// Settings that are empty: nothing can be written.
    cannot_write: Option<String>,
    reference_taken: bool,
    carried: Vec<Carried>,
}

impl Page for CheckPage {
    const TEMPLATE: &'static str = "convening/pages/check";
    fn title(&self) -> String {
        "Check before it is booked".to_owned()
    }
    fn has_error(&self) -> bool {
        self.reference_taken
    }
}

/// The addresses to which an invitation may go, in words; the first is the one that is meant.
pub(super) fn addresses(
    service: crate::agencies::ServiceId,
    role: &str,
    of_agency: &[&contact::Model],
    day: NaiveDate,
    domains: &Domains,
) -> Vec<(String, String)> {
    let found = addressees(service, role, of_agency, day, domains);
    let mut known: Vec<(String, String)> = Vec::new();
    for c in found {
        if known.iter().any(|(email, _)| email.eq_ignore_ascii_case(&c.email)) {
            continue;
        }
        let whose = if c.name.is_empty() { c.role.clone() } else { format!("{}, {}", c.name, c.role) };
        let short = if domains.trust(&c.email) == Trust::Full { "" } else { "; without the joining link" };
        known.push((c.email.clone(), format!("{} ({whose}{short})", c.email)));
    }
    known
}

/// Puts the chosen addresses into the invitations: what is not offered is not taken.
pub(super) fn readdressed(
    bureau: &Bureau,
    fields: &Fields,
    listing: &Listing,
    draft: &Draft,
    invitees: Vec<(usize, Invitee)>,
) -> Vec<Invitee> {
    let with_address = |(n, invitee): (usize, Invitee)| {
        let chosen = fields.text(&format!("row.{n}.email"));
        let offered = offered(bureau, listing, draft, &invitee);
        let email = offered.into_iter().map(|(email, _)| email).find(|email| email == chosen);
        Invitee { email, ..invitee }
    };
    invitees.into_iter().map(with_address).collect()
}

fn offered(bureau: &Bureau, listing: &Listing, draft: &Draft, invitee: &Invitee) -> Vec<(String, String)> {
    let agency = listing.directory.of(invitee.service).1.id;
    let of_agency: Vec<&contact::Model> = listing.contacts.iter().filter(|c| c.agency_id == agency).collect();
    // By who is there today, when it is written; the conference may be months ahead.
    let today = london::date(bureau.desk.clock.now());
    addresses(invitee.service, &invitee.role, &of_agency, today.min(draft.when.date), &bureau.domains)
}

/// The page.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
pub(super) fn page(
    bureau: &Bureau,
    who: &SignedIn,
    fields: &Fields,
    draft: &Draft,
    listing: &Listing,
    invitees: &[(usize, Invitee)],
    hints: Vec<Hint>,
    chair: &str,
    reference_taken: bool,
) -> Response {
    let today = london::date(bureau.desk.clock.now());
    let given = notice(today, draft.when.date, &bureau.policies.calendar);
    let owed = bureau.policies.minimum_notice.for_type(draft.kind);
    let line = |(n, invitee): &(usize, Invitee)| {
        let offered = offered(bureau, listing, draft, invitee);
        let typed = fields.iter().find(|(name, _)| *name == format!("row.{n}.email")).map(|(_, email)| email);
        let mut addresses: Vec<Pick> =
            offered.into_iter().map(|(value, label)| Pick { value, label, chosen: false }).collect();
        match typed {
            None => addresses.iter_mut().take(1).for_each(|first| first.chosen = true),
            Some(typed) => addresses.iter_mut().for_each(|pick| pick.chosen = pick.value == typed),
        }
        let nobody = addresses.iter().all(|pick| !pick.chosen);
        let only = invitee.only_children.iter().map(|n| draft.children[*n].0.clone());
        let only: Vec<String> = only.collect();
        Line {
            n: *n,
            service: listing.words(invitee.service),
            role: invitee.role.clone(),
            necessity: invitee.necessity.label(),
            children: if only.is_empty() { String::new() } else { format!("for {}", only.join(", ")) },
            addresses,
            nobody,
        }
    };
    let actor = who.actor();
    let office = bureau.office(&actor);
    let mut missing = bureau.settings.missing();
    if !bureau.desk.letterhead.is_set_up() {
        missing.extend(["mail.from", "mail.reply_to"]);
    }
    let place = [Some(draft.at.mode.label()), draft.at.place.as_deref(), draft.at.link.as_deref()];
    let page = CheckPage {
        summary: summary(draft),
        place: place.into_iter().flatten().collect::<Vec<_>>().join(", "),
        chair: chair.to_owned(),
        children: draft.children.iter().map(|(child, c)| format!("{child}, {}", c.label())).collect(),
        hints,
        lines: invitees.iter().map(line).collect(),
        notice: format!("{}; at least {owed} are owed", working_days(given)),
        late: given < owed,
        cannot_write: (!office.can_write()).then(|| missing.join(", ")),
        reference_taken,
        carried: carried(fields, |name| name != "step" && !name.ends_with(".email")),
    };
    page.show(who.chrome())
}
