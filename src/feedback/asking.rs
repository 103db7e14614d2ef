//! Letters that ask for an answer and still do, and the reminder of them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::entity::feedback;
use super::recipients::Recipient;
use super::tasks::{FeedbackError, Office, Paperwork, post};
use super::{FeedbackId, ItemState, Kind, REMINDER, Wording, store};
use crate::agencies::store::directory;
use crate::calendar::london;
use crate::invitations::{self, InvitationId};
use crate::mail::Trust;
use crate::outbox;
use crate::platform::Tx;

/// A letter that asks for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    /// Its item.
    pub item: FeedbackId,
    /// What it is about.
    pub invitation: InvitationId,
    /// When it went, or was made where it has not yet.
    pub made_on: NaiveDate,
    /// The day that it names.
    pub reply_by: NaiveDate,
}

/// An item whose letter may have gone: of one that is telephoned about, to whom else there was an address for.
const BY_LETTER: [ItemState; 3] = [ItemState::Posted, ItemState::ToTelephone, ItemState::Telephoned];

/// When the letters of an item went.
fn letters_of(
    item: &feedback::Model,
    went: &[(uuid::Uuid, String, DateTime<Utc>)],
) -> impl Iterator<Item = DateTime<Utc>> {
    went.iter().filter(|(about, kind, _)| *about == item.id.0 && kind != REMINDER).map(|(.., at)| *at)
}

/// The newest letters on absences that were made since a moment, and ask for an answer; those that meet a condition.
pub async fn asking_since(
    db: &impl ConnectionTrait,
    office: Office<'_>,
    since: DateTime<Utc>,
    which: Option<Condition>,
) -> Result<Vec<Asking>, DbErr> {
    let mut items = feedback::Entity::find()
        .filter(feedback::Column::MadeAt.gte(since))
        .filter(feedback::Column::State.is_in(BY_LETTER));
    if let Some(which) = which {
        items = items.filter(which);
    }
    let asks = |item: &feedback::Model| item.wording.parse::<Wording>().is_ok_and(Wording::asks_for_a_reply);
    let items: Vec<feedback::Model> = items.all(db).await?.into_iter().filter(asks).collect();
    let newest = store::newest(db, items.iter().map(|item| item.invitation_id)).await?;
    let rows = invitations::store::by_ids(db, items.iter().map(|item| item.invitation_id)).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    let directory = directory(db).await?;
    let went = outbox::reached_at(db, items.iter().map(|item| item.id.0)).await?;
    let asking = items.into_iter().filter_map(|item| {
        let row = rows.get(&item.invitation_id)?;
        let made_on = london::date(item.asked_at(letters_of(&item, &went)));
        let group = directory.of(row.service_id).1.agency_group;
        let reply_by = office.settings.reply_by(&office.policies.calendar, group, made_on);
        let is_newest = newest.get(&row.id).is_some_and(|newest| newest.id == item.id);
        // Where somebody is telephoned too, a letter asks only once one went.
        let asks = item.state == ItemState::Posted || letters_of(&item, &went).next().is_some();
        (is_newest && asks).then_some(Asking { item: item.id, invitation: row.id, made_on, reply_by })
    });
    Ok(asking.collect())
}

/// Reminds those whom the letter of an item reached, each once; says how many. What the letter says must still be so.
pub async fn remind(office: Office<'_>, id: FeedbackId, now: DateTime<Utc>) -> Result<usize, FeedbackError> {
    let tx = office.db.begin("remind of a letter").await?;
    let Some(item) = store::take_item(&tx, id).await?.filter(|i| BY_LETTER.contains(&i.state)) else {
        return Ok(0);
    };
    let Some(row) = invitations::store::by_id(tx.conn(), item.invitation_id).await? else { return Ok(0) };
    let paperwork = Paperwork::open(tx.conn(), row.conference_id, office.policies, now).await?;
    let Some(paperwork) = paperwork.filter(|p| !p.record.conference.restricted) else { return Ok(0) };
    let Some(place) = paperwork.record.invitations.iter().position(|i| i.id == row.id) else { return Ok(0) };
    if !paperwork.assessment.invitations[place].standing.is_missing() {
        return Ok(0);
    }
    let around = paperwork.following(tx.conn(), office.policies).await?;
    let wording = item.wording.parse::<Wording>().ok();
    let letter =
        super::Letter::of(paperwork.source(&around, office.policies, office.settings), place, wording);
    let group = paperwork.directory.of(row.service_id).1.agency_group;
    let went = outbox::reached_at(tx.conn(), [id.0]).await?;
    let from = london::date(item.asked_at(letters_of(&item, &went)));
    let by = office.settings.reply_by(&office.policies.calendar, group, from);
    let letter = super::Letter { reply_by: Some(london::full_date(by)), ..letter };
    let mut posted = 0;
    for address in outbox::sent_to(tx.conn(), [id.0]).await? {
        if outbox::was_told(tx.conn(), REMINDER, id.0, &address).await? {
            continue;
        }
        let full = office.settings.domains.trust(&address) == Trust::Full;
        post(&tx, office, id.0, REMINDER, &letter, Recipient { full, address }, now).await?;
        posted += 1;
    }
    tx.commit().await?;
    Ok(posted)
}

/// Writes the letter of an item to those who stand in for an address from which it came back; where nobody does, and nobody
/// was reached, somebody telephones. Says to how many it goes.
pub async fn write_to_others(
    tx: &Tx,
    office: Office<'_>,
    id: FeedbackId,
    now: DateTime<Utc>,
) -> Result<usize, FeedbackError> {
    let Some(item) = store::take_item(tx, id).await?.filter(|i| i.state == ItemState::Posted) else {
        return Ok(0);
    };
    let Some(row) = invitations::store::by_id(tx.conn(), item.invitation_id).await? else { return Ok(0) };
    let paperwork = Paperwork::open(tx.conn(), row.conference_id, office.policies, now).await?;
    let Some(paperwork) = paperwork else { return Ok(0) };
    let Some(place) = paperwork.record.invitations.iter().position(|i| i.id == row.id) else { return Ok(0) };
    let wording = item.wording.parse::<Wording>().ok();
    let mut posted = 0;
    // Of a restricted conference a QA manager chose the one person; and a correction goes to whom the letter went.
    let by_itself = item.kind == Kind::Absence && !paperwork.record.conference.restricted;
    if let Some(wording) = wording.filter(|_| by_itself) {
        let around = paperwork.following(tx.conn(), office.policies).await?;
        let source = paperwork.source(&around, office.policies, office.settings);
        let letter = super::Letter::of(source, place, Some(wording));
        let reached = paperwork.reached(place, office.settings);
        let written = outbox::about(tx.conn(), vec![id.0]).await?;
        for recipient in reached.recipients {
            let was = written.iter().any(|m| m.recipient.eq_ignore_ascii_case(&recipient.address));
            if !was {
                post(tx, office, id.0, wording.code(), &letter, recipient, now).await?;
                posted += 1;
            }
        }
    }
    if posted == 0 && outbox::all_given_up(tx, id.0).await? {
        store::set_state(tx, item, ItemState::ToTelephone).await?;
    }
    Ok(posted)
}

/// The invitation that an item is about.
pub async fn invitation_of(db: &impl ConnectionTrait, id: FeedbackId) -> Result<Option<InvitationId>, DbErr> {
    Ok(store::by_id(db, id).await?.map(|item| item.invitation_id))
}
