//! The measures over invitations, each one definition: which invitations are the denominator, and which
//! of them the numerator. The rates and the pages behind them read the same definitions.

use super::rate::Rate;
use super::store::{Case, MonthData};
use crate::calendar::london;
use crate::conferences::{
    AdjournmentReason, Category, ConferenceType, INITIAL_WORKING_DAYS, ProceededReason, Status, latest_day,
};
use crate::feedback::told_by;
use crate::invitations::entity::invitation;
use crate::invitations::{Attendance, Delivery, Fault, ImpactCode, Report, Response, notice};
use crate::register::{Assessed, FeedbackWanted, InvitationFacts, Policies, Source, Standing};
use crate::replies::{ReplyKind, ReplyState, Told};

/// One invitation of the month's population.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Its conference.
    pub case: &'a Case,
    /// The row.
    pub row: &'a invitation::Model,
    /// What its service is.
    pub facts: &'a InvitationFacts,
    /// What is derived of it.
    pub assessed: &'a Assessed,
}

/// Every invitation of some conferences, of those outside the population too.
pub fn everything(cases: &[Case]) -> impl Iterator<Item = Entry<'_>> + Clone {
    cases.iter().flat_map(|case| {
        let derived = case.facts.invitations.iter().zip(&case.assessment.invitations);
        let rows = case.record.invitations.iter().zip(derived);
        rows.map(move |(row, (facts, assessed))| Entry { case, row, facts, assessed })
    })
}

/// The invitations I of some conferences: those of the population, walk-ins left out.
pub fn entries(cases: &[Case]) -> impl Iterator<Item = Entry<'_>> + Clone {
    everything(cases).filter(is_in_population)
}

/// Whether an invitation is one of those.
pub fn is_in_population(e: &Entry<'_>) -> bool {
    e.case.assessment.in_population && !e.row.walk_in
}

/// Whether any child of the conference has the category neglect (the neglect lens).
pub fn is_neglect(case: &Case) -> bool {
    case.record.children.iter().any(|c| c.category == Category::Neglect)
}

