//! What a letter says, sentence by sentence, from recorded facts alone.
//!
//! The type is the promise of DOMAIN 7, "Never says": it has no field for a child, a family, a category,
//! an allegation, a case-system number or free text, so no template can print one.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::Serialize;

use super::store::Following;
use super::{Settings, Wording};
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::conferences::{Decision, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{AbsenceReason, Fault, ImpactCode, InvitationId, Report, Response, notice};
use crate::mail::masked;
use crate::register::store::Record;
use crate::register::{Assessed, Assessment, Impact, Policies, Standing};

/// The context of every letter template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// The random reference; the only thing a subject may hold.
    pub reference: String,
    /// "review conference".
    pub conference_type: String,
    /// "Wednesday 30 September 2026".
    pub date: String,
    /// "1:30pm".
    pub time: String,
    /// Where, if that was recorded.
    pub place: Option<String>,
    /// The chair.
    pub chair: String,
    /// "in person or by video".
    pub mode: String,
    /// The service invited.
    pub service: String,
    /// The role invited.
    pub role: String,
    /// When the invitation went, with how much notice, to which masked address; or what went wrong.
    pub invited: String,
    /// Whether the service itself sent its apologies.
    pub told: bool,
    /// What was recorded of its part.
    pub recorded: String,
    /// What was recorded of its report.
    pub report: String,
    /// It told us that it holds no information, which is an answer and no report.
    pub nil_return: bool,
    /// Whether the conference was quorate.
    pub quorum: String,
    /// What the absence did.
    pub impact: Vec<String>,
    /// We did not invite it as we should have.
    pub our_fault: bool,
    /// It missed the conference before of the same child too.
    pub again: bool,
    /// Whether it was missed; a correction may say that it was not.
    pub missed: bool,
    /// It takes the place of a letter that has gone.
    pub corrects: bool,
    /// What it says otherwise than that letter; empty where that is not known.
    pub changed: Vec<&'static str>,
    /// Whether decisions were taken without it.
    pub decided_without: bool,
    /// The next chance to take part.
    pub next: Option<String>,
    /// No invitation reached it: we ask for the right address.
    pub address_wanted: bool,
    /// The day to reply by, where the letter asks for a reply.
    pub reply_by: Option<String>,
    /// Where to reply without an account: of one letter, for one address; empty until it is posted.
    pub reply_link: String,
    /// Who signs.
    pub contact: String,
    /// The number to ring.
    pub telephone: String,
    /// The professional-disagreement procedure.
    pub disagreement_procedure: String,
}

/// What a letter is written from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub record: &'a Record,
    pub assessment: &'a Assessment,
    pub directory: &'a Directory,
    pub following: &'a Following,
    /// Invitations whose service missed the conference before of the same child too.
    pub repeats: &'a HashSet<InvitationId>,
    pub chair: &'a str,
    pub policies: &'a Policies,
    pub settings: &'a Settings,
    pub today: NaiveDate,
}

