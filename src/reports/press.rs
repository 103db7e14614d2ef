//! The program that prints documents: `quorate-pdf`, started for each (`crates/paper-pdf` says why it stands apart).

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::document::Document;

const NAME: &str = "quorate-pdf";
/// So many print at once: each takes some hundred MiB while it does.
const AT_ONCE: usize = 2;
/// A paper takes a second; what takes as long as this never ends.
const PATIENCE: Duration = Duration::from_secs(40);

/// Prints documents, if the program is there.
#[derive(Clone, Debug)]
pub struct Press {
    program: Option<PathBuf>,
    room: Arc<Semaphore>,
}

/// Why a document could not be printed.
#[derive(Debug, thiserror::Error)]
pub enum PressError {
    #[error("{NAME} is not beside this program: build it, install it, or name it in reports.pdf_program")]
    NotThere,
    #[error("{NAME} is no file at {0}")]
    NoFile(PathBuf),
    #[error("{NAME} cannot be started: {0}")]
    Start(std::io::Error),
    #[error("{NAME} did not print: {0}")]
    Failed(String),
    #[error("{NAME} did not end within {} seconds", PATIENCE.as_secs())]
    TooLong,
}

impl Press {
    /// The program that is `named`; where none is, the one beside this program, if it is there.
    ///
    /// # Errors
    /// If one is named and is not there.
    pub fn find(named: &Path) -> Result<Self, PressError> {
        let beside =
            || Some(std::env::current_exe().ok()?.with_file_name(NAME)).filter(|path| path.is_file());
        let program = match named.as_os_str().is_empty() {
            true => beside(),
            // It is started in another folder.
            false => Some(named.canonicalize().ok().filter(|path| path.is_file()))
                .map(|found| found.ok_or_else(|| PressError::NoFile(named.to_owned())))
                .transpose()?,
        };
        Ok(Self { program, room: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Prints nothing: where the program is there, and is not wanted.
    pub fn none() -> Self {
        Self { program: None, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Whether documents can be printed here.
    pub fn is_there(&self) -> bool {
        self.program.is_some()
    }

    /// A document as PDF. The program gets the document alone, and nothing of this one's environment.
    pub async fn print(&self, document: &Document) -> Result<Vec<u8>, PressError> {
        let program = self.program.as_ref().ok_or(PressError::NotThere)?;
        let failed = |e: &dyn std::fmt::Display| PressError::Failed(e.to_string());
        let _room = self.room.acquire().await.map_err(|e| failed(&e))?;
        let document = serde_json::to_vec(document).map_err(|e| failed(&e))?;
        let mut command = Command::new(program);
        command.env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(PressError::Start)?;
        let mut stdin = child.stdin.take();
        // At the same time: who writes more than the other reads, and waits, waits for ever.
        let handed = async {
            if let Some(stdin) = &mut stdin {
                let _ = stdin.write_all(&document).await;
            }
            drop(stdin);
        };
        let both = async { tokio::join!(handed, child.wait_with_output()).1 };
        let printed = tokio::time::timeout(PATIENCE, both).await.map_err(|_| PressError::TooLong)?;
        let printed = printed.map_err(|e| failed(&e))?;
        match printed.status.success() {
            true => Ok(printed.stdout),
            false => Err(failed(&String::from_utf8_lossy(&printed.stderr).trim())),
        }
    }
}
