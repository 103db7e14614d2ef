//! Nobody is flooded: after an outage, more than five letters (by default) to one address become one; and whoever asked
//! for one email a day gets one. The letters stay what they are, each with its link; what is said in one place is that
//! they are there.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use uuid::Uuid;

use super::still_due::StillDue;
use super::tasks::{CORRECTION, Office};
use super::{REMINDER, Wording};
use crate::agencies::store::wants_digest;
use crate::calendar::london;
use crate::mail::read;
use crate::outbox::{self, Claim, Delivery, End, Fate, MessageId, Model, NoticeError, Post};
use crate::platform::{Db, Tx};

/// The template folder, and the kind of the message.
pub const DIGEST: &str = "digest";
/// What waits for longer than this has waited for an outage.
const OUTAGE: TimeDelta = TimeDelta::minutes(30);

/// One letter of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InDigest {
    pub subject: String,
    pub link: String,
}

/// The context of `digest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// There is no one conference to name in the frame.
    pub reference: String,
    pub count: usize,
    pub letters: Vec<InDigest>,
    pub contact: String,
    pub telephone: String,
    pub disagreement_procedure: String,
}

/// Subject and link of a frozen letter; `None` where it has no link.
fn in_digest(message: &[u8]) -> Option<InDigest> {
    let letter = read(message)?;
    let link = letter.text.split_whitespace().find(|word| word.contains("/reply/"))?.to_owned();
    Some(InDigest { subject: letter.subject, link })
}

/// Puts what is due into digests: one for each address with more than one letter that asked for one email a day, or with
/// more than five that waited for an outage. Says how many it made.
pub async fn digest(office: Office<'_>, now: DateTime<Utc>) -> Result<usize, NoticeError> {
    if !office.settings.missing().is_empty() {
        return Ok(0);
    }
    let db = office.db.read();
    let kinds: Vec<&str> = Wording::ALL.iter().map(|w| w.code()).chain([CORRECTION, REMINDER]).collect();
    let mut of: BTreeMap<String, Vec<Model>> = BTreeMap::new();
    for message in outbox::due(db, &kinds, now).await? {
        of.entry(message.recipient.to_lowercase()).or_default().push(message);
    }
    let still_due = StillDue::new(office.db, office.policies, office.settings);
    let mut made = 0;
    for (address, mut messages) in of.into_iter().filter(|(_, messages)| messages.len() > 1) {
        let daily = wants_digest(db, &address, london::date(now)).await?;
        let one_by_one = match (daily, office.settings.one_by_one) {
            (true, _) => 1,
            (false, Some(one_by_one)) => one_by_one,
            (false, None) => continue,
        };
        messages.retain(|message| daily || message.posted_at < now - OUTAGE);
        if messages.len() <= one_by_one {
            continue;
        }
        let (mut ids, mut letters) = (Vec::new(), Vec::new());
        for message in &messages {
            // What may not go any more is found out one by one, as ever.
            let goes = matches!(still_due.fate(&Claim::of(message), now).await?, Fate::Send);
            if let Some(letter) = in_digest(&message.message).filter(|_| goes) {
                ids.push(message.id);
                letters.push(letter);
            }
        }
        if ids.len() > one_by_one {
            made += usize::from(post(office, &messages[0].recipient, &ids, letters, now).await?);
        }
    }
    Ok(made)
}

async fn post(
    office: Office<'_>,
    to: &str,
    ids: &[MessageId],
    letters: Vec<InDigest>,
    now: DateTime<Utc>,
) -> Result<bool, NoticeError> {
    let context = Digest {
        reference: String::new(),
        count: letters.len(),
        letters,
        contact: office.settings.contact.clone(),
        telephone: office.settings.telephone.clone(),
        disagreement_procedure: office.settings.disagreement_procedure.clone(),
    };
    let id = MessageId::new();
    let written = office.letterhead.write(id, DIGEST, to, &context, now)?;
    let tx = office.db.begin("make a digest").await?;
    let (kind, about, recipient) = (DIGEST.to_owned(), Uuid::now_v7(), to.to_owned());
    outbox::post(&tx, Post { id, kind, about, recipient, written, at: now, is_notice: false }).await?;
    if outbox::carry(&tx, id, ids).await? != ids.len() as u64 {
        // One of them went at this moment: the next run looks again.
        tx.roll_back().await?;
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// Answers for digests: one goes while all that it carries may go.
pub struct Carries<'a> {
    /// The database.
    pub db: &'a Db,
    /// What it asks for each letter.
    pub still_due: &'a StillDue<'a>,
}

impl Delivery for Carries<'_> {
    async fn fate(&self, claim: &Claim, now: DateTime<Utc>) -> Result<Fate, DbErr> {
        let carried = outbox::carried(self.db.read(), claim.id).await?;
        if carried.is_empty() {
            return Ok(Fate::Cancel("what it carried is overtaken".to_owned()));
        }
        for message in &carried {
            match self.still_due.fate(&Claim::of(message), now).await? {
                Fate::Send => {}
                Fate::Wait(until, why) => return Ok(Fate::Wait(until, why)),
                Fate::Cancel(_) => return Ok(Fate::Cancel("one of its letters is overtaken".to_owned())),
            }
        }
        Ok(Fate::Send)
    }

    fn next_attempt(&self, claim: &Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.still_due.next_attempt(claim, now)
    }

    async fn sent(&self, tx: &Tx, claim: &Claim, at: DateTime<Utc>) -> Result<(), DbErr> {
        outbox::carried_went(tx, claim.id, at).await
    }

    /// Each goes by itself again, and finds out for itself.
    async fn ended(&self, tx: &Tx, claim: &Claim, _: End, _: DateTime<Utc>) -> Result<(), DbErr> {
        outbox::let_go_of(tx, claim.id).await
    }
}

/// Contexts to try it on.
pub fn digest_samples() -> Vec<(&'static str, Digest)> {
    let letter = |reference: &str, what: &str| InDigest {
        subject: format!("Child protection conference {reference}: {what}"),
        link: "https://quorate.example/reply/0123456789abcdef0123456789abcdef".into(),
    };
    let letters =
        vec![letter("K7Q2-M4TD", "we missed you"), letter("R3WF-9HNP", "thank you for your report")];
    let digest = Digest {
        reference: String::new(),
        count: letters.len(),
        letters,
        contact: "Conference team, Oxfordshire".into(),
        telephone: "01865 000000".into(),
        disagreement_procedure: "https://safeguarding.example/disagreement".into(),
    };
    vec![(DIGEST, digest)]
}
