//! The figures that stand beside attendance (M5 to M19), over the whole and for each part of each split (DOMAIN 8), in one
//! pass: a part is counted by the tests that the whole is counted by. Of conferences and children nothing is told by agency,
//! for a conference is of many, and of what hangs on it (M10, M17) nothing by service; nor by locality, slot, type or holidays, where the parts are so small that whoever knows of one
//! conference would read its outcome there (profile `paqa`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::measures::*;
use super::parts::Split;
use super::rate::Rate;
use super::store::{Case, MonthData};
use crate::calendar::Breaks;
use crate::register::Policies;

/// By the name of the measure. One that is not there is of nothing.
pub type Rates = BTreeMap<String, Rate>;
/// By the code of the split, then by the code of the part.
pub type RatesByPart = BTreeMap<String, BTreeMap<String, Rates>>;
/// By the name of the count. One that is not there is none.
pub type Counts = BTreeMap<String, usize>;
/// By the code of the split, then by the code of the part.
pub type CountsByPart = BTreeMap<String, BTreeMap<String, Counts>>;

/// The splits for what is counted in invitations,
const OF_INVITATIONS: [Split; 10] = [
    Split::Group,
    Split::Agency,
    Split::Service,
    Split::Locality,
    Split::Stage,
    Split::Type,
    Split::Mode,
    Split::Slot,
    Split::Holiday,
    Split::Lens,
];
/// in conferences and their children,
const OF_CONFERENCES: [Split; 3] = [Split::Stage, Split::Mode, Split::Lens];
/// in absences that tell how their conference decided,
const OF_PIVOTAL: [Split; 5] = [Split::Group, Split::Agency, Split::Stage, Split::Mode, Split::Lens];
/// and in letters about the previous month's conferences.
const OF_LETTERS: [Split; 2] = [Split::Group, Split::Agency];

