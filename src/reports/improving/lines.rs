//! An action as a month's paper has it. Figures and how it stands are frozen with the paper; its words are rows that never
//! change, and are read by the ids that were frozen.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};

use super::proposed::month_of;
use super::{ActionId, Effect, Progress, ReviewId, Standing, sealed};
use crate::platform::{Keys, Sealed};
use crate::reports::close::hexadecimal;
use crate::reports::closed::{circulated, known};
use crate::reports::snapshot::CHARTED;
use crate::reports::{Month, Rate};

/// An action in a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionLine {
    pub id: ActionId,
    /// Code and name; `None` for the whole partnership.
    pub agency: Option<(String, String)>,
    /// The measure that it is to move.
    pub measure: String,
    /// The month in which it was raised: "2026-09".
    pub raised: String,
    pub due: NaiveDate,
    /// Its timescale as it was raised, where a review has moved it.
    pub first_due: Option<NaiveDate>,
    /// How it goes; `None` until it is reviewed first.
    pub progress: Option<Progress>,
    /// The review that said so.
    pub review: Option<ReviewId>,
    pub is_overdue: bool,
    /// The measure before and since.
    pub effect: Effect,
    /// The measure month by month, oldest first, as far back as charts go.
    pub months: Vec<(String, Rate)>,
    /// A keyed hash of all that is written of it: words that are not these are no part of the paper.
    pub seal: String,
}

impl ActionLine {
    /// The measure month by month.
    pub fn series(&self) -> Vec<(Month, Rate)> {
        self.months.iter().filter_map(|(month, rate)| Some((month.parse().ok()?, *rate))).collect()
    }

    /// Whom it is about.
    pub fn about(&self) -> &str {
        self.agency.as_ref().map_or("The whole partnership", |(_, name)| name)
    }

    /// "green: on track", "not reviewed yet"; where its day is over, that first.
    pub fn progress_in_words(&self) -> String {
        match (self.progress, self.is_overdue) {
            (None, false) => "not reviewed yet".to_owned(),
            (None, true) => "overdue, and never reviewed".to_owned(),
            (Some(progress), false) => progress.label().to_owned(),
            (Some(progress), true) => format!("overdue; last reviewed as {}", progress.label()),
        }
    }
}

/// An action as it stands on a day, with its measure month by month, oldest first.
pub fn line_of(keys: &Keys, standing: &Standing, series: &[(Month, Rate)], today: NaiveDate) -> ActionLine {
    let action = &standing.action;
    let (raised, due) = (month_of(action.raised_at), standing.due());
    let review = standing.reviews.first().map(|review| review.id);
    let charted = &series[series.len().saturating_sub(CHARTED)..];
    ActionLine {
        id: action.id,
        agency: standing.agency.as_ref().map(|agency| (agency.code.clone(), agency.name.clone())),
        measure: action.measure.clone(),
        raised: raised.to_string(),
        due,
        first_due: Some(action.due).filter(|first| *first != due),
        progress: standing.progress(),
        review,
        is_overdue: standing.is_overdue(today),
        effect: Effect::of(&action.measure, series, raised, action.raised_from.parse().unwrap_or(raised)),
        months: charted.iter().map(|(month, rate)| (month.to_string(), *rate)).collect(),
        seal: Written::of(keys, standing, review).seal(keys),
    }
}

/// How many months before a month are asked for: as far back as charts go, and as what some actions began from.
pub fn reach(of: &[Standing], month: Month) -> usize {
    let first = of.iter().map(|standing| month_of(standing.action.raised_at)).min().unwrap_or(month);
    let since = std::iter::successors(Some(month), |m| Some(m.previous())).take_while(|m| *m > first).count();
    // Twelve before it, and two that are on neither side.
    CHARTED.max(since + 14)
}

/// Some actions as they stand on a day, with their measures in the closed months before it; `approved_only`: for whoever
/// reads no other.
pub async fn action_lines(
    db: &impl ConnectionTrait,
    keys: &Keys,
    of: &[Standing],
    approved_only: bool,
    today: NaiveDate,
) -> Result<Vec<ActionLine>, DbErr> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let this = Month::of(today);
    let mut months = known(db, this, reach(of, this)).await?;
    if approved_only {
        let approved = circulated(db).await?;
        months.retain(|(month, _)| approved.contains(month));
    }
    let line = |standing: &Standing| {
        let code = standing.agency.as_ref().map(|agency| agency.code.as_str());
        let kept = months.iter();
        let kept = kept.filter_map(|(month, of)| Some((*month, of.rate(code, &standing.action.measure)?)));
        line_of(keys, standing, &kept.collect::<Vec<_>>(), today)
    };
    Ok(of.iter().map(line).collect())
}

/// What is written of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The sentence of the paper that gave reason for it; empty where none did.
    pub because: String,
    pub objective: String,
    pub action: String,
    pub input: String,
    pub desired_outcome: String,
    pub lead: String,
    /// What the review says that a paper has; empty before the first.
    pub review: String,
}

impl Written {
    /// A keyed hash of all of it, in hexadecimal.
    fn seal(&self, keys: &Keys) -> String {
        let all = serde_json::to_vec(self).expect("texts are JSON");
        hexadecimal(&keys.find(SEAL, all))
    }
}

/// The purpose of that hash.
const SEAL: &str = "improvement_action.words";

fn open(keys: &Keys, purpose: &'static str, text: &Sealed) -> String {
    keys.open(purpose, text).unwrap_or_else(|_| "(does not open)".to_owned())
}

impl Written {
    /// Of an action, with the words of one of its reviews.
    pub fn of(keys: &Keys, standing: &Standing, review: Option<ReviewId>) -> Self {
        let action = &standing.action;
        let said = standing.reviews.iter().find(|said| Some(said.id) == review);
        Self {
            because: action
                .because
                .as_ref()
                .map(|text| open(keys, sealed::BECAUSE, text))
                .unwrap_or_default(),
            objective: open(keys, sealed::OBJECTIVE, &action.objective),
            action: open(keys, sealed::ACTION, &action.action),
            input: open(keys, sealed::INPUT, &action.input),
            desired_outcome: open(keys, sealed::DESIRED_OUTCOME, &action.desired_outcome),
            lead: open(keys, sealed::LEAD, &action.lead),
            review: said.map(|said| open(keys, sealed::WORDS, &said.words)).unwrap_or_default(),
        }
    }
}

/// What is written of the actions of a paper, as it stood when the paper was made.
///
/// # Errors
/// Words that are not those of the paper are none.
pub fn written(
    keys: &Keys,
    all: &[Standing],
    lines: &[ActionLine],
) -> Result<BTreeMap<ActionId, Written>, DbErr> {
    let of = |line: &ActionLine| {
        let standing = all.iter().find(|standing| standing.action.id == line.id);
        let written = standing.map(|standing| Written::of(keys, standing, line.review));
        let written = written.filter(|written| written.seal(keys) == line.seal);
        let changed =
            || DbErr::Custom(format!("what was written of the improvement action {} was changed", line.id));
        Ok((line.id, written.ok_or_else(changed)?))
    };
    lines.iter().map(of).collect()
}
