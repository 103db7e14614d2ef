//! The finished paper of one month. Every renderer sees this, and nothing behind it.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;

use super::Month;
use super::measures::*;
use super::median::Median;
use super::rate::Rate;
use super::store::{Case, MonthData, load};
use crate::invitations::{Fault, Report};
use crate::register::{Policies, Standing};

/// Counts within E and the rates that rest on them, for a part of the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(non_snake_case, reason = "measures keep their names from DOMAIN 8")]
pub struct Breakdown {
    /// E: counted invitations.
    pub expected: usize,
    /// Attended.
    pub attended: usize,
    /// Deputised.
    pub deputised: usize,
    /// A report instead.
    pub contributed: usize,
    /// There, and not at the decision.
    pub left_before_decision: usize,
    /// Apologies.
    pub apologies: usize,
    /// Without word.
    pub silent: usize,
    /// Attendance rate.
    pub M1: Rate,
    /// Representation rate.
    pub M2: Rate,
    /// Contribution rate.
    pub M3: Rate,
    /// Silent absence.
    pub M4: Rate,
}

/// The two lines under the headline that show what leaving out our faults does to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sensitivity {
    /// Attended in E / C.
    pub faults_as_absent: Rate,
    /// Attended in C / C.
    pub everything: Rate,
}

/// Invitation faults by kind, one each (M13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// Never invited.
    pub not_invited: usize,
    /// The invitation came back.
    pub undelivered: usize,
    /// Below the minimum notice.
    pub late: usize,
}

/// Adjournments for want of agencies (M11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adjournments {
    /// How many.
    pub adjournments: usize,
    /// Working days until they were taken up again, added up.
    pub working_days_lost: u32,
    /// Not taken up again yet: their days are not in the sum.
    pub not_yet_reconvened: usize,
}

/// The feedback loop (M16), for the previous month's conferences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedbackLoop {
    /// Absences whose letter was accepted by the mail server.
    pub sent: usize,
    /// Of those, the ones that were replied to.
    pub replied: Rate,
    /// Of those, the ones that were disputed.
    pub disputed: Rate,
    /// Of those, the ones whose dispute was upheld.
    pub upheld: Rate,
    /// Disputes of those that nobody has settled yet.
    pub disputes_open: usize,
    /// Working days from the first letter to the first reply, of those that were replied to.
    pub median_working_days_to_reply: Option<Median>,
}

/// A named agency's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgencyPart {
    /// Its name.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub part: Breakdown,
}

/// PAQA's month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(non_snake_case, reason = "measures keep their names from DOMAIN 8")]
pub struct Paper {
    /// "2026-09".
    pub month: String,
    /// Conferences of the population.
    pub conferences: usize,
    /// Held or adjourned, register not confirmed: counted nowhere.
    pub registers_open: usize,
    /// Invitations I.
    pub invitations: usize,
    /// Conferences that a tracker brought: M5, M6, M9, M9b, M11 to M14, M18 and M19 leave them out.
    pub from_a_tracker: usize,
    /// Invitations whose faults are known: all but those that a tracker brought.
    pub M13_of: usize,
    /// E and the headline measures M1 to M4.
    #[serde(flatten)]
    pub whole: Breakdown,
    /// What leaving out our faults does.
    pub sensitivity: Sensitivity,
    /// Virtual share.
    pub M5: Rate,
    /// Reports received.
    pub M6_received: Rate,
    /// Reports on time.
    pub M6_on_time: Rate,
    /// Quoracy.
    pub M7: Rate,
    /// Held without quorum.
    pub M8_proceeded_inquorate: usize,
    /// The same by the chair's reason; `not_recorded` for imported ones.
    pub M8_by_reason: BTreeMap<String, usize>,
    /// The second inquorate conference running.
    pub M8_consecutive: usize,
    /// Children whose plan ended without a core agency.
    pub M9: Rate,
    /// Of M9's children, those for whom a missing core agency had been invited wrongly by us.
    pub M9_our_fault: usize,
    /// Endings that step down only.
    pub M9_step_down: Rate,
    /// Of those, our fault.
    pub M9_step_down_our_fault: usize,
    /// A missing core agency sent no report either.
    pub M9b: Rate,
    /// Children whose plan ended at an inquorate conference.
    pub M9c: Rate,
    /// Pivotal absences.
    pub M10_pivotal: usize,
    /// Adjournments for want of agencies.
    pub M11: Adjournments,
    /// Invitations with the minimum notice.
    pub M12: Rate,
    /// Our faults by kind.
    pub M13: Faults,
    /// Answered on or before the day.
    pub M14: Rate,
    /// Feedback in time (the previous month's conferences).
    pub M15: Rate,
    /// The feedback loop (the previous month's conferences).
    pub M16: FeedbackLoop,
    /// Services missing twice running for the same child (the previous month's conferences).
    pub M17: usize,
    /// Initial conferences within 15 working days.
    pub M18_initial_in_15: Rate,
    /// Reviews in time.
    pub M18_reviews_in_time: Rate,
    /// Registers confirmed within 1 working day, of conferences held whose register is kept here.
    pub M19: Rate,
    /// Feedback items due, whatever their age and hold.
    pub feedback_due: usize,
    /// Of those, the ones that apologise.
    pub feedback_authority_fault: usize,
    /// The neglect lens: conferences of any child with the category neglect.
    pub neglect: Breakdown,
    /// By agency group.
    pub by_group: BTreeMap<String, Breakdown>,
    /// By agency, by its code; in alphabetical order of its name in every table.
    pub by_agency: BTreeMap<String, AgencyPart>,
    /// By locality.
    pub by_locality: BTreeMap<String, Breakdown>,
}

