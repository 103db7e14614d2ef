//! The bounces task: reads what came in, and takes in what is about a message of ours. A file is put aside, and a message of
//! the mailbox marked, after what it says is written: killed in between, it is read again, and changes nothing twice.

use chrono::{DateTime, Utc};

use super::source::{Source, content, dealt_with, found};
use super::taking::take;
use crate::feedback::{FeedbackError, Office};
use crate::mail::{Mailbox, MailboxError, Report, report};

/// Why bounces could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] super::SourceError),
    /// The mailbox.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// What follows from one could not be written.
    #[error(transparent)]
    Taking(#[from] FeedbackError),
}

/// What a run read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Messages of ours that came back.
    pub taken: usize,
    /// Reports of something else, of other people's messages, or known already.
    pub other: usize,
    /// What is no report at all.
    pub none: usize,
}

/// What became of one message.
enum One {
    /// A message of ours came back.
    Taken,
    /// A report of something else, of somebody else's message, or known already.
    Other,
    /// No report at all.
    None,
}

async fn one(office: Office<'_>, bytes: &[u8], now: DateTime<Utc>) -> Result<One, ReadError> {
    Ok(match report(bytes) {
        Report::Failed(bounce) if take(office, &bounce, now).await? => One::Taken,
        Report::Failed(_) | Report::Other => One::Other,
        Report::None => One::None,
    })
}

impl Read {
    fn count(&mut self, one: &One) {
        match one {
            One::Taken => self.taken += 1,
            One::Other => self.other += 1,
            One::None => self.none += 1,
        }
    }
}

/// Reads everything that came in. One that cannot be dealt with keeps no other waiting.
pub async fn read_all(office: Office<'_>, source: &Source, now: DateTime<Utc>) -> Result<Read, ReadError> {
    let (mut read, mut first_error) = (Read::default(), None);
    if let Some(folder) = &source.folder {
        for path in found(folder)? {
            let dealt = async {
                let of = one(office, &content(&path)?, now).await?;
                read.count(&of);
                dealt_with(folder, &path, matches!(of, One::Taken))?;
                Ok::<_, ReadError>(())
            };
            if let Err(e) = dealt.await {
                tracing::error!(error = %e, "a message that came back could not be taken in");
                first_error.get_or_insert(e);
            }
        }
    }
    if let Some(settings) = &source.mailbox {
        let mut mailbox = Mailbox::open(settings).await?;
        for number in mailbox.unseen().await? {
            let bytes = mailbox.message(number).await?;
            match one(office, &bytes, now).await {
                Ok(of) => {
                    read.count(&of);
                    mailbox.mark(number).await?;
                }
                Err(e) => {
                    tracing::error!(error = %e, "a message that came back could not be taken in");
                    first_error.get_or_insert(e);
                }
            }
        }
        mailbox.close().await;
    }
    first_error.map_or(Ok(read), Err)
}
