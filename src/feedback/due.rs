//! Who is owed what (DOMAIN 7). A pure function from a confirmed conference, its assessment and the
//! directory to what should exist for each invitation.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::recipients::{Recipient, recipients};
use super::wording::wording;
use super::{Settings, Wording};
use crate::agencies::entity::contact;
use crate::agencies::store::Directory;
use crate::invitations::entity::invitation;
use crate::register::store::Record;
use crate::register::{Assessed, Assessment, ImpactCode};

/// What is owed for one invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owed {
    /// Nothing: it was represented, or not expected, or is not recorded.
    Nothing,
    /// A letter to these recipients.
    Letter(Wording, Vec<Recipient>),
    /// A telephone call, for want of a usable address.
    Call(Wording),
    /// Something, once somebody has settled whose fault it was.
    HeldBack,
}

/// What a letter's statements rest on. While it stays the same, so does the letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    wording: String,
    standing: String,
    fault: Option<String>,
    attendance: String,
    response: String,
    report: String,
    reason: Option<String>,
    invited_on: Option<NaiveDate>,
    address: Option<String>,
    quorate: bool,
    impact: Vec<ImpactCode>,
}

impl Basis {
    /// What a letter about this invitation rests on now.
    pub fn of(wording: &str, row: &invitation::Model, assessed: &Assessed, quorate: bool) -> Self {
        let code = |c: Option<&'static str>| c.map(str::to_owned);
        Self {
            wording: wording.to_owned(),
            standing: assessed.standing.code().to_owned(),
            fault: code(assessed.fault.map(|f| f.code())),
            attendance: format!(
                "{:?} {:?} {:?} {}",
                row.attendance, row.joined_at, row.left_at, row.by_deputy
            ),
            response: row.response.code().to_owned(),
            report: format!("{} {:?}", row.report.code(), row.report_received_on),
            reason: code(row.absence_reason.map(|r| r.code())),
            invited_on: row.invited_on,
            address: row.contact_email.clone(),
            quorate,
            impact: assessed.impact.iter().map(|i| i.code).collect(),
        }
    }
}

/// What is owed for each invitation of a confirmed conference, in their order.
pub fn owed(
    record: &Record,
    assessment: &Assessment,
    directory: &Directory,
    contacts: &[contact::Model],
    settings: &Settings,
    today: NaiveDate,
) -> Vec<Owed> {
    record
        .invitations
        .iter()
        .zip(&assessment.invitations)
        .enumerate()
        .map(|(place, (row, assessed))| {
            if !assessment.in_population {
                return Owed::Nothing;
            }
            let Some(wording) = wording(&row.facts(), assessed.standing, assessed.fault) else {
                return Owed::Nothing;
            };
            // The agency says that we are at fault, and our own facts do not: somebody looks first.
            // A restricted conference sends nothing by itself either.
            let ours = row.absence_reason.is_some_and(|reason| reason.is_the_authoritys());
            if ours && assessed.fault.is_none() || record.conference.restricted {
                return Owed::HeldBack;
            }
            match recipients_of(record, place, directory, contacts, settings, today) {
                none if none.is_empty() => Owed::Call(wording),
                recipients => Owed::Letter(wording, recipients),
            }
        })
        .collect()
}

/// To whom a letter about one invitation (by its place in the record) goes.
pub fn recipients_of(
    record: &Record,
    place: usize,
    directory: &Directory,
    contacts: &[contact::Model],
    settings: &Settings,
    today: NaiveDate,
) -> Vec<Recipient> {
    let row = &record.invitations[place];
    let (service, agency) = directory.of(row.service_id);
    let of_agency: Vec<&contact::Model> = contacts.iter().filter(|c| c.agency_id == agency.id).collect();
    recipients(row.contact_email.as_deref(), row.delivery, service.id, &of_agency, today, &settings.domains)
}
