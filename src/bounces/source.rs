//! Where bounces are found: a folder into which a mail server puts them, or a mailbox.

use std::path::{Path, PathBuf};

use crate::mail::MailboxSettings;

/// Files of this size at most are read: a bounce is small, whatever it holds.
const LARGEST: u64 = 5 * 1024 * 1024;

/// Where bounces come in.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// A folder of files, one message each.
    pub folder: Option<PathBuf>,
    /// A mailbox.
    pub mailbox: Option<MailboxSettings>,
}

/// A folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("mail.bounces.folder: {0}: {1}")]
pub struct SourceError(PathBuf, std::io::Error);

/// A file of the folder.
pub struct Found {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// The messages in a folder, by name; of a maildir, those in `new` and `cur`. What is being written (its name begins with a
/// dot) is left alone.
pub fn found(folder: &Path) -> Result<Vec<Found>, SourceError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |e| SourceError(path, e)
    };
    let mut found = Vec::new();
    let maildir = ["new", "cur"].map(|part| folder.join(part));
    let folders: Vec<PathBuf> = match maildir.iter().all(|part| part.is_dir()) {
        true => maildir.into(),
        false => vec![folder.to_owned()],
    };
    for folder in folders {
        for entry in std::fs::read_dir(&folder).map_err(failed(&folder))? {
            let path = entry.map_err(failed(&folder))?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let size = path.metadata().map(|m| if m.is_file() { m.len() } else { u64::MAX });
            if hidden || size.unwrap_or(u64::MAX) > LARGEST {
                continue;
            }
            let bytes = std::fs::read(&path).map_err(failed(&path))?;
            found.push(Found { path, bytes });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Puts a file aside, into `done` beside it, or `other` where it is no bounce of ours.
pub fn put_aside(folder: &Path, path: &Path, ours: bool) -> Result<(), SourceError> {
    let aside = folder.join(if ours { "done" } else { "other" });
    let failed = |e| SourceError(path.to_owned(), e);
    std::fs::create_dir_all(&aside).map_err(failed)?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    std::fs::rename(path, aside.join(name)).map_err(failed)
}