/// A measure over invitations.
pub struct Definition {
    /// Its name in DOMAIN 8 and in every output.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What is counted, and over what.
    pub definition: &'static str,
    /// In the denominator.
    pub of: fn(&Entry<'_>) -> bool,
    /// In the numerator, if in the denominator.
    pub counts: fn(&Entry<'_>) -> bool,
}

fn standing_is(e: &Entry<'_>, standings: &[Standing]) -> bool {
    standings.contains(&e.assessed.standing)
}

fn report_was_owed(e: &Entry<'_>) -> bool {
    !e.row.attendance_only
        && e.assessed.fault.is_none()
        && e.row.excused.is_none()
        && e.row.report != Report::NotRequired
}

fn in_c(e: &Entry<'_>) -> bool {
    !e.row.attendance_only && e.assessed.standing.can_count()
}

use Standing::{Attended, Contributed, Deputised, Silent};

/// Every measure that is a share of invitations.
pub const INVITATION_MEASURES: &[Definition] = &[
    Definition {
        id: "M1",
        title: "Attendance rate",
        definition: "attended, of the counted invitations (E)",
        of: |e| e.assessed.counted,
        counts: |e| standing_is(e, &[Attended]),
    },
    Definition {
        id: "M2",
        title: "Representation rate",
        definition: "attended or deputised, of E",
        of: |e| e.assessed.counted,
        counts: |e| standing_is(e, &[Attended, Deputised]),
    },
    Definition {
        id: "M3",
        title: "Contribution rate",
        definition: "attended, deputised or a report instead, of E",
        of: |e| e.assessed.counted,
        counts: |e| standing_is(e, &[Attended, Deputised, Contributed]),
    },
    Definition {
        id: "M4",
        title: "Silent absence",
        definition: "absent without word, of E",
        of: |e| e.assessed.counted,
        counts: |e| standing_is(e, &[Silent]),
    },
    Definition {
        id: "faults_as_absent",
        title: "Attendance, counting our faults as absences",
        definition: "attended without a fault of ours, of every invitation expected and recorded (C), without what a tracker brought",
        of: in_c,
        counts: |e| e.assessed.counted && standing_is(e, &[Attended]),
    },
    Definition {
        id: "everything",
        title: "Attendance, faults and all",
        definition: "attended, with or without a fault of ours, of the same invitations",
        of: in_c,
        counts: |e| standing_is(e, &[Attended]),
    },
    Definition {
        id: "M5",
        title: "Virtual share",
        definition: "by video or phone, of the represented in E without what a tracker brought",
        of: |e| !e.row.attendance_only && e.assessed.counted && e.assessed.standing.is_represented(),
        counts: |e| matches!(e.row.attendance, Some(Attendance::Video | Attendance::Phone)),
    },
    Definition {
        id: "M6_received",
        title: "Reports received",
        definition: "on time, late, tabled or nil return, of invitations with no fault, not excused, \
                     whose report was required (information-only included)",
        of: report_was_owed,
        counts: |e| e.row.report.was_received(),
    },
    Definition {
        id: "M6_on_time",
        title: "Reports on time",
        definition: "on time, of invitations with no fault, not excused, whose report was required (information-only included)",
        of: report_was_owed,
        counts: |e| e.row.report == Report::OnTime,
    },
    Definition {
        id: "M14",
        title: "Answered on or before the day",
        definition: "any answer, an acceptance included, of E without what a tracker brought",
        of: |e| e.assessed.counted && !e.row.attendance_only,
        counts: |e| {
            e.row.response != Response::None && e.row.responded_on.is_none_or(|day| day <= e.case.facts.date)
        },
    },
];

/// The measure with this id.
///
/// # Panics
/// No share of invitations has it.
pub fn measure(id: &str) -> &'static Definition {
    INVITATION_MEASURES.iter().find(|m| m.id == id).expect("a measure that is defined")
}

impl Definition {
    /// The rate over some invitations.
    pub fn rate<'a>(&self, entries: impl Iterator<Item = Entry<'a>>) -> Rate {
        let (mut numerator, mut denominator) = (0, 0);
        for entry in entries.filter(|e| (self.of)(e)) {
            denominator += 1;
            numerator += usize::from((self.counts)(&entry));
        }
        Rate::of(numerator, denominator)
    }
}

/// M12's denominator: invitations with a date that went out, bounced ones included.
pub fn went_out(e: &Entry<'_>) -> bool {
    !e.row.attendance_only
        && e.row.invited_on.is_some()
        && matches!(e.row.delivery, Delivery::Sent | Delivery::Bounced)
}

/// M12's numerator: at least the minimum notice.
pub fn had_notice(e: &Entry<'_>, policies: &Policies) -> bool {
    let minimum = policies.minimum_notice.for_type(e.case.facts.kind);
    e.row.invited_on.is_some_and(|day| notice(day, e.case.facts.date, &policies.calendar) >= minimum)
}

/// A conference that went on without quorum (M8): held, and not adjourned.
pub fn proceeded_inquorate(case: &Case) -> bool {
    case.assessment.in_population && case.facts.status == Status::Held && !case.assessment.quoracy.quorate
}

/// The second inquorate conference running (M8; Swindon): held inquorate, and the one before of any of
/// its children was inquorate too, save for pre-birth or too few agencies involved.
pub fn is_consecutive(case: &Case, data: &MonthData) -> bool {
    let spared = case.facts.kind == ConferenceType::PreBirth
        || matches!(
            case.record.conference.proceeded_reason,
            Some(ProceededReason::PreBirth | ProceededReason::FewAgenciesInvolved)
        );
    let was_inquorate = |key: &[u8]| {
        super::histories::before(&data.histories, key, case.record.conference.starts_at)
            .and_then(|past| data.before_inquorate.get(&past.id))
            .is_some_and(|past| past.assessment.in_population && !past.assessment.quoracy.quorate)
    };
    proceeded_inquorate(case) && !spared && case.record.children.iter().any(|c| was_inquorate(&c.child_key))
}

