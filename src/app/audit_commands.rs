//! `quorate audit`: whether the trail stands, and a statement of it to keep elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::site::Site;
use crate::audit::{self, Checkpoint};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Walk the whole trail: is every entry as it was written, and none gone or moved?
    Verify {
        /// Checkpoints that were kept elsewhere: the trail must still hold what each states.
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
    },
    /// Sign a statement of how far the trail has come. Keep it off this machine.
    Checkpoint {
        /// The file to write; standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub(super) async fn audit(site: &Site, command: AuditCommand) -> Result<ExitCode, Failure> {
    match command {
        AuditCommand::Verify { checkpoint } => verify(site, checkpoint).await,
        AuditCommand::Checkpoint { output } => {
            let made = Checkpoint::make(site.db.read(), &site.keys, site.clock.now()).await?;
            let made = made.map_err(|broken| format!("the audit trail does not stand at {broken}"))?;
            let text = serde_json::to_string_pretty(&made)? + "\n";
            match output {
                None => print!("{text}"),
                Some(path) => std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?,
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn verify(site: &Site, checkpoints: Vec<PathBuf>) -> Result<ExitCode, Failure> {
    let mut stands = true;
    match audit::verify(site.db.read(), &site.keys).await? {
        Ok(entries) => println!("The audit trail stands: {entries} entries."),
        Err(broken) => {
            stands = false;
            println!("The audit trail does not stand at {broken}.");
        }
    }
    for path in checkpoints {
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let checkpoint: Checkpoint =
            serde_json::from_str(&text).map_err(|e| format!("{} is no checkpoint: {e}", path.display()))?;
        match checkpoint.stands(site.db.read(), &site.keys).await? {
            Ok(()) => println!("{}: entry {} is as it states.", path.display(), checkpoint.number),
            Err(why) => {
                stands = false;
                println!("{}: {why}.", path.display());
            }
        }
    }
    Ok(if stands { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
