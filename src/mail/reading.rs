//! A frozen message, read as its recipient's program reads it.

use chrono::{DateTime, Utc};
use mail_parser::MessageParser;

/// What a reader sees.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Name and address.
    pub from: String,
    /// The first recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// Its own date.
    pub date: Option<DateTime<Utc>>,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// Reads a message; `None` where it is none.
pub fn read(bytes: &[u8]) -> Option<Letter> {
    let message = MessageParser::default().parse(bytes)?;
    let from = message.from().and_then(|from| from.first());
    let named = |a: &mail_parser::Addr<'_>| {
        format!("{} <{}>", a.name().unwrap_or_default(), a.address().unwrap_or_default())
    };
    let to = message.to().and_then(|to| to.first()).and_then(|to| to.address());
    Some(Letter {
        from: from.map(named).unwrap_or_default(),
        to: to.unwrap_or_default().to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: message.date().and_then(|d| DateTime::from_timestamp(d.to_timestamp(), 0)),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: message.body_html(0).unwrap_or_default().into_owned(),
    })
}
