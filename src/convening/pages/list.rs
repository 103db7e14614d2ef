//! The second step of booking: whom to invite, suggested with reasons; the administrator ticks.

use std::collections::HashMap;

use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Bureau, Carried, Pick};
use crate::access::SignedIn;
use crate::agencies::ServiceId;
use crate::agencies::store::{Directory, contacts, directory};
use crate::calendar::london;
use crate::conferences;
use crate::convening::booking::{History, Invitee, places, services_busy};
use crate::convening::draft::Draft;
use crate::convening::suggestion::{Place, Suggested, suggest};
use crate::invitations::Necessity;
use crate::web::{Choice, Errors, Fields, Page, Problem, choices, one_line};

/// Empty lines at the end, for whoever is not suggested.
const EMPTY: usize = 2;
const MOST: usize = 60;

#[derive(Serialize)]
struct ChildTick {
    n: usize,
    label: String,
    ticked: bool,
}

#[derive(Serialize)]
struct Line {
    n: usize,
    ticked: bool,
    /// One service: its id and words.
    service: Option<Pick>,
    /// Several: one is to be chosen.
    services: Vec<Pick>,
    /// None yet: its name is typed.
    typed: Option<String>,
    role: String,
    necessity: Vec<Choice>,
    children: Vec<ChildTick>,
    why: String,
    busy: Option<String>,
    error: Option<String>,
}

