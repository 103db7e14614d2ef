//! Makes the paper of a month: each figure from the measures' definitions, and none twice.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{DatabaseExecutor, DbErr};
use sha2::{Digest, Sha256};

use super::Period;
use super::by_part;
use super::climbed::climbed;
use super::close::hexadecimal;
use super::measures::*;
use super::median::Median;
use super::paper::*;
use super::parts::Split;
use super::rate::Rate;
use super::store::{Case, MonthData, load};
use crate::calendar::Breaks;
use crate::conferences::ConferenceId;
use crate::invitations::{Fault, ImpactCode, InvitationId, Report};
use crate::register::{Policies, Standing};

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

/// How often each of these stands there.
fn tally(all: impl Iterator<Item = &'static str>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for one in all {
        *tally.entry(one.to_owned()).or_default() += 1;
    }
    tally
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

/// Children whose plan ended without a core agency that we had invited wrongly (beside M9).
fn our_fault<'a>(population: impl Iterator<Item = &'a Case>, step_down_only: bool) -> usize {
    let wrongly = |case: &Case, ids: &[InvitationId]| {
        entries(std::slice::from_ref(case)).any(|e| ids.contains(&e.row.id) && e.assessed.fault.is_some())
    };
    population
        .flat_map(|case| case.assessment.plan_ends.iter().map(move |end| (case, end)))
        .filter(|(case, end)| (!step_down_only || end.decision.steps_down()) && wrongly(case, &end.missing))
        .count()
}

/// Of each agency the children whose plan ended without it. A child counts once of an agency, whichever of its services was
/// missing; and once of each agency that was.
fn ended_without<'a>(
    population: impl Iterator<Item = &'a Case>,
    data: &MonthData,
) -> BTreeMap<String, EndedWithout> {
    let mut of: BTreeMap<String, EndedWithout> = BTreeMap::new();
    for case in population {
        for end in &case.assessment.plan_ends {
            let places =
                case.facts.invitations.iter().enumerate().filter(|(_, i)| end.missing.contains(&i.id));
            let mut agencies: BTreeMap<_, Vec<usize>> = BTreeMap::new();
            for (place, invitation) in places {
                agencies.entry(invitation.agency).or_default().push(place);
            }
            for (agency, places) in agencies {
                let agency = &data.directory.agencies[&agency];
                let none = |report| matches!(report, Report::None | Report::NotRequired);
                let unreported = |at: &usize| none(case.facts.invitations[*at].facts.report);
                let at_fault = |at: &usize| case.assessment.invitations[*at].fault.is_some();
                let entry = of.entry(agency.code.clone()).or_default();
                entry.name.clone_from(&agency.name);
                entry.children += 1;
                entry.without_report += usize::from(places.iter().any(unreported));
                entry.our_fault += usize::from(places.iter().any(at_fault));
            }
        }
    }
    of
}

fn feedback_loop<'a>(
    previous: impl Iterator<Item = Entry<'a>>,
    data: &MonthData,
    policies: &Policies,
    rate: impl Fn(&str) -> Rate,
) -> FeedbackLoop {
    let sent: Vec<Entry<'a>> = previous.filter(|e| data.accepted.contains_key(&e.row.id)).collect();
    let days = sent.iter().filter_map(|e| working_days_to_reply(e, data, policies));
    FeedbackLoop {
        sent: sent.len(),
        replied: rate("M16_replied"),
        disputed: rate("M16_disputed"),
        upheld: rate("M16_upheld"),
        disputes_open: sent.iter().filter(|e| is_open_dispute(e, data)).count(),
        median_working_days_to_reply: Median::of(days.collect()),
    }
}

/// Makes the paper of a month, or of some months together.
///
/// `holidays`: of schools, for the part that lies within them.
pub async fn paper<'a>(
    db: impl Into<DatabaseExecutor<'a>>,
    period: impl Into<Period>,
    policies: &Policies,
    holidays: &Breaks,
) -> Result<Paper, DbErr> {
    let data = load(db.into(), period.into(), policies).await?;
    Ok(finish(&data, policies, holidays))
}

/// Counted invitations of a service from which on it stands by itself: of fewer a figure would name somebody.
const OF_A_SERVICE: usize = 5;

/// Some conferences as a hash, in hexadecimal; empty for none.
pub fn hash_of(conferences: impl Iterator<Item = ConferenceId>) -> String {
    let mut ids: Vec<ConferenceId> = conferences.collect();
    ids.sort();
    if ids.is_empty() {
        return String::new();
    }
    let mut hash = Sha256::new();
    ids.iter().for_each(|id| hash.update(id.0.as_bytes()));
    hexadecimal(&hash.finalize())
}

