//! The invitations behind a figure, for those who may see them.

use std::str::FromStr;

use sea_orm::{DatabaseConnection, DbErr};

use super::Period;
use super::measures::*;
use super::parts::Split;
use super::store::{MonthData, load, load_alone};
use crate::calendar::Breaks;
use crate::conferences::{self, ConferenceId, Sight};
use crate::invitations::{Fault, ImpactCode};
use crate::register::{Policies, Standing};

/// Which figure, in which part of its months.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The measure or count, as the paper names it.
    pub figure: String,
    /// Its denominator rather than its numerator.
    pub denominator: bool,
    /// Only these parts.
    pub parts: Vec<(Split, String)>,
}

/// One invitation behind a figure.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Its conference.
    pub conference: ConferenceId,
    /// The conference's random reference.
    pub reference: String,
    /// The day.
    pub date: chrono::NaiveDate,
    /// The agency's name.
    pub agency: String,
    /// The service.
    pub service: String,
    /// The role.
    pub role: String,
    /// Its standing.
    pub standing: Standing,
    /// Our fault in inviting it.
    pub fault: Option<Fault>,
}

/// Whether a figure is about the conferences of the month before: replies and disputes have had their time (DOMAIN 8).
pub fn is_of_previous_month(figure: &str) -> bool {
    ["M15", "M16", "M17"].iter().any(|measure| figure.starts_with(measure))
}

/// Whether a figure asks of conferences that count nowhere else: when their registers were confirmed (M19).
fn looks_outside(figure: &str) -> bool {
    figure == "M19"
}

/// The invitations behind a figure that somebody may see, and how many there are of conferences that are
/// restricted for them: those are in the figure, and only in the figure. `None` for a figure that does not
/// exist.
pub async fn behind(
    db: &DatabaseConnection,
    period: Period,
    policies: &Policies,
    holidays: &Breaks,
    selection: &Selection,
    sight: Sight,
) -> Result<Option<(Vec<Behind>, usize)>, DbErr> {
    let of_previous = is_of_previous_month(&selection.figure);
    let looks_around = of_previous || ["M8", "M18"].iter().any(|m| selection.figure.starts_with(m));
    let data = match looks_around {
        true => load(db.into(), period, policies).await?,
        false => load_alone(db, period, policies).await?,
    };
    let both = data.cases.iter().chain(&data.previous).map(|case| &case.record.conference);
    let restricted: Vec<ConferenceId> = both.filter(|c| c.restricted).map(|c| c.id).collect();
    let seen = conferences::store::by_ids(db, restricted, sight).await?;
    let Some(test) = test(selection, &data, policies) else { return Ok(None) };
    let cases = if of_previous { &data.previous } else { &data.cases };
    let is_of = |e: &Entry<'_>, (split, part): &(Split, String)| split.part(e, &data, holidays) == *part;
    // A register may be confirmed late, or not yet, outside the population.
    let outside = looks_outside(&selection.figure);
    let may_be = |e: &Entry<'_>| is_in_population(e) || outside && !e.row.walk_in;
    let chosen = everything(cases).filter(may_be);
    let chosen = chosen.filter(|e| selection.parts.iter().all(|part| is_of(e, part)) && test(e));
    let hidden = |e: &Entry<'_>| {
        let c = &e.case.record.conference;
        c.restricted && seen.iter().all(|s| s.id != c.id)
    };
    let (hidden, shown): (Vec<_>, Vec<_>) = chosen.partition(hidden);
    let shown = shown.into_iter().map(|e| {
        let (service, agency) = data.directory.of(e.row.service_id);
        Behind {
            conference: e.case.record.conference.id,
            reference: e.case.record.conference.reference.clone(),
            date: e.case.facts.date,
            agency: agency.name.clone(),
            service: service.name.clone(),
            role: e.row.role.clone(),
            standing: e.assessed.standing,
            fault: e.assessed.fault,
        }
    });
    Ok(Some((shown.collect(), hidden.len())))
}

type Test<'a> = Box<dyn Fn(&Entry<'_>) -> bool + 'a>;

