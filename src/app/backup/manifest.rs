//! What a backup says of itself, so that a restore knows that it is whole.

use std::fs;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Failure, cannot};

/// The form of the folder.
pub(super) const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: u32,
    pub made_at: DateTime<Utc>,
    /// The program's.
    pub version: String,
    /// The database's file.
    pub database: String,
    /// The migrations that the database had.
    pub migrations: Vec<String>,
    pub files: Vec<Copied>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Copied {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Copied {
    /// Reads a file through and says what it holds.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        let mut file = fs::File::open(path).map_err(|e| cannot("read", path, &e))?;
        let (mut digest, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            let n = file.read(&mut buffer).map_err(|e| cannot("read", path, &e))?;
            if n == 0 {
                break;
            }
            digest.update(&buffer[..n]);
            bytes += n as u64;
        }
        file.sync_all().map_err(|e| cannot("write", path, &e))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, bytes, sha256: hex::encode(digest.finalize()) })
    }
}

impl Manifest {
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(path, text).map_err(|e| cannot("write", path, &e))?;
        on_disk(path)
    }

    /// Reads a backup's manifest and looks whether every file is as it was.
    pub(super) fn read_and_verify(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(super::MANIFEST);
        let text = fs::read_to_string(&path).map_err(|e| cannot("read", &path, &e))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        if manifest.format != FORMAT {
            let text = format!(
                "{}: a backup of form {}, and this program reads form {FORMAT}: use the version that made it ({})",
                path.display(),
                manifest.format,
                manifest.version
            );
            return Err(text.into());
        }
        for file in &manifest.files {
            if Copied::of(&folder.join(&file.name))? != *file {
                let text = format!(
                    "{} is not what was backed up: take another backup",
                    folder.join(&file.name).display()
                );
                return Err(text.into());
            }
        }
        Ok(manifest)
    }
}

/// Waits until a file, or a folder's list of files, is on the disk.
pub(super) fn on_disk(path: &Path) -> Result<(), Failure> {
    let written = fs::File::open(path).and_then(|file| file.sync_all());
    Ok(written.map_err(|e| cannot("write", path, &e))?)
}
