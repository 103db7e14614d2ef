//! The board: the conferences of the coming weeks, the most at risk first, with what can still be done.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::response::Response;
use chrono::{DateTime, Days, TimeDelta, Utc};
use sea_orm::Condition;
use serde::{Deserialize, Serialize};

use super::{Bureau, note_looks, when, working_days};
use crate::access::{May, Permission, SeeConferences};
use crate::agencies::entity::contact;
use crate::agencies::store::{contacts, directory};
use crate::agencies::{AgencyId, ServiceId};
use crate::calendar::london;
use crate::conferences::entity::conference;
use crate::conferences::{self, ConferenceId, Sight};
use crate::convening::address::addressees;
use crate::convening::board::{Outlook, ToDo, outlook};
use crate::convening::store;
use crate::invitations::entity::invitation;
use crate::invitations::{Fault, Response as Answers};
use crate::register::store::{Record, records_in_brief};
use crate::web::{Desk, Page, Problem};

/// Weeks that can be chosen.
const WEEKS: [u32; 4] = [1, 2, 4, 8];

/// Conferences that are shown at first: nobody works through more in a day.
const SHOWN: usize = 40;

#[derive(Deserialize)]
pub(super) struct Asked {
    weeks: Option<u32>,
    all: Option<String>,
    done: Option<String>,
}

#[derive(Serialize)]
struct Todo {
    who: String,
    what: String,
    /// Where an answer by telephone is recorded, or they are invited.
    href: Option<String>,
    to_do: &'static str,
    nudge: Option<String>,
    telephone: Option<String>,
}

#[derive(Serialize)]
struct Card {
    href: String,
    reference: String,
    kind: &'static str,
    when: String,
    left: String,
    chair: String,
    quorate: bool,
    quorum: String,
    chair_busy: bool,
    to_do: Vec<Todo>,
}

#[derive(Serialize)]
struct Week {
    weeks: u32,
    label: String,
    here: bool,
}

#[derive(Serialize)]
struct More {
    count: usize,
    href: String,
}

#[derive(Serialize)]
struct BoardPage {
    weeks: Vec<Week>,
    cards: Vec<Card>,
    /// Others that are less at risk.
    more: Option<More>,
    /// Conferences of which nothing is open.
    well: usize,
    done: Option<&'static str>,
    own_only: bool,
}

impl Page for BoardPage {
    const TEMPLATE: &'static str = "convening/pages/board";
    fn title(&self) -> String {
        "Coming weeks".to_owned()
    }
}

fn ends(c: &conference::Model) -> DateTime<Utc> {
    c.starts_at + TimeDelta::minutes(i64::from(c.minutes))
}

/// Where each conference's services, and its chair, are asked elsewhere at its time.
fn elsewhere(all: &[Record]) -> HashMap<ConferenceId, (HashMap<ServiceId, DateTime<Utc>>, bool)> {
    let mut found: HashMap<ConferenceId, (HashMap<ServiceId, DateTime<Utc>>, bool)> = HashMap::new();
    for (n, one) in all.iter().enumerate() {
        // In order of time: those after it, until one begins when this is over.
        let a = &one.conference;
        for other in all[n + 1..].iter().take_while(|o| o.conference.starts_at < ends(a)) {
            let b = &other.conference;
            for (mine, theirs) in [(one, other), (other, one)] {
                let entry = found.entry(mine.conference.id).or_default();
                let asked = theirs.invitations.iter().filter(|row| row.excused.is_none());
                entry.0.extend(asked.map(|row| (row.service_id, theirs.conference.starts_at)));
                entry.1 |= a.chair_id == b.chair_id;
            }
        }
    }
    found
}

fn what(to_do: &ToDo, row: &invitation::Model) -> String {
    let mut parts = Vec::new();
    match to_do.fault {
        Some(Fault::NotInvited) if row.contact_email.is_none() => {
            parts.push("not invited: no address that can be written to".to_owned());
        }
        Some(Fault::NotInvited) => parts.push("not invited yet".to_owned()),
        Some(Fault::Undelivered) => parts.push("the invitation came back".to_owned()),
        Some(Fault::Late) => parts.push("invited late: our fault".to_owned()),
        None => {}
    }
    if to_do.unanswered && !matches!(to_do.fault, Some(Fault::NotInvited | Fault::Undelivered)) {
        parts.push(if to_do.core { "core, and has not answered" } else { "has not answered" }.to_owned());
    }
    if to_do.report_outstanding {
        parts.push(
            if row.report_promised { "report promised, not here yet" } else { "no report yet" }.to_owned(),
        );
    }
    if let Some(at) = to_do.busy {
        parts.push(format!("asked to another conference at {}", london::clock(at)));
    }
    parts.join("; ")
}

fn quorum(found: &Outlook) -> String {
    let others = match found.others {
        0 => "no other agency".to_owned(),
        1 => "1 other agency".to_owned(),
        n => format!("{n} other agencies"),
    };
    if found.quorate {
        return format!("Quorate if those come who accepted: social care and {others}.");
    }
    format!("Not quorate if only those come who accepted ({others}). Wanted: {}.", found.wanted.join(", "))
}