impl Letter {
    /// Writes the letter about one invitation (by its place in the record).
    pub(super) fn of(source: Source<'_>, place: usize, wording: Option<Wording>) -> Self {
        let Source { record, assessment, settings, policies, .. } = source;
        let (c, row) = (&record.conference, &record.invitations[place]);
        let assessed = &assessment.invitations[place];
        let (service, agency) = source.directory.of(row.service_id);
        let asks = wording.is_some_and(Wording::asks_for_a_reply);
        let reply_by = settings.reply_by(&policies.calendar, agency.agency_group, source.today);
        let decided = record.children.iter().any(|c| c.decision.is_some_and(|d| d != Decision::Adjourned));
        // The sentences about a plan that ended, or a view that was missing, say it already.
        let said = |i: &Impact| matches!(i.code, ImpactCode::PlanEndedWithout | ImpactCode::ViewMissing);
        let said = assessed.impact.iter().any(said);
        Self {
            reference: c.reference.clone(),
            conference_type: c.kind.label().to_owned(),
            date: london::full_date(c.conference_date),
            time: london::clock(c.starts_at),
            place: c.place.clone(),
            chair: source.chair.to_owned(),
            mode: c.mode.label().to_owned(),
            service: service.name.clone(),
            role: row.role.clone(),
            invited: invited(source, row, assessed),
            told: row.response == Response::Apologies,
            recorded: recorded(row, assessed, c.decision_at.map(london::clock)),
            report: report(row, assessed.standing, assessed.fault),
            nil_return: row.report == Report::NilReturn,
            quorum: quorum(c.status, assessment.quoracy.quorate),
            impact: assessed.impact.iter().map(|i| impact(source, row, i.code)).collect(),
            our_fault: assessed.fault.is_some(),
            again: source.repeats.contains(&row.id),
            missed: assessed.standing.is_missing(),
            corrects: false,
            changed: Vec::new(),
            decided_without: decided && assessed.standing.is_missing() && !said,
            next: source.following.next.as_ref().map(|next| {
                let (day, time) = (london::full_date(next.conference_date), london::clock(next.starts_at));
                format!("{day}, {time}, {}", next.mode.label())
            }),
            address_wanted: matches!(assessed.fault, Some(Fault::NotInvited | Fault::Undelivered)),
            reply_by: asks.then(|| london::full_date(reply_by)),
            reply_link: String::new(),
            contact: settings.contact.clone(),
            telephone: settings.telephone.clone(),
            disagreement_procedure: settings.disagreement_procedure.clone(),
        }
    }
}

/// How it was invited; where the fault is ours, that comes first.
fn invited(source: Source<'_>, row: &invitation::Model, assessed: &Assessed) -> String {
    let c = &source.record.conference;
    let to = row.contact_email.as_deref().map(|a| format!(" to {}", masked(a))).unwrap_or_default();
    let Some(day) = row.invited_on.filter(|_| assessed.fault != Some(Fault::NotInvited)) else {
        return match row.invited_on {
            Some(_) => "By our record no invitation of your service stood for that day.".to_owned(),
            None => "By our record we sent your service no invitation.".to_owned(),
        };
    };
    let days = notice(day, c.conference_date, &source.policies.calendar);
    let before = match days {
        0 => "on the day itself or after it".to_owned(),
        1 => "1 working day before".to_owned(),
        n => format!("{n} working days before"),
    };
    match assessed.fault {
        Some(Fault::Undelivered) => {
            format!("Our invitation of {}{to} came back undelivered.", london::full_date(day))
        }
        Some(Fault::Late) => {
            let owed = source.policies.minimum_notice.for_type(c.kind);
            format!(
                "Our invitation went on {} ({before}){to}; you should have had at least {owed} working days.",
                london::full_date(day)
            )
        }
        _ => format!("The invitation went on {} ({before}){to}.", london::full_date(day)),
    }
}

/// What was recorded of its part. To somebody whom no invitation reached, "no answer" is not said.
fn recorded(row: &invitation::Model, assessed: &Assessed, decided: Option<String>) -> String {
    // To whom we did wrong, and to who sent a report, it is not held up that there was no answer.
    let unreached = assessed.fault.is_some() || assessed.standing == Standing::Contributed;
    let decided = decided.map(|at| format!("; the decision was taken at {at}")).unwrap_or_default();
    let who = if row.by_deputy { "a deputy" } else { "your service" };
    match assessed.standing {
        Standing::LeftBeforeDecision => match (row.joined_at, row.left_at) {
            (_, Some(left)) => {
                format!("We recorded that {who} took part and left at {}{decided}.", london::clock(left))
            }
            (Some(joined), None) => {
                format!("We recorded that {who} joined at {}{decided}.", london::clock(joined))
            }
            (None, None) => format!("We recorded that {who} took part{decided}."),
        },
        Standing::Attended => "We recorded that your service was there at the decision.".to_owned(),
        Standing::Deputised => {
            "We recorded that a deputy was there for your service at the decision.".to_owned()
        }
        Standing::Excused => "We recorded that your service was not to take part.".to_owned(),
        Standing::NotExpected => {
            "We recorded that a report was asked for, and attendance not expected.".to_owned()
        }
        Standing::Unrecorded => "We have not recorded whether your service took part.".to_owned(),
        Standing::Contributed | Standing::Apologies | Standing::Silent => {
            if row.absence_reason == Some(AbsenceReason::JoiningFailed) {
                return "We recorded that your service could not join.".to_owned();
            }
            let answer = match row.response {
                // Who gave a reason has told us.
                Response::None if unreached || assessed.standing == Standing::Apologies => {
                    "nobody from your service was there"
                }
                Response::Accepted => "your service had accepted, and that nobody came",
                Response::Apologies => "your service sent apologies, and that nobody came in its place",
                Response::Deputy => "a deputy was to come, and that nobody did",
                Response::None => "nobody came, and that we had no answer to our invitation",
            };
            let told = |r: &AbsenceReason| !matches!(r, AbsenceReason::NoneGiven | AbsenceReason::Other);
            let reason =
                row.absence_reason.filter(told).map(|r| format!(" The reason recorded: {}.", r.label()));
            format!("We recorded that {answer}.{}", reason.unwrap_or_default())
        }
    }
}

