//! Makes the paper of a month: each figure from the measures' definitions, and none twice.

use std::collections::BTreeMap;

use sea_orm::{DatabaseExecutor, DbErr};
use sha2::{Digest, Sha256};

use super::by_part;
use super::climbed::climbed;
use super::close::hexadecimal;
use super::measures::*;
use super::median::Median;
use super::paper::*;
use super::parts::Split;
use super::rate::Rate;
use super::store::{Case, MonthData, load};
use super::{Month, Period};
use crate::calendar::Breaks;
use crate::conferences::{ConferenceId, Status};
use crate::invitations::ImpactCode;
use crate::register::{Policies, Standing};

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

/// How many conferences were in each month.
fn by_month<'a>(population: impl Iterator<Item = &'a Case>) -> BTreeMap<String, usize> {
    let mut months = BTreeMap::new();
    for case in population {
        *months.entry(Month::of(case.facts.date).to_string()).or_default() += 1;
    }
    months
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
                let unreported = |at: &usize| !case.facts.invitations[*at].facts.report.was_received();
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
    count: impl Fn(&str) -> usize,
) -> FeedbackLoop {
    let days = previous.filter_map(|e| working_days_to_reply(&e, data, policies));
    FeedbackLoop {
        sent: count("M16_sent"),
        replied: rate("M16_replied"),
        disputed: rate("M16_disputed"),
        upheld: rate("M16_upheld"),
        disputes_open: count("M16_disputes_open"),
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

/// What the agencies are called of which a figure beside attendance is told.
fn called(beside: &by_part::Beside, data: &MonthData) -> BTreeMap<String, String> {
    let rates = beside.rates_by_part.get(Split::Agency.code());
    let counts = beside.counts_by_part.get(Split::Agency.code());
    let is_told = |code: &String| {
        rates.is_some_and(|parts| parts.contains_key(code))
            || counts.is_some_and(|parts| parts.contains_key(code))
    };
    let agencies = data.directory.agencies.values().filter(|agency| is_told(&agency.code));
    agencies.map(|agency| (agency.code.clone(), agency.name.clone())).collect()
}

pub(super) fn finish(data: &MonthData, policies: &Policies, holidays: &Breaks) -> Paper {
    let all = entries(&data.cases);
    let population = || data.cases.iter().filter(|c| c.assessment.in_population);
    let share = |id| measure(id).rate(all.clone());
    let sheets = own_sheets(data, holidays, |_| true);
    let beside = by_part::beside(data, policies, holidays, |id| sheets.by_service.contains_key(id));
    let rate = |id: &str| beside.rates.get(id).copied().unwrap_or(Rate::of(0, 0));
    let count = |id: &str| beside.counts.get(id).copied().unwrap_or(0);

    let mut by_reason = BTreeMap::new();
    for case in population().filter(|c| proceeded_inquorate(c)) {
        *by_reason.entry(reason_of(case).to_owned()).or_insert(0) += 1;
    }
    let took_place = |c: &&Case| matches!(c.record.conference.status.code(), "held" | "adjourned");

    let restricted = data.cases.iter().filter(|case| case.record.conference.restricted);
    let is_any_restricted = population().any(|case| case.record.conference.restricted);
    let of = |split: Split| -> BTreeMap<String, Breakdown> {
        let parts = by(all.clone(), |e| split.part(e, data, holidays)).into_iter();
        parts.map(|(code, part)| (code.into_owned(), part)).collect()
    };
    let absences =
        || population().flat_map(|case| case.assessment.invitations.iter().map(move |of| (case, of)));
    let impact = ImpactCode::ALL.iter().map(|code| {
        let had = absences().filter(|(case, of)| has_impact(case, of, *code));
        (code.code().to_owned(), had.count())
    });
    let (ladder, exception_list) = climbed(&data.steps, data.period, &data.directory);
    let open = data.cases.iter().filter(took_place).filter(|c| !c.assessment.in_population);

    Paper {
        month: data.period.to_string(),
        conferences: population().count(),
        conferences_by_month: match data.period {
            Period::Month(_) => BTreeMap::new(),
            _ => by_month(population()),
        },
        conferences_by_type: tally(population().map(|c| c.facts.kind.code())),
        conferences_by_locality: tally(population().map(|c| c.record.conference.locality.code()))
            .into_iter()
            .map(|(locality, count)| (locality, Some(count)))
            .collect(),
        registers_open: open.count(),
        still_scheduled: data.cases.iter().filter(|c| c.facts.status == Status::Scheduled).count(),
        invitations: all.clone().count(),
        from_a_tracker: population().filter(|c| c.record.is_of_a_tracker()).count(),
        M13_of: all.clone().filter(|e| !e.row.attendance_only).count(),
        whole: breakdown(all.clone()),
        sensitivity: Sensitivity {
            faults_as_absent: share("faults_as_absent"),
            everything: share("everything"),
        },
        M5: rate("M5"),
        M6_received: rate("M6_received"),
        M6_on_time: rate("M6_on_time"),
        M7: rate("M7"),
        M8_proceeded_inquorate: count("M8_proceeded_inquorate"),
        M8_by_reason: by_reason,
        M8_consecutive: count("M8_consecutive"),
        M9: rate("M9"),
        M9_our_fault: count("M9_our_fault"),
        M9_step_down: rate("M9_step_down"),
        M9_step_down_our_fault: count("M9_step_down_our_fault"),
        M9b: rate("M9b"),
        M9c: rate("M9c"),
        impact: impact.collect(),
        ladder,
        exception_list,
        M10_pivotal: count("M10_pivotal"),
        M11: Adjournments {
            adjournments: count("M11_adjournments"),
            working_days_lost: count("M11_working_days_lost"),
            not_yet_reconvened: count("M11_not_yet_reconvened"),
        },
        M12: rate("M12"),
        M13: Faults {
            not_invited: count("M13_not_invited"),
            undelivered: count("M13_undelivered"),
            late: count("M13_late"),
        },
        M14: rate("M14"),
        M15: rate("M15"),
        M16: feedback_loop(entries(&data.previous), data, policies, rate, count),
        M17: count("M17"),
        M18_initial_in_15: rate("M18_initial_in_15"),
        M18_reviews_in_time: rate("M18_reviews_in_time"),
        M19: rate("M19"),
        feedback_due: count("feedback_due"),
        feedback_authority_fault: count("feedback_authority_fault"),
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
        agencies_called: called(&beside, data),
        rates_by_part: beside.rates_by_part,
        counts_by_part: beside.counts_by_part,
        plans_ended_without: sheets.plans_ended_without,
        restricted: Some(hash_of(restricted.map(|case| case.record.conference.id))),
        own_sheets: is_any_restricted
            .then(|| own_sheets(data, holidays, |case| !case.record.conference.restricted)),
    }
}
