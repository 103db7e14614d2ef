//! An agency's line of the paper (M2): among the months before it, among its like, beside the targets of its group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::funnel::{Position, position};
use super::known::Known;
use super::rag::Rag;
use super::snapshot::ROLLING;
use super::targets::{TargetMeasure, Targets};
use super::verdict::{Newest, charted, verdict};
use super::{Month, Rate};

/// Counted invitations of twelve months from which on an agency is one to compare with.
const COMPARABLE: u32 = 20;

/// How an agency stands to a target of its group for another measure than representation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aimed {
    /// The measure.
    pub measure: String,
    pub rate: Rate,
    /// The target, in percent.
    pub percent: u32,
    pub rag: Option<Rag>,
    /// Whether it changed, or chance moved it.
    pub verdict: String,
}

fn target_in_words(percent: u32, rag: Option<Rag>) -> String {
    match rag {
        Some(rag) => format!("target {percent}%, {}", rag.label()),
        None => format!("target {percent}%, too few to colour"),
    }
}

impl Aimed {
    /// "M1 12 of 30 (40.0%): target 60%, red: …; no more change than chance brings".
    pub fn in_words(&self) -> String {
        let (fraction, target) = (self.rate.fraction(), target_in_words(self.percent, self.rag));
        let percent =
            if self.rate.is_small() { String::new() } else { format!(" ({})", self.rate.percent_text()) };
        format!("{} {fraction}{percent}: {target}; {}", self.measure, self.verdict)
    }
}

/// An agency's line (M2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyLine {
    /// Its name.
    pub name: String,
    /// Its group's code.
    pub group: String,
    /// In the month, or the months.
    pub rate: Rate,
    /// Over the last twelve months that are known.
    pub rolling: Rate,
    /// The same of its whole group.
    pub group_rolling: Rate,
    /// Where it stands among those of its group.
    pub position: Position,
    /// Whether it changed, or chance moved it.
    pub verdict: String,
    /// Something stands out in its months.
    pub stands_out: bool,
    /// Month by month, this one last; months that are not known are left out.
    #[serde(default)]
    pub months: Vec<(String, Rate)>,
    /// The target of its group, in percent, and how the month stands to it.
    #[serde(default)]
    pub target: Option<(u32, Option<Rag>)>,
    /// How it stands to targets of its group for other measures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_targets: Vec<Aimed>,
    /// How many agencies of its group were expected often enough to compare with, itself included.
    #[serde(default)]
    pub of_group: usize,
}

impl AgencyLine {
    /// "target 80%, amber: below it, and chance may explain that"; empty where there is none.
    pub fn target_in_words(&self) -> String {
        self.target.map_or(String::new(), |(percent, rag)| match self.rate.denominator {
            0 => format!("target {percent}%"),
            _ => target_in_words(percent, rag),
        })
    }

    /// The same with its targets for other measures.
    pub fn targets_in_words(&self) -> String {
        let own = Some(self.target_in_words()).filter(|words| !words.is_empty());
        own.into_iter().chain(self.other_targets.iter().map(Aimed::in_words)).collect::<Vec<_>>().join(". ")
    }
}

/// The months that a paper's charts show, oldest first, with what is known of each, and the paper itself.
pub struct Series<'a> {
    pub months: &'a [Month],
    pub all: &'a [Option<&'a Known>],
    /// Those that the paper is of.
    pub newest: &'a [Newest],
    pub own: &'a Known,
}

/// The line of each agency that was expected in the last twelve months. `of`: representation by agency. `with_others`: with its
/// targets for other measures, whose months are known of all conferences together.
pub fn agency_lines(
    series: &Series<'_>,
    of: fn(&Known) -> &BTreeMap<String, Rate>,
    targets: &Targets,
    with_others: bool,
) -> BTreeMap<String, AgencyLine> {
    let Series { months, all, newest, own } = *series;
    let rolling = &all[all.len() - ROLLING..];
    let before = months.len() - newest.len();
    let of_year = |code: &str| -> Rate {
        rolling.iter().flatten().filter_map(|known| of(known).get(code).copied()).sum()
    };
    // As they are called now, those of the year that were expected nowhere this month among them.
    let called: BTreeMap<&String, &(String, String)> =
        rolling.iter().flatten().flat_map(|known| &known.called).chain(&own.called).collect();
    // An agency stands among those that are in its group now, whichever they were in then.
    let in_group = |group: &str| -> Vec<&String> {
        called.iter().filter(|(_, (_, of))| of == group).map(|(code, _)| *code).collect()
    };
    let line = |(code, (name, group)): (&&String, &&(String, String))| {
        let none = Rate::of(0, 0);
        let rate = of(own).get(*code).copied().unwrap_or(none);
        let chart = charted(all.iter().map(|known| known.and_then(|known| of(known).get(*code).copied())));
        let (verdict, stands_out) = verdict(chart.as_ref(), rate, newest, before);
        let day = months.last().map(|month| month.last());
        let target = |measure| targets.of_group(group.parse().ok()?, measure, day?);
        let aimed = |(id, measure): (&str, TargetMeasure)| {
            let target = target(measure)?;
            let rate = own.rate(Some(code), id).filter(|rate| rate.denominator > 0)?;
            let chart = charted(all.iter().map(|known| known.and_then(|known| known.rate(Some(code), id))));
            Some(Aimed {
                measure: id.to_owned(),
                rate,
                percent: target.percent,
                rag: Rag::of(rate, target),
                verdict: super::verdict::verdict(chart.as_ref(), rate, newest, before).0,
            })
        };
        let others = [("M1", TargetMeasure::M1), ("M3", TargetMeasure::M3)].into_iter();
        let rolling = of_year(code);
        let group_rolling: Rate = in_group(group).into_iter().map(|code| of_year(code)).sum();
        let line = AgencyLine {
            name: name.clone(),
            group: group.clone(),
            rate,
            rolling,
            group_rolling,
            position: position(rolling, group_rolling),
            verdict,
            stands_out,
            months: months
                .iter()
                .zip(all)
                .filter_map(|(month, known)| {
                    Some((month.to_string(), of((*known)?).get(*code).copied().unwrap_or(none)))
                })
                .collect(),
            target: target(TargetMeasure::M2).map(|target| (target.percent, Rag::of(rate, target))),
            other_targets: others.filter(|_| with_others).filter_map(aimed).collect(),
            of_group: in_group(group)
                .into_iter()
                .filter(|code| of_year(code).denominator >= COMPARABLE)
                .count(),
        };
        ((*code).clone(), line)
    };
    called.iter().map(line).collect()
}
