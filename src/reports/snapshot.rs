//! A month's paper with what stands around it: the months before, what chance explains, what was restated. Closed, it is
//! frozen as it is, and read again unchanged.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::agency_line::{AgencyLine, Series, agency_lines};
use super::exceptions::{Exception, exceptions};
use super::improving::{self, ActionLine, line_of};
use super::known::Known;
use super::targets::Targets;
use super::verdict::{charted, newest, verdict};
use super::{Month, Paper, Period, Rate};
use crate::platform::Keys;

/// The version of the measures' definitions: another where a definition changes, so that no two papers are compared as if
/// they said the same.
pub const DEFINITIONS: &str = "2026-1";

/// The ids of the figures at the head of the paper, in their order.
pub const HEADLINES: [&str; 5] = ["M1", "M2", "M7", "M9", "M6_on_time"];

/// Months that a chart goes back.
pub const CHARTED: usize = 24;
/// Months of a rolling figure.
pub const ROLLING: usize = 12;

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
        let newest = newest(&months, &all, &paper);
        let headlines = HEADLINES.iter().map(|id| {
            let of = |known: &Option<&Known>| known.and_then(|known| known.headlines.get(*id).copied());
            let chart =
                charted(all.iter().map(|known| known.and_then(|known| known.headlines.get(*id).copied())));
            let rate = paper.rate(id);
            let (verdict, stands_out) = verdict(chart.as_ref(), rate, &newest, months.len() - newest.len());
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
        let series = Series { months: &months, all: &all, newest: &newest, own: &own };
        let agencies = agency_lines(&series, |known| &known.agencies, targets, true);
        let left_out = months.iter().zip(&all).filter_map(|(month, known)| Some((month, (*known)?)));
        let left_out = left_out.map(|(month, known)| Some((month.to_string(), known.restricted.clone()?)));
        let left_out = left_out.collect();
        let is_any_restricted = all.iter().flatten().chain([&&own]).any(|known| known.own.is_some());
        let own_agencies = is_any_restricted.then(|| agency_lines(&series, Known::own, targets, false));
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
