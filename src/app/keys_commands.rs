//! `quorate keys`: another sealing key, in the place of the one in use, while the service runs.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::reseal::{Walked, reseal};
use super::site::Site;
use crate::audit::{self, Actor, Event};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Add a sealing key, which only opens for now. Copy the keys file to every machine before you go on.
    Add,
    /// Seal with the key that was added last from now on, and seal everything anew with it.
    Rotate,
    /// Seal everything anew with the key in use: after the keys were changed by hand, or a walk was broken off.
    Reseal,
    /// Forget all sealing keys but the one in use. What is sealed with them alone, old backups with it, is lost.
    Retire {
        /// So many values open with none of the keys, and that is known.
        #[arg(long, default_value_t = 0, value_name = "COUNT")]
        even_lost: u64,
    },
}

pub(super) async fn keys(site: &Site, command: KeysCommand) -> Result<ExitCode, Failure> {
    let keys = &site.keys;
    match command {
        KeysCommand::Add => {
            keys.add()?;
            note(site, "keys.added", json!({})).await?;
            println!(
                "There are {} sealing keys now. Copy the keys file to every machine that serves, and to where you keep it.",
                keys.count()
            );
        }
        KeysCommand::Rotate => {
            keys.rotate()?;
            note(site, "keys.rotated", json!({})).await?;
            return anew(site).await;
        }
        KeysCommand::Reseal => return anew(site).await,
        KeysCommand::Retire { even_lost } => {
            let Walked { resealed, lost } = reseal(&site.db, keys, true).await?;
            if resealed > 0 {
                let text = format!("{resealed} values have an older key's seal: `quorate keys reseal` first");
                return Err(text.into());
            }
            if lost > even_lost {
                let text = format!(
                    "{lost} values open with none of these keys: find the key that they need, or say --even-lost {lost}"
                );
                return Err(text.into());
            }
            keys.retire()?;
            note(site, "keys.retired", json!({ "not_opened": lost })).await?;
            println!("One sealing key is left. Backups from before it open with the keys that are in them.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn anew(site: &Site) -> Result<ExitCode, Failure> {
    let Walked { resealed, lost } = reseal(&site.db, &site.keys, false).await?;
    note(site, "keys.resealed", json!({ "values": resealed, "not_opened": lost })).await?;
    println!("{resealed} values were sealed anew.");
    if lost > 0 {
        println!("{lost} values open with none of these keys, and stay as they are.");
        return Ok(ExitCode::from(1));
    }
    println!("The older keys still open old backups. `quorate keys retire` forgets them.");
    Ok(ExitCode::SUCCESS)
}

async fn note(site: &Site, action: &'static str, payload: serde_json::Value) -> Result<(), Failure> {
    let tx = site.db.begin("note a change of keys").await?;
    let event = Event { action, object: "keys".to_owned(), payload };
    let actor = Actor::system("command line");
    audit::record(&tx, &site.keys, &actor, site.clock.now(), vec![event]).await?;
    Ok(tx.commit().await?)
}
