//! Raising an action, and saying how it goes: each in one transaction with the audit trail.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::entity::{action, review as review_row};
use super::proposed::{LONGEST, due, part};
use super::{ActionId, Progress, Proposed, ReviewId, sealed, store};
use crate::audit::{self, Actor, Event};
use crate::platform::{Db, Keys};
use crate::web::{Errors, Fields};

/// Raises an action. One that was raised by the same form already is left as it is.
pub async fn raise(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    proposed: Proposed,
    now: DateTime<Utc>,
) -> Result<ActionId, DbErr> {
    let p = proposed;
    let payload = json!({
        "agency": p.agency, "measure": p.measure, "month": p.raised_from.to_string(), "because": p.because,
        "objective": p.objective,
        "action": p.action, "input": p.input, "desired_outcome": p.desired_outcome, "lead": p.lead,
        "lead_email": p.lead_email, "due": p.due,
    });
    let row = action::Model {
        id: p.id,
        agency_id: p.agency,
        measure: p.measure,
        raised_from: p.raised_from.to_string(),
        because: p.because.as_ref().map(|text| keys.seal(sealed::BECAUSE, text)),
        objective: keys.seal(sealed::OBJECTIVE, &p.objective),
        action: keys.seal(sealed::ACTION, &p.action),
        input: keys.seal(sealed::INPUT, &p.input),
        desired_outcome: keys.seal(sealed::DESIRED_OUTCOME, &p.desired_outcome),
        lead: keys.seal(sealed::LEAD, &p.lead),
        lead_email: p.lead_email,
        due: p.due,
        raised_by: actor.name.clone(),
        raised_at: now,
    };
    let tx = db.begin("raise an improvement action").await?;
    if store::add(&tx, row).await? {
        let event = Event { action: "improvement.raised", object: p.id.to_string(), payload };
        audit::record(&tx, keys, actor, now, vec![event]).await?;
        tx.commit().await?;
    }
    Ok(p.id)
}

/// How an action goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Made with the form.
    pub id: ReviewId,
    pub progress: Progress,
    pub words: String,
    /// Its timescale from now on; `None` leaves it.
    pub due: Option<NaiveDate>,
}

impl Review {
    /// Reads the form.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(form: &Fields, today: NaiveDate) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let progress = form.text("progress").parse::<Progress>();
        if progress.is_err() {
            errors.add("progress", "Choose how it goes");
        }
        let words = part(form.raw("words"));
        if words.is_none() {
            errors
                .add("words", format!("Say what happened and what is next, in at most {LONGEST} characters"));
        }
        let due = match form.text("due") {
            "" => None,
            text => due(text, today).map_err(|why| errors.add("due", why)).ok(),
        };
        match (progress, words) {
            (Ok(progress), Some(words)) if errors.is_empty() => {
                let id = form.text("id").parse().unwrap_or_else(|_| ReviewId::new());
                Ok(Self { id, progress, words, due })
            }
            _ => Err(errors),
        }
    }
}

/// What became of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reviewed {
    Done,
    /// It is done or withdrawn, and nothing more is said of it.
    Ended,
    NotThere,
}

/// Says how an action goes.
pub async fn review(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    id: ActionId,
    review: Review,
    now: DateTime<Utc>,
) -> Result<Reviewed, DbErr> {
    let tx = db.begin("review an improvement action").await?;
    let Some(standing) = store::take(&tx, id).await? else { return Ok(Reviewed::NotThere) };
    if standing.reviews.iter().any(|said| said.id == review.id) {
        return Ok(Reviewed::Done);
    }
    if standing.ended().is_some() {
        return Ok(Reviewed::Ended);
    }
    let due = review.due.unwrap_or(standing.due());
    let payload = json!({ "progress": review.progress, "words": review.words, "due": due });
    let row = review_row::Model {
        id: review.id,
        action_id: id,
        progress: review.progress,
        words: keys.seal(sealed::WORDS, &review.words),
        due,
        by_name: actor.name.clone(),
        at: now,
    };
    store::add_review(&tx, row).await?;
    let event = Event { action: "improvement.reviewed", object: id.to_string(), payload };
    audit::record(&tx, keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(Reviewed::Done)
}
