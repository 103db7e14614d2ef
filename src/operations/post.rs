//! The outbox as people and scripts read it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;

use crate::agencies::ServiceId;
use crate::agencies::store::directory;
use crate::conferences::ConferenceId;
use crate::conferences::entity::conference;
use crate::feedback::FeedbackId;
use crate::feedback::entity::feedback;
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
use crate::outbox::{self, Listed};

/// One message and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// The kind of letter: its template folder.
    pub kind: String,
    /// The conference's random reference.
    pub reference: String,
    /// The conference's local reference.
    pub conference: String,
    /// The conference.
    pub conference_id: ConferenceId,
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
    described(db, outbox::list(db).await?).await
}

/// These messages, with what each is about.
pub async fn described(db: &impl ConnectionTrait, messages: Vec<Listed>) -> Result<Vec<Posted>, DbErr> {
    let directory = directory(db).await?;
    let mut about: HashMap<FeedbackId, (ServiceId, ConferenceId, String, String)> = HashMap::new();
    let ids: Vec<FeedbackId> = messages.iter().map(|m| FeedbackId(m.about_id)).collect();
    for ids in ids.chunks(BATCH) {
        let items: Vec<(FeedbackId, InvitationId)> = feedback::Entity::find()
            .select_only()
            .columns([feedback::Column::Id, feedback::Column::InvitationId])
            .filter(feedback::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
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
        let conferences: Vec<(ConferenceId, String, String)> = conference::Entity::find()
            .select_only()
            .columns([
                conference::Column::Id,
                conference::Column::Reference,
                conference::Column::ConferenceRef,
            ])
            .filter(conference::Column::Id.is_in(invitations.iter().map(|(_, conference, _)| *conference)))
            .into_tuple()
            .all(db)
            .await?;
        let conferences: HashMap<_, _> =
            conferences.into_iter().map(|(id, r, local)| (id, (r, local))).collect();
        let invitations: HashMap<_, _> = invitations.into_iter().map(|(id, c, s)| (id, (c, s))).collect();
        for (item, invitation) in items {
            let (conference, service) = invitations[&invitation];
            let (reference, local) = conferences[&conference].clone();
            about.insert(item, (service, conference, reference, local));
        }
    }
    Ok(messages
        .into_iter()
        .map(|m| {
            let (service, conference_id, reference, conference) = about[&FeedbackId(m.about_id)].clone();
            let (service, agency) = directory.of(service);
            Posted {
                kind: m.kind,
                reference,
                conference,
                conference_id,
                agency: agency.code.clone(),
                service: service.name.clone(),
                recipient: m.recipient,
                state: m.state,
                attempts: m.attempts,
                may_have_been_delivered: m.may_have_been_delivered,
                posted_at: m.posted_at,
                due_at: m.due_at,
                sent_at: m.sent_at,
                id: m.id,
                last_error: m.last_error,
            }
        })
        .collect())
}