/// The measure with this id.
pub fn measure(id: &str) -> &'static Definition {
    INVITATION_MEASURES.iter().find(|m| m.id == id).expect("a measure that is defined")
}

fn breakdown<'a>(entries: impl Iterator<Item = Entry<'a>> + Clone) -> Breakdown {
    let count =
        |standing| entries.clone().filter(|e| e.assessed.counted && e.assessed.standing == standing).count();
    let rate = |id| measure(id).rate(entries.clone());
    Breakdown {
        expected: entries.clone().filter(|e| e.assessed.counted).count(),
        attended: count(Standing::Attended),
        deputised: count(Standing::Deputised),
        contributed: count(Standing::Contributed),
        left_before_decision: count(Standing::LeftBeforeDecision),
        apologies: count(Standing::Apologies),
        silent: count(Standing::Silent),
        M1: rate("M1"),
        M2: rate("M2"),
        M3: rate("M3"),
        M4: rate("M4"),
    }
}

/// The parts of the month that have anything counted.
fn by<'a, K: Ord>(
    entries: impl Iterator<Item = Entry<'a>> + Clone,
    key: impl Fn(&Entry<'a>) -> K,
) -> BTreeMap<K, Breakdown> {
    let mut parts: BTreeMap<K, Vec<Entry<'a>>> = BTreeMap::new();
    for entry in entries.filter(|e| e.assessed.counted) {
        parts.entry(key(&entry)).or_default().push(entry);
    }
    parts.into_iter().map(|(key, part)| (key, breakdown(part.iter().copied()))).collect()
}

/// What M9 counts about children whose plan ended.
struct PlanEndings {
    all: usize,
    without_core: usize,
    our_fault: usize,
    without_report: usize,
    inquorate: usize,
}

fn plan_endings<'a>(population: impl Iterator<Item = &'a Case>, step_down_only: bool) -> PlanEndings {
    let mut n = PlanEndings { all: 0, without_core: 0, our_fault: 0, without_report: 0, inquorate: 0 };
    for case in population {
        let place = |id| case.facts.invitations.iter().position(|i| i.id == id).expect("of this conference");
        for end in &case.assessment.plan_ends {
            if step_down_only && !end.decision.steps_down() {
                continue;
            }
            n.all += 1;
            n.inquorate += usize::from(!case.assessment.quoracy.quorate);
            n.without_core += usize::from(!end.missing.is_empty());
            let any =
                |test: &dyn Fn(usize) -> bool| usize::from(end.missing.iter().any(|id| test(place(*id))));
            n.our_fault += any(&|at| case.assessment.invitations[at].fault.is_some());
            let none = |report| matches!(report, Report::None | Report::NotRequired);
            n.without_report += any(&|at| none(case.facts.invitations[at].facts.report));
        }
    }
    n
}

fn share<'a>(cases: impl Iterator<Item = &'a Case>, test: impl Fn(&Case) -> Option<bool>) -> Rate {
    let known: Vec<bool> = cases.filter_map(test).collect();
    Rate::of(known.iter().filter(|yes| **yes).count(), known.len())
}

fn feedback_loop<'a>(
    previous: impl Iterator<Item = Entry<'a>>,
    data: &MonthData,
    policies: &Policies,
) -> FeedbackLoop {
    let sent: Vec<Entry<'a>> = previous.filter(|e| data.accepted.contains_key(&e.row.id)).collect();
    let days = sent.iter().filter_map(|e| working_days_to_reply(e, data, policies));
    let share = |test: fn(&Entry<'_>, &MonthData) -> bool| {
        Rate::of(sent.iter().filter(|e| test(e, data)).count(), sent.len())
    };
    FeedbackLoop {
        sent: sent.len(),
        replied: share(is_replied),
        disputed: share(is_disputed),
        upheld: share(is_upheld),
        disputes_open: sent.iter().filter(|e| is_open_dispute(e, data)).count(),
        median_working_days_to_reply: Median::of(days.collect()),
    }
}

/// Makes the paper of a month.
pub async fn paper(db: &impl ConnectionTrait, month: Month, policies: &Policies) -> Result<Paper, DbErr> {
    let data = load(db, month, policies).await?;
    Ok(finish(&data, policies))
}