pub(super) async fn show(
    may: May<SeeConferences>,
    State(desk): State<Desk>,
    bureau: Bureau,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let today = london::date(now);
    let weeks = asked.weeks.filter(|n| WEEKS.contains(n)).unwrap_or(2);
    let until = today + Days::new(u64::from(weeks) * 7);
    let sight = may.who.sight(now);
    let (people, known) = tokio::try_join!(contacts(db), directory(db))?;
    let chairs = conferences::store::chairs(db).await?;
    let coming = store::coming(db, today, until, sight).await?;
    let coming: Vec<_> = coming.into_iter().filter(|c| c.starts_at > now).collect();
    let all = records_in_brief(db, coming, Condition::all()).await?;
    let mut busy = elsewhere(&all);
    // That a chair is taken says nothing of a family: a hidden conference is looked at for that too.
    let hidden = store::coming(db, today, until, Sight::Everything).await?;
    let calendar = &bureau.policies.calendar;
    let ask_days = bureau.policies.report_on_time_working_days + 3;
    let may_book = may.who.role.may(Permission::Book);
    let mut at_risk = Vec::new();
    for record in &all {
        let c = &record.conference;
        let (services, _) = busy.remove(&c.id).unwrap_or_default();
        let chair_busy = hidden.iter().any(|other| {
            other.id != c.id
                && other.chair_id == c.chair_id
                && other.starts_at < ends(c)
                && c.starts_at < ends(other)
        });
        let near = |date| calendar.working_days(today, date) <= ask_days;
        let found = outlook(record, &known, &bureau.policies, &services, chair_busy, near);
        let left = calendar.working_days(today, c.conference_date);
        at_risk.extend(found.place(left).map(|place| (place, left, record, found)));
    }
    let well = all.len() - at_risk.len();
    // The most at risk first, of equals the nearest.
    at_risk.sort_by_key(|(place, ..)| *place);
    let more = if asked.all.is_some() { 0 } else { at_risk.len().saturating_sub(SHOWN) };
    at_risk.truncate(at_risk.len() - more);
    let restricted: Vec<ConferenceId> = at_risk
        .iter()
        .filter(|(_, _, r, _)| r.conference.restricted)
        .map(|(_, _, r, _)| r.conference.id)
        .collect();
    note_looks(&desk, &may.who, restricted).await?;
    let mut of_agency: HashMap<AgencyId, Vec<&contact::Model>> = HashMap::new();
    for person in &people {
        of_agency.entry(person.agency_id).or_default().push(person);
    }
    let cards = at_risk.iter().map(|(_, left, record, found)| {
        let c = &record.conference;
        let to_do = found.to_do.iter().map(|to_do| {
            let row = &record.invitations[to_do.place];
            let (service, agency) = known.of(row.service_id);
            let of = of_agency.get(&agency.id).map(Vec::as_slice).unwrap_or_default();
            let first = addressees(service.id, &row.role, of, today, &bureau.domains);
            let here = format!("/conferences/{}/invitations/{}", c.id, row.id);
            let reached = row.is_reached();
            let can_nudge = reached
                && row.contact_email.is_some()
                && (row.response == Answers::None || to_do.report_outstanding);
            Todo {
                who: format!("{}, {}", service.name, row.role),
                what: what(to_do, row),
                nudge: (may_book && can_nudge).then(|| format!("{here}/nudge")),
                to_do: if reached { "Record an answer" } else { "Invite them, or record an answer" },
                href: may_book.then_some(here),
                telephone: first.iter().find_map(|p| p.telephone.clone()),
            }
        });
        Card {
            href: format!("/conferences/{}/invitations", c.id),
            reference: c.reference.clone(),
            kind: c.kind.label(),
            when: when(c),
            left: match left {
                0 => "today".to_owned(),
                n => format!("in {}", working_days(*n)),
            },
            chair: chairs.iter().find(|of| of.id == c.chair_id).map(|of| of.name.clone()).unwrap_or_default(),
            quorate: found.quorate,
            quorum: quorum(found),
            chair_busy: found.chair_busy,
            to_do: to_do.collect(),
        }
    });
    let cards = cards.collect();
    let label = |n: u32| if n == 1 { "1 week".to_owned() } else { format!("{n} weeks") };
    let page = BoardPage {
        weeks: WEEKS.iter().map(|n| Week { weeks: *n, label: label(*n), here: *n == weeks }).collect(),
        cards,
        more: (more > 0).then(|| More { count: more, href: format!("/board?weeks={weeks}&all=yes") }),
        well,
        done: match asked.done.as_deref() {
            Some("nudged") => Some("The reminder is on its way."),
            Some("answered") => Some("The answer is recorded."),
            Some("nothing") => Some("Nothing was sent: there is no address that can be written to."),
            _ => None,
        },
        own_only: may.who.chair.is_some(),
    };
    Ok(page.show(may.who.chrome()))
}
