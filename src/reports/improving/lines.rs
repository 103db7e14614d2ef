//! An action as a month's paper has it. Figures and how it stands are frozen with the paper; its words are rows that never
//! change, and are read by the ids that were frozen.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};

use super::proposed::month_of;
use super::{ActionId, Effect, Progress, ReviewId, Standing, sealed, store};
use crate::platform::{Keys, Sealed};
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
    /// How it goes; `None` until it is reviewed first.
    pub progress: Option<Progress>,
    /// The review that said so.
    pub review: Option<ReviewId>,
    pub is_overdue: bool,
    /// The measure before and since.
    pub effect: Effect,
    /// The measure month by month, oldest first.
    pub months: Vec<(String, Rate)>,
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

/// An action as it stands on a day, with its measure month by month.
pub fn line_of(standing: &Standing, series: Vec<(Month, Rate)>, today: NaiveDate) -> ActionLine {
    let action = &standing.action;
    let raised = month_of(action.raised_at);
    ActionLine {
        id: action.id,
        agency: standing.agency.as_ref().map(|agency| (agency.code.clone(), agency.name.clone())),
        measure: action.measure.clone(),
        raised: raised.to_string(),
        due: standing.due(),
        progress: standing.progress(),
        review: standing.reviews.first().map(|review| review.id),
        is_overdue: standing.is_overdue(today),
        effect: Effect::of(&action.measure, &series, raised),
        months: series.into_iter().map(|(month, rate)| (month.to_string(), rate)).collect(),
    }
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
pub async fn written(
    db: &impl ConnectionTrait,
    keys: &Keys,
    lines: &[ActionLine],
) -> Result<BTreeMap<ActionId, Written>, DbErr> {
    if lines.is_empty() {
        return Ok(BTreeMap::new());
    }
    let all = store::all(db).await?;
    let of = |line: &ActionLine| {
        let standing = all.iter().find(|standing| standing.action.id == line.id)?;
        Some((line.id, Written::of(keys, standing, line.review)))
    };
    Ok(lines.iter().filter_map(of).collect())
}
