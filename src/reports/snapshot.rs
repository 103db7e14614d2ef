//! A month's paper with what stands around it: the months before, what chance explains, what was restated. Closed, it is
//! frozen as it is, and read again unchanged.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::exceptions::{Exception, exceptions};
use super::funnel::{Position, position};
use super::improving::{self, ActionLine, line_of};
use super::known::Known;
use super::rag::Rag;
use super::spc::{Chart, NO_SIGNAL, RUN_CHART, chart};
use super::targets::{TargetMeasure, Targets};
use super::{Month, Paper, Period, Rate};
use crate::platform::Keys;

/// The version of the measures' definitions: another where a definition changes, so that no two papers are compared as if
/// they said the same.
pub const DEFINITIONS: &str = "2026-1";

/// The ids of the figures at the head of the paper, in their order.
pub const HEADLINES: [&str; 5] = ["M1", "M2", "M7", "M9", "M6_on_time"];

/// Months that a chart goes back.
pub const CHARTED: usize = 24;
/// Counted invitations of twelve months from which on an agency is one to compare with.
const COMPARABLE: u32 = 20;
/// Months of a rolling figure.
const ROLLING: usize = 12;

/// A figure at the head of the paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// Its measure.
    pub id: String,
    /// In the month, or the months.
    pub rate: Rate,
    /// In as many months before; `None` where one of those is not closed.
    pub previous: Option<Rate>,
    /// Over the last twelve months, of those that are known.
    pub rolling: Rate,
    /// How many of the twelve are known.
    pub rolling_months: usize,
    /// Whether it changed, or chance moved it.
    pub verdict: String,
    /// Something stands out.
    pub stands_out: bool,
}

/// A month of the charts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charted {
    /// "2026-09".
    pub month: String,
    /// The headlines, by their id.
    pub rates: BTreeMap<String, Rate>,
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
    /// How many agencies of its group were expected often enough to compare with, itself included.
    #[serde(default)]
    pub of_group: usize,
}

impl AgencyLine {
    /// "target 80%, amber: below it, and chance may explain that"; empty where there is none.
    pub fn target_in_words(&self) -> String {
        self.target.map_or(String::new(), |(percent, rag)| match rag {
            Some(rag) => format!("target {percent}%, {}", rag.label()),
            None => format!("target {percent}%, too few to colour"),
        })
    }
}

/// A figure of an earlier month that is not as it was, for a register was amended or confirmed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The earlier month.
    pub month: String,
    /// The figure.
    pub figure: String,
    /// As the last paper had it.
    pub was: String,
    /// As it is.
    pub is: String,
}

/// What was restated when a month closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restated {
    /// Old and new, side by side.
    pub revisions: Vec<Revision>,
    /// Registers of earlier months that were confirmed since the month before closed.
    pub late_additions: BTreeMap<String, usize>,
    /// Registers of earlier months that were amended since then, whether or not a figure moved.
    #[serde(default)]
    pub amended: BTreeMap<String, usize>,
}

/// The paper of a month, or of some months together, with what stands around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its own figures.
    #[serde(flatten)]
    pub paper: Paper,
    /// The version of the measures' definitions.
    pub definitions: String,
    /// The versions of the quorum rules that held in it.
    pub quorum_rules: Vec<i32>,
    /// The figures at its head.
    pub headlines: Vec<Headline>,
    /// What to look at first, in words.
    pub exceptions: Vec<Exception>,
    /// Month by month, its last month last.
    pub series: Vec<Charted>,
    /// By the agency's code.
    pub agencies: BTreeMap<String, AgencyLine>,
    /// The same as agencies' own sheets have it, where a conference of these months was restricted: without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_agencies: Option<BTreeMap<String, AgencyLine>>,
    /// Which conferences own sheets leave out, month by month: a hash of each month that they are made of. `None`: one of the
    /// months was counted before sheets left any out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<BTreeMap<String, String>>,
    /// Improvement actions: those that were open, and those that ended since the month began.
    #[serde(default)]
    pub actions: Vec<ActionLine>,
    /// What was restated of earlier months.
    #[serde(flatten)]
    pub restated: Restated,
}

/// The chart of one figure over some months; of a month that is not known nothing is counted.
fn charted<'a>(months: impl Iterator<Item = Option<&'a Rate>>) -> Option<Chart> {
    let of = |rate: Option<&Rate>| rate.map_or((0, 0), |r| (r.numerator, r.denominator));
    chart(&months.map(of).collect::<Vec<_>>())
}

/// The verdict of the newest months in words, so many of them as it is about, and whether something stands out. Of several
/// it names each that does. Months of nothing have none.
fn verdict(chart: Option<&Chart>, rate: Rate, newest: &[Month], all: usize) -> (String, bool) {
    let Some(chart) = chart else { return (RUN_CHART.to_owned(), false) };
    if rate.denominator == 0 {
        return ("nothing to judge".to_owned(), false);
    }
    let of = |(n, month): (usize, &Month)| {
        let place = all - newest.len() + n;
        let signal = chart.points.iter().find(|point| point.place == place)?.signals.first()?.label();
        Some(if newest.len() == 1 { signal.to_owned() } else { format!("{}: {signal}", month.name()) })
    };
    let said: Vec<String> = newest.iter().enumerate().filter_map(of).collect();
    match said.is_empty() {
        false => (said.join("; "), true),
        true if chart.has_limits() => (NO_SIGNAL.to_owned(), false),
        true => (RUN_CHART.to_owned(), false),
    }
}

/// The months that a paper's charts show, oldest first, with what is known of each, and the paper itself.
struct Series<'a> {
    months: &'a [Month],
    all: &'a [Option<&'a Known>],
    /// How many of the newest the paper is of.
    newest: usize,
    own: &'a Known,
}

