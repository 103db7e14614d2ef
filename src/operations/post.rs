//! The outbox as people and scripts read it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use crate::agencies::ServiceId;
use crate::agencies::store::directory;
use crate::conferences::entity::conference;
use crate::conferences::{self, ConferenceId, Sight};
use crate::convening::entity::invitation_message;
use crate::feedback::DIGEST;
use crate::feedback::entity::{feedback, ladder_step};
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
use crate::outbox::{self, Listed, MessageId};
use crate::replies::entity::reply;

/// One message and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// The kind of letter: its template folder.
    pub kind: String,
    /// The conference's random reference; empty for a notice, which is about none.
    pub reference: String,
    /// The conference's local reference.
    pub conference: String,
    /// The conference.
    pub conference_id: Option<ConferenceId>,
    /// It is about a conference that is restricted and not for who asks.
    #[serde(skip)]
    pub hidden: bool,
    /// Its letter is between the service and its recipient: a notice, which may hold a link to sign in by.
    #[serde(skip)]
    pub sealed: bool,
    /// The agency's code.
    pub agency: String,
    /// The service.
    pub service: String,
    /// To whom.
    pub recipient: String,
    /// Where it stands.
    pub state: outbox::State,
    /// How often it was tried.
    pub attempts: i32,
    /// It was under way when a process died, or the server took it without an answer.
    pub may_have_been_delivered: bool,
    /// When it was posted.
    pub posted_at: DateTime<Utc>,
    /// When it is, or was last, due.
    pub due_at: DateTime<Utc>,
    /// When it was accepted.
    pub sent_at: Option<DateTime<Utc>>,
    /// The message: its file in the mail folder is called so.
    pub id: outbox::MessageId,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

/// Ids in one `IN (…)`.
const BATCH: usize = 1000;

/// Every message, in the order in which they were posted.
pub async fn posted(db: &impl ConnectionTrait) -> Result<Vec<Posted>, DbErr> {
    described(db, outbox::list(db).await?, Sight::Everything).await
}

/// These messages, with what each is about, as far as somebody may know.
pub async fn described(
    db: &impl ConnectionTrait,
    messages: Vec<Listed>,
    sight: Sight,
) -> Result<Vec<Posted>, DbErr> {
    let directory = directory(db).await?;
    let mut about: HashMap<Uuid, (ServiceId, Option<conference::Model>)> = HashMap::new();
    let digests: Vec<MessageId> = messages.iter().filter(|m| m.kind == DIGEST).map(|m| m.id).collect();
    let mut carried: HashMap<MessageId, Vec<Uuid>> = HashMap::new();
    for digests in digests.chunks(BATCH) {
        for (digest, of) in outbox::carried_by(db, digests.iter().copied()).await? {
            carried.entry(digest).or_default().push(of);
        }
    }
    let ids = messages.iter().map(|m| m.about_id).chain(carried.values().flatten().copied());
    let ids: Vec<Uuid> = ids.collect();
    for ids in ids.chunks(BATCH) {
        let mut items: Vec<(Uuid, InvitationId)> = feedback::Entity::find()
            .select_only()
            .columns([feedback::Column::Id, feedback::Column::InvitationId])
            .filter(feedback::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        let invitations = invitation_message::Entity::find()
            .select_only()
            .columns([invitation_message::Column::Id, invitation_message::Column::InvitationId])
            .filter(invitation_message::Column::Id.is_in(ids.iter().copied()));
        items.extend(invitations.into_tuple::<(Uuid, InvitationId)>().all(db).await?);
        let replies = reply::Entity::find()
            .select_only()
            .columns([reply::Column::Id, reply::Column::InvitationId])
            .filter(reply::Column::Id.is_in(ids.iter().copied()));
        items.extend(replies.into_tuple::<(Uuid, InvitationId)>().all(db).await?);
        let steps = ladder_step::Entity::find()
            .select_only()
            .columns([ladder_step::Column::Id, ladder_step::Column::InvitationId])
            .filter(ladder_step::Column::Id.is_in(ids.iter().copied()));
        items.extend(steps.into_tuple::<(Uuid, InvitationId)>().all(db).await?);
        let invitations: Vec<(InvitationId, ConferenceId, ServiceId)> = invitation::Entity::find()
            .select_only()
            .columns([
                invitation::Column::Id,
                invitation::Column::ConferenceId,
                invitation::Column::ServiceId,
            ])
            .filter(invitation::Column::Id.is_in(items.iter().map(|(_, invitation)| *invitation)))
            .into_tuple()
            .all(db)
            .await?;
        let of = invitations.iter().map(|(_, conference, _)| *conference);
        let seen = conferences::store::by_ids(db, of, sight).await?;
        let seen: HashMap<_, _> = seen.into_iter().map(|c| (c.id, c)).collect();
        let invitations: HashMap<_, _> = invitations.into_iter().map(|(id, c, s)| (id, (c, s))).collect();
        for (item, invitation) in items {
            let (conference, service) = invitations[&invitation];
            about.insert(item, (service, seen.get(&conference).cloned()));
        }
    }
    Ok(messages
        .into_iter()
        .map(|m| {
            let carries = carried.remove(&m.id);
            let is_digest = carries.is_some();
            let ids = carries.unwrap_or_else(|| vec![m.about_id]);
            let of_it: Vec<_> = ids.iter().filter_map(|id| about.get(id)).collect();
            // What a digest carries and cannot be found might be anything.
            let unknown = is_digest && of_it.len() < ids.len();
            let restricted = unknown || of_it.iter().any(|(_, met)| met.is_none());
            let service = of_it.first().filter(|_| !restricted).map(|(service, _)| directory.of(*service));
            // A digest is about many.
            let met = match of_it[..] {
                [(_, met)] => met.as_ref(),
                _ => None,
            };
            let of =
                |what: fn(&conference::Model) -> &String| met.map(|m| what(m).clone()).unwrap_or_default();
            Posted {
                kind: m.kind,
                reference: if restricted { "restricted".to_owned() } else { of(|met| &met.reference) },
                conference: of(|met| &met.conference_ref),
                conference_id: met.map(|met| met.id),
                agency: service.map(|(_, agency)| agency.code.clone()).unwrap_or_default(),
                service: service.map(|(service, _)| service.name.clone()).unwrap_or_default(),
                recipient: if restricted { String::new() } else { m.recipient },
                hidden: restricted,
                sealed: of_it.is_empty(),
                state: m.state,
                attempts: m.attempts,
                may_have_been_delivered: m.may_have_been_delivered,
                posted_at: m.posted_at,
                due_at: m.due_at,
                sent_at: m.sent_at,
                id: m.id,
                last_error: m.last_error.filter(|_| !restricted),
            }
        })
        .collect())
}
