//! Opening the place: database, keys, templates.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::{Config, ConfigError, TransportKind};
use super::letters;
use super::tasks::Task;
use crate::access::{self, Provider};
use crate::audit;
use crate::bounces;
use crate::convening;
use crate::imports::Rules;
use crate::ladder::Ladders;
use crate::mail::{SendError, Smtp, TemplateError, Templates, Transport};
use crate::outbox::Letterhead;
use crate::platform::{Clock, Db, DbError, Keys, KeysError, Sealed, Url};
use crate::register::{self, Policies};
use crate::reports::{Circulating, Making, Press, Targets};
use crate::web::Limits;

/// Why the place could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error(transparent)]
    Open(#[from] DbError),
    /// The database, later.
    #[error("database: {0}")]
    Db(#[from] DbErr),
    /// The schema is older than the program.
    #[error("the database lacks {0} migration(s): run `quorate migrate`")]
    NotMigrated(usize),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The keys are not those that this database was sealed with.
    #[error("the keys in {0} are not those that this database was sealed with; restore the right keys file")]
    OtherKeys(String),
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The mail server's settings.
    #[error("mail.smtp: {0}")]
    Mail(#[from] SendError),
}

/// What the value is sealed for by which the keys are known again.
pub(super) const KEY_CHECK: &str = "key_check";

mod key_check {
    use sea_orm::entity::prelude::*;

    use super::Sealed;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_check")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub sealed: Sealed,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// Everything that commands and pages work with.
pub struct Site {
    /// The settings.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The database.
    pub db: Db,
    /// The keys.
    pub keys: Keys,
    /// What letters are written on.
    pub letterhead: Letterhead,
    /// How much one address, and one account, may ask for.
    pub limits: Arc<Limits>,
    /// Where people sign in elsewhere, if they do.
    pub provider: Option<Arc<Provider>>,
    /// The way out for mail.
    pub transport: Transport,
    /// What the partnership has agreed on.
    pub targets: Targets,
    /// What prints papers.
    pub press: Press,
    /// Where messages come back.
    pub bounces: bounces::Source,
    /// How conferences are convened.
    pub convening: Arc<convening::Settings>,
    /// What follows beyond a letter.
    pub ladders: Arc<Ladders>,
    /// How rows, registers and letters are judged.
    pub rules: Rules,
    /// Told when the process is to stop.
    pub stop: CancellationToken,
    /// What somebody asked for and does not wait for; the process does, when it stops.
    pub under_way: TaskTracker,
    /// When the schedule's alarm last ticked.
    pub ticked: Ticked,
    /// Since when it serves.
    pub up_since: std::sync::OnceLock<DateTime<Utc>>,
    /// When the next letter may start.
    pub turn: tokio::sync::Mutex<Option<tokio::time::Instant>>,
    /// How each task stands in this process.
    pub tasks: [TaskState; Task::ALL.len()],
}

impl Site {
    /// What papers are made with.
    pub fn making(&self) -> Making<'_> {
        let (policies, holidays) = (&self.rules.policies, &self.rules.feedback.school_holidays);
        let now = self.clock.now();
        Making { db: &self.db, keys: &self.keys, policies, holidays, targets: &self.targets, now }
    }

    /// How papers go round.
    pub fn circulating<'a>(&'a self, address: &'a str) -> Circulating<'a> {
        let domains = &self.rules.feedback.domains;
        Circulating { letterhead: &self.letterhead, address, press: &self.press, domains }
    }

    /// Where nobody can sign in yet: the path of the link by which the first account is made.
    pub async fn first_link(&self) -> Result<Option<String>, sea_orm::DbErr> {
        access::first_link(&self.db, self.clock.now()).await
    }
}

/// How a task stands in this process.
#[derive(Debug, Default)]
pub struct TaskState {
    /// Taken while it runs: a task never runs beside itself.
    pub running: tokio::sync::Mutex<()>,
    /// When, and for what, its last run had to wait.
    pub waits: std::sync::Mutex<Option<(DateTime<Utc>, String)>>,
}

/// When the alarm last ticked, for those who ask whether the schedule is alive.
#[derive(Debug, Default)]
pub struct Ticked(AtomicI64);

impl Ticked {
    /// It ticks.
    pub fn at(&self, now: DateTime<Utc>) {
        self.0.store(now.timestamp(), Ordering::Relaxed);
    }

    /// Whether it ticked within the last half minute. A tick that is yet to come is of a clock that was put back.
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        (0..=30).contains(&(now.timestamp() - self.0.load(Ordering::Relaxed)))
    }
}

/// Brings the schema up to date; says how many migrations that took.
pub async fn migrate(config: &Config) -> Result<usize, OpenError> {
    let alone = Url::parse(&config.database_url()?)?.connect_alone().await?;
    let done = migrations::up(&alone).await?;
    alone.close().await?;
    Ok(done)
}

/// How many migrations the database lacks.
pub async fn pending(config: &Config) -> Result<usize, OpenError> {
    let alone = Url::parse(&config.database_url()?)?.connect_alone().await?;
    let pending = migrations::pending(&alone).await?;
    alone.close().await?;
    Ok(pending)
}

impl Site {
    /// Opens it. A new database is migrated and gets its keys; one that holds records and lacks
    /// migrations is left as it is, for a backup comes before a migration.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, OpenError> {
        let url = Url::parse(&config.database_url()?)?;
        let alone = url.connect_alone().await?;
        let pending = migrations::pending(&alone).await?;
        if pending > 0 {
            if !migrations::is_new(&alone).await? {
                return Err(OpenError::NotMigrated(pending));
            }
            migrations::up(&alone).await?;
        }
        alone.close().await.map_err(DbError::from)?;
        let db = Db::open(&url).await?;
        let keys = keys(&config, &db).await?;
        audit::begin(&db, &keys, clock.now()).await.map_err(DbError::from)?;
        let transport = match config.mail.transport {
            TransportKind::Folder => Transport::Folder { path: config.mail.folder.clone(), durable: true },
            TransportKind::Smtp => Transport::Smtp(Box::new(Smtp::new(config.smtp()?)?)),
        };
        let (notice, report) =
            (config.invitations.minimum_notice, config.register.report_on_time_working_days);
        let policies: Policies = register::store::policies(db.read(), notice, report).await?;
        let rules = Rules { policies, feedback: config.feedback_settings()? };
        Ok(Self {
            clock,
            db,
            keys,
            letterhead: Letterhead {
                templates: Arc::new(templates(&config)?),
                from: config.mail.from.clone(),
                reply_to: config.mail.reply_to.clone(),
                gateways: config.gateways()?.into(),
            },
            limits: Arc::new(Limits::new(config.limits())),
            provider: config.provider()?.map(|rules| Arc::new(Provider::new(rules))),
            transport,
            bounces: config.bounces()?,
            targets: config.targets()?,
            press: config.press()?,
            convening: Arc::new(config.convening_settings()?),
            ladders: Arc::new(config.ladders()?),
            rules,
            stop: CancellationToken::new(),
            under_way: TaskTracker::new(),
            ticked: Ticked::default(),
            up_since: std::sync::OnceLock::new(),
            turn: tokio::sync::Mutex::default(),
            tasks: Default::default(),
            config,
        })
    }
}