/// The reason for which an inquorate conference went on (M8), by its code.
pub fn reason_of(case: &Case) -> &'static str {
    case.record.conference.proceeded_reason.map_or("not_recorded", |reason| reason.code())
}

/// Whether an absence had an effect on the decision, and was not our fault (DOMAIN 6).
pub fn has_impact(case: &Case, assessed: &Assessed, code: ImpactCode) -> bool {
    // Who was core, and who sent a view, a tracker does not know.
    let of_quorum = matches!(code, ImpactCode::Pivotal | ImpactCode::ShortOfQuorum);
    let is_known = of_quorum || !case.record.is_of_a_tracker();
    is_known && assessed.impact.iter().any(|effect| effect.code == code && effect.severity.is_some())
}

/// An adjournment that M11 counts.
pub fn adjourned_for_agencies(case: &Case) -> bool {
    case.assessment.in_population
        && matches!(
            case.facts.adjournment_reason,
            Some(AdjournmentReason::Inquorate | AdjournmentReason::AgencyOrReportMissing)
        )
}

/// Working days from an adjourned conference until it was reconvened: the next conference of its children
/// that took place, if it is of that type. `None` where there is none: later conferences of another
/// type are not the adjourned one taken up, and their distance is not its delay.
pub fn days_lost(case: &Case, data: &MonthData, policies: &Policies) -> Option<u32> {
    let histories = case.record.children.iter().filter_map(|c| data.histories.get(&c.child_key));
    let later =
        histories.flatten().filter(|p| p.took_place() && p.starts_at > case.record.conference.starts_at);
    let next = later.min_by_key(|p| p.starts_at)?;
    let reconvened = next.kind == ConferenceType::Reconvened;
    reconvened.then(|| policies.calendar.working_days(case.facts.date, next.date))
}

/// Whether an initial conference was in time (M18); `None` where its clock's start is not known.
pub fn initial_in_time(case: &Case, policies: &Policies) -> Option<bool> {
    if !case.facts.kind.is_initial() {
        return None;
    }
    let starts = case.record.conference.strategy_discussion_on?;
    Some(policies.calendar.working_days(starts, case.facts.date) <= INITIAL_WORKING_DAYS)
}

/// Whether a review was in time for every child whose predecessor is known (M18); `None` where none is.
/// A predecessor is the last conference before it with status held, of any type, confirmed or not.
pub fn review_in_time(case: &Case, data: &MonthData, policies: &Policies) -> Option<bool> {
    let (kind, starts_at) = (case.facts.kind, case.record.conference.starts_at);
    // A tracker does not tell a first review from a later one.
    if !kind.is_review() || case.record.is_of_a_tracker() {
        return None;
    }
    let held = |p: &&super::histories::Past| p.status == Status::Held && p.starts_at < starts_at;
    let histories = case.record.children.iter().filter_map(|c| data.histories.get(&c.child_key));
    let predecessors = histories.filter_map(|history| history.iter().rev().find(held));
    let in_time = predecessors.map(|p| case.facts.date <= latest_day(kind, p.date, &policies.calendar));
    in_time.reduce(|all, one| all && one)
}

/// Feedback is due on this invitation (DOMAIN 7), whatever its age.
pub fn feedback_due(e: &Entry<'_>) -> bool {
    !e.row.attendance_only && e.assessed.standing.is_missing()
}

/// Feedback is due, and was ours to give (M15's denominator). A register that was confirmed here too late
/// for letters counts against us; one that a file brought in as history, or without asking, does not.
pub fn feedback_owed(e: &Entry<'_>) -> bool {
    let wanted = |f| matches!(f, FeedbackWanted::Wanted | FeedbackWanted::Made);
    feedback_due(e)
        && e.case.record.register.as_ref().is_some_and(|r| r.source == Source::Here || wanted(r.feedback))
}

