//! The rates that stand beside attendance (M5 to M19), over the whole and for each part of each split (DOMAIN 8), in one pass:
//! a part is counted by the tests that the whole is counted by. Of conferences and children nothing is told by agency, for a
//! conference is of many; nor by locality, slot, type or holidays, where the parts are so small that whoever knows of one
//! conference would read its outcome there (profile `paqa`).

use std::collections::BTreeMap;

use super::measures::*;
use super::parts::Split;
use super::rate::Rate;
use super::store::{Case, MonthData};
use crate::calendar::Breaks;
use crate::invitations::Report;
use crate::register::Policies;

/// By the name of the measure. One that is not there is of nothing.
pub type Rates = BTreeMap<String, Rate>;
/// By the code of the split, then by the code of the part.
pub type RatesByPart = BTreeMap<String, BTreeMap<String, Rates>>;

/// The splits for what is counted in invitations,
const OF_INVITATIONS: [Split; 9] = [
    Split::Group,
    Split::Agency,
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
/// and in letters about the previous month's conferences.
const OF_LETTERS: [Split; 2] = [Split::Group, Split::Agency];

/// That something is in a measure's denominator, and whether it is in its numerator.
type Mark = (&'static str, bool);

fn marks_of_invitation(e: &Entry<'_>, policies: &Policies) -> impl Iterator<Item = Mark> {
    let shares = ["M5", "M6_received", "M6_on_time", "M14"].into_iter().filter_map(|id| {
        let measure = super::finish::measure(id);
        (measure.of)(e).then(|| (id, (measure.counts)(e)))
    });
    shares.chain(went_out(e).then(|| ("M12", had_notice(e, policies))))
}

fn marks_of_conference(case: &Case, data: &MonthData, policies: &Policies) -> Vec<Mark> {
    let mut marks: Vec<Mark> =
        confirmed_in_time(case, policies).map(|yes| ("M19", yes)).into_iter().collect();
    if !case.assessment.in_population {
        return marks;
    }
    let quorate = case.assessment.quoracy.quorate;
    marks.push(("M7", quorate));
    marks.extend(initial_in_time(case, policies).map(|yes| ("M18_initial_in_15", yes)));
    marks.extend(review_in_time(case, data, policies).map(|yes| ("M18_reviews_in_time", yes)));
    for end in &case.assessment.plan_ends {
        marks.push(("M9c", !quorate));
        // Who was core at a conference, a tracker does not know: M9c alone does not ask.
        if case.record.is_of_a_tracker() {
            continue;
        }
        let sent_none = |e: &Entry<'_>| matches!(e.row.report, Report::None | Report::NotRequired);
        let mut missing = entries(std::slice::from_ref(case)).filter(|e| end.missing.contains(&e.row.id));
        marks.push(("M9b", missing.any(|e| sent_none(&e))));
        marks.push(("M9", !end.missing.is_empty()));
        if end.decision.steps_down() {
            marks.push(("M9_step_down", !end.missing.is_empty()));
        }
    }
    marks
}

fn marks_of_letter(e: &Entry<'_>, data: &MonthData, policies: &Policies) -> Vec<Mark> {
    let mut marks = Vec::new();
    if feedback_owed(e) {
        marks.push(("M15", feedback_in_time(e, data, policies)));
    }
    if data.accepted.contains_key(&e.row.id) {
        marks.push(("M16_replied", is_replied(e, data)));
        marks.push(("M16_disputed", is_disputed(e, data)));
        marks.push(("M16_upheld", is_upheld(e, data)));
    }
    marks
}

type Counted = BTreeMap<&'static str, (usize, usize)>;

fn count(counted: &mut Counted, marks: &[Mark]) {
    for (measure, yes) in marks {
        let (numerator, denominator) = counted.entry(measure).or_default();
        *numerator += usize::from(*yes);
        *denominator += 1;
    }
}

#[derive(Default)]
struct Tally {
    whole: Counted,
    parts: BTreeMap<&'static str, BTreeMap<String, Counted>>,
}

impl Tally {
    fn add<'a>(
        &mut self,
        marks: &[Mark],
        splits: &[Split],
        part: impl Fn(Split) -> std::borrow::Cow<'a, str>,
    ) {
        if marks.is_empty() {
            return;
        }
        count(&mut self.whole, marks);
        for split in splits {
            let (parts, part) = (self.parts.entry(split.code()).or_default(), part(*split));
            match parts.get_mut(part.as_ref()) {
                Some(counted) => count(counted, marks),
                None => count(parts.entry(part.into_owned()).or_default(), marks),
            }
        }
    }
}

fn rates_of(counted: Counted) -> Rates {
    counted.into_iter().map(|(id, (n, of))| (id.to_owned(), Rate::of(n, of))).collect()
}

/// The rates of the whole, and of its parts.
pub fn rates(data: &MonthData, policies: &Policies, holidays: &Breaks) -> (Rates, RatesByPart) {
    let mut tally = Tally::default();
    for e in entries(&data.cases) {
        let marks: Vec<Mark> = marks_of_invitation(&e, policies).collect();
        tally.add(&marks, &OF_INVITATIONS, |split| split.part(&e, data, holidays));
    }
    for case in &data.cases {
        let of = |split: Split| split.of_conference(case, holidays).expect("a split of conferences");
        tally.add(&marks_of_conference(case, data, policies), &OF_CONFERENCES, of);
    }
    for e in entries(&data.previous) {
        tally.add(&marks_of_letter(&e, data, policies), &OF_LETTERS, |split| split.part(&e, data, holidays));
    }
    let parts = |parts: BTreeMap<String, Counted>| {
        parts.into_iter().map(|(part, counted)| (part, rates_of(counted))).collect()
    };
    let by_part = tally.parts.into_iter().map(|(split, all)| (split.to_owned(), parts(all))).collect();
    (rates_of(tally.whole), by_part)
}
