//! What an amendment restates: what follows from the facts before it and after it, side by side, and what becomes of
//! letters (DOMAIN 7, 8). Looked at before an amendment is made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::store::Record;
use super::{Assessed, Assessment, FeedbackWanted, Policies, assess};
use crate::agencies::store::Directory;

/// One figure as one conference stands in it: "5 of 7".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is called in the report.
    pub title: String,
    /// What the conference puts into it.
    pub stands: String,
}

/// What a letter about one invitation would rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterOf {
    /// There is none.
    Nothing,
    /// None before somebody has settled whose fault it was.
    ToSettle,
    /// Statements: while they stay the same, so does the letter.
    Rests(String),
}

/// How the rooms that come later see one conference: the report its figures, always in one order, and feedback its
/// letters.
#[derive(Clone, Copy)]
pub struct Restates {
    /// What the conference puts into the figures.
    pub figures: fn(&Record, &Directory, &Policies) -> Vec<Figure>,
    /// What a letter about an invitation (by its place) rests on.
    pub letter: fn(&Record, &Assessment, usize) -> LetterOf,
}

/// Something that follows from the facts, and follows otherwise after the amendment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restated {
    /// Of what: a service, a child, quorum, a figure.
    pub of: String,
    /// As it stands.
    pub before: String,
    /// As it would stand.
    pub after: String,
}

/// A record with what follows from it.
pub struct Side<'a> {
    /// The facts.
    pub record: &'a Record,
    /// What follows.
    pub assessment: Assessment,
    /// What the report takes from it.
    pub figures: Vec<Figure>,
    /// What each letter rests on.
    pub letters: Vec<LetterOf>,
}

impl<'a> Side<'a> {
    /// Derives it.
    pub fn of(record: &'a Record, directory: &Directory, policies: &Policies, restates: Restates) -> Self {
        let facts = record.facts(directory);
        let assessment = assess(&facts, policies.on(facts.date));
        let letters =
            (0..record.invitations.len()).map(|n| (restates.letter)(record, &assessment, n)).collect();
        Self { record, assessment, letters, figures: (restates.figures)(record, directory, policies) }
    }
}

fn of_an_invitation(assessed: &Assessed) -> String {
    let fault = assessed.fault.map(|fault| format!("; our fault: {}", fault.label())).unwrap_or_default();
    let impact: Vec<&str> = assessed.impact.iter().map(|line| line.code.label()).collect();
    let impact = if impact.is_empty() { String::new() } else { format!("; {}", impact.join("; ")) };
    format!("{}{fault}{impact}", assessed.standing.label())
}

fn of_plan_end(side: &Side<'_>, child: usize, names: &[String]) -> String {
    let id = side.record.children[child].id;
    let Some(end) = side.assessment.plan_ends.iter().find(|end| end.child == id) else {
        return "no plan ended".to_owned();
    };
    let place = |id| side.record.invitations.iter().position(|i| i.id == id).expect("of this conference");
    let missing: Vec<&str> = end.missing.iter().map(|id| names[place(*id)].as_str()).collect();
    match missing.is_empty() {
        true => "the plan ended with every core agency represented".to_owned(),
        false => format!("the plan ended without {}", missing.join("; ")),
    }
}

fn line(of: &str, before: String, after: String) -> Restated {
    Restated { of: of.to_owned(), before, after }
}

/// What follows otherwise: standings with fault and impact, plan ends, quorum. `names` and `children`: of the
/// invitations and the children, in their order.
pub fn consequences(
    before: &Side<'_>,
    after: &Side<'_>,
    names: &[String],
    children: &[String],
) -> Vec<Restated> {
    let pairs = before.assessment.invitations.iter().zip(&after.assessment.invitations).zip(names);
    let mut all: Vec<Restated> =
        pairs.map(|((was, is), name)| line(name, of_an_invitation(was), of_an_invitation(is))).collect();
    let plan_ends = children.iter().enumerate();
    all.extend(
        plan_ends.map(|(n, name)| line(name, of_plan_end(before, n, names), of_plan_end(after, n, names))),
    );
    let quorum = |side: &Side<'_>| side.assessment.quoracy.sentence();
    all.push(line("Quorum", quorum(before), quorum(after)));
    all.retain(|line| line.before != line.after);
    all
}

/// The figures of the month in which the conference stands otherwise. One that is not there stands at 0.
pub fn figures(before: &Side<'_>, after: &Side<'_>) -> Vec<Restated> {
    let stands = |side: &Side<'_>, title: &str| {
        let found = side.figures.iter().find(|figure| figure.title == title);
        found.map_or("0".to_owned(), |figure| figure.stands.clone())
    };
    let new = after.figures.iter().filter(|is| before.figures.iter().all(|was| was.title != is.title));
    let all = before.figures.iter().chain(new);
    let all =
        all.map(|figure| line(&figure.title, stands(before, &figure.title), stands(after, &figure.title)));
    all.filter(|line| line.before != line.after).collect()
}

/// What becomes of letters: a sentence, with the services of whom it holds.
pub fn letters(before: &Side<'_>, after: &Side<'_>, names: &[String]) -> Vec<String> {
    use LetterOf::{Nothing, Rests, ToSettle};
    let Some(register) = &before.record.register else { return Vec::new() };
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((was, is), name) in before.letters.iter().zip(&after.letters).zip(names) {
        let sentence = match (was, is) {
            (was, is) if was == is => continue,
            (_, ToSettle) => {
                "Nothing goes until somebody has settled whose fault it was; a letter that went stands until then"
            }
            (Rests(_), Nothing) => "A letter that has not gone is stopped; one that went is corrected",
            (Rests(_), Rests(_)) => {
                "A letter that has not gone says it as it then stands; one that went is corrected"
            }
            (ToSettle, Nothing) | (Nothing, Nothing) => "Nothing goes",
            (_, Rests(_)) => "A letter goes, or a call where there is no address",
        };
        said.entry(sentence).or_default().push(name);
    }
    let none = match register.feedback {
        FeedbackWanted::History | FeedbackWanted::NotAskedFor => {
            "None: no feedback goes about this conference, for it came as history."
        }
        _ if before.record.conference.restricted => {
            "None by itself: a QA manager who is named releases each, under Feedback, and corrects what went."
        }
        _ => {
            return said
                .into_iter()
                .map(|(sentence, of)| format!("{sentence}: {}.", of.join("; ")))
                .collect();
        }
    };
    if said.is_empty() { Vec::new() } else { vec![none.to_owned()] }
}
