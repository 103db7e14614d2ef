//! Writing to those who are invited: each message once, in the transaction of what it tells of.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use super::address::addressees;
use super::calendar_entry::{Entry, calendar_entry};
use super::entity::invitation_message;
use super::letter::{InvitationLetter, Subject};
use super::{InvitationMessageId, MessageKind, Settings, store};
use crate::access::{hashed, token};
use crate::agencies::ServiceId;
use crate::agencies::entity::contact;
use crate::agencies::store::{Directory, contacts_of, directory_of};
use crate::audit::Actor;
use crate::calendar::london;
use crate::conferences::entity::conference;
use crate::conferences::{self, ConferenceId};
use crate::invitations::Delivery;
use crate::invitations::entity::invitation;
use crate::mail::{Domains, Enclosed, Trust};
use crate::outbox::{self, Letterhead, MessageId, NoticeError, Post};
use crate::platform::{Db, Keys, Tx};
use crate::register::Policies;

/// What convening works with.
#[derive(Clone, Copy)]
pub struct Office<'a> {
    pub db: &'a Db,
    pub keys: &'a Keys,
    pub letterhead: &'a Letterhead,
    pub policies: &'a Policies,
    pub settings: &'a Settings,
    pub domains: &'a Domains,
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
}

impl Office<'_> {
    /// Whether messages can be written: the settings that they need are there.
    pub fn can_write(&self) -> bool {
        self.letterhead.is_set_up() && self.settings.missing().is_empty()
    }

    /// What a conference's messages are written about.
    pub(super) async fn papers(
        &self,
        db: &impl ConnectionTrait,
        conference: conference::Model,
        services: impl IntoIterator<Item = ServiceId>,
    ) -> Result<Papers, DbErr> {
        let chair = conferences::store::chair(db, conference.chair_id).await?;
        let directory = directory_of(db, services).await?;
        Ok(Papers { conference, chair, directory, moved_from: None, was: None })
    }
}

/// A conference with what its messages say of it.
pub(super) struct Papers {
    pub conference: conference::Model,
    pub chair: String,
    pub directory: Directory,
    pub moved_from: Option<conference::Model>,
    /// As it was before it was changed where it stands.
    pub was: Option<conference::Model>,
}

/// Posts one message about an invitation, if it has an address to which messages can be written. `step`: of a
/// reminder; else the next number. Says whether it was posted.
pub(super) async fn post(
    office: Office<'_>,
    tx: &Tx,
    papers: &Papers,
    row: &invitation::Model,
    kind: MessageKind,
    step: Option<u32>,
) -> Result<bool, NoticeError> {
    let Some(address) = row.contact_email.as_deref().filter(|_| office.can_write()) else { return Ok(false) };
    let trust = office.domains.trust(address);
    if trust == Trust::Blocked {
        return Ok(false);
    }
    let id = InvitationMessageId::new();
    let answers = (kind != MessageKind::Cancelled).then(token);
    let step = match step {
        Some(step) => step.cast_signed(),
        None => store::next_step(tx, row.id, kind).await?,
    };
    let made = invitation_message::Model {
        id,
        invitation_id: row.id,
        kind,
        step,
        address: Some(address.to_owned()),
        link_hash: answers.as_deref().map(hashed),
        made_at: office.now,
    };
    if !store::add_message(tx, made).await? {
        return Ok(false);
    }
    let c = &papers.conference;
    let service = &papers.directory.of(row.service_id).0.name;
    let subject = Subject {
        conference: c,
        chair: &papers.chair,
        service,
        moved_from: papers.moved_from.as_ref(),
        was: papers.was.as_ref(),
    };
    let full = trust == Trust::Full;
    let letter = InvitationLetter::of(subject, row, office, full, answers.as_deref());
    let message = MessageId::new();
    let cancels = kind == MessageKind::Cancelled;
    let written = office.letterhead.write_with(
        message,
        kind.template(),
        address,
        &letter,
        office.now,
        |organiser, text| match kind {
            // Whoever is not expected has nothing to put into a calendar.
            _ if letter.report_only => None,
            MessageKind::Invitation | MessageKind::Changed | MessageKind::Cancelled => {
                let (attendee, link) = (address, letter.link.as_deref());
                let entry = Entry { organiser, attendee, text, link, now: office.now };
                Some(Enclosed::Calendar(calendar_entry(c, row, cancels, entry)))
            }
            MessageKind::AnswerWanted
            | MessageKind::ReportWanted
            | MessageKind::AnswerNudge
            | MessageKind::ReportNudge => None,
        },
    )?;
    let post = Post {
        id: message,
        kind: kind.code().to_owned(),
        about: id.0,
        recipient: address.to_owned(),
        written,
        at: office.now,
        is_notice: false,
    };
    outbox::post(tx, post).await?;
    Ok(true)
}

/// Invites: each with an address gets its message, and is invited as of today. The others stay not invited, for
/// somebody to ring. Says to how many a message goes.
pub(super) async fn invite(
    office: Office<'_>,
    tx: &Tx,
    papers: &Papers,
    rows: &mut [invitation::Model],
) -> Result<usize, NoticeError> {
    let mut invited = 0;
    for row in rows {
        if post(office, tx, papers, row, MessageKind::Invitation, None).await? {
            row.invited_on = Some(london::date(office.now));
            row.delivery = Delivery::Sent;
            invited += 1;
        }
    }
    Ok(invited)
}

impl Office<'_> {
    /// The address for an invitation as the directory stands today: the one that is there, if it may still be used,
    /// else the best that may.
    pub(super) async fn address(
        &self,
        db: &impl ConnectionTrait,
        directory: &Directory,
        row: &invitation::Model,
    ) -> Result<Option<String>, DbErr> {
        let (service, agency) = directory.of(row.service_id);
        let people = contacts_of(db, [agency.id]).await?;
        let people: Vec<&contact::Model> = people.iter().collect();
        let today = london::date(self.now);
        let bounced = row.delivery == Delivery::Bounced;
        let usable = addressees(service.id, &row.role, &people, today, self.domains);
        let mut usable = usable.into_iter().filter(|c| {
            !bounced || !row.contact_email.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&c.email))
        });
        let stands = row.contact_email.as_deref().filter(|_| !bounced);
        let known = |a: &str| people.iter().any(|c| c.email.eq_ignore_ascii_case(a));
        // An address that the directory does not know came with a file: nobody has said that it ended.
        if let Some(address) = stands.filter(|a| !known(a) && self.domains.trust(a) != Trust::Blocked) {
            return Ok(Some(address.to_owned()));
        }
        let best = usable.next().map(|c| c.email.clone());
        let same = stands.filter(|a| {
            addressees(service.id, &row.role, &people, today, self.domains)
                .iter()
                .any(|c| c.email.eq_ignore_ascii_case(a))
        });
        Ok(same.map(str::to_owned).or(best))
    }
}

/// The messages about each invitation of a conference, the newest last.
pub(super) async fn messages(
    db: &impl ConnectionTrait,
    id: ConferenceId,
) -> Result<HashMap<crate::invitations::InvitationId, Vec<invitation_message::Model>>, DbErr> {
    let mut of: HashMap<_, Vec<_>> = HashMap::new();
    for message in store::messages_of(db, [id]).await? {
        of.entry(message.invitation_id).or_default().push(message);
    }
    Ok(of)
}
