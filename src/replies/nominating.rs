//! Contacts that agencies name by the link of a letter: nothing changes until an administrator has checked one, and the
//! address that the letter went to, and the one that is invited, are told.

use std::collections::BTreeSet;

use serde_json::json;

use super::entity::reply;
use super::letter::{CHANGED, ReplyLetter};
use super::settling::close;
use super::{ReplyId, ReplyKind, ReplyState, Texts, store};
use crate::agencies::maintaining::{ContactFacts, Maintaining};
use crate::agencies::store::contacts_of;
use crate::audit::{self, Actor, Event};
use crate::feedback::{Evidence, Office};
use crate::mail::{Trust, is_address, masked};
use crate::outbox::{self, NoticeError};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    Done,
    /// It does not wait, is no nomination, or nobody could be told of it: its conference is restricted, or nothing is
    /// sent here.
    Nothing,
}

/// Takes a contact into the directory, or does not: the reply, the directory and what goes by mail change together.
pub async fn decide(
    office: Office<'_>,
    actor: &Actor,
    now: chrono::DateTime<chrono::Utc>,
    id: ReplyId,
    evidence: &Evidence,
    take: bool,
) -> Result<Decided, NoticeError> {
    let waits = |row: &reply::Model| row.kind == ReplyKind::Nominated && row.state == ReplyState::Open;
    let tx = office.db.begin("decide on a contact").await?;
    let Some(mut row) = store::take(&tx, id).await?.filter(waits) else { return Ok(Decided::Nothing) };
    let Some(named) = Texts::open(office.keys, &row).nominee else { return Ok(Decided::Nothing) };
    let tells = office.letterhead.is_set_up() && !evidence.record.conference.restricted;
    let mut events = Vec::new();
    if take {
        if !tells {
            return Ok(Decided::Nothing);
        }
        let address = row.address.clone().unwrap_or_default();
        let invited = evidence.row();
        let agency = evidence.directory.of(invited.service_id).1.id;
        let all = contacts_of(tx.conn(), [agency]).await?;
        let old = all
            .iter()
            .filter(|c| named.in_place && c.service_id == Some(invited.service_id))
            .find(|c| c.email.eq_ignore_ascii_case(&address));
        let facts = ContactFacts {
            name: named.name.clone(),
            role: named.role.clone(),
            email: named.email.clone(),
            telephone: Some(named.telephone.clone()).filter(|number| !number.is_empty()),
            is_safeguarding_lead: false,
            daily_digest: false,
            verified: true,
        };
        let maintaining = Maintaining { db: office.db, keys: office.keys, actor, now };
        let of = (agency, invited.service_id);
        let (noted, ended) = maintaining.named(&tx, of, old.map(|c| c.id), facts).await?;
        events = noted;
        let domains = &office.settings.domains;
        let told: BTreeSet<String> = [Some(address.clone()), invited.contact_email.clone()]
            .into_iter()
            .flatten()
            .map(|address| address.to_lowercase())
            .filter(|address| is_address(address) && domains.trust(address) != Trust::Blocked)
            .collect();
        for to in told {
            let message = ReplyLetter {
                in_place: ended && to.eq_ignore_ascii_case(&address),
                new_address: masked(&named.email),
                ..ReplyLetter::about(&evidence.letter, None, domains.trust(&to) == Trust::Full)
            };
            outbox::tell(&tx, office.letterhead, CHANGED, row.id.0, &to, &message, now).await?;
        }
    }
    let state = if take { ReplyState::Confirmed } else { ReplyState::Declined };
    close(&mut row, state, office.keys, "", &actor.name, now);
    let payload = json!({ "taken": take });
    events.push(Event { action: "contact.nominated", object: row.id.to_string(), payload });
    store::save(&tx, row).await?;
    audit::record(&tx, office.keys, actor, now, events).await?;
    tx.commit().await?;
    Ok(Decided::Done)
}
