//! What an amendment restates: what follows from the facts before it and after it, side by side, and what becomes of
//! letters (DOMAIN 7, 8). Looked at before an amendment is made.

use serde::Serialize;

use super::store::Record;
use super::{Assessed, Assessment, FeedbackWanted, Policies, Standing, assess};
use crate::agencies::store::Directory;

/// One figure as one conference stands in it: "5 of 7".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is called in the report.
    pub title: String,
    /// What the conference puts into it.
    pub stands: String,
}

/// How the report counts one conference: always the same figures, in the same order.
#[derive(Clone, Copy)]
pub struct Figures(pub fn(&Record, &Directory, &Policies) -> Vec<Figure>);

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
}

impl<'a> Side<'a> {
    /// Derives it.
    pub fn of(record: &'a Record, directory: &Directory, policies: &Policies, figures: Figures) -> Self {
        let facts = record.facts(directory);
        let assessment = assess(&facts, policies.on(facts.date));
        Self { record, assessment, figures: (figures.0)(record, directory, policies) }
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

/// The figures of the month in which the conference stands otherwise.
pub fn figures(before: &Side<'_>, after: &Side<'_>) -> Vec<Restated> {
    let pairs = before.figures.iter().zip(&after.figures).filter(|(was, is)| was.title == is.title);
    let all = pairs.map(|(was, is)| line(&was.title, was.stands.clone(), is.stands.clone()));
    all.filter(|line| line.before != line.after).collect()
}

/// What becomes of letters, a sentence for each service whose letter would change.
pub fn letters(before: &Side<'_>, after: &Side<'_>, names: &[String]) -> Vec<String> {
    let Some(register) = &before.record.register else { return Vec::new() };
    let quorate = |side: &Side<'_>| side.assessment.quoracy.quorate;
    let all_change = quorate(before) != quorate(after);
    let missing = |standing: Standing| standing.is_missing();
    let mut said = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let (was, is) = (&before.assessment.invitations[n], &after.assessment.invitations[n]);
        let same_facts = before.record.invitations[n].facts() == after.record.invitations[n].facts();
        let same = same_facts
            && !all_change
            && was.standing == is.standing
            && was.fault == is.fault
            && was.impact == is.impact;
        said.extend(match (missing(was.standing), missing(is.standing)) {
            (true, false) => Some(format!("{name}: a letter that has not gone is stopped; one that went is corrected.")),
            (false, true) => Some(format!("{name}: a letter goes, or a call where there is no address.")),
            (true, true) if !same => Some(format!("{name}: a letter that has not gone says it as it then stands; one that went, and no longer holds, is corrected.")),
            _ => None,
        });
    }
    let none = match register.feedback {
        FeedbackWanted::History | FeedbackWanted::NotAskedFor => {
            "None: no feedback goes about this conference, for it came as history."
        }
        _ if before.record.conference.restricted => {
            "None by itself: a QA manager who is named releases each, under Feedback, and corrects what went."
        }
        _ => return said,
    };
    if said.is_empty() { said } else { vec![none.to_owned()] }
}
