//! Saving a register that is still open. Two people in one register never overwrite each other: a fact
//! that somebody else changed since the form was opened stays, and is shown to the second.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::form::{Submission, Typed, Words};
use super::merge::{self, Difference, Verdict, conference_contradicts, contradicts, keep_all_if, merge};
use super::sealed;
use super::store::{Record, with_directory};
use crate::agencies::store::Directory;
use crate::audit::{self, Actor, Event};
use crate::conferences::{self, ConferenceId, Sight};
use crate::invitations;
use crate::invitations::entity::invitation;
use crate::platform::{Keys, Sealed, Tx};

/// A fact that two people changed: what stands, and what the second wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The row that it is in.
    pub row: String,
    /// The fact.
    pub field: &'static str,
    /// What stands, as code.
    pub stands: String,
    /// What the second wanted, as code.
    pub wanted: String,
    /// Who recorded what stands.
    pub by: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// Takes the row of a conference that somebody may see for this transaction, so that two saves come one
/// after the other, and reads the whole record with its part of the directory.
pub async fn take(tx: &Tx, id: ConferenceId, sight: Sight) -> Result<Option<(Record, Directory)>, DbErr> {
    let taken = conferences::store::take(tx, id, sight).await?;
    with_directory(tx.conn(), taken).await
}

/// What changed, for the audit trail, and what clashed.
#[derive(Default)]
pub(super) struct Saved {
    pub changes: Vec<serde_json::Value>,
    pub clashes: Vec<Clash>,
}

impl Saved {
    fn note(
        &mut self,
        row: &str,
        differences: Vec<Difference>,
        by: Option<String>,
        at: Option<DateTime<Utc>>,
    ) -> bool {
        let mut changed = false;
        for d in differences {
            if d.verdict == Verdict::Taken {
                changed = true;
                let change = json!({ "row": row, "field": d.field, "before": d.here, "after": d.proposed });
                self.changes.push(change);
            } else if !d.as_before {
                let (row, by) = (row.to_owned(), by.clone());
                self.clashes.push(Clash { row, field: d.field, stands: d.here, wanted: d.proposed, by, at });
            }
        }
        changed
    }
}

/// Saves what the form changed, and gives back what clashed. `record` must have been read in `tx`.
pub async fn save(
    tx: &Tx,
    keys: &Keys,
    actor: &Actor,
    record: Record,
    submission: Submission,
    now: DateTime<Utc>,
) -> Result<Vec<Clash>, DbErr> {
    let (mut saved, mut writes) = (Saved::default(), Vec::new());
    let never = |_: &str, _: &str| false;
    let mut c = record.conference;
    let (proposed, base) = (submission.conference.row, submission.conference.base);
    let before = c.clone();
    let differences = merge(merge::CONFERENCE, &mut c, &proposed, Some(&base), never);
    let differences = keep_all_if(conference_contradicts(&c), differences, &mut c, before);
    saved.note("conference", differences, None, None);

    for (mut ours, proposed) in record.children.into_iter().zip(submission.children) {
        let differences = merge(merge::CHILD, &mut ours, &proposed.row, Some(&proposed.base), never);
        if saved.note(&ours.id.to_string(), differences, None, None) {
            writes.push(conferences::store::saving_child(ours)?);
        }
    }
    let mut rows = Vec::new();
    for (mut ours, (proposed, words)) in record.invitations.into_iter().zip(submission.invitations) {
        let before = ours.clone();
        let differences = merge(merge::of_a_form(), &mut ours, &proposed.row, Some(&proposed.base), never);
        let differences = keep_all_if(contradicts(&ours), differences, &mut ours, before.clone());
        let (by, at) = (ours.recorded_by.clone(), ours.recorded_at);
        let mut differences = differences;
        differences.extend(words.merge(keys, &mut ours));
        if saved.note(&ours.id.to_string(), differences, by, at) {
            (ours.recorded_by, ours.recorded_at) = (Some(actor.name.clone()), Some(now));
            rows.push((before, ours));
        }
    }
    if !saved.changes.is_empty() {
        let object = c.id.to_string();
        writes.extend(invitations::store::changing(&rows));
        writes.push(conferences::store::bumping(c)?);
        let payload = json!({ "changes": saved.changes });
        let event = Event { action: "register.saved", object, payload };
        audit::record_with(tx, keys, actor, now, vec![event], writes).await?;
    }
    Ok(saved.clashes)
}

impl Words {
    /// Takes what was typed, where it still stands as it did when the form was opened.
    pub fn merge(self, keys: &Keys, ours: &mut invitation::Model) -> Vec<Difference> {
        let deputy = self.deputy.merge("deputy", open_deputy(keys, ours), |text| {
            ours.deputy = (!text.is_empty()).then(|| keys.seal(sealed::DEPUTY, text));
        });
        let note = self.note.merge("impact_note", open_note(keys, ours), |text| {
            ours.impact_note = (!text.is_empty()).then(|| keys.seal(sealed::IMPACT_NOTE, text));
        });
        deputy.into_iter().chain(note).collect()
    }
}

impl Typed {
    fn merge(self, field: &'static str, stands: String, take: impl FnOnce(&str)) -> Option<Difference> {
        if self.text == stands {
            return None;
        }
        let verdict = if self.base == stands { Verdict::Taken } else { Verdict::Kept };
        if verdict == Verdict::Taken {
            take(&self.text);
        }
        let as_before = self.text == self.base;
        Some(Difference { field, here: stands, proposed: self.text, as_before, verdict })
    }
}

/// The deputy's name and role, or nothing. One that does not open is shown as such, and not lost.
pub fn open_deputy(keys: &Keys, row: &invitation::Model) -> String {
    opened(keys, sealed::DEPUTY, &row.deputy)
}

/// The chair's words on what an absence did, or nothing.
pub fn open_note(keys: &Keys, row: &invitation::Model) -> String {
    opened(keys, sealed::IMPACT_NOTE, &row.impact_note)
}

fn opened(keys: &Keys, purpose: &'static str, sealed: &Option<Sealed>) -> String {
    let open = |s| keys.open(purpose, s).unwrap_or_else(|_| "(does not open)".to_owned());
    sealed.as_ref().map(open).unwrap_or_default()
}
