//! The feedback task: finds confirmed absences past their hold, and posts their letters.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;
use uuid::Uuid;

use super::correcting::{Again, says_it};
use super::due::{Basis, Owed, owed, recipients_of};
use super::entity::feedback;
use super::letter::{Letter, Source};
use super::recipients::{Reached, Recipient};
use super::repeat::repeats;
use super::store::Following;
use super::{FeedbackId, ItemState, Kind, REMINDER, Settings, Wording, link, release, store};
use crate::agencies::entity::contact;
use crate::agencies::store::{Directory, contacts_of};
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::conferences::{self, ConferenceId, Sight};
use crate::invitations::InvitationId;
use crate::outbox::{self, Gone, Letterhead, MessageId, NoticeError, Post};
use crate::platform::{Db, Keys, Tx};
use crate::register::store::{Record, record};
use crate::register::{Assessment, Policies, assess};
use crate::web::Desk;

/// The template folder of the letter that says only that feedback is waiting.
pub(super) const MINIMAL: &str = "minimal";
/// The template folder of a correction.
pub(super) const CORRECTION: &str = "correction";
/// The template folder of a correction that says that there was nothing to write about.
pub(super) const WITHDRAWAL: &str = "withdrawal";
/// The template folder of a letter about the second miss running for the same child.
pub(super) const REPEAT: &str = "repeat";

/// The wording of a letter of an item: less for an address that may be told little, more where it happened again.
pub(super) fn template<'a>(name: &'a str, letter: &Letter, full: bool) -> &'a str {
    // Who came and left, or could not join, has a letter of its own kind all the same.
    let missing = [Wording::Apologies, Wording::AcceptedNotCome, Wording::NoAnswer];
    let missing = name.parse::<Wording>().is_ok_and(|w| missing.contains(&w));
    match name {
        REMINDER if full => REMINDER,
        _ if !full => MINIMAL,
        CORRECTION if !letter.missed => WITHDRAWAL,
        _ if missing && letter.again => REPEAT,
        name => name,
    }
}

/// Why feedback could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbErr),
    /// A letter could not be written.
    #[error(transparent)]
    Letter(#[from] NoticeError),
}

/// What the task works with.
#[derive(Clone, Copy)]
pub struct Office<'a> {
    /// The database.
    pub db: &'a Db,
    /// The keys, for the audit trail.
    pub keys: &'a Keys,
    /// What letters are written on.
    pub letterhead: &'a Letterhead,
    /// Notice, calendar, quorum.
    pub policies: &'a Policies,
    /// When, to whom, signed by whom.
    pub settings: &'a Settings,
}

impl<'a> Office<'a> {
    /// As a page has it.
    pub fn of(desk: &'a Desk, policies: &'a Policies, settings: &'a Settings) -> Self {
        Self { db: &desk.db, keys: &desk.keys, letterhead: &desk.letterhead, policies, settings }
    }
}

/// What a run did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Why nothing was made at all: a setting is empty, or the window is closed.
    pub nothing_because: Option<String>,
    /// Messages posted, one a recipient.
    pub letters: usize,
    /// Absences that they are about.
    pub absences: usize,
    /// Absences without a usable address: somebody telephones.
    pub telephone_calls: usize,
    /// Absences that wait for somebody to settle whose fault it was.
    pub held_back: usize,
}

impl Made {
    fn add(&mut self, other: &Self) {
        self.letters += other.letters;
        self.absences += other.absences;
        self.telephone_calls += other.telephone_calls;
        self.held_back += other.held_back;
    }

    /// Whether anything was written.
    pub fn is_idle(&self) -> bool {
        self.letters == 0 && self.telephone_calls == 0 && self.nothing_because.is_none()
    }
}

