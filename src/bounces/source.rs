//! Where bounces are found: a folder into which a mail server puts them, or a mailbox.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::mail::MailboxSettings;

/// Bytes of a file that are read: what is larger is no bounce.
const LARGEST: u64 = 1024 * 1024 + 1;

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

/// The messages in a folder, by name; of a maildir, those in `new` and `cur`. What is being written (its name begins with a
/// dot) is left alone.
pub fn found(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
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
            if !hidden && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a file, or as much of it as is looked at.
pub fn content(path: &Path) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|e| SourceError(path.to_owned(), e))
}

/// A file is dealt with. One that was taken in is removed: it holds our letter with its link, and what it said is recorded.
/// Any other is put aside into `other`, under a name that is free there, for a person to look at.
pub fn dealt_with(folder: &Path, path: &Path, taken: bool) -> Result<(), SourceError> {
    let failed = |e| SourceError(path.to_owned(), e);
    if taken {
        return std::fs::remove_file(path).map_err(failed);
    }
    let aside = folder.join("other");
    std::fs::create_dir_all(&aside).map_err(failed)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let names = std::iter::once(name.clone()).chain((1u32..).map(|n| format!("{n}-{name}")));
    let free = names.map(|name| aside.join(name)).find(|to| !to.exists());
    std::fs::rename(path, free.unwrap_or_else(|| aside.join(name))).map_err(failed)
}
