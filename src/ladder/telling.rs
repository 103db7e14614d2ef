//! What agencies were told of their absences lately, and what they answered.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};

use super::expected::Told;
use crate::agencies::ServiceId;
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::feedback::entity::feedback;
use crate::feedback::{ItemState, REMINDER, Settings, Wording, items_that_stand};
use crate::invitations::InvitationId;
use crate::outbox;
use crate::register::Policies;
use crate::replies::{ReplyKind, ReplyState, told};

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// Days back from which feedback can lead to a step: more than its time to answer, a long school holiday, and twenty
/// working days after it.
const FEEDBACK_DAYS: u64 = 80;

/// The newest feedback on an absence that was made lately.
pub async fn lately(db: &impl ConnectionTrait, today: NaiveDate) -> Result<Vec<feedback::Model>, DbErr> {
    let since = london::to_utc_or_after(today - Days::new(FEEDBACK_DAYS), NaiveTime::MIN);
    let items = items_that_stand().filter(feedback::Column::MadeAt.gte(since));
    let newest: BTreeMap<InvitationId, feedback::Model> =
        items.all(db).await?.into_iter().map(|item| (item.invitation_id, item)).collect();
    Ok(newest.into_values().collect())
}

/// When agencies were told of their absences, and what they answered. A letter that came back told nobody.
pub async fn when_told(
    db: &impl ConnectionTrait,
    items: &[feedback::Model],
    services: &HashMap<InvitationId, ServiceId>,
    policies: &Policies,
    settings: &Settings,
    directory: &Directory,
) -> Result<HashMap<InvitationId, Told>, DbErr> {
    let mut reached: HashMap<_, DateTime<Utc>> = HashMap::new();
    for items in items.chunks(BATCH) {
        for (about, kind, at) in outbox::reached_at(db, items.iter().map(|item| item.id.0)).await? {
            // The last letter counts, which whoever stands in may have had later; a reminder is none.
            if kind != REMINDER {
                let last = reached.entry(about).or_insert(at);
                *last = at.max(*last);
            }
        }
    }
    let mut said: HashMap<InvitationId, Vec<_>> = HashMap::new();
    for reply in told(db, items.iter().map(|item| item.invitation_id)).await? {
        said.entry(reply.invitation).or_default().push(reply);
    }
    let mut all = HashMap::new();
    for item in items {
        let Some(service) = services.get(&item.invitation_id) else { continue };
        // Who could not join for want of a link that works is asked what happened, and not pressed for it.
        let wording = item.wording.parse::<Wording>().ok();
        let asks = wording.is_some_and(|w| w.asks_for_a_reply() && w != Wording::JoiningFailed);
        let (on, asks) = match (item.state, reached.get(&item.id.0)) {
            // Whoever was rung beside it, the letter asks.
            (ItemState::Posted | ItemState::ToTelephone | ItemState::Telephoned, Some(at)) => (*at, asks),
            (ItemState::Telephoned, None) => (item.made_at, false),
            _ => continue,
        };
        let group = directory.of(*service).1.agency_group;
        let replies = said.get(&item.invitation_id).map(Vec::as_slice).unwrap_or_default();
        let disputes = |state| replies.iter().any(|r| r.kind == ReplyKind::Disputed && r.state == state);
        let from = london::date(item.asked_at([on]));
        let told = Told {
            on: london::date(on),
            reply_by: asks.then(|| settings.reply_by(&policies.calendar, group, from)),
            answered: !replies.is_empty(),
            replied: disputes(ReplyState::Upheld) || replies.iter().any(|r| r.kind != ReplyKind::Disputed),
            disputed: disputes(ReplyState::Open),
        };
        all.insert(item.invitation_id, told);
    }
    Ok(all)
}
