//! A chair is told of a letter that somebody else sent in its name.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::access;
use crate::audit::Actor;
use crate::calendar::london;
use crate::conferences::entity::conference;
use crate::feedback::Office;
use crate::feedback::steps::StepId;
use crate::outbox::{self, NoticeError};
use crate::platform::Tx;

const SIGNED: &str = "signed_for_you";

/// What the notice says: no child, no agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signed {
    pub reference: String,
    pub conference_type: String,
    pub date: String,
    /// Who approved it.
    pub by: String,
    pub link: String,
}

/// Tells the accounts of a conference's chair that a letter goes in its name, but for whoever approved it.
pub(super) async fn tell_the_chair(
    tx: &Tx,
    office: Office<'_>,
    actor: &Actor,
    step: StepId,
    c: &conference::Model,
    now: DateTime<Utc>,
) -> Result<(), NoticeError> {
    let notice = Signed {
        reference: c.reference.clone(),
        conference_type: c.kind.label().to_owned(),
        date: london::full_date(c.conference_date),
        by: actor.name.clone(),
        link: format!("{}/escalation/{step}", office.settings.address),
    };
    for account in access::store::all(tx.conn()).await? {
        let is_chair = account.chair_id == Some(c.chair_id) && account.disabled_at.is_none();
        if is_chair && actor.account != Some(account.id.0) {
            // About nothing else: whatever asks where the step's letters stand must not find this among them.
            let about = Uuid::now_v7();
            outbox::tell(tx, office.letterhead, SIGNED, about, &account.email, &notice, now).await?;
        }
    }
    Ok(())
}

/// The notice with something to try it on.
pub fn samples() -> Vec<(&'static str, Signed)> {
    let notice = Signed {
        reference: "K7Q2-M4TD".into(),
        conference_type: "review conference".into(),
        date: "Wednesday 30 September 2026".into(),
        by: "M. Manager".into(),
        link: "https://quorate.example/escalation/0000".into(),
    };
    vec![(SIGNED, notice)]
}
