//! `agencies.csv` and `contacts.csv`: the directory, taken in row by row.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};

use super::cells::Cells;
use super::log::KnownAgency;
use super::outcome::{Change, Outcome, Tally};
use super::text::Table;
use crate::agencies::entity::{agency, contact, service};
use crate::agencies::store;
use crate::agencies::{AgencyGroup, AgencyId, ContactId, ServiceId};
use crate::platform::{Tx, nearest};

pub(super) const AGENCY_COLUMNS: &[&str] =
    &["agency_code", "agency_name", "agency_group", "valid_from", "valid_to", "successor_code"];
pub(super) const CONTACT_COLUMNS: &[&str] =
    &["agency_code", "service", "contact_name", "role", "email", "is_safeguarding_lead"];

/// The directory while an import runs: what the database holds, and what this run adds.
pub(super) struct Known {
    pub agencies: BTreeMap<String, agency::Model>,
    services: HashMap<(AgencyId, String), ServiceId>,
}

impl Known {
    pub async fn load(tx: &Tx) -> Result<Self, DbErr> {
        let directory = store::directory(tx.conn()).await?;
        // A name that was found to be another service's leads there.
        let known =
            |s: service::Model| ((s.agency_id, s.name.to_lowercase()), s.merged_into_id.unwrap_or(s.id));
        let services = directory.services.into_values().map(known).collect();
        Ok(Self {
            agencies: directory.agencies.into_values().map(|a| (a.code.clone(), a)).collect(),
            services,
        })
    }

    /// The agencies as the log's rows need them.
    pub fn for_log(&self) -> BTreeMap<String, KnownAgency> {
        let code = |id: AgencyId| self.agencies.values().find(|a| a.id == id).map(|a| a.code.clone());
        self.agencies
            .values()
            .map(|a| {
                let known = KnownAgency {
                    group: a.agency_group,
                    valid_from: a.valid_from,
                    valid_to: a.valid_to,
                    successor: a.successor_id.and_then(code),
                };
                (a.code.clone(), known)
            })
            .collect()
    }

    /// The service of this name, made if the agency has none so called.
    pub async fn service(&mut self, tx: &Tx, agency_code: &str, name: &str) -> Result<ServiceId, DbErr> {
        let agency_id = self.agencies[agency_code].id;
        let key = (agency_id, name.to_lowercase());
        if let Some(id) = self.services.get(&key) {
            return Ok(*id);
        }
        let row =
            service::Model { id: ServiceId::new(), agency_id, name: name.to_owned(), merged_into_id: None };
        self.services.insert(key, row.id);
        let id = row.id;
        service::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
        Ok(id)
    }
}

fn change(what: &str, field: &str, before: String, after: String) -> Change {
    Change {
        what: what.to_owned(),
        whose: String::new(),
        field: field.to_owned(),
        before,
        after,
        amendment: false,
    }
}

/// Takes the agencies in. Successors are linked after all rows are known.
pub(super) async fn agencies(
    tx: &Tx,
    table: &Table,
    known: &mut Known,
    out: &mut Outcome,
) -> Result<(), DbErr> {
    let mut successors = Vec::new();
    let mut new = HashSet::new();
    let mut seen: HashMap<String, u64> = HashMap::new();
    for row in &table.rows {
        let mut cells = Cells::new(table, row);
        let code = cells.required("agency_code");
        let name = cells.required("agency_name");
        let group = cells.required_code::<AgencyGroup>("agency_group");
        let valid_from = cells.date("valid_from");
        let valid_to = cells.date("valid_to");
        let successor = cells.text("successor_code");
        if let Some(line) = seen.insert(code.to_owned(), row.line) {
            cells.refuse(
                "agency_code",
                format!("row {line} has this code too"),
                "Remove one of the two rows.",
            );
        }
        if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
            cells.refuse("valid_to", "the agency ends before it begins", "Correct one of the two dates.");
        }
        let listed = |c: &str| table.rows.iter().any(|r| table.cell(r, "agency_code") == c);
        if !successor.is_empty() && !known.agencies.contains_key(successor) && !listed(successor) {
            let meant = nearest(successor, known.agencies.keys().map(String::as_str));
            let remedy =
                meant.map_or("Add it, or empty the cell.".to_owned(), |m| format!("Did you mean \"{m}\"?"));
            cells.refuse("successor_code", "no agency has this code", &remedy);
        }
        let (Some(agency_group), true) = (group, cells.refused.is_empty()) else {
            out.agencies.refused += 1;
            out.refusals.append(&mut cells.refused);
            continue;
        };
        successors.push((code.to_owned(), successor.to_owned()));
        match known.agencies.get_mut(code) {
            None => {
                let row = agency::Model {
                    id: AgencyId::new(),
                    code: code.to_owned(),
                    name: name.to_owned(),
                    agency_group,
                    valid_from,
                    valid_to,
                    successor_id: None,
                };
                let insert = agency::Entity::insert(row.clone().into_active_model());
                insert.exec_without_returning(tx.conn()).await?;
                known.agencies.insert(code.to_owned(), row);
                new.insert(code.to_owned());
                out.agencies.new += 1;
            }
            Some(ours) => {
                let before = ours.clone();
                (ours.name, ours.agency_group) = (name.to_owned(), agency_group);
                // An empty cell says nothing: what was kept here stays.
                ours.valid_from = valid_from.or(ours.valid_from);
                ours.valid_to = valid_to.or(ours.valid_to);
                let day = |d: Option<chrono::NaiveDate>| d.map(|d| d.to_string()).unwrap_or_default();
                let texts = |a: &agency::Model| {
                    [a.name.clone(), a.agency_group.code().to_owned(), day(a.valid_from), day(a.valid_to)]
                };
                let fields = ["agency_name", "agency_group", "valid_from", "valid_to"];
                let differing = fields.into_iter().zip(texts(&before).into_iter().zip(texts(ours)));
                let changes: Vec<Change> = differing
                    .filter(|(_, (before, after))| before != after)
                    .map(|(field, (before, after))| change(code, field, before, after))
                    .collect();
                if changes.is_empty() {
                    out.agencies.unchanged += 1;
                } else {
                    ours.clone().into_active_model().reset_all().update(tx.conn()).await?;
                    out.agencies.changed += 1;
                    out.changes.extend(changes);
                }
            }
        }
    }
    let codes: HashMap<AgencyId, String> = known.agencies.values().map(|a| (a.id, a.code.clone())).collect();
    for (code, successor) in successors.into_iter().filter(|(_, successor)| !successor.is_empty()) {
        let wanted = known.agencies.get(&successor).map(|a| a.id);
        let Some(ours) = known.agencies.get_mut(&code) else { continue };
        if wanted != ours.successor_id && wanted.is_none_or(|id| id != ours.id) {
            if !new.contains(&code) {
                let before = ours.successor_id.and_then(|id| codes.get(&id)).cloned().unwrap_or_default();
                out.changes.push(change(&code, "successor_code", before, successor));
            }
            ours.successor_id = wanted;
            ours.clone().into_active_model().reset_all().update(tx.conn()).await?;
        }
    }
    Ok(())
}