#[derive(Serialize)]
struct ListPage {
    summary: String,
    lines: Vec<Line>,
    count: usize,
    /// For typing a service's name.
    directory: Vec<String>,
    carried: Vec<Carried>,
    /// What the lines are made from: with other details they are made anew.
    basis: String,
    /// The details changed, and the list was made anew.
    anew: bool,
    errors: Errors,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "convening/pages/list";
    fn title(&self) -> String {
        "Whom to invite".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// What the list is made from.
pub(super) struct Listing {
    pub directory: Directory,
    pub places: Vec<Place>,
    pub contacts: Vec<crate::agencies::entity::contact::Model>,
    suggested: Vec<Suggested>,
    busy: HashMap<ServiceId, DateTime<Utc>>,
    /// The children of the draft, by their keyed hashes.
    keys: Vec<Vec<u8>>,
}

impl Listing {
    /// Looks it up.
    pub async fn of(bureau: &Bureau, who: &SignedIn, draft: &Draft) -> Result<Self, Problem> {
        let (db, now) = (bureau.desk.db.read(), bureau.desk.clock.now());
        let contacts = contacts(db).await?;
        let directory = directory(db).await?;
        let places = places(&directory, &contacts, draft.when.date);
        let names = draft.children.iter().map(|(child, _)| child.as_str());
        let sight = who.sight(now);
        let history = History::of(db, &bureau.desk.keys, names, sight).await?;
        let mut before = history.invited(db, &directory).await?;
        // A service that was found to be another goes on as that one.
        for past in &mut before {
            while let Some(into) = directory.services[&past.service].merged_into_id {
                past.service = into;
            }
        }
        // An agency that has ended is not asked again; who came after it is in the directory.
        before.retain(|past| places.iter().any(|place| place.service == past.service));
        let suggested = suggest(&bureau.settings.suggestions, &draft.family(), &places, &before);
        let busy = services_busy(db, draft.when, None, sight).await?;
        let keys = draft.children.iter();
        let keys = keys.map(|(child, _)| bureau.desk.keys.find(conferences::CHILD, child)).collect();
        Ok(Self { keys, directory, places, contacts, suggested, busy })
    }

    /// The directory alone, for finding a service that somebody typed.
    pub fn only(directory: Directory, day: chrono::NaiveDate) -> Self {
        let places = places(&directory, &[], day);
        Self {
            directory,
            places,
            contacts: Vec::new(),
            suggested: Vec::new(),
            busy: HashMap::new(),
            keys: Vec::new(),
        }
    }

    /// "Health Visiting North, Larkshire Community Health Trust".
    pub fn words(&self, id: ServiceId) -> String {
        let (service, agency) = self.directory.of(id);
        format!("{}, {}", service.name, agency.name)
    }

    /// What the lines stand for: who is suggested in which order, and the children whom they can concern.
    fn basis(&self, draft: &Draft) -> String {
        let mut digest = Sha256::new();
        for line in &self.suggested {
            digest.update(format!("{:?} {}|", line.services, line.role));
        }
        for (child, _) in &draft.children {
            digest.update(format!("{child}|"));
        }
        hex::encode(&digest.finalize()[..12])
    }

    /// Whether the lines of a form are lines of this list.
    pub fn is_of(&self, fields: &Fields, draft: &Draft) -> bool {
        fields.text("row.basis") == self.basis(draft)
    }

    /// The service that somebody typed.
    pub fn typed(&self, text: &str) -> Option<ServiceId> {
        let wanted = text.trim().to_lowercase();
        let whole = self.places.iter().find(|p| self.words(p.service).to_lowercase() == wanted);
        let mut named = self.places.iter().filter(|p| p.name.to_lowercase() == wanted);
        let (one, other) = (named.next(), named.next());
        whole.or(one.filter(|_| other.is_none())).map(|p| p.service)
    }

    fn busy(&self, id: ServiceId) -> Option<String> {
        let at = self.busy.get(&id)?;
        Some(format!("asked to another conference at {}", london::clock(*at)))
    }
}

/// The lines as typed, or `None` where the list was not shown yet.
fn count(fields: &Fields) -> Option<usize> {
    fields.text("row.count").parse().ok().map(|n: usize| n.min(MOST))
}

/// Who is ticked, with what is wrong.
pub(super) fn read(
    fields: &Fields,
    listing: &Listing,
    draft: &Draft,
    errors: &mut Errors,
) -> Vec<(usize, Invitee)> {
    let mut invitees: Vec<(usize, Invitee)> = Vec::new();
    for n in 0..count(fields).unwrap_or(0) {
        let text = |name: &str| fields.text(&format!("row.{n}.{name}"));
        let (typed, choice) = (text("typed"), text("choice"));
        // Whoever names a service means to invite it.
        if text("invite") != "yes" && typed.is_empty() && choice.is_empty() {
            continue;
        }
        let service = match typed {
            "" => if choice.is_empty() { text("service") } else { choice }
                .parse()
                .ok()
                .filter(|id| listing.places.iter().any(|p| p.service == *id)),
            typed => listing.typed(typed),
        };
        let Some(service) = service else {
            let (field, text) = match typed {
                "" if text("service").is_empty() && text("role").is_empty() => {
                    ("typed", "enter the service, or clear the tick".to_owned())
                }
                "" => ("choice", format!("choose which service is meant for {}", text("role"))),
                typed => {
                    ("typed", format!("the directory has no service \"{typed}\": choose one that it offers"))
                }
            };
            errors.add_at(format!("row.{n}.{field}"), format!("Line {}: {text}", n + 1));
            continue;
        };
        let role = one_line(text("role"));
        if role.is_empty() || role.chars().count() > 120 {
            errors.add_at(format!("row.{n}.role"), format!("Line {}: enter the role that is invited", n + 1));
            continue;
        }
        let twice = |(_, i): &(usize, Invitee)| i.service == service && i.role.eq_ignore_ascii_case(&role);
        if invitees.iter().any(twice) {
            let text = format!("Line {}: {} is there twice, as {role}", n + 1, listing.words(service));
            errors.add_at(format!("row.{n}.role"), text);
            continue;
        }
        let necessity = text("necessity").parse().unwrap_or(Necessity::Expected);
        let ticked = fields.all(&format!("row.{n}.child"));
        let mut only_children: Vec<usize> = ticked.iter().filter_map(|n| n.parse().ok()).collect();
        only_children.retain(|n| *n < draft.children.len());
        if draft.children.len() > 1 && only_children.is_empty() {
            let text = format!("Line {}: tick the children whom it concerns", n + 1);
            errors.add_at(format!("row.{n}.child.0"), text);
            continue;
        }
        if only_children.len() == draft.children.len() {
            only_children.clear();
        }
        invitees.push((n, Invitee { service, role, necessity, email: None, only_children }));
    }
    let leads =
        invitees.iter().any(|(_, i)| !listing.directory.of(i.service).1.agency_group.can_be_excused());
    if errors.is_empty() && !leads {
        errors.add_at(
            "row.0.invite".to_owned(),
            "Invite children's social care: no conference is quorate without it",
        );
    }
    invitees
}

/// The page: suggested, or as it was typed.
pub(super) fn page(
    who: &SignedIn,
    fields: &Fields,
    draft: &Draft,
    listing: &Listing,
    errors: Errors,
) -> Response {
    let is_of = listing.is_of(fields, draft);
    let shown = count(fields).filter(|_| is_of);
    let more = if fields.text("step") == "more_lines" { 3 } else { 0 };
    let lines = shown.map_or(listing.suggested.len() + EMPTY, |n| (n + more).min(MOST));
    let text = |n: usize, name: &str| match shown {
        Some(_) => fields.text(&format!("row.{n}.{name}")).to_owned(),
        None => String::new(),
    };
    let option = |id: ServiceId, chosen| Pick { value: id.to_string(), label: listing.words(id), chosen };
    let line = |n: usize| {
        let suggested = listing.suggested.get(n);
        let was_shown = shown.is_some_and(|count| n < count);
        let services = suggested.map(|s| s.services.as_slice()).unwrap_or_default();
        let chosen = text(n, "choice");
        let necessity = match was_shown {
            true => text(n, "necessity").parse().ok(),
            false => Some(suggested.map_or(Necessity::Expected, |s| s.necessity)),
        };
        let ticked = fields.all(&format!("row.{n}.child"));
        let typed = text(n, "typed");
        Line {
            n,
            ticked: if was_shown { text(n, "invite") == "yes" } else { suggested.is_some_and(|s| s.ticked) },
            service: match services {
                [one] => Some(option(*one, true)),
                _ => None,
            },
            services: match services {
                [_, _, ..] => services.iter().map(|id| option(*id, id.to_string() == chosen)).collect(),
                _ => Vec::new(),
            },
            typed: services.is_empty().then_some(typed),
            role: if was_shown {
                text(n, "role")
            } else {
                suggested.map(|s| s.role.clone()).unwrap_or_default()
            },
            necessity: choices(Necessity::ALL, necessity, |n| (n.code(), n.label())),
            children: match draft.children.len() {
                0 | 1 => Vec::new(),
                _ => draft
                    .children
                    .iter()
                    .enumerate()
                    .map(|(child, (label, _))| ChildTick {
                        n: child,
                        label: label.clone(),
                        ticked: match was_shown {
                            true => ticked.contains(&child.to_string()),
                            // As before; a child who was not there before may be concerned.
                            false => suggested.and_then(|s| s.children.as_ref()).is_none_or(|of| {
                                let known =
                                    listing.suggested.iter().flat_map(|s| s.children.iter().flatten());
                                let mut known = known.filter(|key| **key == listing.keys[child]);
                                of.contains(&listing.keys[child]) || known.next().is_none()
                            }),
                        },
                    })
                    .collect(),
            },
            why: suggested.map(|s| s.why.join("; ")).unwrap_or_default(),
            busy: match services {
                [one] => listing.busy(*one),
                _ => chosen.parse().ok().and_then(|id| listing.busy(id)),
            },
            error: errors.at_row(n),
        }
    };
    let page = ListPage {
        summary: summary(draft),
        lines: (0..lines).map(line).collect(),
        count: lines,
        directory: listing.places.iter().map(|p| listing.words(p.service)).collect(),
        carried: carried(fields, |name| {
            name != "step" && (!name.starts_with("row.") || is_of && name.ends_with(".email"))
        }),
        basis: listing.basis(draft),
        anew: !is_of && count(fields).is_some(),
        errors,
    };
    page.show(who.chrome())
}

/// Fields that go along unseen.
pub(super) fn carried(fields: &Fields, which: impl Fn(&str) -> bool) -> Vec<Carried> {
    let along = fields.iter().filter(|(name, value)| which(name) && !value.is_empty());
    along.map(|(name, value)| Carried { name: name.to_owned(), value: value.to_owned() }).collect()
}

/// "review conference, Wednesday 30 September 2026, 1:30pm".
pub(super) fn summary(draft: &Draft) -> String {
    let (day, time) = (london::full_date(draft.when.date), london::clock(draft.when.starts_at));
    format!("{}, {day}, {time}", draft.kind.label())
}