/// The parts of agencies and of their services, and the plans that ended without them, over some of the conferences.
fn own_sheets(data: &MonthData, holidays: &Breaks, of: impl Fn(&Case) -> bool + Copy) -> OwnSheets {
    let all = entries(&data.cases).filter(|e| of(e.case));
    let mut reasons: BTreeMap<_, BTreeMap<String, usize>> = BTreeMap::new();
    for e in all.clone().filter(|e| e.assessed.counted && e.assessed.standing.is_missing()) {
        let reason = e.row.absence_reason.map_or("not_recorded", |reason| reason.code());
        let of_agency = reasons.entry(Split::Agency.part(&e, data, holidays)).or_default();
        *of_agency.entry(reason.to_owned()).or_default() += 1;
    }
    let by_agency = by(all.clone(), |e| Split::Agency.part(e, data, holidays)).into_iter();
    let by_agency = by_agency.map(|(code, part)| {
        let agency = data.directory.agencies.values().find(|agency| agency.code == code);
        let name = agency.map_or(code.to_string(), |agency| agency.name.clone());
        let group = agency.map_or("", |agency| agency.agency_group.code()).to_owned();
        let reasons = reasons.remove(&code).unwrap_or_default();
        (code.into_owned(), AgencyPart { name, group, reasons, part })
    });
    let by_service = by(all, |e| e.row.service_id).into_iter();
    let by_service = by_service.filter(|(_, part)| part.expected >= OF_A_SERVICE).map(|(id, part)| {
        let (service, agency) = data.directory.of(id);
        let (name, agency) = (service.name.clone(), agency.code.clone());
        (id.to_string(), ServicePart { name, agency, part })
    });
    // Who was core at a conference, a tracker does not know.
    let known = data.cases.iter().filter(|case| case.assessment.in_population && of(case));
    let known = known.filter(|case| !case.record.is_of_a_tracker());
    OwnSheets {
        by_agency: by_agency.collect(),
        by_service: by_service.collect(),
        plans_ended_without: ended_without(known, data),
    }
}

/// What the agencies are called of which a rate is told.
fn called(rates: &by_part::RatesByPart, data: &MonthData) -> BTreeMap<String, String> {
    let of_agencies = rates.get(Split::Agency.code());
    let is_told = |code: &String| of_agencies.is_some_and(|parts| parts.contains_key(code));
    let agencies = data.directory.agencies.values().filter(|agency| is_told(&agency.code));
    agencies.map(|agency| (agency.code.clone(), agency.name.clone())).collect()
}