/// Makes all feedback that is due now. Run twice, or late, it makes nothing twice.
pub async fn make(office: Office<'_>, now: DateTime<Utc>) -> Result<Made, FeedbackError> {
    let mut made = Made::default();
    let held_until = now - TimeDelta::minutes(i64::from(office.settings.hold_minutes));
    let registers = store::wanted(office.db.read(), held_until).await?;
    if registers.is_empty() {
        return Ok(made);
    }
    let missing = office.settings.missing();
    if !missing.is_empty() {
        made.nothing_because = Some(format!("nothing is sent while {} is empty", missing.join(", ")));
        return Ok(made);
    }
    if let Some(pause) = outbox::held_back(office.db.read()).await? {
        made.nothing_because = Some(format!("the post is held back: {}", pause.why));
        return Ok(made);
    }
    let calendar = &office.policies.calendar;
    if !office.settings.window.is_open(now, calendar) {
        let opens = london::moment(office.settings.window.next_open(now, calendar));
        made.nothing_because =
            Some(format!("{} register(s) wait for the sending window: {opens}", registers.len()));
        return Ok(made);
    }
    let mut first_error = None;
    for id in registers {
        if outbox::held_back(office.db.read()).await?.is_some() {
            break;
        }
        let tx = office.db.begin("make feedback").await?;
        let mut of_this = Made::default();
        // One register that cannot be written about keeps no other waiting.
        match make_one(office, &tx, id, now, &mut of_this).await {
            Ok(()) => {
                tx.commit().await?;
                made.add(&of_this);
            }
            Err(e) => {
                tracing::error!(conference = %id, error = %e, "feedback could not be made");
                tx.roll_back().await?;
                first_error.get_or_insert(e);
            }
        }
    }
    first_error.map_or(Ok(made), Err)
}

async fn make_one(
    office: Office<'_>,
    tx: &Tx,
    id: ConferenceId,
    now: DateTime<Utc>,
    made: &mut Made,
) -> Result<(), FeedbackError> {
    let Some(register) = store::take(tx, id).await? else { return Ok(()) };
    let Some(paperwork) = Paperwork::open(tx.conn(), id, office.policies, now).await? else { return Ok(()) };
    let newest = store::newest(tx.conn(), paperwork.record.invitations.iter().map(|i| i.id)).await?;
    let following = paperwork.following(tx.conn(), office.policies).await?;
    let source = paperwork.source(&following, office.policies, office.settings);
    let held_before = made.held_back;
    let mut under_way = false;
    let mut events = Vec::new();
    for (place, owed) in paperwork.owed(office.settings).into_iter().enumerate() {
        let row = &paperwork.record.invitations[place];
        let (wording, mut reached) = match owed {
            Owed::HeldBack => {
                made.held_back += 1;
                continue;
            }
            owed if paperwork.record.conference.restricted => {
                // What has gone is not corrected by itself either.
                made.held_back += usize::from(
                    release::waits(tx.conn(), &paperwork, place, &owed, newest.get(&row.id)).await?.is_some(),
                );
                continue;
            }
            Owed::Nothing | Owed::ToRelease(_) => (None, Reached::default()),
            Owed::Feedback(wording, reached) => (Some(wording), reached),
        };
        let name = wording.map_or(CORRECTION, Wording::code);
        let basis = |name: &str| Basis::of(name, &paperwork.record, &paperwork.assessment, place);
        let mut kind = newest.get(&row.id).map_or(Kind::Absence, |item| item.kind);
        if let Some(item) = newest.get(&row.id) {
            if says_it(item, name, &basis) {
                continue;
            }
            // What has not gone is taken back; what has gone is corrected, never silently withdrawn. A call
            // that was made has gone too.
            let why = "the record was amended before it went";
            match outbox::cancel_unsent(tx, item.id.0, why).await? {
                Gone::UnderWay => {
                    under_way = true;
                    continue;
                }
                Gone::No if item.state != ItemState::Telephoned => {
                    store::set_state(tx, item.clone(), ItemState::Overtaken).await?;
                }
                Gone::No | Gone::Yes => kind = Kind::Correction,
            }
        }
        let mut corrections = Vec::new();
        if kind == Kind::Correction {
            let told = store::told_last(tx.conn(), row.id).await?;
            let again = Again::of(&told, reached, &office.settings.domains, name, &basis);
            if again.is_nothing() {
                continue;
            }
            // Who was told is told nothing else: only the first letter is left to be written.
            if again.corrections.is_empty() && !again.first.call {
                kind = Kind::Absence;
            }
            (corrections, reached) = (again.corrections, again.first);
        } else if wording.is_none() {
            continue;
        }
        let item = feedback::Model {
            id: FeedbackId::new(),
            invitation_id: row.id,
            kind,
            version: store::next_version(tx.conn(), row.id, kind).await?,
            wording: name.to_owned(),
            basis: serde_json::to_string(&basis(name)).expect("codes are JSON"),
            state: if reached.call { ItemState::ToTelephone } else { ItemState::Posted },
            made_at: now,
            released_by: None,
        };
        let about = item.id.0;
        let payload = json!({ "invitation": row.id, "wording": name, "version": item.version, "kind": kind });
        events.push(Event { action: "feedback.made", object: about.to_string(), payload });
        store::insert(tx, item).await?;
        made.absences += 1;
        made.telephone_calls += usize::from(reached.call);
        let correction = corrections.into_iter().map(|(to, changed)| (to, CORRECTION, changed));
        let absence = reached.recipients.into_iter().map(|to| (to, name, Vec::new()));
        for (recipient, name, changed) in correction.chain(absence) {
            let corrects = name == CORRECTION;
            let letter = Letter { corrects, changed, ..Letter::of(source, place, wording) };
            post(tx, office, about, name, &letter, recipient, now).await?;
            made.letters += 1;
        }
    }
    if made.held_back == held_before && !under_way {
        store::done(tx, register).await?;
    }
    audit::record(tx, office.keys, &Actor::system("feedback task"), now, events).await?;
    Ok(())
}