/// What one invitation, conference or letter adds to a figure.
#[derive(Clone, Copy)]
enum Mark {
    /// It is in a rate's denominator, and whether it is in the numerator.
    Of(&'static str, bool),
    /// So many of a count.
    Count(&'static str, usize),
}
use Mark::{Count, Of};

fn marks_of_invitation(e: &Entry<'_>, policies: &Policies) -> Vec<Mark> {
    let shares = ["M5", "M6_received", "M6_on_time", "M14"].into_iter().map(measure);
    let shares = shares.filter(|measure| (measure.of)(e)).map(|measure| Of(measure.id, (measure.counts)(e)));
    let notice = went_out(e).then(|| Of("M12", had_notice(e, policies)));
    let fault = e.assessed.fault.map(|fault| Count(of_fault(fault), 1));
    let due = feedback_due(e).then_some(Count("feedback_due", 1));
    let apology = (due.is_some() && fault.is_some()).then_some(Count("feedback_authority_fault", 1));
    shares.chain(notice).chain(fault).chain(due).chain(apology).collect()
}

fn marks_of_pivotal(e: &Entry<'_>) -> Option<Mark> {
    e.case.assessment.quoracy.pivotal.contains(&e.row.id).then_some(Count("M10_pivotal", 1))
}

fn marks_of_conference(case: &Case, data: &MonthData, policies: &Policies) -> Vec<Mark> {
    let mut marks: Vec<Mark> =
        confirmed_in_time(case, policies).map(|yes| Of("M19", yes)).into_iter().collect();
    if !case.assessment.in_population {
        return marks;
    }
    let quorate = case.assessment.quoracy.quorate;
    marks.push(Of("M7", quorate));
    marks.extend(proceeded_inquorate(case).then_some(Count("M8_proceeded_inquorate", 1)));
    marks.extend(is_consecutive(case, data).then_some(Count("M8_consecutive", 1)));
    if adjourned_for_agencies(case) {
        marks.push(Count("M11_adjournments", 1));
        marks.push(match days_lost(case, data, policies) {
            Some(days) => Count("M11_working_days_lost", days as usize),
            None => Count("M11_not_yet_reconvened", 1),
        });
    }
    marks.extend(initial_in_time(case, policies).map(|yes| Of("M18_initial_in_15", yes)));
    marks.extend(review_in_time(case, data, policies).map(|yes| Of("M18_reviews_in_time", yes)));
    for end in &case.assessment.plan_ends {
        marks.push(Of("M9c", !quorate));
        // Who was core at a conference, a tracker does not know: M9c alone does not ask.
        if case.record.is_of_a_tracker() {
            continue;
        }
        let missing = || entries(std::slice::from_ref(case)).filter(|e| end.missing.contains(&e.row.id));
        let is_ours = missing().any(|e| e.assessed.fault.is_some());
        marks.push(Of("M9b", missing().any(|e| !e.row.report.was_received())));
        marks.push(Of("M9", !end.missing.is_empty()));
        marks.extend(is_ours.then_some(Count("M9_our_fault", 1)));
        if end.decision.steps_down() {
            marks.push(Of("M9_step_down", !end.missing.is_empty()));
            marks.extend(is_ours.then_some(Count("M9_step_down_our_fault", 1)));
        }
    }
    marks
}

fn marks_of_letter(e: &Entry<'_>, data: &MonthData, policies: &Policies) -> Vec<Mark> {
    let mut marks = Vec::new();
    if feedback_owed(e) {
        marks.push(Of("M15", feedback_in_time(e, data, policies)));
    }
    if data.accepted.contains_key(&e.row.id) {
        marks.push(Count("M16_sent", 1));
        marks.push(Of("M16_replied", is_replied(e, data)));
        marks.push(Of("M16_disputed", is_disputed(e, data)));
        marks.push(Of("M16_upheld", is_upheld(e, data)));
        marks.extend(is_open_dispute(e, data).then_some(Count("M16_disputes_open", 1)));
    }
    marks
}

/// What is counted of the whole, or of one part.
#[derive(Default)]
struct Counted {
    rates: BTreeMap<&'static str, (usize, usize)>,
    counts: BTreeMap<&'static str, usize>,
}

impl Counted {
    fn add(&mut self, marks: &[Mark]) {
        for mark in marks {
            match mark {
                Of(measure, yes) => {
                    let (numerator, denominator) = self.rates.entry(measure).or_default();
                    *numerator += usize::from(*yes);
                    *denominator += 1;
                }
                Count(figure, n) => *self.counts.entry(figure).or_default() += n,
            }
        }
    }

    fn rates(&self) -> Rates {
        self.rates.iter().map(|(id, (n, of))| ((*id).to_owned(), Rate::of(*n, *of))).collect()
    }

    fn counts(&self) -> Counts {
        self.counts.iter().filter(|(_, n)| **n > 0).map(|(id, n)| ((*id).to_owned(), *n)).collect()
    }
}

#[derive(Default)]
struct Tally {
    whole: Counted,
    parts: BTreeMap<&'static str, BTreeMap<String, Counted>>,
}

impl Tally {
    fn add<'a>(&mut self, marks: &[Mark], splits: &[Split], part: impl Fn(Split) -> Cow<'a, str>) {
        if marks.is_empty() {
            return;
        }
        self.whole.add(marks);
        for split in splits {
            let (parts, part) = (self.parts.entry(split.code()).or_default(), part(*split));
            match parts.get_mut(part.as_ref()) {
                Some(counted) => counted.add(marks),
                None => parts.entry(part.into_owned()).or_default().add(marks),
            }
        }
    }

    /// By part, of those that have anything.
    fn by_part<T>(&self, told: impl Fn(&Counted) -> BTreeMap<String, T>) -> ByPart<T> {
        let parts = |all: &BTreeMap<String, Counted>| {
            let parts = all.iter().map(|(part, counted)| (part.clone(), told(counted)));
            parts.filter(|(_, told)| !told.is_empty()).collect()
        };
        self.parts.iter().map(|(split, all)| ((*split).to_owned(), parts(all))).collect()
    }
}

type ByPart<T> = BTreeMap<String, BTreeMap<String, BTreeMap<String, T>>>;

/// The figures beside attendance.
pub struct Beside {
    /// Over the whole.
    pub rates: Rates,
    /// Over the whole.
    pub counts: Counts,
    pub rates_by_part: RatesByPart,
    pub counts_by_part: CountsByPart,
}

/// The figures of the whole, and of its parts; of services those that `is_told`, by their id.
pub fn beside(
    data: &MonthData,
    policies: &Policies,
    holidays: &Breaks,
    is_told: impl Fn(&str) -> bool,
) -> Beside {
    let mut tally = Tally::default();
    let mut repeats = BTreeSet::new();
    for e in entries(&data.cases) {
        let of = |split: Split| split.part(&e, data, holidays);
        tally.add(&marks_of_invitation(&e, policies), &OF_INVITATIONS, of);
        tally.add(marks_of_pivotal(&e).as_slice(), &OF_PIVOTAL, of);
    }
    for case in &data.cases {
        let of = |split: Split| split.of_conference(case, holidays).expect("a split of conferences");
        tally.add(&marks_of_conference(case, data, policies), &OF_CONFERENCES, of);
    }
    for e in entries(&data.previous) {
        let of = |split: Split| split.part(&e, data, holidays);
        tally.add(&marks_of_letter(&e, data, policies), &OF_LETTERS, of);
        // M17 counts a service once, whichever of its invitations were the second running.
        if is_repeat(&e, data) && repeats.insert(e.row.service_id) {
            tally.add(&[Count("M17", 1)], &OF_LETTERS, of);
        }
    }
    if let Some(services) = tally.parts.get_mut(Split::Service.code()) {
        services.retain(|id, _| is_told(id));
    }
    Beside {
        rates: tally.whole.rates(),
        counts: tally.whole.counts(),
        rates_by_part: tally.by_part(Counted::rates),
        counts_by_part: tally.by_part(Counted::counts),
    }
}
