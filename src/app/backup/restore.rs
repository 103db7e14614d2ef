//! A backup, read into a place that has no records yet.

use std::fs;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use super::manifest::Manifest;
use super::{Failure, KEYS, beside, cannot, copy_of, for_its_owner_only, postgres};
use crate::access;
use crate::app::config::Config;
use crate::app::site::Site;
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::outbox::{self, State};
use crate::platform::{Clock, Db, Keys, Url};

/// The migration that the pause of the post came with.
const PAUSES: &str = "m20261123_000001_post";

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
    let known = migrations::known();
    if let Some(unknown) = manifest.migrations.iter().find(|m| !known.contains(m)) {
        let text = format!(
            "the backup was made by a later version ({}): this program does not know its migration {unknown}",
            manifest.version
        );
        return Err(text.into());
    }
    let copy = from.join(&manifest.database);
    let has_keys = manifest.files.iter().any(|f| f.name == KEYS);
    keys(&config, has_keys.then(|| from.join(KEYS)).as_deref())?;
    // Whatever fails from here on, no database is left that would send: SQLite's is finished under another name,
    // and PostgreSQL's post is held back before anything else is done with it.
    let (mut working, mut place) = (config.clone(), None);
    match url.sqlite_file() {
        Some(file) => {
            for there in ["", "-wal", "-shm"].map(|end| with_end(file, end)) {
                if there.exists() {
                    let text = format!(
                        "{} is there already: move it away, with what is beside it of the same name, or name another \
                         file in database.url",
                        there.display()
                    );
                    return Err(text.into());
                }
            }
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).map_err(|e| cannot("make", folder, &e))?;
            }
            let beside = beside(file)?;
            fs::copy(&copy, &beside).map_err(|e| cannot("write", &beside, &e))?;
            for_its_owner_only(&beside, 0o600)?;
            working.database.url = format!("sqlite://{}", beside.display());
            working.database.url_file = std::path::PathBuf::new();
            place = Some((beside, file.to_owned()));
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
    let finished = finish(working, clock, &manifest, resume).await;
    if let Some((beside, file)) = place {
        match &finished {
            Ok(_) => fs::rename(&beside, &file).map_err(|e| cannot("make", &file, &e))?,
            Err(_) => {
                for end in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(with_end(&beside, end));
                }
            }
        }
    }
    let Restored { migrations: made, entries, waiting } = finished?;
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
        println!(
            "The post is held back: {} message(s) were waiting then, and may have gone since, as may feedback that \
             was not made yet. Look at the Post page, then let it go with `quorate outbox release`.",
            waiting
        );
    }
    Ok(())
}

/// Puts the keys in their place. Keys that are there must be the backup's own.
fn keys(config: &Config, backed_up: Option<&Path>) -> Result<(), Failure> {
    let file = &config.keys.file;
    if !config.keys.value.is_empty() {
        return Ok(());
    }
    match (backed_up, file.exists()) {
        (None, false) => {
            let text = format!(
                "the backup holds no keys, and there are none in {}: put them there first",
                file.display()
            );
            Err(text.into())
        }
        (None, true) => Ok(()),
        (Some(copy), false) => Keys::read(copy)?.write_new(file).map(|_| ()).map_err(Failure::from),
        // A key that was added or put first since the backup makes no difference to what opens it.
        (Some(copy), true) if Keys::read(copy)?.are_of_the_place_of(&Keys::read(file)?) => Ok(()),
        (Some(_), true) => {
            let text = format!(
                "other keys are in {}: move them away, or name another file in keys.file",
                file.display()
            );
            Err(text.into())
        }
    }
}

/// What a restore came to.
struct Restored {
    migrations: usize,
    entries: i64,
    waiting: i64,
}

/// Holds the post back, migrates, ends the sessions, tries the keys, looks at the audit trail. In a backup older than the pause
/// itself the post can be held back only once it is migrated.
async fn finish(
    config: Config,
    clock: Clock,
    manifest: &Manifest,
    resume: bool,
) -> Result<Restored, Failure> {
    let (now, actor) = (clock.now(), Actor::system("command line"));
    let url = Url::parse(&config.database_url()?)?;
    let made_at = london::moment(manifest.made_at);
    let why = format!("restored from the backup of {made_at}; what was waiting then may have gone since");
    let held_back = async || {
        let db = Db::open(&url).await?;
        let tx = db.begin("hold the post of a restored place back").await?;
        outbox::hold_back(&tx, now, &actor.name, &why).await?;
        tx.commit().await?;
        db.close().await?;
        Ok::<_, Failure>(())
    };
    let knows_pauses = manifest.migrations.iter().any(|m| m == PAUSES);
    if knows_pauses {
        held_back().await?;
    }
    let alone = url.connect_alone().await?;
    let migrations = migrations::up(&alone).await?;
    alone.close().await?;
    if !knows_pauses {
        held_back().await?;
    }
    let db = Db::open(&url).await?;
    let tx = db.begin("end the sessions of a restored place").await?;
    access::end_all_sessions(&tx).await?;
    tx.commit().await?;
    db.close().await?;

    let site = Site::open(config, clock).await?;
    let entries = match audit::verify(site.db.read(), &site.keys).await? {
        Ok(entries) => entries,
        Err(broken) => return Err(format!("the backup's audit trail does not stand at {broken}").into()),
    };
    let counts = outbox::counts(site.db.read()).await?;
    let waiting = counts.iter().filter(|(state, _)| matches!(state, State::Waiting | State::Sending));
    let waiting = waiting.map(|(_, n)| n).sum();
    let tx = site.db.begin("begin again after a restore").await?;
    if resume {
        outbox::let_go(&tx, now).await?;
    } else {
        outbox::doubt_all(&tx).await?;
    }
    let payload = json!({ "made_at": manifest.made_at, "resume": resume });
    let event = Event { action: "backup.restored", object: "records".into(), payload };
    audit::record(&tx, &site.keys, &actor, now, vec![event]).await?;
    tx.commit().await?;
    site.db.close().await?;
    Ok(Restored { migrations, entries, waiting })
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
