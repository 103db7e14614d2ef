//! Nobody is flooded: after an outage, more than five letters (by default) to one address become one; and whoever asked
//! for one email a day gets one. The letters stay what they are, each with its link; what is said in one place is that
//! they are there.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use uuid::Uuid;

use super::still_due::StillDue;
use super::tasks::{CORRECTION, Office};
use super::{FeedbackId, Wording, store};
use crate::agencies::store::{directory_of, wants_digest};
use crate::calendar::london;
use crate::invitations;
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
    /// "Wednesday 7 October 2026", where it asks for an answer.
    pub reply_by: Option<String>,
}

/// The context of `digest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// There is no one conference to name in the frame.
    pub reference: String,
    pub count: usize,
    /// They asked for one email a day; else the post was out of order.
    pub daily: bool,
    pub letters: Vec<InDigest>,
    pub contact: String,
    pub telephone: String,
    pub disagreement_procedure: String,
}

/// A letter as its digest tells of it; `None` where it has no link.
async fn in_digest(office: Office<'_>, message: &Model, today: NaiveDate) -> Result<Option<InDigest>, DbErr> {
    let db = office.db.read();
    let Some(letter) = read(&message.message) else { return Ok(None) };
    let link = letter.text.split_whitespace().find(|word| word.contains("/reply/"));
    let Some(link) = link.map(str::to_owned) else { return Ok(None) };
    let mut reply_by = None;
    if message.kind.parse::<Wording>().is_ok_and(Wording::asks_for_a_reply)
        && let Some(item) = store::by_id(db, FeedbackId(message.about_id)).await?
        && let Some(row) = invitations::store::by_id(db, item.invitation_id).await?
    {
        let group = directory_of(db, [row.service_id]).await?.of(row.service_id).1.agency_group;
        let by = office.settings.reply_by(&office.policies.calendar, group, today);
        reply_by = Some(london::full_date(by));
    }
    Ok(Some(InDigest { subject: letter.subject, link, reply_by }))
}

/// Puts what is due into digests: one for each address with more than one letter that asked for one email a day, or with
/// more than five that waited for an outage. Says how many it made.
pub async fn digest(office: Office<'_>, now: DateTime<Utc>) -> Result<usize, NoticeError> {
    if !office.settings.missing().is_empty() {
        return Ok(0);
    }
    let db = office.db.read();
    let kinds: Vec<&str> = Wording::ALL.iter().map(|w| w.code()).chain([CORRECTION]).collect();
    let mut of: BTreeMap<String, Vec<MessageId>> = BTreeMap::new();
    for (message, to) in outbox::due(db, &kinds, now).await? {
        of.entry(to.to_lowercase()).or_default().push(message);
    }
    let still_due = StillDue::new(office.db, office.policies, office.settings);
    let mut made = 0;
    for (address, due) in of.into_iter().filter(|(_, due)| due.len() > 1) {
        let daily = wants_digest(db, &address, london::date(now)).await?;
        let one_by_one = match (daily, office.settings.one_by_one) {
            (true, _) => 1,
            (false, Some(one_by_one)) => one_by_one,
            (false, None) => continue,
        };
        let mut messages = outbox::these(db, &due).await?;
        messages.retain(|message| daily || message.posted_at < now - OUTAGE);
        if messages.len() <= one_by_one {
            continue;
        }
        let (mut ids, mut letters) = (Vec::new(), Vec::new());
        for message in &messages {
            // What may not go any more is found out one by one, as ever.
            let goes = matches!(still_due.fate(&Claim::of(message), now).await?, Fate::Send);
            if goes && let Some(letter) = in_digest(office, message, london::date(now)).await? {
                ids.push(message.id);
                letters.push(letter);
            }
        }
        if ids.len() > one_by_one {
            made += usize::from(post(office, &messages[0].recipient, daily, &ids, letters, now).await?);
        }
    }
    Ok(made)
}

async fn post(
    office: Office<'_>,
    to: &str,
    daily: bool,
    ids: &[MessageId],
    letters: Vec<InDigest>,
    now: DateTime<Utc>,
) -> Result<bool, NoticeError> {
    let context = Digest {
        reference: String::new(),
        count: letters.len(),
        daily,
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

    async fn ended(&self, tx: &Tx, claim: &Claim, end: End, at: DateTime<Utc>) -> Result<(), DbErr> {
        match end {
            // Each goes by itself again, and finds out for itself.
            End::Cancelled => outbox::let_go_of(tx, claim.id).await,
            // It had its two working days: bundled again, they would have them without end.
            End::Refused | End::GivenUp => {
                for message in outbox::carried_failed(tx, claim.id).await? {
                    self.still_due.ended(tx, &Claim::of(&message), end, at).await?;
                }
                Ok(())
            }
        }
    }
}

/// Contexts to try it on.
pub fn digest_samples() -> Vec<(&'static str, Digest)> {
    let letter = |reference: &str, what: &str, reply_by: Option<&str>| InDigest {
        subject: format!("Child protection conference {reference}: {what}"),
        link: "https://quorate.example/reply/0123456789abcdef0123456789abcdef".into(),
        reply_by: reply_by.map(str::to_owned),
    };
    let letters = vec![
        letter("K7Q2-M4TD", "we missed you", Some("Wednesday 7 October 2026")),
        letter("R3WF-9HNP", "thank you for your report", None),
    ];
    let digest = Digest {
        reference: String::new(),
        count: letters.len(),
        daily: false,
        letters,
        contact: "Conference team, Oxfordshire".into(),
        telephone: "01865 000000".into(),
        disagreement_procedure: "https://safeguarding.example/disagreement".into(),
    };
    let daily = Digest { daily: true, ..digest.clone() };
    vec![(DIGEST, digest), (DIGEST, daily)]
}
