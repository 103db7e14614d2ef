//! What a reader should look at first, in words that are written from the figures (DOMAIN 8). A sentence says what happened,
//! of how many, and how sure that is; where the fault was ours, it says so. What chance explains is no exception.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::agency_line::AgencyLine;
use super::paper::{EndedWithout, Paper};
use super::snapshot::Headline;
use super::words::counted;
use super::{Month, Rate, titles};
use crate::calendar::london;

/// A sentence, and what an improvement action that is raised from it would be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Exception {
    pub text: String,
    /// The measure that it is about.
    pub measure: String,
    /// The agency that it is about, by its code.
    pub agency: Option<String>,
}

/// What an exception is read from: the first papers were frozen with sentences alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Text(String),
    Whole { text: String, measure: String, agency: Option<String> },
}

impl From<Kept> for Exception {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Text(text) => Self { text, measure: String::new(), agency: None },
            Kept::Whole { text, measure, agency } => Self { text, measure, agency },
        }
    }
}

impl Exception {
    fn about(measure: impl Into<String>, text: impl Into<String>) -> Self {
        Self { text: text.into(), measure: measure.into(), agency: None }
    }
}

/// "16 of 42 children (38.1%, 25.0 to 53.2)", of what is counted; of fewer than 20 the count alone.
fn said(rate: Rate, what: &str) -> String {
    let count = format!("{}{what}", rate.fraction());
    if rate.is_small() || rate.denominator == 0 {
        return count;
    }
    format!("{count} ({}, {})", rate.percent_text(), rate.interval_text())
}

fn plan_ends(paper: &Paper) -> Option<Exception> {
    if paper.M9.numerator == 0 {
        return None;
    }
    let mut text = format!("Plans ended without a core agency: {}.", said(paper.M9, " children"));
    if paper.M9b.numerator > 0 {
        text += &format!(
            " For {} of the {} a missing agency had sent no report either.",
            paper.M9b.numerator, paper.M9.numerator
        );
    }
    // In alphabetical order, each with what was our fault: no list of who was worst.
    let mut missing: Vec<&EndedWithout> = paper.plans_ended_without.values().collect();
    missing.sort_by_key(|agency| agency.name.to_lowercase());
    let named = missing.iter().map(|agency| match agency.our_fault {
        0 => format!("{} {}", agency.name, agency.children),
        fault => format!("{} {} ({fault} our fault)", agency.name, agency.children),
    });
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        text += &format!(" Missing: {}.", named.join(", "));
    }
    if paper.M9_our_fault > 0 {
        text += &format!(
            " In {} of the {} we had invited an agency wrongly: our fault, not theirs.",
            paper.M9_our_fault, paper.M9.numerator
        );
    }
    Some(Exception::about("M9", text))
}

fn quorum(paper: &Paper) -> Vec<Exception> {
    let mut all = Vec::new();
    if paper.M9c.numerator > 0 {
        let text = format!("Plans ended at a conference without quorum: {}.", said(paper.M9c, " children"));
        all.push(Exception::about("M9c", text));
    }
    if paper.M8_consecutive > 0 {
        let conferences = counted(paper.M8_consecutive, "conference", "conferences");
        all.push(Exception::about("M7", format!(
            "Held without quorum for the second time running, leaving out pre-birth conferences and those with few agencies: {conferences}."
        )));
    }
    all
}

/// What the ladder's last step put on this list, until it is answered.
fn on_the_list(paper: &Paper) -> impl Iterator<Item = Exception> {
    paper.exception_list.iter().map(|listed| {
        let said = format!(
            "{}, {}: the ladder's last step, to this sub-group, was not answered when this time ended. On this list since {}.",
            listed.agency,
            listed.service,
            london::full_date(listed.since)
        );
        let said = listed.remarks().fold(said, |said, remark| format!("{said} {remark}"));
        Exception { agency: Some(listed.code.clone()), ..Exception::about("M2", said) }
    })
}

fn agency((code, line): (&String, &AgencyLine)) -> Option<Exception> {
    let low = line.position.is_low();
    if !low && !line.stands_out {
        return None;
    }
    let mut text = match line.rate.denominator {
        0 => format!("{} was expected nowhere in this time", line.name),
        _ => format!("{} was represented {}", line.name, said(line.rate, " times it was expected")),
    };
    if line.stands_out {
        text += &format!(": {}", line.verdict);
    }
    if low {
        text += &format!(
            ". Of the last twelve months, as far as they are known, it was at {}: {} among those of its group ({})",
            said(line.rolling, ""),
            line.position.label(),
            line.group_rolling.percent_text()
        );
    }
    Some(Exception { agency: Some(code.clone()), ..Exception::about("M2", text + ".") })
}

fn ours(paper: &Paper) -> Vec<Exception> {
    let mut all = Vec::new();
    let (late, back, never) = (paper.M13.late, paper.M13.undelivered, paper.M13.not_invited);
    if late + back + never > 0 {
        all.push(Exception::about("M12", format!(
            "Our own faults: of {} invitations {late} went too late, {back} came back and {never} never went. They count in no attendance rate.",
            paper.M13_of
        )));
    }
    if paper.M16.disputes_open > 0 {
        let disputes = counted(paper.M16.disputes_open, "dispute", "disputes");
        let of = if paper.month.parse::<Month>().is_ok() {
            "the month before"
        } else {
            "these months, each a month earlier,"
        };
        let text = format!("{disputes} about {of} wait to be settled by us.");
        all.push(Exception::about("M16_replied", text));
    }
    if paper.registers_open > 0 {
        let registers = counted(paper.registers_open, "conference has", "conferences have");
        let text = format!("Not complete: {registers} no confirmed register, and count nowhere here.");
        all.push(Exception::about("M19", text));
    }
    all
}