/// Takes the contacts in. A contact is one address in one role at one service (or the whole agency).
pub(super) async fn contacts(
    tx: &Tx,
    table: &Table,
    known: &mut Known,
    out: &mut Outcome,
) -> Result<(), DbErr> {
    type Key = (AgencyId, Option<ServiceId>, String, String);
    let key = |c: &contact::Model| -> Key { (c.agency_id, c.service_id, c.email.clone(), c.role.clone()) };
    let held = store::contacts(tx.conn()).await?;
    let mut ours: HashMap<Key, contact::Model> = held.into_iter().map(|c| (key(&c), c)).collect();
    let mut seen: HashMap<Key, u64> = HashMap::new();
    let mut tally = Tally::default();
    for row in &table.rows {
        let mut cells = Cells::new(table, row);
        let code = cells.required("agency_code");
        let service = cells.text("service");
        let name = cells.text("contact_name");
        let role = cells.required("role");
        cells.required("email");
        let email = cells.email("email");
        let is_safeguarding_lead = cells.yes("is_safeguarding_lead");
        if !code.is_empty() && !known.agencies.contains_key(code) {
            let meant = nearest(code, known.agencies.keys().map(String::as_str));
            let remedy = meant
                .map_or("Add it to agencies.csv first.".to_owned(), |m| format!("Did you mean \"{m}\"?"));
            cells.refuse("agency_code", "no agency has this code", &remedy);
        }
        let (Some(email), true) = (email, cells.refused.is_empty()) else {
            tally.refused += 1;
            out.refusals.append(&mut cells.refused);
            continue;
        };
        let agency_id = known.agencies[code].id;
        let service_id = match service {
            "" => None,
            name => Some(known.service(tx, code, name).await?),
        };
        let theirs = contact::Model {
            id: ContactId::new(),
            agency_id,
            service_id,
            name: name.to_owned(),
            role: role.to_owned(),
            email,
            telephone: None,
            is_safeguarding_lead,
            daily_digest: false,
            valid_from: None,
            valid_to: None,
            verified_on: None,
            bounced_at: None,
        };
        if let Some(line) = seen.insert(key(&theirs), row.line) {
            cells.refuse("email", format!("row {line} has this contact too"), "Remove one of the two rows.");
            tally.refused += 1;
            out.refusals.append(&mut cells.refused);
            continue;
        }
        match ours.get_mut(&key(&theirs)) {
            None => {
                let insert = contact::Entity::insert(theirs.clone().into_active_model());
                insert.exec_without_returning(tx.conn()).await?;
                ours.insert(key(&theirs), theirs);
                tally.new += 1;
            }
            Some(held) if held.name == theirs.name && held.is_safeguarding_lead == is_safeguarding_lead => {
                tally.unchanged += 1;
            }
            Some(held) => {
                let lead = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
                let what = format!("{code} {service} {}", theirs.email);
                if held.name != theirs.name {
                    out.changes.push(change(&what, "contact_name", held.name.clone(), theirs.name.clone()));
                }
                if held.is_safeguarding_lead != is_safeguarding_lead {
                    let (before, after) = (lead(held.is_safeguarding_lead), lead(is_safeguarding_lead));
                    out.changes.push(change(&what, "is_safeguarding_lead", before, after));
                }
                (held.name, held.is_safeguarding_lead) = (theirs.name, is_safeguarding_lead);
                held.clone().into_active_model().reset_all().update(tx.conn()).await?;
                tally.changed += 1;
            }
        }
    }
    out.contacts = tally;
    Ok(())
}
