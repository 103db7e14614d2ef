//! The bounces task: reads what came in, and takes in what is about a message of ours. A file is put aside, and a message of
//! the mailbox marked, after what it says is written: killed in between, it is read again, and changes nothing twice.

use chrono::{DateTime, Utc};

use super::source::{Source, found, put_aside};
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

impl Read {
    /// Takes in what a message says. `true`: it is a report, and so ours to deal with.
    async fn one(&mut self, office: Office<'_>, bytes: &[u8], now: DateTime<Utc>) -> Result<bool, ReadError> {
        match report(bytes) {
            Report::Failed(bounce) if take(office, &bounce, now).await? => self.taken += 1,
            Report::Failed(_) | Report::Other => self.other += 1,
            Report::None => {
                self.none += 1;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Reads everything that came in.
pub async fn read_all(office: Office<'_>, source: &Source, now: DateTime<Utc>) -> Result<Read, ReadError> {
    let mut read = Read::default();
    if let Some(folder) = &source.folder {
        for file in found(folder)? {
            let ours = read.one(office, &file.bytes, now).await?;
            put_aside(folder, &file.path, ours)?;
        }
    }
    if let Some(settings) = &source.mailbox {
        let mut mailbox = Mailbox::open(settings).await?;
        for number in mailbox.unseen().await? {
            let bytes = mailbox.message(number).await?;
            let ours = read.one(office, &bytes, now).await?;
            mailbox.mark(number, ours).await?;
        }
        mailbox.close().await;
    }
    Ok(read)
}
