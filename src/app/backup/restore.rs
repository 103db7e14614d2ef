//! A backup, read into a place that has no records yet.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use super::manifest::Manifest;
use super::{Failure, KEYS, cannot, copy_of, for_its_owner_only, postgres, with_suffix};
use crate::app::config::Config;
use crate::app::site::Site;
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::outbox::{self, State};
use crate::platform::{Clock, Keys, Url};

/// Restores a backup. Nothing that is here is written over. The post is held back, for what was waiting
/// when the backup was made may have gone since; `resume` says that nothing has.
pub(in crate::app) async fn restore(
    config: Config,
    clock: Clock,
    from: &Path,
    resume: bool,
) -> Result<(), Failure> {
    let manifest = Manifest::read_and_verify(from)?;
    let url = Url::parse(&config.database_url()?)?;
    if manifest.database != copy_of(url.backend) {
        let text = format!(
            "the backup is of another kind of database ({}): set database.url accordingly",
            manifest.database
        );
        return Err(text.into());
    }
    let copy = from.join(&manifest.database);
    let has_keys = manifest.files.iter().any(|f| f.name == KEYS);
    keys(&config, has_keys.then(|| from.join(KEYS)).as_deref())?;
    match url.sqlite_file() {
        Some(file) => {
            if file.exists() {
                let text = format!(
                    "{} is there already: move it away, or name another in database.url",
                    file.display()
                );
                return Err(text.into());
            }
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).map_err(|e| cannot("make", folder, &e))?;
            }
            let beside = with_suffix(file, "part");
            fs::copy(&copy, &beside).map_err(|e| cannot("write", &beside, &e))?;
            for_its_owner_only(&beside, 0o600)?;
            fs::rename(&beside, file).map_err(|e| cannot("write", file, &e))?;
        }
        None => {
            let alone = url.connect_alone().await?;
            let tables = "select 1 as there from information_schema.tables where table_schema = current_schema() limit 1";
            let there = alone.query_one_raw(Statement::from_string(DbBackend::Postgres, tables)).await?;
            alone.close().await?;
            if there.is_some() {
                return Err(
                    "database.url: there are tables in this database; restore into an empty one".into()
                );
            }
            postgres::load(url.text(), &copy).await?;
        }
    }
    let alone = url.connect_alone().await?;
    let made = migrations::up(&alone).await?;
    alone.close().await?;
    let site = Site::open(config, clock).await?;
    begin_again(&site, manifest.made_at, resume).await?;
    let entries = match audit::verify(site.db.read(), &site.keys).await? {
        Ok(entries) => entries,
        Err(number) => {
            return Err(format!("restored, but its audit trail was changed at entry {number}").into());
        }
    };
    println!("Restored as it was on {}.", london::moment(manifest.made_at));
    if made > 0 {
        println!(
            "{made} migration(s) made: the backup was made by an earlier version ({}).",
            manifest.version
        );
    }
    println!("The keys open it, and the audit trail stands: {entries} entries.");
    if resume {
        println!("The post goes on where it stopped.");
    } else {
        let counts = outbox::counts(site.db.read()).await?;
        let waiting = counts.iter().filter(|c| matches!(c.state, State::Waiting | State::Sending));
        println!(
            "The post is held back: {} message(s) were waiting then, and may have gone since, as may feedback that \
             was not made yet. Look at the Post page, then let it go with `quorate outbox release`.",
            waiting.map(|c| c.messages).sum::<i64>()
        );
    }
    Ok(())
}

/// Puts the keys in their place. Keys that are there must be the backup's own.
fn keys(config: &Config, backed_up: Option<&Path>) -> Result<(), Failure> {
    let file = &config.keys.file;
    match (backed_up, file.exists()) {
        (None, false) => {
            let text = format!(
                "the backup holds no keys, and there are none in {}: put them there first",
                file.display()
            );
            Err(text.into())
        }
        (None, true) => Ok(()),
        (Some(copy), false) => Ok(Keys::read(copy)?.write_new(file)?),
        (Some(copy), true) if fs::read(copy).ok() == fs::read(file).ok() => Ok(()),
        (Some(_), true) => {
            let text = format!(
                "other keys are in {}: move them away, or name another file in keys.file",
                file.display()
            );
            Err(text.into())
        }
    }
}

async fn begin_again(site: &Site, made_at: DateTime<Utc>, resume: bool) -> Result<(), Failure> {
    let (now, actor) = (site.clock.now(), Actor::system("command line"));
    let tx = site.db.begin("begin again after a restore").await?;
    if !resume {
        let why = format!(
            "restored from the backup of {}; what was waiting then may have gone since",
            london::moment(made_at)
        );
        outbox::hold_back(&tx, now, &actor.name, &why).await?;
    }
    let payload = json!({ "made_at": made_at, "resume": resume });
    let event = Event { action: "backup.restored", object: "records".into(), payload };
    audit::record(&tx, &site.keys, &actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(())
}