/// The line of each agency that was expected in the last twelve months. `of`: representation by agency.
fn agency_lines(
    series: &Series<'_>,
    of: fn(&Known) -> &BTreeMap<String, Rate>,
    targets: &Targets,
) -> BTreeMap<String, AgencyLine> {
    let Series { months, all, newest: those, own } = *series;
    let rolling = &all[all.len() - ROLLING..];
    let newest = months.last().map(|month| month.last());
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
        let chart = charted(all.iter().map(|known| known.and_then(|known| of(known).get(*code))));
        let newest_months = &months[months.len() - those..];
        let (verdict, stands_out) = verdict(chart.as_ref(), rate, newest_months, months.len());
        let rolling = of_year(code);
        let group_rolling: Rate = in_group(group).into_iter().map(|code| of_year(code)).sum();
        let target = group.parse().ok().zip(newest);
        let target = target.and_then(|(group, day)| targets.of_group(group, TargetMeasure::M2, day));
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
            target: target.map(|target| (target.percent, Rag::of(rate, target))),
            of_group: in_group(group)
                .into_iter()
                .filter(|code| of_year(code).denominator >= COMPARABLE)
                .count(),
        };
        ((*code).clone(), line)
    };
    called.iter().map(line).collect()
}

/// What stands around the figures besides the months before.
pub struct About<'a> {
    /// The versions of the quorum rules that held in it.
    pub quorum_rules: Vec<i32>,
    pub restated: Restated,
    pub targets: &'a Targets,
    /// Every improvement action.
    pub actions: &'a [improving::Standing],
    /// For the hash of what is written of them.
    pub keys: &'a Keys,
    /// The day on which it is made.
    pub today: NaiveDate,
}

impl Snapshot {
    /// As it leaves in a file: beside the totals, what agencies' own sheets are made of would tell the restricted conferences.
    pub fn without_own_sheets(&self) -> Self {
        let paper = Paper { own_sheets: None, restricted: None, ..self.paper.clone() };
        Self { paper, own_agencies: None, left_out: None, ..self.clone() }
    }

    /// The month, or the months, that it is of.
    pub fn period(&self) -> Period {
        self.paper.month.parse().expect("a paper's own period")
    }

    /// Puts a paper among the months before it, oldest first, as they are known now; one of some months together among those
    /// too.
    pub fn of(paper: Paper, before: &[(Month, Known)], about: About<'_>) -> Self {
        let About { quorum_rules, restated, targets, actions, keys, today } = about;
        let period: Period = paper.month.parse().expect("a paper's own period");
        let (month, those) = (period.last(), period.months());
        let own = Known::of(&paper);
        let mut months: Vec<Month> =
            std::iter::successors(Some(month), |month| Some(month.previous())).take(CHARTED).collect();
        months.reverse();
        let known = |of: &Month| match Period::Month(*of) == period {
            true => Some(&own),
            false => before.iter().find(|(earlier, _)| earlier == of).map(|(_, known)| known),
        };
        let all: Vec<Option<&Known>> = months.iter().map(known).collect();
        let first = all.iter().position(Option::is_some).unwrap_or_default();
        let rolling = &all[all.len() - ROLLING..];
        let as_many = &all[all.len() - 2 * those..all.len() - those];
        let headlines = HEADLINES.iter().map(|id| {
            let of = |known: &Option<&Known>| known.and_then(|known| known.headlines.get(*id).copied());
            let chart = charted(all.iter().map(|known| known.and_then(|known| known.headlines.get(*id))));
            let rate = paper.rate(id);
            let newest = &months[months.len() - those..];
            let (verdict, stands_out) = verdict(chart.as_ref(), rate, newest, months.len());
            Headline {
                id: (*id).to_owned(),
                rate,
                previous: as_many.iter().map(of).sum(),
                rolling: rolling.iter().filter_map(of).sum(),
                rolling_months: rolling.iter().flatten().count(),
                verdict,
                stands_out,
            }
        });
        let headlines: Vec<Headline> = headlines.collect();
        let series = Series { months: &months, all: &all, newest: those, own: &own };
        let lines = |of: fn(&Known) -> &BTreeMap<String, Rate>| agency_lines(&series, of, targets);
        let agencies = lines(|known| &known.agencies);
        let left_out = months.iter().zip(&all).filter_map(|(month, known)| Some((month, (*known)?)));
        let left_out = left_out.map(|(month, known)| Some((month.to_string(), known.restricted.clone()?)));
        let left_out = left_out.collect();
        let is_any_restricted = all.iter().flatten().chain([&&own]).any(|known| known.own.is_some());
        let own_agencies = is_any_restricted.then(|| lines(Known::own));
        let series = months.iter().zip(&all).skip(first).map(|(month, known)| Charted {
            month: month.to_string(),
            rates: known.map(|known| known.headlines.clone()).unwrap_or_default(),
        });
        let series = series.collect();
        let exceptions = exceptions(&paper, &headlines, &agencies);
        let of_its_own = matches!(period, Period::Month(_)).then_some((month, &own));
        let actions = actions.iter().filter(|standing| standing.is_in_paper(period)).map(|standing| {
            let code = standing.agency.as_ref().map(|agency| agency.code.as_str());
            let kept = before.iter().map(|(month, known)| (*month, known)).chain(of_its_own);
            let kept =
                kept.filter_map(|(month, known)| Some((month, known.rate(code, &standing.action.measure)?)));
            line_of(keys, standing, &kept.collect::<Vec<_>>(), today)
        });
        let actions = actions.collect();
        let definitions = DEFINITIONS.to_owned();
        Self {
            paper,
            definitions,
            quorum_rules,
            headlines,
            exceptions,
            series,
            agencies,
            own_agencies,
            left_out,
            actions,
            restated,
        }
    }
}
