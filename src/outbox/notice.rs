//! Notices: a message that tells somebody with an account of something that happened here. It goes at any
//! hour, says nothing of a child or a family, and nothing overtakes it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use uuid::Uuid;

use super::{MessageId, Post, Written, store};
use crate::mail::{Draft, Enclosed, Gateway, MessageError, TemplateError, Templates, freeze};
use crate::platform::Tx;

/// What messages are written on.
#[derive(Clone)]
pub struct Letterhead {
    /// The templates.
    pub templates: Arc<Templates>,
    /// `mail.from`; nothing is written while it is empty.
    pub from: String,
    /// `mail.reply_to`.
    pub reply_to: String,
    /// `mail.gateways`.
    pub gateways: Arc<[Gateway]>,
}

impl std::fmt::Debug for Letterhead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letterhead").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Why a message could not be posted.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// The database refused.
    #[error(transparent)]
    Db(#[from] DbErr),
    /// A template does not render.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A message could not be built.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl Letterhead {
    /// Whether there is an address to write from.
    pub fn is_set_up(&self) -> bool {
        !self.from.is_empty() && !self.reply_to.is_empty()
    }

    /// Writes a message of a template, frozen, with its Message-ID: made of its id, so that a message sent again
    /// is the same message. Beside it stands which wording it was.
    pub fn write(
        &self,
        id: MessageId,
        template: &str,
        to: &str,
        context: &impl Serialize,
        now: DateTime<Utc>,
    ) -> Result<Written, NoticeError> {
        self.write_with(id, template, to, context, now, |_, _| None)
    }

    /// The same with what is enclosed, made of the sender's bare address and the message's text.
    pub fn write_with(
        &self,
        id: MessageId,
        template: &str,
        to: &str,
        context: &impl Serialize,
        now: DateTime<Utc>,
        enclosed: impl FnOnce(&str, &str) -> Option<Enclosed>,
    ) -> Result<Written, NoticeError> {
        let sender = self.from.rsplit_once('<').map_or(self.from.as_str(), |(_, address)| address);
        let sender = sender.trim_end_matches('>').trim();
        let domain = sender.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let message_id = format!("<{id}@{domain}>");
        let draft =
            Draft { from: &self.from, reply_to: &self.reply_to, to, message_id: &message_id, date: now };
        let mut letter = self.templates.write(template, context)?;
        if let Some(keyword) = Gateway::keyword(&self.gateways, to) {
            letter.subject = format!("{keyword} {}", letter.subject);
        }
        let enclosed = enclosed(sender, &letter.text);
        let message = freeze(draft, &letter, enclosed.as_ref())?;
        Ok(Written { message_id, message, template: self.templates.version(template).to_owned() })
    }
}

/// Posts a notice to one address. `about`: the row that it tells of.
pub async fn tell(
    tx: &Tx,
    letterhead: &Letterhead,
    template: &str,
    about: Uuid,
    to: &str,
    context: &impl Serialize,
    now: DateTime<Utc>,
) -> Result<(), NoticeError> {
    tell_enclosing(tx, letterhead, template, about, to, context, None, now).await
}

/// The same with something enclosed.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
pub async fn tell_enclosing(
    tx: &Tx,
    letterhead: &Letterhead,
    template: &str,
    about: Uuid,
    to: &str,
    context: &impl Serialize,
    enclosed: Option<Enclosed>,
    now: DateTime<Utc>,
) -> Result<(), NoticeError> {
    let id = MessageId::new();
    let written = letterhead.write_with(id, template, to, context, now, |_, _| enclosed)?;
    let (kind, recipient) = (template.to_owned(), to.to_owned());
    store::post(tx, Post { id, kind, about, recipient, written, at: now, is_notice: true }).await?;
    Ok(())
}

/// The pauses between the tries of a notice, in minutes: nobody waits for office hours to be warned.
const PAUSES: [i64; 8] = [1, 5, 15, 30, 60, 120, 240, 480];

/// When to try a notice again that has been due since `due_since`; `None` to give up.
pub fn next_attempt(due_since: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut at = due_since;
    for minutes in PAUSES {
        at += TimeDelta::minutes(minutes);
        if at > now {
            return Some(at);
        }
    }
    None
}
