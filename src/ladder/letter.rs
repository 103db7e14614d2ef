//! What the letters of the ladder say. As the letters on an absence, the type has no field for a child, a family or free
//! text.

use serde::Serialize;

use super::causes::Cause;
use super::rules::Trigger;
use crate::feedback::steps::StepReason;
use crate::feedback::{Evidence, Letter};
use crate::register::Standing;

/// The template folder of a rung's letter.
pub const fn template(rung: i32) -> &'static str {
    match rung {
        2 => "rung_2",
        3 => "rung_3",
        _ => "rung_4",
    }
}

/// The template folder of the letter that takes one of these back.
pub use crate::feedback::steps::WITHDRAWN;

/// The context of the templates `rung_2`, `rung_3`, `rung_4` and `rung_withdrawn`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepLetter {
    /// The random reference of the newest conference; the only thing a subject may hold.
    pub reference: String,
    /// Empty, as all that follows of the record, for an address that may be told little.
    pub service: String,
    pub role: String,
    /// What leads to this letter, in a sentence.
    pub why: String,
    /// "Wednesday 30 September 2026 (K7Q2-M4TD): not there, and nobody told us before".
    pub absences: Vec<String>,
    /// The newest: it sent a report, and was told that no answer was asked for.
    pub contributed: bool,
    /// Whether the newest conference was quorate, and what the absence did there.
    pub quorum: String,
    pub impact: Vec<String>,
    /// It is the newest of several.
    pub of_several: bool,
    pub chair: String,
    pub next: Option<String>,
    /// "Wednesday 7 October 2026".
    pub reply_by: String,
    pub reply_link: String,
    pub contact: String,
    pub telephone: String,
    pub disagreement_procedure: String,
}

impl StepLetter {
    /// The letter about a step, from the rule that led to it, the absences that caused it (the newest first) and the
    /// evidence of the newest.
    pub fn of(
        reason: StepReason,
        rule: Option<Trigger>,
        causes: &[Cause],
        past: Past,
        evidence: &Evidence,
        reply_by: String,
    ) -> Self {
        let letter: &Letter = &evidence.letter;
        Self {
            reference: letter.reference.clone(),
            service: letter.service.clone(),
            role: letter.role.clone(),
            why: why(reason, rule, causes.len(), past, letter),
            absences: causes
                .iter()
                .map(|c| format!("{} ({}): {}", c.date, c.reference, c.recorded))
                .collect(),
            // What it was asked, not what it sent: who could not join was asked what happened, report or not.
            contributed: letter.reply_by.is_none()
                && causes.first().is_some_and(|c| c.assessed.standing == Standing::Contributed),
            quorum: letter.quorum.clone(),
            impact: letter.impact.clone(),
            of_several: causes.len() > 1,
            chair: letter.chair.clone(),
            next: letter.next.clone(),
            reply_by,
            reply_link: String::new(),
            contact: letter.contact.clone(),
            telephone: letter.telephone.clone(),
            disagreement_procedure: letter.disagreement_procedure.clone(),
        }
    }

    /// The same for an address that may be told little.
    pub fn little(self) -> Self {
        Self {
            service: String::new(),
            role: String::new(),
            why: String::new(),
            absences: Vec::new(),
            contributed: false,
            quorum: String::new(),
            impact: Vec::new(),
            of_several: false,
            next: None,
            chair: String::new(),
            ..self
        }
    }
}

/// What the letter's reader cannot know otherwise of the months before, and of the step before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Times that the service was expected, in the months that a pattern looks at.
    pub expected: usize,
    /// Of those, the ones that it missed, and does not dispute.
    pub missed: usize,
    /// Those of them that are not below led to a letter before, which arrived.
    pub told_of_the_rest: bool,
    /// It was there for a part of the newest.
    pub left_before: bool,
    /// Of the step before nobody could be written to: somebody rang.
    pub by_telephone: bool,
}

