//! What messages about an invitation say: never a name, a category, a case reference (DOMAIN 7).

use serde::Serialize;

use super::MessageKind;
use super::inviting::Office;
use crate::calendar::{Calendar, london};
use crate::conferences::Status;
use crate::conferences::entity::conference;
use crate::invitations::entity::invitation;
use crate::invitations::{Necessity, Report, notice};

/// The context of the templates `invitation`, `invitation_changed`, `invitation_cancelled`, `answer_wanted`,
/// `report_wanted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvitationLetter {
    /// The random reference; the only thing of the conference that a subject may hold.
    pub reference: String,
    /// "review conference".
    pub conference_type: String,
    /// "Wednesday 30 September 2026".
    pub date: String,
    /// "1:30pm".
    pub time: String,
    /// "3pm": the planned end.
    pub until: String,
    pub place: Option<String>,
    /// The joining link, for whoever may be told everything.
    pub link: Option<String>,
    /// People join by video, and the link is to be asked for.
    pub link_by_telephone: bool,
    pub mode: String,
    pub chair: String,
    pub service: String,
    pub role: String,
    /// Where to answer; none in a cancellation.
    pub answer_link: Option<String>,
    /// The last day for the report, if one is wanted.
    pub report_by: Option<String>,
    /// What is not as it was in the message before: "how it meets".
    pub changed: Vec<&'static str>,
    /// The date it was moved from.
    pub moved_from: Option<String>,
    /// The reference that it had then: that of the secure letter which went before.
    pub formerly: Option<String>,
    /// A report is asked for, and nobody is expected to come.
    pub report_only: bool,
    /// The conference does not take place, rather than that one agency is not needed.
    pub cancelled: bool,
    /// Less notice than is owed: we apologise.
    pub short_notice: bool,
    pub contact: String,
    pub telephone: String,
}

/// The last day on which a report comes in time.
pub fn report_by(date: chrono::NaiveDate, working_days: u32, calendar: &Calendar) -> chrono::NaiveDate {
    (0..working_days).fold(date, |day, _| calendar.previous_working_day(day))
}

/// The conference and the service that a message is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub conference: &'a conference::Model,
    pub chair: &'a str,
    pub service: &'a str,
    pub moved_from: Option<&'a conference::Model>,
    pub was: Option<&'a conference::Model>,
}

/// What differs between a conference and itself before a change, as whoever comes asks for it.
fn changed(was: &conference::Model, now: &conference::Model) -> Vec<&'static str> {
    let said = [
        ("how it meets", was.mode != now.mode),
        ("where", was.place != now.place),
        ("how to join by video", was.link != now.link),
        ("who chairs", was.chair_id != now.chair_id),
        ("how long it is planned to take", was.minutes != now.minutes),
    ];
    said.into_iter().filter(|(_, changed)| *changed).map(|(what, _)| what).collect()
}

impl InvitationLetter {
    /// Writes it. `full`: the recipient may be told everything; `token`: of the answer link.
    pub(super) fn of(
        subject: Subject<'_>,
        row: &invitation::Model,
        office: Office<'_>,
        full: bool,
        token: Option<&str>,
    ) -> Self {
        let c = subject.conference;
        let when = |c: &conference::Model| {
            format!("{}, {}", london::full_date(c.conference_date), london::clock(c.starts_at))
        };
        let ends = c.starts_at + chrono::TimeDelta::minutes(i64::from(c.minutes));
        let wanted = matches!(row.report, Report::None);
        let policies = office.policies;
        let by = report_by(c.conference_date, policies.report_on_time_working_days, &policies.calendar);
        let today = london::date(office.now);
        let owed = policies.minimum_notice.for_type(c.kind);
        Self {
            reference: c.reference.clone(),
            conference_type: c.kind.label().to_owned(),
            date: london::full_date(c.conference_date),
            time: london::clock(c.starts_at),
            until: london::clock(ends),
            place: c.place.clone(),
            link: c.link.clone().filter(|_| full),
            link_by_telephone: c.link.is_some() && !full,
            mode: c.mode.label().to_owned(),
            chair: subject.chair.to_owned(),
            service: subject.service.to_owned(),
            role: row.role.clone(),
            answer_link: token.map(|token| format!("{}/answer/{token}", office.settings.address)),
            report_by: (wanted && by >= today).then(|| london::full_date(by)),
            changed: subject.was.map(|was| changed(was, c)).unwrap_or_default(),
            moved_from: subject.moved_from.map(when),
            formerly: subject.moved_from.map(|old| old.reference.clone()),
            report_only: row.necessity == Necessity::InformationOnly,
            cancelled: c.status == Status::Cancelled,
            short_notice: notice(today, c.conference_date, &policies.calendar) < owed,
            contact: office.settings.contact.clone(),
            telephone: office.settings.telephone.clone(),
        }
    }
}

/// Every message with contexts to try it on: one with everything in it, one with as little as can be.
pub fn samples() -> Vec<(&'static str, InvitationLetter)> {
    let full = InvitationLetter {
        reference: "K7Q2-M4TD".into(),
        conference_type: "first review conference".into(),
        date: "Wednesday 30 September 2026".into(),
        time: "1:30pm".into(),
        until: "3pm".into(),
        place: Some("Conference room 2, County Hall".into()),
        link: Some("https://meet.example/l/meetup-join/19%3ameeting_NjA2".into()),
        link_by_telephone: false,
        mode: "in person or by video".into(),
        chair: "A. Chair".into(),
        service: "Health Visiting North & O'Neil House".into(),
        role: "Health visitor".into(),
        answer_link: Some("https://quorate.example/answer/0123456789abcdef0123456789abcdef".into()),
        report_by: Some("Monday 28 September 2026".into()),
        changed: vec!["where", "who chairs"],
        moved_from: Some("Friday 18 September 2026, 9:30am".into()),
        formerly: Some("P6MH-BF72".into()),
        report_only: false,
        cancelled: true,
        short_notice: true,
        contact: "Conference team, Oxfordshire".into(),
        telephone: "01865 000000".into(),
    };
    let bare = InvitationLetter {
        place: None,
        link: None,
        link_by_telephone: true,
        report_by: None,
        changed: vec!["how it meets"],
        moved_from: None,
        formerly: None,
        report_only: true,
        cancelled: false,
        short_notice: false,
        ..full.clone()
    };
    let kinds = MessageKind::ALL.iter().filter(|kind| kind.template() == kind.code());
    kinds.flat_map(|kind| [(kind.code(), full.clone()), (kind.code(), bare.clone())]).collect()
}
