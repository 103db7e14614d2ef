//! Taking in a reply by the link of a letter.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;

use super::entity::reply as table;
use super::letter::{RAISED, RECEIVED, ReplyLetter};
use super::life::{link_ends, settle_by};
use super::reply::{Reply, Said};
use super::{ReplyId, ReplyKind, ReplyState, Texts, sealed, store};
use crate::audit::{self, Actor, Event};
use crate::calendar::{Calendar, london};
use crate::feedback::steps::{self, Answer};
use crate::feedback::{self, Office, Opened};
use crate::mail::Trust;
use crate::outbox::{self, NoticeError};
use crate::platform::Keys;
use crate::restriction::qa_managers;

/// Replies from one address about one invitation at most: whoever has more to say rings.
const MOST: usize = 20;

/// A link that opens something, with what was replied about its invitation, by whichever letter.
pub struct Thread {
    pub opened: Opened,
    pub replies: Vec<table::Model>,
    /// Since when a step of the ladder asks for more than that somebody has read it; never where the fault is ours.
    pub asked_again: Option<DateTime<Utc>>,
}

impl Thread {
    /// Whether a step of the ladder is open about it.
    pub fn escalated(&self) -> bool {
        self.asked_again.is_some()
    }

    fn waiting(&self, kind: ReplyKind) -> Option<&table::Model> {
        self.replies.iter().find(|r| r.kind == kind && r.state == ReplyState::Open)
    }

    /// A dispute that waits for its answer.
    pub fn open_dispute(&self) -> Option<&table::Model> {
        self.waiting(ReplyKind::Disputed)
    }

    fn own(&self) -> impl DoubleEndedIterator<Item = &table::Model> {
        let address = &self.opened.address;
        self.replies
            .iter()
            .filter(move |r| r.address.as_ref().is_some_and(|a| a.eq_ignore_ascii_case(address)))
    }

    /// What can still be said, at this moment. That it was read: where nothing more is asked. A dispute: none waits, none
    /// was settled since the last letter, and that is not longer ago than a link lives. A contact: none waits, and the
    /// conference is not restricted, for then nobody could be told of the change.
    pub fn takes(&self, kind: ReplyKind, now: DateTime<Utc>, calendar: &Calendar) -> bool {
        let last_event = self.opened.last_event;
        // A link that was made since, with the answer or for an account, is no letter.
        let settled =
            |r: &table::Model| r.kind == ReplyKind::Disputed && r.settled_at > Some(self.opened.last_letter);
        self.own().count() < MOST
            && self.waiting(kind).is_none()
            && match kind {
                ReplyKind::Acknowledged => !self.escalated(),
                // Whoever was there after all has no absence to explain.
                ReplyKind::Explained => self.opened.evidence.letter.missed,
                ReplyKind::Nominated => !self.opened.evidence.record.conference.restricted,
                ReplyKind::Disputed => {
                    london::date(now) <= link_ends(london::date(last_event), calendar)
                        && !self.replies.iter().any(settled)
                }
            }
    }
}

/// What a link opens; `None` for one that opens nothing, or nothing any more.
pub async fn thread(
    db: &impl ConnectionTrait,
    office: Office<'_>,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Option<Thread>, DbErr> {
    let found = feedback::opened(db, office.policies, office.settings, token, now).await?;
    let Some(opened) = found else { return Ok(None) };
    let id = opened.evidence.row().id;
    let asked_again = steps::asked_again(db, id).await?.filter(|_| !opened.evidence.letter.our_fault);
    let thread = Thread { replies: store::of_invitation(db, id).await?, asked_again, opened };
    let said = thread.replies.iter().flat_map(|r| [Some(r.made_at), r.settled_at]).flatten();
    let last = said.chain([thread.opened.last_event]).max().unwrap_or(now);
    let alive = london::date(now) <= link_ends(london::date(last), &office.policies.calendar);
    Ok((alive || thread.open_dispute().is_some()).then_some(thread))
}

/// What came of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replied {
    Done,
    /// The link opens nothing any more.
    Gone,
    /// The link does not take this, or not now.
    NotNow,
}

/// Whoever replies by a link: nobody that we know.
pub fn by_its_link() -> Actor {
    Actor { name: "the agency, by its link".to_owned(), role: "link", account: None }
}