/// Posts one letter of an item; to an address that may be told little, one that says little.
pub(super) async fn post(
    tx: &Tx,
    office: Office<'_>,
    about: Uuid,
    name: &str,
    letter: &Letter,
    recipient: Recipient,
    now: DateTime<Utc>,
) -> Result<(), FeedbackError> {
    let template = template(name, letter, recipient.full);
    let (id, recipient) = (MessageId::new(), recipient.address);
    let path = link::make(tx, about, &recipient, now).await?;
    let letter = Letter { reply_link: format!("{}{path}", office.settings.address), ..letter.clone() };
    let written = office.letterhead.write(id, template, &recipient, &letter, now)?;
    let kind = name.to_owned();
    let post = Post { id, kind, about, recipient, written, at: now, is_notice: false };
    Ok(outbox::post(tx, post).await?)
}

/// One conference with everything that its letters are written from.
pub(super) struct Paperwork {
    pub record: Record,
    pub assessment: Assessment,
    pub directory: Directory,
    pub contacts: Vec<contact::Model>,
    pub chair: String,
    pub today: chrono::NaiveDate,
}

/// What came before and comes after a conference.
pub(super) struct Around {
    pub next: Following,
    pub repeats: HashSet<InvitationId>,
}

impl Paperwork {
    pub(super) async fn following(
        &self,
        db: &impl ConnectionTrait,
        policies: &Policies,
    ) -> Result<Around, DbErr> {
        Ok(Around {
            next: store::following(db, &self.record, self.today).await?,
            repeats: repeats(db, &self.record, &self.assessment, policies).await?.into_keys().collect(),
        })
    }

    pub(super) fn source<'a>(
        &'a self,
        following: &'a Around,
        policies: &'a Policies,
        settings: &'a Settings,
    ) -> Source<'a> {
        Source {
            record: &self.record,
            assessment: &self.assessment,
            directory: &self.directory,
            following: &following.next,
            repeats: &following.repeats,
            chair: &self.chair,
            policies,
            settings,
            today: self.today,
        }
    }

    pub(super) async fn open(
        db: &impl ConnectionTrait,
        id: ConferenceId,
        policies: &Policies,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, DbErr> {
        let Some((record, directory)) = record(db, id, Sight::Everything).await? else { return Ok(None) };
        let facts = record.facts(&directory);
        let assessment = assess(&facts, policies.on(facts.date));
        let agencies = facts.invitations.iter().map(|i| i.agency);
        let contacts = contacts_of(db, agencies).await?;
        let chair = conferences::store::chair(db, record.conference.chair_id).await?;
        Ok(Some(Self { record, assessment, directory, contacts, chair, today: london::date(now) }))
    }

    /// To whom a letter about one invitation goes, by its place.
    pub(super) fn reached(&self, place: usize, settings: &Settings) -> Reached {
        recipients_of(&self.record, place, &self.directory, &self.contacts, settings, self.today)
    }

    pub(super) fn owed(&self, settings: &Settings) -> Vec<Owed> {
        owed(&self.record, &self.assessment, &self.directory, &self.contacts, settings, self.today)
    }
}

/// What feedback these confirmed registers would make, if it were wanted now.
pub async fn preview(
    tx: &Tx,
    policies: &Policies,
    settings: &Settings,
    conferences: &[ConferenceId],
    now: DateTime<Utc>,
) -> Result<Made, DbErr> {
    let mut made = Made::default();
    for id in conferences {
        let Some(paperwork) = Paperwork::open(tx.conn(), *id, policies, now).await? else { continue };
        for owed in paperwork.owed(settings) {
            match owed {
                Owed::Nothing => {}
                Owed::HeldBack | Owed::ToRelease(_) => made.held_back += 1,
                Owed::Feedback(_, reached) => {
                    made.absences += 1;
                    made.letters += reached.recipients.len();
                    made.telephone_calls += usize::from(reached.call);
                }
            }
        }
    }
    Ok(made)
}
