//! The letters of restricted conferences: none goes by itself (DOMAIN 7). A QA manager who sees the conference
//! releases each to a person of the agency, or withholds it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;

use super::correcting::says_it;
use super::due::{Basis, Owed};
use super::entity::feedback;
use super::letter::Letter;
use super::recipients::{Recipient, invited};
use super::tasks::{Around, CORRECTION, FeedbackError, Office, Paperwork, post, template};
use super::{FeedbackId, ItemState, Kind, Settings, Wording, store};
use crate::agencies::entity::contact;
use crate::audit::{self, Actor, Event};
use crate::conferences::{self, Sight};
use crate::invitations::{self, Delivery, InvitationId};
use crate::mail::{TemplateError, Trust, is_address};
use crate::outbox;

/// A letter that waits for a QA manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waits {
    pub kind: Kind,
    pub wording: Option<Wording>,
}

impl Waits {
    /// The template folder.
    pub fn name(self) -> &'static str {
        match (self.kind, self.wording) {
            (Kind::Absence, Some(wording)) => wording.code(),
            _ => CORRECTION,
        }
    }

    fn written<'a>(
        self,
        paperwork: &'a Paperwork,
        following: &'a Around,
        place: usize,
        office: Office<'a>,
    ) -> Letter {
        let source = paperwork.source(following, office.policies, office.settings);
        let letter = Letter::of(source, place, self.wording);
        Letter { corrects: self.kind == Kind::Correction, ..letter }
    }

    /// The letter as it would go, for whoever decides on it: plain text.
    pub fn letter(
        self,
        paperwork: &Paperwork,
        following: &Around,
        place: usize,
        office: Office<'_>,
    ) -> Result<String, TemplateError> {
        let letter = self.written(paperwork, following, place, office);
        let template = template(self.name(), &letter, true);
        Ok(office.letterhead.templates.write(template, &letter)?.text)
    }
}

/// Whether a letter about one invitation of a restricted conference waits to be released: one is owed and
/// nobody has decided on it, or what was sent rests on facts that have changed.
pub(super) async fn waits(
    db: &impl ConnectionTrait,
    paperwork: &Paperwork,
    place: usize,
    owed: &Owed,
    newest: Option<&feedback::Model>,
) -> Result<Option<Waits>, DbErr> {
    let wording = match owed {
        Owed::ToRelease(wording) => Some(*wording),
        Owed::Nothing => None,
        Owed::HeldBack | Owed::Feedback(..) => return Ok(None),
    };
    let absence = wording.map(|_| Waits { kind: Kind::Absence, wording });
    let Some(item) = newest else { return Ok(absence) };
    let basis = |name: &str| Basis::of(name, &paperwork.record, &paperwork.assessment, place);
    let name = wording.map_or(CORRECTION, Wording::code);
    if says_it(item, name, &basis) {
        return Ok(None);
    }
    let about = store::ids_of(db, item.invitation_id).await?.into_iter().map(|id| id.0);
    let has_gone = item.state == ItemState::Telephoned || !outbox::sent_to(db, about).await?.is_empty();
    Ok(if has_gone { Some(Waits { kind: Kind::Correction, wording }) } else { absence })
}

/// The people of an agency to whom a letter about one invitation may be released, each once: the invited
/// contact, and whoever the directory has for the service or the agency. Never an address that came back, and
/// never consumer webmail.
pub(super) fn people(paperwork: &Paperwork, place: usize, settings: &Settings) -> Vec<(String, String)> {
    let row = &paperwork.record.invitations[place];
    let (service, agency) = paperwork.directory.of(row.service_id);
    let valid = |c: &&contact::Model| {
        c.agency_id == agency.id
            && c.service_id.is_none_or(|of| of == service.id)
            && c.bounced_at.is_none()
            && c.is_valid(paperwork.today)
    };
    let came_back = |email: &str| {
        paperwork.contacts.iter().any(|c| c.bounced_at.is_some() && c.email.eq_ignore_ascii_case(email))
    };
    let of_agency: Vec<&contact::Model> =
        paperwork.contacts.iter().filter(|c| c.agency_id == agency.id).collect();
    let email = row.contact_email.as_deref().filter(|_| row.delivery != Delivery::Bounced);
    let invited = invited(email, service.id, &row.role, &of_agency, paperwork.today).into_iter();
    let invited = invited.filter(|email| !came_back(email));
    let invited = invited.map(|email| (email.to_owned(), format!("{email}, as invited")));
    let known = paperwork.contacts.iter().filter(valid);
    let known = known.map(|c| {
        let who = [c.name.as_str(), c.role.as_str()].into_iter().filter(|part| !part.is_empty());
        (c.email.clone(), format!("{}, {}", who.collect::<Vec<_>>().join(", "), c.email))
    });
    let mut seen = BTreeSet::new();
    let once = known.chain(invited).filter(|(email, _)| seen.insert(email.to_lowercase()));
    once.filter(|(email, _)| is_address(email) && settings.domains.trust(email) != Trust::Blocked).collect()
}