fn report(row: &invitation::Model, standing: Standing, fault: Option<Fault>) -> String {
    let on = row.report_received_on.map(|d| format!(" on {}", london::full_date(d))).unwrap_or_default();
    match row.report {
        Report::OnTime => format!("Your report reached us{on}, in time."),
        Report::Late => format!("Your report reached us{on}, later than it was due."),
        Report::Tabled => "Your report was tabled on the day.".to_owned(),
        Report::NilReturn => format!("You told us{on} that you hold no information: thank you for looking."),
        Report::None if fault.is_some() => String::new(),
        // Whoever was there is not asked for what a report would have said.
        Report::None if standing.is_represented() => String::new(),
        Report::None => "We had no report.".to_owned(),
        Report::NotRequired => String::new(),
    }
}

fn quorum(status: Status, quorate: bool) -> String {
    match (status, quorate) {
        (Status::Adjourned, true) => {
            "Enough agencies were there (it was quorate), and it was adjourned for another reason."
        }
        (Status::Adjourned, false) => "Too few agencies were there (it was not quorate), and it was put off.",
        (_, true) => "Enough agencies were there for a decision (it was quorate).",
        (_, false) => "Too few agencies were there (it was not quorate), and it went ahead.",
    }
    .to_owned()
}

fn impact(source: Source<'_>, row: &invitation::Model, code: ImpactCode) -> String {
    match code {
        ImpactCode::Pivotal => "With your service there, it would have been quorate.".to_owned(),
        ImpactCode::ShortOfQuorum => {
            "Your agency was among those whose absence left it short of quorum.".to_owned()
        }
        ImpactCode::Adjourned => {
            let date = source.record.conference.conference_date;
            match source.following.reconvened {
                Some(day) => {
                    let days = source.policies.calendar.working_days(date, day);
                    let s = if days == 1 { "" } else { "s" };
                    format!(
                        "A decision about the children waits {days} working day{s} longer, until {}.",
                        london::full_date(day)
                    )
                }
                None => "A decision about the children has to wait.".to_owned(),
            }
        }
        ImpactCode::PlanEndedWithout => {
            "A child protection plan was ended without your service, which was core to that decision."
                .to_owned()
        }
        ImpactCode::ViewMissing if row.report == Report::NilReturn => {
            "You had told us that you hold nothing; what your service thought of the decision itself, nobody could ask."
                .to_owned()
        }
        ImpactCode::ViewMissing if row.report.was_received() => {
            "We had your report; what your service thought of the decision itself, nobody could ask."
                .to_owned()
        }
        ImpactCode::ViewMissing => "We did not have your service's view on the decision.".to_owned(),
        ImpactCode::InformationGap => {
            "We had to rely on old or second-hand information where yours was needed.".to_owned()
        }
        ImpactCode::ExpertiseMissing => "We did not have your service's specialist advice.".to_owned(),
        ImpactCode::ActionUnowned => "Actions of the plan could not be agreed with your service.".to_owned(),
        ImpactCode::FamilyCouldNotHear => {
            "The family could not ask your service about its information.".to_owned()
        }
        ImpactCode::CoreGroupUnconfirmed => {
            "Your service's part in the core group, or the group's date, is still open.".to_owned()
        }
        ImpactCode::NoMaterialEffect => {
            "Your report covered what your service knew, and the chair saw no further effect.".to_owned()
        }
    }
}
