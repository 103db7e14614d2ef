//! Who is owed what (DOMAIN 7). A pure function from a confirmed conference, its assessment and the
//! directory to what should exist for each invitation.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::recipients::{Reached, recipients};
use super::wording::wording;
use super::{Settings, Wording};
use crate::agencies::entity::contact;
use crate::agencies::store::Directory;
use crate::calendar::{Calendar, london};
use crate::invitations::ImpactCode;
use crate::register::restating::LetterOf;
use crate::register::store::Record;
use crate::register::{Assessment, Standing};

/// By when an agency is to be told: ten o'clock on the working day after the conference (DOMAIN 7; 8, M15).
pub fn told_by(calendar: &Calendar, conference: NaiveDate) -> DateTime<Utc> {
    let ten = NaiveTime::from_hms_opt(10, 0, 0).expect("a time of day");
    london::to_utc_or_after(calendar.add_working_days(conference, 1), ten)
}

/// What is owed for one invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owed {
    /// Nothing: it was represented, or not expected, or is not recorded.
    Nothing,
    /// A letter, or a telephone call, or both.
    Feedback(Wording, Reached),
    /// Something, once somebody has settled whose fault it was.
    HeldBack,
    /// A letter, if a QA manager releases it: a restricted conference sends nothing by itself.
    ToRelease(Wording),
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
    role: String,
    when: String,
    conference: String,
    quorate: bool,
    impact: Vec<ImpactCode>,
}

impl Basis {
    /// What a letter that takes the place of one with this basis says otherwise, in words.
    pub fn changes(&self, now: &Self) -> Vec<&'static str> {
        let said = [
            (
                "whether and when your service was there",
                self.presence() != now.presence() || self.attendance != now.attendance,
            ),
            ("your answer to our invitation", self.response != now.response),
            ("your report", self.report != now.report),
            ("the reason for the absence", self.reason != now.reason),
            (
                "how we invited you",
                (self.invited_on, &self.address, &self.role, &self.fault)
                    != (now.invited_on, &now.address, &now.role, &now.fault),
            ),
            ("when the conference began, or was decided", self.when != now.when),
            ("what kind of conference it was, or how it ended", self.met(0..2) != now.met(0..2)),
            ("how it met, or who chaired", self.met(2..4) != now.met(2..4)),
            ("whether it was quorate", self.quorate != now.quorate),
            ("what followed from your service not being there for the decision", self.impact != now.impact),
        ];
        said.into_iter().filter(|(_, changed)| *changed).map(|(what, _)| what).collect()
    }

    /// As what it was there, or was not: with or without a report, with or without word, it was not.
    fn presence(&self) -> &str {
        let missing = [Standing::Contributed, Standing::Apologies, Standing::Silent].map(Standing::code);
        if missing.contains(&self.standing.as_str()) { "missing" } else { &self.standing }
    }

    /// Of type, status, mode and chair, in this order, some.
    fn met(&self, which: std::ops::Range<usize>) -> Vec<&str> {
        self.conference
            .split(' ')
            .enumerate()
            .filter(|(n, _)| which.contains(n))
            .map(|(_, code)| code)
            .collect()
    }

    /// What a letter about this invitation rests on now.
    pub fn of(wording: &str, record: &Record, assessment: &Assessment, place: usize) -> Self {
        let code = |c: Option<&'static str>| c.map(str::to_owned);
        let time = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339()).unwrap_or_default();
        let (row, assessed) = (&record.invitations[place], &assessment.invitations[place]);
        let c = &record.conference;
        Self {
            wording: wording.to_owned(),
            standing: assessed.standing.code().to_owned(),
            fault: code(assessed.fault.map(|f| f.code())),
            attendance: format!(
                "{} {} {} {}",
                row.attendance.map_or("", |a| a.code()),
                time(row.joined_at),
                time(row.left_at),
                row.by_deputy
            ),
            response: row.response.code().to_owned(),
            report: format!("{} {}", row.report.code(), row.report_received_on.unwrap_or_default()),
            reason: code(row.absence_reason.map(|r| r.code())),
            invited_on: row.invited_on,
            address: row.contact_email.clone(),
            role: row.role.clone(),
            when: format!("{} {}", time(Some(c.starts_at)), time(c.decision_at)),
            conference: format!("{} {} {} {}", c.kind.code(), c.status.code(), c.mode.code(), c.chair_id),
            quorate: assessment.quoracy.quorate,
            impact: assessed.impact.iter().map(|i| i.code).collect(),
        }
    }
}

/// What a letter about one invitation (by its place) would rest on, whoever gets it.
pub fn rests(record: &Record, assessment: &Assessment, place: usize) -> LetterOf {
    let (row, assessed) = (&record.invitations[place], &assessment.invitations[place]);
    let wording = wording(&row.facts(), assessed.standing, assessed.fault, record.conference.decision_at);
    match wording.filter(|_| assessment.in_population) {
        None => LetterOf::Nothing,
        Some(_) if assessed.is_to_be_settled(row.absence_reason) => LetterOf::ToSettle,
        Some(wording) => {
            let basis = Basis::of(wording.code(), record, assessment, place);
            LetterOf::Rests(serde_json::to_string(&basis).unwrap_or_default())
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
            let Some(wording) =
                wording(&row.facts(), assessed.standing, assessed.fault, record.conference.decision_at)
            else {
                return Owed::Nothing;
            };
            if assessed.is_to_be_settled(row.absence_reason) {
                return Owed::HeldBack;
            }
            if record.conference.restricted {
                return Owed::ToRelease(wording);
            }
            let reached = recipients_of(record, place, directory, contacts, settings, today);
            Owed::Feedback(wording, reached)
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
) -> Reached {
    let row = &record.invitations[place];
    let (service, agency) = directory.of(row.service_id);
    let of_agency: Vec<&contact::Model> = contacts.iter().filter(|c| c.agency_id == agency.id).collect();
    let email = row.contact_email.as_deref();
    recipients(email, row.delivery, service.id, &row.role, &of_agency, today, &settings.domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_names_what_it_says_otherwise_and_nothing_else() {
        let then = Basis {
            wording: "no_answer".into(),
            standing: "silent".into(),
            fault: None,
            attendance: "absent   false".into(),
            response: "none".into(),
            report: "none".into(),
            reason: None,
            invited_on: None,
            address: None,
            role: "Health visitor".into(),
            when: String::new(),
            conference: "review held hybrid chair".into(),
            quorate: true,
            impact: vec![ImpactCode::ViewMissing],
        };
        assert_eq!(then.changes(&then), [] as [&str; 0]);
        let report = Basis { report: "on_time".into(), impact: Vec::new(), ..then.clone() };
        let followed = "what followed from your service not being there for the decision";
        assert_eq!(then.changes(&report), ["your report", followed]);
        let contributed = Basis { standing: "contributed".into(), ..report };
        assert_eq!(then.changes(&contributed), ["your report", followed], "nobody was there before either");
        let chair = Basis { conference: "review held hybrid other".into(), ..then.clone() };
        assert_eq!(then.changes(&chair), ["how it met, or who chaired"]);
        let adjourned = Basis { conference: "review adjourned hybrid chair".into(), ..then.clone() };
        assert_eq!(then.changes(&adjourned), ["what kind of conference it was, or how it ended"]);
        let fault = Basis { fault: Some("late".into()), wording: "authority_fault".into(), ..then.clone() };
        assert_eq!(then.changes(&fault), ["how we invited you"]);
    }
}