/// Accepted by the mail server by 10:00 on the working day after the conference (M15).
pub fn feedback_in_time(e: &Entry<'_>, data: &MonthData, policies: &Policies) -> bool {
    let target = told_by(&policies.calendar, e.case.facts.date);
    data.accepted.get(&e.row.id).is_some_and(|at| *at <= target)
}

/// The agency replied to the letter (M16), whatever it said.
pub fn is_replied(e: &Entry<'_>, data: &MonthData) -> bool {
    data.replies.contains_key(&e.row.id)
}

/// It said that the record is wrong (M16).
pub fn is_disputed(e: &Entry<'_>, data: &MonthData) -> bool {
    replies(e, data).any(|reply| reply.kind == ReplyKind::Disputed)
}

/// What it said of that is not settled yet.
pub fn is_open_dispute(e: &Entry<'_>, data: &MonthData) -> bool {
    replies(e, data).any(|reply| reply.kind == ReplyKind::Disputed && reply.state == ReplyState::Open)
}

/// It was right about that (M16).
pub fn is_upheld(e: &Entry<'_>, data: &MonthData) -> bool {
    replies(e, data).any(|reply| reply.state == ReplyState::Upheld)
}

/// Working days from when the letter was accepted to its first reply (M16); the same day: 0.
pub fn working_days_to_reply(e: &Entry<'_>, data: &MonthData, policies: &Policies) -> Option<u32> {
    let (sent, replied) = (data.accepted.get(&e.row.id)?, replies(e, data).map(|reply| reply.made_at).min()?);
    Some(policies.calendar.working_days(london::date(*sent), london::date(replied)))
}

fn replies<'a>(e: &Entry<'_>, data: &'a MonthData) -> impl Iterator<Item = &'a Told> {
    data.replies.get(&e.row.id).into_iter().flatten()
}

/// A miss (DOMAIN 7).
pub fn is_miss(e: &Entry<'_>) -> bool {
    e.assessed.is_miss(e.row.absence_reason)
}

/// A service that missed twice running for the same child (M17): it missed this conference, and the
/// child's conference before, to which it was invited too.
pub fn is_repeat(e: &Entry<'_>, data: &MonthData) -> bool {
    is_miss(e)
        && e.case.record.children.iter().filter(|c| e.facts.concerns(c.id)).any(|child| {
            let past = super::histories::before(
                &data.previous_histories,
                &child.child_key,
                e.case.record.conference.starts_at,
            );
            let past = past.and_then(|past| data.before_missed.get(&past.id));
            past.is_some_and(|past| {
                // The same child, as it stands there: an invitation for a brother or sister alone was not about it.
                let there = past.record.children.iter().find(|c| c.child_key == child.child_key);
                let concerned = |p: &Entry<'_>| there.is_some_and(|there| p.facts.concerns(there.id));
                entries(std::slice::from_ref(past))
                    .any(|p| p.row.service_id == e.row.service_id && concerned(&p) && is_miss(&p))
            })
        })
}

/// Whether a register confirmed here was confirmed within 1 working day (M19). `None` for a conference
/// that a file brought, unless its register was confirmed here: the file does not say when it was. Only
/// conferences held are asked.
pub fn confirmed_in_time(case: &Case, policies: &Policies) -> Option<bool> {
    if case.facts.status != Status::Held || case.record.is_of_a_tracker() {
        return None;
    }
    match &case.record.register {
        Some(register) if register.source == Source::File => None,
        None if case.record.conference.from_file.is_some() => None,
        Some(register) => {
            let confirmed = london::date(register.confirmed_at);
            Some(policies.calendar.working_days(case.facts.date, confirmed) <= 1)
        }
        None => Some(false),
    }
}

/// The count of M13 in which a fault stands.
pub fn of_fault(fault: Fault) -> &'static str {
    match fault {
        Fault::NotInvited => "M13_not_invited",
        Fault::Undelivered => "M13_undelivered",
        Fault::Late => "M13_late",
    }
}

/// A fault of this kind (M13).
pub fn has_fault(e: &Entry<'_>, fault: Fault) -> bool {
    e.assessed.fault == Some(fault)
}