/// The templates. Those of a partnership's own are tried at once: a letter that cannot be written is found now, and not
/// when it is due.
fn templates(config: &Config) -> Result<Templates, TemplateError> {
    let own = &config.mail.templates_folder;
    let templates = Templates::compile(own)?;
    if !own.as_os_str().is_empty() {
        letters::try_all(&templates)?;
    }
    Ok(templates)
}

/// The keys of this database. They are made once, for a database that has none; a database with
/// another's keys, or whose keys are lost, is not opened: it would be sealed twice over.
async fn keys(config: &Config, db: &Db) -> Result<Keys, OpenError> {
    let file = &config.keys.file;
    let given = match config.keys.value.as_str() {
        "" => None,
        text => Some(Keys::given(&SecretString::from(text.to_owned()))?),
    };
    let had = || given.clone().map_or_else(|| Keys::read(file), Ok);
    let tx = db.begin("check keys").await?;
    let Some(check) = key_check::Entity::find_by_id(1).one(tx.conn()).await? else {
        let keys = match had() {
            Err(KeysError::Missing(_)) => {
                let keys = Keys::generate().write_new(file)?;
                tracing::info!(file = %file.display(), "new keys were made: without this file the sealed records are lost for good, so keep a copy of it apart");
                keys
            }
            other => other?,
        };
        let row = key_check::Model { id: 1, sealed: keys.seal(KEY_CHECK, KEY_CHECK) };
        row.into_active_model().insert(tx.conn()).await?;
        tx.commit().await?;
        return Ok(keys);
    };
    let keys = had()?;
    match keys.open(KEY_CHECK, &check.sealed) {
        Ok(_) => Ok(keys),
        Err(_) => Err(OpenError::OtherKeys(file.display().to_string())),
    }
}
