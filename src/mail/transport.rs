//! The way out: a folder (for rehearsal and for sites that have their own carrier), or a mail server.

use std::path::{Path, PathBuf};

use super::smtp::Smtp;

/// Why a message did not go, or may not have gone.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The way out cannot be used; the message has no part in it, and others would fare the same.
    #[error("{0}")]
    Unavailable(String),
    /// This message may go later.
    #[error("{0}")]
    Transient(String),
    /// This message never will, as it stands.
    #[error("{0}")]
    Permanent(String),
    /// It was handed over, and no answer came: it may have been delivered.
    #[error("{0}")]
    Unsure(String),
}

/// A way out.
pub enum Transport {
    /// One `.eml` file a message.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Whether a message has to outlast a failing machine. Invented ones have not.
        durable: bool,
    },
    /// A mail server.
    Smtp(Box<Smtp>),
}

impl Transport {
    /// Sends one frozen message. `name` is the same each time it is tried, so that in a folder a
    /// repeated message takes the place of the first.
    pub async fn send(&self, name: &str, from: &str, to: &str, message: &[u8]) -> Result<(), SendError> {
        match self {
            Self::Folder { path, durable } => put(path, &format!("{name}.eml"), message, *durable)
                .await
                .map_err(|e| SendError::Unavailable(format!("{}: {e}", path.display()))),
            Self::Smtp(smtp) => {
                let address = |text: &str| {
                    let mailbox: Result<lettre::message::Mailbox, _> = text.parse();
                    mailbox.map(|m| m.email)
                };
                let from = address(from).map_err(|e| SendError::Unavailable(format!("mail.from: {e}")))?;
                let to = address(to).map_err(|e| SendError::Permanent(e.to_string()))?;
                smtp.send(&from, &to, message).await
            }
        }
    }
}

/// Whole or not at all: written beside, made durable, then renamed.
async fn put(folder: &Path, name: &str, bytes: &[u8], durable: bool) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;
    tokio::fs::create_dir_all(folder).await?;
    let beside = folder.join(format!(".{name}.part"));
    let mut file = tokio::fs::File::create(&beside).await?;
    file.write_all(bytes).await?;
    if durable {
        file.sync_all().await?;
    } else {
        file.flush().await?;
    }
    tokio::fs::rename(&beside, folder.join(name)).await
}