/// Takes in a reply. A dispute and a contact that is named are confirmed to the address the letter went to, and of a
/// dispute the QA managers are told; of a restricted conference nothing goes by itself.
pub async fn reply(
    office: Office<'_>,
    token: &str,
    now: DateTime<Utc>,
    reply: &Reply,
) -> Result<Replied, NoticeError> {
    let calendar = &office.policies.calendar;
    let tx = office.db.begin("take in a reply").await?;
    // Taken first: of two replies about one invitation at one time, the second sees the first.
    if !feedback::take_by_link(&tx, token).await? {
        return Ok(Replied::Gone);
    }
    let Some(thread) = thread(tx.conn(), office, token, now).await? else { return Ok(Replied::Gone) };
    // Sent twice, said once; what was said before it was asked again is said anew.
    let last = thread.own().next_back().filter(|last| Some(last.made_at) > thread.asked_again);
    if last.is_some_and(|last| is_the_same(office.keys, last, reply)) {
        return Ok(Replied::Done);
    }
    let kind = reply.said.kind();
    let unanswered = thread.escalated()
        && matches!(&reply.said, Said::Explained { prevention, .. } if prevention.is_empty());
    if unanswered || !thread.takes(kind, now, calendar) {
        return Ok(Replied::NotNow);
    }
    let row = written(office.keys, &thread, reply, now);
    let (ground, reason) = (row.ground, row.reason);
    let characters: usize = reply.texts().map(|text| text.chars().count()).sum();
    let payload = json!({
        "feedback": row.feedback_id, "kind": kind, "ground": ground, "reason": reason, "characters": characters,
    });
    let event = Event { action: "reply.received", object: row.id.to_string(), payload };
    let restricted = thread.opened.evidence.record.conference.restricted;
    if row.state == ReplyState::Open && office.letterhead.is_set_up() && !restricted {
        let (letter, address) = (&thread.opened.evidence.letter, &thread.opened.address);
        let full = office.settings.domains.trust(address) == Trust::Full;
        let message = |full| ReplyLetter {
            answer_by: london::full_date(settle_by(london::date(now), calendar)),
            link: format!("{}/replies/{}", office.settings.address, row.id),
            disputed: kind == ReplyKind::Disputed,
            ..ReplyLetter::about(letter, ground, full)
        };
        outbox::tell(&tx, office.letterhead, RECEIVED, row.id.0, address, &message(full), now).await?;
        if kind == ReplyKind::Disputed {
            for manager in qa_managers(tx.conn()).await? {
                outbox::tell(&tx, office.letterhead, RAISED, row.id.0, &manager, &message(true), now).await?;
            }
        }
    }
    let about = row.invitation_id;
    let answer = match kind {
        ReplyKind::Acknowledged | ReplyKind::Explained => Answer::Answered,
        ReplyKind::Nominated => Answer::Contact,
        ReplyKind::Disputed => Answer::Disputed,
    };
    store::insert(&tx, row).await?;
    let mut events = vec![event];
    events.extend(steps::answered(&tx, about, answer, now).await?);
    audit::record(&tx, office.keys, &by_its_link(), now, events).await?;
    tx.commit().await?;
    Ok(Replied::Done)
}

fn is_the_same(keys: &Keys, row: &table::Model, reply: &Reply) -> bool {
    let held = Texts::open(keys, row);
    held.who == reply.who
        && match &reply.said {
            Said::Acknowledged => row.kind == ReplyKind::Acknowledged,
            Said::Nominated(nominee) => held.nominee.as_ref() == Some(nominee),
            Said::Disputed { ground, words } => row.ground == Some(*ground) && held.words == *words,
            Said::Explained { reason, words, prevention } => {
                row.reason == Some(*reason) && held.words == *words && held.prevention == *prevention
            }
        }
}

fn written(keys: &Keys, thread: &Thread, reply: &Reply, now: DateTime<Utc>) -> table::Model {
    let seal = |purpose, text: &str| (!text.is_empty()).then(|| keys.seal(purpose, text));
    let kind = reply.said.kind();
    let asks = matches!(kind, ReplyKind::Disputed | ReplyKind::Nominated);
    let mut row = table::Model {
        id: ReplyId::new(),
        feedback_id: thread.opened.id,
        invitation_id: thread.opened.evidence.row().id,
        kind,
        ground: None,
        reason: None,
        who: seal(sealed::WHO, &reply.who),
        words: None,
        prevention: None,
        nominee: None,
        address: Some(thread.opened.address.clone()),
        made_at: now,
        state: if asks { ReplyState::Open } else { ReplyState::Kept },
        answer: None,
        settled_by: None,
        settled_at: None,
    };
    match &reply.said {
        Said::Acknowledged => {}
        Said::Explained { reason, words, prevention } => {
            row.reason = Some(*reason);
            (row.words, row.prevention) = (seal(sealed::WORDS, words), seal(sealed::PREVENTION, prevention));
        }
        Said::Nominated(nominee) => {
            row.nominee = seal(sealed::NOMINEE, &serde_json::to_string(nominee).expect("text is JSON"));
        }
        Said::Disputed { ground, words } => {
            (row.ground, row.words) = (Some(*ground), seal(sealed::WORDS, words));
        }
    }
    row
}