/// What led to a letter, with the numbers of the rule by which it was proposed. A rule that the ladder has forgotten says
/// none.
fn why(reason: StepReason, rule: Option<Trigger>, absences: usize, past: Past, letter: &Letter) -> String {
    match (reason, rule) {
        (StepReason::NoReply, _) => {
            let by = letter.reply_by.as_deref().map(|day| format!(" by {day}")).unwrap_or_default();
            format!("We wrote to your service about its absence and asked for an answer{by}. None has reached us.")
        }
        (StepReason::Severity, _) => {
            let at = if past.left_before { " for the decision" } else { "" };
            format!("That your service was not there{at} mattered to what the conference could do that day; how is said below.")
        }
        (StepReason::Running, _) => {
            "Your service was not there for the decision at the conference before about the same child either."
                .to_owned()
        }
        (StepReason::Pattern, Some(Trigger::Pattern { months, .. })) => {
            let since = match absences < past.missed {
                true if past.told_of_the_rest => {
                    format!(" The {absences} since we last wrote about this stand below.")
                }
                true => format!(" Of these, {absences} stand below."),
                false => String::new(),
            };
            format!(
                "In the {months} months to {} your service was expected {} times; {} times it was not there for the decision.{since}",
                letter.date, past.expected, past.missed
            )
        }
        (StepReason::Pattern, _) => {
            format!("Your service was not there for the decision {absences} times when it was expected.")
        }
        (StepReason::PlanEnds, rule) => {
            let within = match rule {
                Some(Trigger::PlanEnds { months, .. }) => format!(" within {months} months"),
                _ => String::new(),
            };
            format!(
                "Child protection plans were ended at {absences} conferences{within} without your service, which was core to those decisions."
            )
        }
        (StepReason::StillOpen, rule) => {
            let ago = match rule {
                Some(Trigger::StillOpen { working_days }) => format!(" more than {working_days} working days ago"),
                _ => String::new(),
            };
            let how = if past.by_telephone { "rang" } else { "wrote to" };
            format!("We {how} your agency about this{ago}, and have not heard what would help.")
        }
    }
}

/// Every letter of the ladder with contexts to try it on.
pub fn samples() -> Vec<(&'static str, StepLetter)> {
    let full = StepLetter {
        reference: "K7Q2-M4TD".into(),
        service: "Health Visiting North & O'Neil House".into(),
        role: "Health visitor".into(),
        why: "It is the second conference running about the same child from which your service was missing."
            .into(),
        absences: vec![
            format!("Wednesday 30 September 2026 (K7Q2-M4TD): {}", "nobody came, and we had no word before"),
            format!("Tuesday 7 July 2026 (R3WF-9HNP): {}", "apologies came, and nobody could come instead"),
        ],
        contributed: false,
        quorum: "Too few agencies were there (it was not quorate), and it went ahead.".into(),
        impact: vec!["With your service there, it would have been quorate.".into()],
        of_several: true,
        chair: "A. Chair".into(),
        next: Some("Wednesday 14 October 2026, 1:30pm, in person or by video".into()),
        reply_by: "Wednesday 7 October 2026".into(),
        reply_link: "https://quorate.example/reply/0123456789abcdef0123456789abcdef".into(),
        contact: "Conference team, Oxfordshire".into(),
        telephone: "01865 000000".into(),
        disagreement_procedure: "https://safeguarding.example/disagreement".into(),
    };
    let pattern = "In the 6 months to Wednesday 30 September 2026 your service was expected 3 times; 2 times it was not there for the decision.";
    let open = "We wrote to your agency about this more than 20 working days ago, and have not heard what would help.";
    let said =
        [(template(2), full.why.as_str()), (template(3), pattern), (template(4), open), (WITHDRAWN, "")];
    let of = said.map(|(kind, why)| (kind, StepLetter { why: why.to_owned(), ..full.clone() }));
    of.into_iter().flat_map(|(kind, letter)| [(kind, letter.clone()), (kind, letter.little())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_numbers_of_the_rule_that_led_to_it_and_none_where_that_is_forgotten() {
        let (_, first) = crate::feedback::samples().swap_remove(0);
        let past = Past { expected: 8, missed: 5, told_of_the_rest: true, ..Past::default() };
        let said = |reason, rule, absences| why(reason, rule, absences, past, &first);
        let rule = Some(Trigger::Pattern { misses: 3, months: 9, more_than_percent: 60, of_at_least: 6 });
        let all = format!(
            "In the 9 months to {} your service was expected 8 times; 5 times it was not there for the decision.",
            first.date
        );
        assert_eq!(said(StepReason::Pattern, rule, 5), all.as_str());
        assert_eq!(
            said(StepReason::Pattern, rule, 3),
            format!("{all} The 3 since we last wrote about this stand below."),
            "two of the five led to a letter before"
        );
        let silent = why(StepReason::Pattern, rule, 3, Past { told_of_the_rest: false, ..past }, &first);
        assert_eq!(silent, format!("{all} Of these, 3 stand below."), "nobody wrote about the other two");
        let left = why(StepReason::Severity, None, 1, Past { left_before: true, ..past }, &first);
        assert!(left.starts_with("That your service was not there for the decision mattered"), "{left}");
        let open = Some(Trigger::StillOpen { working_days: 15 });
        assert!(
            said(StepReason::StillOpen, open, 3)
                .starts_with("We wrote to your agency about this more than 15 working days ago")
        );
        let rang = why(StepReason::StillOpen, open, 3, Past { by_telephone: true, ..past }, &first);
        assert!(rang.starts_with("We rang your agency about this"), "nobody wrote: {rang}");
        for reason in [StepReason::Pattern, StepReason::PlanEnds, StepReason::StillOpen] {
            let text = said(reason, None, 5);
            assert!(!text.replace('5', "").chars().any(|c| c.is_ascii_digit()), "{text}");
        }
    }
}
