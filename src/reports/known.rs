//! What a month's paper leaves to those after it: what they compare with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::improving;
use super::parts::Split;
use super::snapshot::HEADLINES;
use super::{Paper, Rate};

/// What later months compare with: the headlines, and representation by agency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// By their id.
    pub headlines: BTreeMap<String, Rate>,
    /// By the agency's code (M2).
    pub agencies: BTreeMap<String, Rate>,
    /// What those agencies were called, and in which group they were, by their code.
    #[serde(default)]
    pub called: BTreeMap<String, (String, String)>,
    /// Every other rate of the whole that an action may be to move, as two counts by its id.
    #[serde(default)]
    pub whole: BTreeMap<String, (u32, u32)>,
    /// The same of each agency, by its code.
    #[serde(default)]
    pub of_agency: BTreeMap<String, BTreeMap<String, (u32, u32)>>,
    /// Which conferences were restricted, as the paper has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<String>,
    /// Representation by agency without restricted conferences, where one of the month was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<BTreeMap<String, Rate>>,
}

/// A rate as its two counts.
fn counts(rate: Rate) -> (u32, u32) {
    (rate.numerator, rate.denominator)
}

/// The rates of each agency that an action may be to move, but for representation, by its code.
fn of_agencies(paper: &Paper) -> BTreeMap<String, BTreeMap<String, (u32, u32)>> {
    let mut of: BTreeMap<String, BTreeMap<String, (u32, u32)>> = BTreeMap::new();
    let asked = || improving::of_agency().iter().filter(|id| **id != "M2");
    // What is nothing of an agency is kept as nothing: what is not there was not kept.
    let nothing = || asked().map(|id| ((*id).to_owned(), (0, 0)));
    for (code, agency) in &paper.by_agency {
        let rates = [("M1", agency.part.M1), ("M3", agency.part.M3), ("M4", agency.part.M4)];
        let rates = rates.map(|(id, rate)| (id.to_owned(), counts(rate)));
        of.insert(code.clone(), nothing().chain(rates).collect());
    }
    // Of an agency that was expected nowhere there may be letters about the month before.
    for (code, rates) in paper.rates_by_part.get(Split::Agency.code()).into_iter().flatten() {
        let kept = of.entry(code.clone()).or_insert_with(|| nothing().collect());
        let rates = rates.iter().filter(|(id, _)| asked().any(|asked| asked == id));
        kept.extend(rates.map(|(id, rate)| (id.clone(), counts(*rate))));
    }
    of
}

impl Known {
    /// Of a paper.
    pub fn of(paper: &Paper) -> Self {
        Self {
            headlines: HEADLINES.iter().map(|id| ((*id).to_owned(), paper.rate(id))).collect(),
            agencies: paper.by_agency.iter().map(|(code, a)| (code.clone(), a.part.M2)).collect(),
            called: paper
                .by_agency
                .iter()
                .map(|(code, a)| (code.clone(), (a.name.clone(), a.group.clone())))
                .collect(),
            whole: improving::of_partnership()
                .iter()
                .filter(|id| !HEADLINES.contains(id))
                .map(|id| ((*id).to_owned(), counts(paper.rate(id))))
                .collect(),
            restricted: paper.restricted.clone(),
            own: paper.own_sheets.as_ref().map(|own| {
                own.by_agency.iter().map(|(code, agency)| (code.clone(), agency.part.M2)).collect()
            }),
            of_agency: of_agencies(paper),
        }
    }

    /// Representation by agency as its own sheet has it.
    pub fn own(&self) -> &BTreeMap<String, Rate> {
        self.own.as_ref().unwrap_or(&self.agencies)
    }

    /// A measure of the whole, or of an agency by its code; `None` where this month did not keep it. Of an agency that was
    /// expected nowhere nothing is counted.
    pub fn rate(&self, agency: Option<&str>, id: &str) -> Option<Rate> {
        let of = |kept: Option<&(u32, u32)>| kept.map(|(n, of)| Rate::of(*n as usize, *of as usize));
        let none = Rate::of(0, 0);
        match agency {
            None => self.headlines.get(id).copied().or_else(|| of(self.whole.get(id))),
            Some(code) if id == "M2" => Some(self.agencies.get(code).copied().unwrap_or(none)),
            Some(_) if self.whole.is_empty() => None,
            Some(code) => self.of_agency.get(code).map_or(Some(none), |kept| of(kept.get(id))),
        }
    }
}