pub(super) fn finish(data: &MonthData, policies: &Policies, holidays: &Breaks) -> Paper {
    let all = entries(&data.cases);
    let population = || data.cases.iter().filter(|c| c.assessment.in_population);
    let count = |test: &dyn Fn(&Entry<'_>) -> bool| all.clone().filter(|e| test(e)).count();
    let share = |id| measure(id).rate(all.clone());
    let (beside, rates_by_part) = by_part::rates(data, policies, holidays);
    let rate = |id: &str| beside.get(id).copied().unwrap_or(Rate::of(0, 0));
    let previous = entries(&data.previous);

    let mut by_reason = BTreeMap::new();
    for case in population().filter(|c| proceeded_inquorate(c)) {
        let reason = case.record.conference.proceeded_reason.map_or("not_recorded", |r| r.code());
        *by_reason.entry(reason.to_owned()).or_insert(0) += 1;
    }
    // Who was core at a conference, a tracker does not know: M9 and M9b leave it out, M9c does not ask.
    let known = || population().filter(|c| !c.record.is_of_a_tracker());
    let adjourned: Vec<Option<u32>> =
        population().filter(|c| adjourned_for_agencies(c)).map(|c| days_lost(c, data, policies)).collect();
    let repeats: BTreeSet<_> =
        previous.clone().filter(|e| is_repeat(e, data)).map(|e| e.row.service_id).collect();
    let took_place = |c: &&Case| matches!(c.record.conference.status.code(), "held" | "adjourned");

    let sheets = own_sheets(data, holidays, |_| true);
    let restricted = data.cases.iter().filter(|case| case.record.conference.restricted);
    let is_any_restricted = population().any(|case| case.record.conference.restricted);
    let of = |split: Split| -> BTreeMap<String, Breakdown> {
        let parts = by(all.clone(), |e| split.part(e, data, holidays)).into_iter();
        parts.map(|(code, part)| (code.into_owned(), part)).collect()
    };
    // Each effect is there, though nobody had it: an older paper knows none.
    let mut impact: BTreeMap<String, usize> =
        ImpactCode::ALL.iter().map(|of| (of.code().to_owned(), 0)).collect();
    for (case, effect) in population()
        .flat_map(|c| c.assessment.invitations.iter().flat_map(move |i| i.impact.iter().map(move |e| (c, e))))
    {
        // Who was core, and who sent a view, a tracker does not know.
        let of_quorum = matches!(effect.code, ImpactCode::Pivotal | ImpactCode::ShortOfQuorum);
        if effect.severity.is_some() && (of_quorum || !case.record.is_of_a_tracker()) {
            *impact.entry(effect.code.code().to_owned()).or_default() += 1;
        }
    }
    let (ladder, exception_list) = climbed(&data.steps, data.period, &data.directory);
    let open = data.cases.iter().filter(took_place).filter(|c| !c.assessment.in_population);

    Paper {
        month: data.period.to_string(),
        conferences: population().count(),
        conferences_by_type: tally(population().map(|c| c.facts.kind.code())),
        conferences_by_locality: tally(population().map(|c| c.record.conference.locality.code()))
            .into_iter()
            .map(|(locality, count)| (locality, Some(count)))
            .collect(),
        registers_open: open.count(),
        invitations: all.clone().count(),
        from_a_tracker: population().filter(|c| c.record.is_of_a_tracker()).count(),
        M13_of: count(&|e| !e.row.attendance_only),
        whole: breakdown(all.clone()),
        sensitivity: Sensitivity {
            faults_as_absent: share("faults_as_absent"),
            everything: share("everything"),
        },
        M5: rate("M5"),
        M6_received: rate("M6_received"),
        M6_on_time: rate("M6_on_time"),
        M7: rate("M7"),
        M8_proceeded_inquorate: population().filter(|c| proceeded_inquorate(c)).count(),
        M8_by_reason: by_reason,
        M8_consecutive: population().filter(|c| is_consecutive(c, data)).count(),
        M9: rate("M9"),
        M9_our_fault: our_fault(known(), false),
        M9_step_down: rate("M9_step_down"),
        M9_step_down_our_fault: our_fault(known(), true),
        M9b: rate("M9b"),
        M9c: rate("M9c"),
        impact,
        ladder,
        exception_list,
        M10_pivotal: population().map(|c| c.assessment.quoracy.pivotal.len()).sum(),
        M11: Adjournments {
            adjournments: adjourned.len(),
            working_days_lost: adjourned.iter().flatten().sum(),
            not_yet_reconvened: adjourned.iter().filter(|d| d.is_none()).count(),
        },
        M12: rate("M12"),
        M13: Faults {
            not_invited: count(&|e| has_fault(e, Fault::NotInvited)),
            undelivered: count(&|e| has_fault(e, Fault::Undelivered)),
            late: count(&|e| has_fault(e, Fault::Late)),
        },
        M14: rate("M14"),
        M15: rate("M15"),
        M16: feedback_loop(previous.clone(), data, policies, rate),
        M17: repeats.len(),
        M18_initial_in_15: rate("M18_initial_in_15"),
        M18_reviews_in_time: rate("M18_reviews_in_time"),
        M19: rate("M19"),
        feedback_due: count(&feedback_due),
        feedback_authority_fault: count(&|e| feedback_due(e) && e.assessed.fault.is_some()),
        neglect: breakdown(all.clone().filter(|e| is_neglect(e.case))),
        by_group: of(Split::Group),
        by_agency: sheets.by_agency,
        by_locality: of(Split::Locality),
        by_service: sheets.by_service,
        by_stage: of(Split::Stage),
        by_type: of(Split::Type),
        by_mode: of(Split::Mode),
        by_slot: of(Split::Slot),
        by_holiday: of(Split::Holiday),
        agencies_called: called(&rates_by_part, data),
        rates_by_part,
        plans_ended_without: sheets.plans_ended_without,
        restricted: Some(hash_of(restricted.map(|case| case.record.conference.id))),
        own_sheets: is_any_restricted
            .then(|| own_sheets(data, holidays, |case| !case.record.conference.restricted)),
    }
}
