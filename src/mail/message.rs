//! A message, frozen when it is posted: what is sent later, and sent again after a crash, is the same
//! to the byte, under the same Message-ID.

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::templates::Rendered;

/// Why a message could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// A setting or a contact holds something that is no address.
    #[error("{0} is not a mail address: {1}")]
    Address(&'static str, lettre::address::AddressError),
    /// The mail library refused.
    #[error("the message cannot be built: {0}")]
    Build(#[from] lettre::error::Error),
}

/// What goes into a message beside its text.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// `mail.from`.
    pub from: &'a str,
    /// `mail.reply_to`.
    pub reply_to: &'a str,
    /// One recipient.
    pub to: &'a str,
    /// Stable: made once, when posted.
    pub message_id: &'a str,
    /// When posted.
    pub date: DateTime<Utc>,
}

/// A calendar entry that travels with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarPart {
    /// `REQUEST` or `CANCEL`.
    pub method: &'static str,
    /// The iCalendar text.
    pub text: String,
}

/// What travels with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enclosed {
    Calendar(CalendarPart),
    Pdf {
        /// `attendance-2026-09.pdf`.
        name: String,
        bytes: Vec<u8>,
    },
}

/// The message as bytes.
pub fn freeze(
    draft: Draft<'_>,
    letter: &Rendered,
    enclosed: Option<&Enclosed>,
) -> Result<Vec<u8>, MessageError> {
    let mailbox = |name, text: &str| text.parse::<Mailbox>().map_err(|e| MessageError::Address(name, e));
    let mut parts = MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, letter.text.clone()))
        .singlepart(part(ContentType::TEXT_HTML, letter.html.clone()));
    if let Some(Enclosed::Calendar(calendar)) = enclosed {
        // Last of the alternatives: a program that knows calendars takes it, the others pass it over.
        let kind = format!("text/calendar; method={}; charset=UTF-8", calendar.method);
        let kind = ContentType::parse(&kind).expect("a content type");
        parts = parts.singlepart(part(kind, calendar.text.clone()));
    }
    if let Some(Enclosed::Pdf { name, bytes }) = enclosed {
        let kind = ContentType::parse("application/pdf").expect("a content type");
        let file = Attachment::new(name.clone()).body(bytes.clone(), kind);
        parts = MultiPart::mixed().multipart(parts).singlepart(file);
    }
    let mut message = lettre::Message::builder()
        .from(mailbox("mail.from", draft.from)?)
        .reply_to(mailbox("mail.reply_to", draft.reply_to)?)
        .to(mailbox("the recipient", draft.to)?)
        .subject(letter.subject.clone())
        .message_id(Some(draft.message_id.to_owned()))
        .date(draft.date.into())
        .multipart(parts)?;
    // Out-of-office replies to a machine help nobody (RFC 3834).
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
    Ok(message.formatted())
}

fn part(kind: ContentType, body: String) -> SinglePart {
    SinglePart::builder().header(kind).body(body)
}
