//! What agencies were told of their absences lately, and what they answered.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::expected::Told;
use crate::agencies::ServiceId;
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::feedback::entity::feedback;
use crate::feedback::{ItemState, Settings, Wording};
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
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
    let items = feedback::Entity::find().filter(feedback::Column::MadeAt.gte(since));
    let items = items.order_by_asc(feedback::Column::MadeAt).order_by_asc(feedback::Column::Version);
    let newest: BTreeMap<InvitationId, feedback::Model> =
        items.all(db).await?.into_iter().map(|item| (item.invitation_id, item)).collect();
    Ok(newest.into_values().collect())
}

/// When agencies were told of their absences, and what they answered.
pub async fn when_told(
    db: &impl ConnectionTrait,
    lately: &[feedback::Model],
    missed: &[invitation::Model],
    policies: &Policies,
    settings: &Settings,
    directory: &Directory,
) -> Result<HashMap<InvitationId, Told>, DbErr> {
    let services: HashMap<InvitationId, ServiceId> =
        missed.iter().map(|row| (row.id, row.service_id)).collect();
    let mut accepted: HashMap<_, DateTime<Utc>> = HashMap::new();
    for items in lately.chunks(BATCH) {
        for (about, at) in outbox::accepted_at(db, items.iter().map(|item| item.id.0)).await? {
            let first = accepted.entry(about).or_insert(at);
            *first = at.min(*first);
        }
    }
    let mut said: HashMap<InvitationId, Vec<_>> = HashMap::new();
    for reply in told(db, services.keys().copied()).await? {
        said.entry(reply.invitation).or_default().push(reply);
    }
    let mut all = HashMap::new();
    for item in lately {
        let Some(service) = services.get(&item.invitation_id) else { continue };
        let asks = item.wording.parse::<Wording>().is_ok_and(Wording::asks_for_a_reply);
        let (on, asks) = match (accepted.get(&item.id.0), item.state) {
            (Some(at), _) => (*at, asks),
            (None, ItemState::Telephoned) => (item.made_at, false),
            (None, _) => continue,
        };
        let group = directory.of(*service).1.agency_group;
        let replies = said.get(&item.invitation_id).map(Vec::as_slice).unwrap_or_default();
        let told = Told {
            on: london::date(on),
            reply_by: asks.then(|| settings.reply_by(&policies.calendar, group, london::date(item.made_at))),
            replied: !replies.is_empty(),
            disputed: replies.iter().any(|r| r.kind == ReplyKind::Disputed && r.state == ReplyState::Open),
        };
        all.insert(item.invitation_id, told);
    }
    Ok(all)
}
