//! `quorate backup` and `quorate restore`: a copy of the records and their keys that another machine can
//! go on from.

mod manifest;
mod postgres;
mod restore;

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use super::config::Config;
use super::site::{self, Site};
use crate::audit::{self, Actor, Event};
use crate::conferences;
use crate::platform::Url;
use manifest::{Copied, Manifest};

pub(super) use restore::restore;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const MANIFEST: &str = "manifest.json";
const KEYS: &str = "quorate.keys";

/// The name of the database's copy.
fn copy_of(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Sqlite { "database.sqlite" } else { "database.pgdump" }
}

/// `quorate backup`: copies the records of a site that may be serving, and says what to do with the copy.
pub(super) async fn backup(site: &Site, to: &Path, without_keys: bool) -> Result<(), Failure> {
    let now = site.clock.now();
    let without_keys = without_keys || !site.config.keys.value.is_empty();
    copy(&site.config, to, without_keys, now).await?;
    let tx = site.db.begin("note a backup").await?;
    let event =
        Event { action: "backup.made", object: "records".into(), payload: json!({ "keys": !without_keys }) };
    audit::record(&tx, &site.keys, &Actor::system("command line"), now, vec![event]).await?;
    tx.commit().await?;
    let conferences = conferences::store::count(site.db.read()).await?;
    println!("The backup is in {}: {conferences} conferences and all that belongs to them.", to.display());
    if without_keys {
        println!(
            "The keys are not in it. Without {} nobody can read it, you neither: keep a copy of that apart.",
            match site.config.keys.value.as_str() {
                "" => site.config.keys.file.display().to_string(),
                _ => "the value of keys.value".to_owned(),
            }
        );
    } else {
        println!(
            "The keys are in it: who has this folder can read everything. Keep it as you keep the records."
        );
    }
    println!("Your settings file is not in it. Try it now and then: `quorate restore` on another machine.");
    Ok(())
}

/// Copies database and keys into a new folder: as they are at one moment, whole or not at all.
pub(super) async fn copy(
    config: &Config,
    to: &Path,
    without_keys: bool,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    if to.exists() {
        return Err(format!("{} is there already: a backup goes into a new folder", to.display()).into());
    }
    let beside = beside(to)?;
    let copied = copy_into(&beside, config, without_keys, now).await;
    let made = copied.and_then(|()| fs::rename(&beside, to).map_err(|e| cannot("make", to, &e).into()));
    if let Err(why) = made {
        // Half a copy of the records is nothing to leave lying about.
        let _ = fs::remove_dir_all(&beside);
        return Err(why);
    }
    match to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => manifest::on_disk(folder),
        None => manifest::on_disk(Path::new(".")),
    }
}

async fn copy_into(
    beside: &Path,
    config: &Config,
    without_keys: bool,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    fs::create_dir_all(beside).map_err(|e| cannot("make", beside, &e))?;
    for_its_owner_only(beside, 0o700)?;
    let keys_before = if without_keys { Vec::new() } else { read_keys(config)? };
    let url = Url::parse(&config.database_url()?)?;
    let database = beside.join(copy_of(url.backend));
    let alone = url.connect_alone().await?;
    let migrations = migrations::applied(&alone).await?;
    match url.backend {
        DbBackend::Sqlite => {
            let text = database.to_str().ok_or("the folder's name is not UTF-8")?;
            // A snapshot of its own: writers go on beside it.
            let vacuum = Statement::from_sql_and_values(DbBackend::Sqlite, "vacuum into ?", [text.into()]);
            alone.execute_raw(vacuum).await?;
        }
        _ => postgres::dump(url.text(), &database).await?,
    }
    alone.close().await?;
    for_its_owner_only(&database, 0o600)?;
    let mut files = vec![Copied::of(&database)?];
    if !without_keys {
        if read_keys(config)? != keys_before {
            return Err("the keys were changed while the records were copied: make the backup again".into());
        }
        let keys = beside.join(KEYS);
        fs::write(&keys, &keys_before).map_err(|e| cannot("write", &keys, &e))?;
        for_its_owner_only(&keys, 0o600)?;
        files.push(Copied::of(&keys)?);
    }
    let manifest = Manifest {
        format: manifest::FORMAT,
        made_at: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: copy_of(url.backend).to_owned(),
        migrations,
        files,
    };
    manifest.write(&beside.join(MANIFEST))?;
    manifest::on_disk(beside)
}

/// The file of keys as it is.
fn read_keys(config: &Config) -> Result<Vec<u8>, Failure> {
    fs::read(&config.keys.file).map_err(|e| cannot("read", &config.keys.file, &e).into())
}

/// `quorate migrate`: brings the schema up to date, after a backup where one is wanted and there is
/// something to lose.
pub(super) async fn migrate(
    config: &Config,
    backups: Option<&Path>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let url = Url::parse(&config.database_url()?)?;
    let wanted = site::pending(config).await? > 0 && !is_new(&url).await?;
    if let Some(folder) = backups.filter(|_| wanted) {
        let to = folder.join(format!("before-migration-{}", now.format("%Y-%m-%dT%H%M%SZ")));
        copy(config, &to, false, now).await?;
        println!("A backup is in {}.", to.display());
    }
    match site::migrate(config).await? {
        0 => println!("The schema is up to date."),
        n => println!("{n} migration(s) made. The schema is up to date."),
    }
    Ok(())
}

fn cannot(what: &str, path: &Path, why: &std::io::Error) -> String {
    format!("cannot {what} {}: {why}", path.display())
}

/// A name of our own beside this one, to write under until all is there.
fn beside(path: &Path) -> Result<PathBuf, Failure> {
    let name = path.file_name().ok_or_else(|| format!("{} is no name for it", path.display()))?;
    Ok(path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), uuid::Uuid::new_v4().simple())))
}

/// A backup of a place where nobody keeps anything is a mistake in the settings, said before one is made.
pub(super) async fn refuse_nothing(config: &Config) -> Result<(), Failure> {
    let url = Url::parse(&config.database_url()?)?;
    let nothing = match url.sqlite_file() {
        Some(file) => !file.exists(),
        None => false,
    };
    if nothing || is_new(&url).await? {
        return Err(
            format!("database.url: there are no records in {url}; are these the right settings?").into()
        );
    }
    Ok(())
}

async fn is_new(url: &Url) -> Result<bool, Failure> {
    let alone = url.connect_alone().await?;
    let new = migrations::is_new(&alone).await?;
    alone.close().await?;
    Ok(new)
}

fn for_its_owner_only(path: &Path, mode: u32) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(|e| cannot("protect", path, &e))?;
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}