/// What came of deciding on a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    Done,
    /// No such letter waits, or the conference is hidden from who decides.
    Nothing,
    /// The address is none of those that may be chosen.
    NotOneOfThem,
    /// A setting that a letter needs is empty.
    NotSetUp,
}

/// Releases the letter about an invitation to an address, or withholds it (`None`).
pub(super) async fn decide(
    office: Office<'_>,
    actor: &Actor,
    sight: Sight,
    now: DateTime<Utc>,
    invitation: InvitationId,
    to: Option<&str>,
) -> Result<Decided, FeedbackError> {
    let tx = office.db.begin("release a letter").await?;
    let Some(row) = invitations::store::by_id(tx.conn(), invitation).await? else {
        return Ok(Decided::Nothing);
    };
    let id = row.conference_id;
    let taken = conferences::store::take(&tx, id, sight).await?;
    if taken.is_none_or(|c| !c.restricted) || store::take(&tx, id).await?.is_none() {
        return Ok(Decided::Nothing);
    }
    let paperwork = Paperwork::open(tx.conn(), id, office.policies, now).await?;
    let Some(paperwork) = paperwork else { return Ok(Decided::Nothing) };
    let Some(place) = paperwork.record.invitations.iter().position(|i| i.id == invitation) else {
        return Ok(Decided::Nothing);
    };
    let newest = store::newest(tx.conn(), [invitation]).await?.remove(&invitation);
    let owed = paperwork.owed(office.settings).swap_remove(place);
    let Some(wanted) = waits(tx.conn(), &paperwork, place, &owed, newest.as_ref()).await? else {
        return Ok(Decided::Nothing);
    };
    let recipient = match to {
        None => None,
        Some(to) => {
            let known = people(&paperwork, place, office.settings);
            let Some((address, _)) = known.into_iter().find(|(email, _)| email == to) else {
                return Ok(Decided::NotOneOfThem);
            };
            if !office.settings.missing().is_empty() {
                return Ok(Decided::NotSetUp);
            }
            let full = office.settings.domains.trust(&address) == Trust::Full;
            Some(Recipient { address, full })
        }
    };
    let name = wanted.name();
    let about = FeedbackId::new();
    let wording = wanted.wording.map_or(CORRECTION, Wording::code);
    let basis = Basis::of(wording, &paperwork.record, &paperwork.assessment, place);
    let item = feedback::Model {
        id: about,
        invitation_id: invitation,
        kind: wanted.kind,
        version: store::next_version(tx.conn(), invitation, wanted.kind).await?,
        wording: wording.to_owned(),
        basis: serde_json::to_string(&basis).expect("codes are JSON"),
        state: if recipient.is_some() { ItemState::Posted } else { ItemState::Withheld },
        made_at: now,
        released_by: recipient.is_some().then(|| actor.name.clone()),
    };
    store::insert(&tx, item).await?;
    let action = if recipient.is_some() { "feedback.released" } else { "feedback.withheld" };
    let payload = json!({ "invitation": invitation, "wording": name, "kind": wanted.kind, "to": to });
    if let Some(recipient) = recipient {
        let following = paperwork.following(tx.conn(), office.policies).await?;
        let letter = wanted.written(&paperwork, &following, place, office);
        post(&tx, office, about.0, name, &letter, recipient, now).await?;
    }
    let event = Event { action, object: about.to_string(), payload };
    audit::record(&tx, office.keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(Decided::Done)
}