/// The test that an invitation behind the figure passes. A figure about conferences or children has all
/// invitations of those conferences behind it; M9 has the missing ones.
fn test<'a>(selection: &Selection, data: &'a MonthData, policies: &'a Policies) -> Option<Test<'a>> {
    let whole = selection.denominator;
    let figure = selection.figure.as_str();
    if INVITATION_MEASURES.iter().any(|m| m.id == figure) {
        let m = measure(figure);
        return Some(Box::new(move |e| (m.of)(e) && (whole || (m.counts)(e))));
    }
    if let Some(code) = figure.strip_prefix("impact_") {
        let code = ImpactCode::from_str(code).ok()?;
        return Some(Box::new(move |e| has_impact(e.case, e.assessed, code)));
    }
    if let Some(reason) = figure.strip_prefix("M8_by_reason_") {
        let reason = reason.to_owned();
        let is_it = move |e: &Entry<'_>| reason_of(e.case) == reason;
        return Some(Box::new(move |e| proceeded_inquorate(e.case) && is_it(e)));
    }
    if let Ok(standing) = Standing::from_str(figure) {
        return Some(Box::new(move |e| e.assessed.counted && e.assessed.standing == standing));
    }
    let missing = |e: &Entry<'_>, step_down: bool| {
        let ends = e.case.assessment.plan_ends.iter().filter(|end| !step_down || end.decision.steps_down());
        ends.flat_map(|end| &end.missing).any(|id| *id == e.row.id)
    };
    let ended = |e: &Entry<'_>| !e.case.assessment.plan_ends.is_empty();
    // Who was core at a conference, a tracker does not know: M9c alone does not ask.
    let missing = move |e: &Entry<'_>, step_down| !e.case.record.is_of_a_tracker() && missing(e, step_down);
    let ended_known = move |e: &Entry<'_>| !e.case.record.is_of_a_tracker() && ended(e);
    let stepped_down = |e: &Entry<'_>| {
        !e.case.record.is_of_a_tracker()
            && e.case.assessment.plan_ends.iter().any(|end| end.decision.steps_down())
    };
    let ours = |e: &Entry<'_>| e.assessed.fault.is_some();
    let is_sent = |e: &Entry<'_>| data.accepted.contains_key(&e.row.id);
    Some(match figure {
        "invitations" => Box::new(|_| true),
        "expected" => Box::new(|e| e.assessed.counted),
        "M7" => Box::new(move |e| whole || e.case.assessment.quoracy.quorate),
        "M8_proceeded_inquorate" => Box::new(|e| proceeded_inquorate(e.case)),
        "M8_consecutive" => Box::new(|e| is_consecutive(e.case, data)),
        "M9" => Box::new(move |e| if whole { ended_known(e) } else { missing(e, false) }),
        "M9_our_fault" => Box::new(move |e| missing(e, false) && ours(e)),
        "M9_step_down" => Box::new(move |e| if whole { stepped_down(e) } else { missing(e, true) }),
        "M9_step_down_our_fault" => Box::new(move |e| missing(e, true) && ours(e)),
        "M9b" => {
            Box::new(
                move |e| {
                    if whole { ended_known(e) } else { missing(e, false) && !e.row.report.was_received() }
                },
            )
        }
        "M9c" => Box::new(move |e| ended(e) && (whole || !e.case.assessment.quoracy.quorate)),
        "M10_pivotal" => Box::new(|e| e.case.assessment.quoracy.pivotal.contains(&e.row.id)),
        "M11" => Box::new(|e| adjourned_for_agencies(e.case)),
        "M12" => Box::new(move |e| went_out(e) && (whole || had_notice(e, policies))),
        "M13_not_invited" => Box::new(|e| has_fault(e, Fault::NotInvited)),
        "M13_undelivered" => Box::new(|e| has_fault(e, Fault::Undelivered)),
        "M13_late" => Box::new(|e| has_fault(e, Fault::Late)),
        "M15" => Box::new(move |e| feedback_owed(e) && (whole || feedback_in_time(e, data, policies))),
        "M16" => Box::new(is_sent),
        "M16_replied" => Box::new(move |e| is_sent(e) && (whole || is_replied(e, data))),
        "M16_disputed" => Box::new(move |e| is_sent(e) && (whole || is_disputed(e, data))),
        "M16_upheld" => Box::new(move |e| is_sent(e) && (whole || is_upheld(e, data))),
        "M16_disputes_open" => Box::new(move |e| is_sent(e) && (whole || is_open_dispute(e, data))),
        "M17" => Box::new(|e| is_repeat(e, data)),
        "M18_initial_in_15" => {
            Box::new(move |e| initial_in_time(e.case, policies).is_some_and(|yes| whole || yes))
        }
        "M18_reviews_in_time" => {
            Box::new(move |e| review_in_time(e.case, data, policies).is_some_and(|yes| whole || yes))
        }
        "M19" => Box::new(move |e| confirmed_in_time(e.case, policies).is_some_and(|yes| whole || yes)),
        "feedback_due" => Box::new(feedback_due),
        "feedback_authority_fault" => Box::new(move |e| feedback_due(e) && ours(e)),
        _ => return None,
    })
}