pub(super) fn finish(data: &MonthData, policies: &Policies) -> Paper {
    let all = entries(&data.cases);
    let population = || data.cases.iter().filter(|c| c.assessment.in_population);
    let count = |test: &dyn Fn(&Entry<'_>) -> bool| all.clone().filter(|e| test(e)).count();
    let rate = |id| measure(id).rate(all.clone());
    let previous = entries(&data.previous);

    let mut by_reason = BTreeMap::new();
    for case in population().filter(|c| proceeded_inquorate(c)) {
        let reason = case.record.conference.proceeded_reason.map_or("not_recorded", |r| r.code());
        *by_reason.entry(reason.to_owned()).or_insert(0) += 1;
    }
    // Who was core at a conference, a tracker does not know: M9 and M9b leave it out, M9c does not ask.
    let known = || population().filter(|c| !c.record.is_of_a_tracker());
    let (endings, step_down) = (plan_endings(known(), false), plan_endings(known(), true));
    let all_endings = plan_endings(population(), false);
    let adjourned: Vec<Option<u32>> =
        population().filter(|c| adjourned_for_agencies(c)).map(|c| days_lost(c, data, policies)).collect();
    let owed: Vec<Entry<'_>> = previous.clone().filter(feedback_owed).collect();
    let repeats: BTreeSet<_> =
        previous.clone().filter(|e| is_repeat(e, data)).map(|e| e.row.service_id).collect();
    let went: Vec<Entry<'_>> = all.clone().filter(went_out).collect();
    let took_place = |c: &&Case| matches!(c.record.conference.status.code(), "held" | "adjourned");

    Paper {
        month: data.month.to_string(),
        conferences: population().count(),
        registers_open: data.cases.iter().filter(took_place).filter(|c| !c.assessment.in_population).count(),
        invitations: all.clone().count(),
        from_a_tracker: population().filter(|c| c.record.is_of_a_tracker()).count(),
        M13_of: count(&|e| !e.row.attendance_only),
        whole: breakdown(all.clone()),
        sensitivity: Sensitivity {
            faults_as_absent: rate("faults_as_absent"),
            everything: rate("everything"),
        },
        M5: rate("M5"),
        M6_received: rate("M6_received"),
        M6_on_time: rate("M6_on_time"),
        M7: share(population(), |c| Some(c.assessment.quoracy.quorate)),
        M8_proceeded_inquorate: population().filter(|c| proceeded_inquorate(c)).count(),
        M8_by_reason: by_reason,
        M8_consecutive: population().filter(|c| is_consecutive(c, data)).count(),
        M9: Rate::of(endings.without_core, endings.all),
        M9_our_fault: endings.our_fault,
        M9_step_down: Rate::of(step_down.without_core, step_down.all),
        M9_step_down_our_fault: step_down.our_fault,
        M9b: Rate::of(endings.without_report, endings.all),
        M9c: Rate::of(all_endings.inquorate, all_endings.all),
        M10_pivotal: population().map(|c| c.assessment.quoracy.pivotal.len()).sum(),
        M11: Adjournments {
            adjournments: adjourned.len(),
            working_days_lost: adjourned.iter().flatten().sum(),
            not_yet_reconvened: adjourned.iter().filter(|d| d.is_none()).count(),
        },
        M12: Rate::of(went.iter().filter(|e| had_notice(e, policies)).count(), went.len()),
        M13: Faults {
            not_invited: count(&|e| has_fault(e, Fault::NotInvited)),
            undelivered: count(&|e| has_fault(e, Fault::Undelivered)),
            late: count(&|e| has_fault(e, Fault::Late)),
        },
        M14: rate("M14"),
        M15: Rate::of(owed.iter().filter(|e| feedback_in_time(e, data, policies)).count(), owed.len()),
        M16: feedback_loop(previous.clone(), data, policies),
        M17: repeats.len(),
        M18_initial_in_15: share(population(), |c| initial_in_time(c, policies)),
        M18_reviews_in_time: share(population(), |c| review_in_time(c, data, policies)),
        M19: share(data.cases.iter(), |c| confirmed_in_time(c, policies)),
        feedback_due: count(&feedback_due),
        feedback_authority_fault: count(&|e| feedback_due(e) && e.assessed.fault.is_some()),
        neglect: breakdown(all.clone().filter(|e| is_neglect(e.case))),
        by_group: by(all.clone(), |e| e.facts.group.code().to_owned()),
        by_agency: by(all.clone(), |e| e.facts.agency)
            .into_iter()
            .map(|(id, part)| {
                let agency = &data.directory.agencies[&id];
                (agency.code.clone(), AgencyPart { name: agency.name.clone(), part })
            })
            .collect(),
        by_locality: by(all, |e| e.case.record.conference.locality.code().to_owned()),
    }
}