/// The sentences, the gravest first; none where nothing stands out.
pub fn exceptions(
    paper: &Paper,
    headlines: &[Headline],
    agencies: &BTreeMap<String, AgencyLine>,
) -> Vec<Exception> {
    let changed = headlines.iter().filter(|h| h.stands_out).map(|h| {
        let title = titles::of(&h.id).0;
        Exception::about(&h.id, format!("{title}: {}, {}.", said(h.rate, ""), h.verdict))
    });
    let mut of_agencies: Vec<(&String, &AgencyLine)> = agencies.iter().collect();
    of_agencies.sort_by_key(|(_, line)| line.name.to_lowercase());
    plan_ends(paper)
        .into_iter()
        .chain(quorum(paper))
        .chain(changed)
        .chain(of_agencies.into_iter().filter_map(agency))
        .chain(on_the_list(paper))
        .chain(ours(paper))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agencies::store::Directory;
    use crate::calendar::{Breaks, Calendar};
    use crate::invitations::MinimumNotice;
    use crate::register::Policies;
    use crate::reports::Period;
    use crate::reports::finish::finish;
    use crate::reports::funnel::Position;
    use crate::reports::store::MonthData;

    fn line(name: &str, rate: Rate, position: Position, stands_out: bool) -> (String, AgencyLine) {
        let line = AgencyLine {
            name: name.into(),
            group: "police".into(),
            rate,
            rolling: Rate::of(200, 400),
            group_rolling: Rate::of(800, 1000),
            position,
            verdict: "lower than chance explains".into(),
            stands_out,
            months: Vec::new(),
            target: None,
            other_targets: Vec::new(),
            of_group: 3,
        };
        (name.to_owned(), line)
    }

    fn said(paper: &Paper, agencies: &BTreeMap<String, AgencyLine>) -> Vec<String> {
        exceptions(paper, &[], agencies).into_iter().map(|exception| exception.text).collect()
    }

    /// The paper of a month in which nothing happened.
    fn of_nothing() -> Paper {
        let policies = Policies {
            calendar: Calendar::with_changes([]),
            minimum_notice: MinimumNotice { initial: 5, review: 10, reconvened: 3 },
            report_on_time_working_days: 2,
            quorum: Vec::new(),
        };
        let data =
            MonthData::alone(Period::Month("2026-09".parse().unwrap()), Directory::default(), Vec::new());
        finish(&data, &policies, &Breaks::none())
    }

    #[test]
    fn what_the_ladders_last_step_put_on_the_list_is_named_with_its_day() {
        let mut paper = of_nothing();
        paper.exception_list.push(crate::reports::climbed::OnTheList {
            agency: "Oxford Health".into(),
            service: "Health Visiting North".into(),
            code: "OH".into(),
            since: "2026-10-29".parse().unwrap(),
            is_on_its_way: true,
            is_disputed: false,
        });
        let said = exceptions(&paper, &[], &BTreeMap::new());
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].agency.as_deref(), Some("OH"));
        assert_eq!(
            said[0].text,
            "Oxford Health, Health Visiting North: the ladder's last step, to this sub-group, was not answered when this time ended. On this list since Thursday 29 October 2026. It had not reached the agency by then."
        );
    }

    #[test]
    fn a_sentence_that_was_frozen_alone_is_read_as_one_about_nothing() {
        let read: Exception = serde_json::from_str("\"Plans ended.\"").unwrap();
        assert_eq!(read, Exception { text: "Plans ended.".into(), measure: String::new(), agency: None });
        let of = Exception { agency: Some("TVP".into()), ..Exception::about("M2", "Low.") };
        assert_eq!(serde_json::from_str::<Exception>(&serde_json::to_string(&of).unwrap()).unwrap(), of);
    }

    #[test]
    fn an_exception_says_of_how_many_how_sure_and_whose_fault_and_chance_is_none() {
        let nothing = of_nothing();
        assert_eq!(said(&nothing, &BTreeMap::new()), [] as [&str; 0]);
        let quiet = [line("Probation", Rate::of(0, 0), Position::Below998, false)];
        assert_eq!(
            said(&nothing, &quiet.into()),
            [
                "Probation was expected nowhere in this time. Of the last twelve months, as far as they are known, it was at 200 of 400 (50.0%, 45.1 to 54.9): lower than 99.8% limit among those of its group (80.0%)."
            ]
        );
        let missing =
            |name: &str, children| EndedWithout { name: name.into(), children, ..EndedWithout::default() };
        let paper = Paper {
            M9: Rate::of(16, 42),
            M9b: Rate::of(7, 42),
            M9_our_fault: 3,
            plans_ended_without: [
                ("S".into(), missing("Schools", 6)),
                ("H".into(), EndedWithout { our_fault: 1, ..missing("Health", 2) }),
            ]
            .into(),
            ..nothing
        };
        let agencies = [
            line("Police", Rate::of(19, 44), Position::Within, false),
            line("CAMHS", Rate::of(3, 4), Position::Below998, false),
        ];
        assert_eq!(
            said(&paper, &agencies.into()),
            [
                "Plans ended without a core agency: 16 of 42 children (38.1%, 25.0 to 53.2). For 7 of the 16 a missing agency had sent no report either. Missing: Health 2 (1 our fault), Schools 6. In 3 of the 16 we had invited an agency wrongly: our fault, not theirs.",
                "CAMHS was represented 3 of 4 times it was expected. Of the last twelve months, as far as they are known, it was at 200 of 400 (50.0%, 45.1 to 54.9): lower than 99.8% limit among those of its group (80.0%).",
            ]
        );
    }
}
