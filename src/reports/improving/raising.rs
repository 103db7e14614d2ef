//! Raising an action, and saying how it goes: each in one transaction with the audit trail.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::entity::{action, review as review_row};
use super::proposed::{due, missing, part};
use super::{ActionId, Progress, Proposed, ReviewId, Standing, Written, sealed, store};
use crate::audit::{self, Actor, Event};
use crate::platform::{Db, Keys};
use crate::web::{Errors, Fields};

/// Raises an action. One that was raised by the same form already, with the same words, is left as it is; `false`: with others.
pub async fn raise(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    proposed: Proposed,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
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
    if let Some(there) = store::take(&tx, p.id).await? {
        let (there, again) = (Written::of(keys, &there, None), Standing::of(row));
        return Ok(there == Written::of(keys, &again, None));
    }
    store::add(&tx, row).await?;
    let event = Event { action: "improvement.raised", object: p.id.to_string(), payload };
    audit::record(&tx, keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(true)
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
            errors.add("words", missing(form.raw("words"), "Say what happened, and what is next"));
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
    /// The same form was sent before, with other words.
    Otherwise,
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
    if let Some(said) = standing.reviews.iter().find(|said| said.id == review.id) {
        let is_same = said.progress == review.progress
            && keys.open(sealed::WORDS, &said.words).is_ok_and(|words| words == review.words);
        return Ok(if is_same { Reviewed::Done } else { Reviewed::Otherwise });
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
    if !store::add_review(&tx, row).await? {
        // A review of another action has this id: no form of ours says so.
        return Ok(Reviewed::NotThere);
    }
    let event = Event { action: "improvement.reviewed", object: id.to_string(), payload };
    audit::record(&tx, keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(Reviewed::Done)
}
