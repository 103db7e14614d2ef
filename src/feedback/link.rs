//! The links in letters (DOMAIN 7, "Reply"): each opens one item without an account. The table keeps the hash of its
//! token, and the address that the letter went to.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use super::entity::feedback_link;
use super::letter::Letter;
use super::tasks::Paperwork;
use super::{FeedbackId, ItemState, REMINDER, Settings, Wording, store};
use crate::access::{hashed, token};
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::invitations;
use crate::invitations::entity::invitation;
use crate::outbox::{self, Listed};
use crate::platform::Tx;
use crate::register::store::Record;
use crate::register::{Assessment, Policies};

/// Makes the link of a letter about an item, for the address that it goes to. Gives back its path.
pub async fn make(tx: &Tx, about: Uuid, address: &str, now: DateTime<Utc>) -> Result<String, DbErr> {
    let token = token();
    let row = feedback_link::Model {
        hash: hashed(&token),
        feedback_id: FeedbackId(about),
        address: Some(address.to_owned()),
        made_at: now,
    };
    feedback_link::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(format!("/reply/{token}"))
}

/// What is recorded of the invitation that an item is about, now, and in the words of its letter.
pub struct Evidence {
    pub letter: Letter,
    /// Every message about the invitation.
    pub messages: Vec<Listed>,
    pub record: Record,
    pub directory: Directory,
    pub assessment: Assessment,
    pub place: usize,
}

impl Evidence {
    /// The invitation.
    pub fn row(&self) -> &invitation::Model {
        &self.record.invitations[self.place]
    }
}

/// The evidence of an item; `None` where there is no such item.
pub async fn evidence(
    db: &impl ConnectionTrait,
    policies: &Policies,
    settings: &Settings,
    id: FeedbackId,
    now: DateTime<Utc>,
) -> Result<Option<Evidence>, DbErr> {
    let Some(item) = store::by_id(db, id).await? else { return Ok(None) };
    let Some(row) = invitations::store::by_id(db, item.invitation_id).await? else { return Ok(None) };
    let Some(paperwork) = Paperwork::open(db, row.conference_id, policies, now).await? else {
        return Ok(None);
    };
    let Some(place) = paperwork.record.invitations.iter().position(|i| i.id == row.id) else {
        return Ok(None);
    };
    let following = paperwork.following(db, policies).await?;
    let wording = item.wording.parse::<Wording>().ok();
    let mut letter = Letter::of(paperwork.source(&following, policies, settings), place, wording);
    let of_all = store::ids_of(db, row.id).await?.into_iter().map(|id| id.0);
    let messages = outbox::about(db, of_all.collect()).await?;
    // The day that the letter named, not one that moves with each look; for a letter that went late, from when it went.
    let went = messages.iter().filter(|m| m.about_id == item.id.0 && m.kind != REMINDER);
    let asked = london::date(item.asked_at(went.filter_map(|m| m.sent_at)));
    let group = paperwork.directory.of(row.service_id).1.agency_group;
    let by = settings.reply_by(&policies.calendar, group, asked);
    letter.reply_by = letter.reply_by.map(|_| london::full_date(by));
    let Paperwork { record, directory, assessment, .. } = paperwork;
    Ok(Some(Evidence { letter, messages, record, directory, assessment, place }))
}

/// What a link opens.
pub struct Opened {
    pub id: FeedbackId,
    /// The address that the letter went to.
    pub address: String,
    /// The last time that something went, this link included.
    pub last_event: DateTime<Utc>,
    /// The last time that a letter on what is recorded went.
    pub last_letter: DateTime<Utc>,
    pub evidence: Evidence,
}

/// What a link opens; `None` for one that opens nothing: unknown, of a conference whose time is over or whose register is
/// not confirmed, or of one that is restricted, unless a QA manager released the letter.
pub async fn opened(
    db: &impl ConnectionTrait,
    policies: &Policies,
    settings: &Settings,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Option<Opened>, DbErr> {
    let Some(link) = feedback_link::Entity::find_by_id(hashed(token)).one(db).await? else { return Ok(None) };
    let Some(address) = link.address else { return Ok(None) };
    let Some(item) = store::by_id(db, link.feedback_id).await? else { return Ok(None) };
    let Some(evidence) = evidence(db, policies, settings, item.id, now).await? else { return Ok(None) };
    let c = &evidence.record.conference;
    let shut =
        c.erased_at.is_some() || item.state == ItemState::Withheld || !evidence.assessment.in_population;
    if shut || c.restricted && item.released_by.is_none() {
        return Ok(None);
    }
    let letters = evidence.messages.iter().filter(|m| m.kind != REMINDER);
    let last_letter = letters.filter_map(|m| m.sent_at).max().unwrap_or(item.made_at);
    let sent = evidence.messages.iter().filter_map(|m| m.sent_at);
    let last_event = sent.chain([link.made_at]).max().unwrap_or(link.made_at);
    Ok(Some(Opened { id: item.id, address, last_event, last_letter, evidence }))
}

/// Takes the invitation that a link is about for this transaction. `false`: there is no such link.
pub async fn take_by_link(tx: &Tx, token: &str) -> Result<bool, DbErr> {
    let link = feedback_link::Entity::find_by_id(hashed(token)).one(tx.conn()).await?;
    let Some(link) = link else { return Ok(false) };
    let Some(item) = store::by_id(tx.conn(), link.feedback_id).await? else { return Ok(false) };
    Ok(invitations::store::take(tx, item.invitation_id).await?.is_some())
}
