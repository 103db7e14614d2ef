//! The configuration: embedded defaults < file < environment < flags; what is not known is an error.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use secrecy::SecretString;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use crate::feedback;
use crate::invitations::MinimumNotice;
use crate::mail::{Domains, SmtpSettings, SmtpTls};

/// The embedded defaults: the manual.
const DEFAULTS: &str = include_str!("../../config/default.toml");
/// Settings that are never shown.
const SECRETS: &[&str] = &["mail.smtp.password"];

/// Every setting.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub server: Server,
    /// Where the records are.
    pub database: Database,
    /// Where the keys are.
    pub keys: KeysFile,
    /// How mail goes.
    pub mail: Mail,
    /// What invitations owe.
    pub invitations: Invitations,
    /// How registers are judged.
    pub register: Register,
    /// How feedback is made.
    pub feedback: Feedback,
    /// When tasks run.
    pub schedule: Schedule,
    /// How people sign in.
    pub access: Access,
    /// What is logged.
    pub log: Log,
}

/// `server`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port.
    pub listen: String,
}

/// `database`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Its address.
    pub url: String,
    /// A file with its address.
    pub url_file: PathBuf,
}

/// `keys`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeysFile {
    /// The keys file.
    pub file: PathBuf,
}

/// `mail.transport`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportKind {
    /// Each message a file.
    Folder,
    /// A mail server.
    Smtp,
}

/// `mail`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Folder or SMTP.
    pub transport: TransportKind,
    /// The folder.
    pub folder: PathBuf,
    /// The sender.
    pub from: String,
    /// Where replies go.
    pub reply_to: String,
    /// The mail server.
    pub smtp: Smtp,
    /// Who may be told how much.
    #[serde(deserialize_with = "domains")]
    pub domains: Domains,
}

/// `mail.smtp`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Name of the server.
    pub host: String,
    /// Port.
    #[serde(deserialize_with = "number")]
    pub port: u16,
    /// Protection.
    pub tls: SmtpTls,
    /// User.
    pub username: String,
    /// Password.
    pub password: String,
    /// A file with the password.
    pub password_file: PathBuf,
}

/// `invitations`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Invitations {
    /// Working days by type.
    #[serde(deserialize_with = "minimum_notice")]
    pub minimum_notice: MinimumNotice,
}

/// `register`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Working days before.
    #[serde(deserialize_with = "number")]
    pub report_on_time_working_days: u32,
}

/// `feedback`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Minutes.
    #[serde(deserialize_with = "number")]
    pub hold_minutes: u32,
    /// "08:00-18:00"
    pub window: String,
    /// Working days.
    #[serde(deserialize_with = "number")]
    pub maximum_age_working_days: u32,
    /// Working days.
    #[serde(deserialize_with = "number")]
    pub reply_working_days: u32,
    /// Who signs.
    pub contact: String,
    /// The number to ring.
    pub telephone: String,
    /// Where the procedure is.
    pub disagreement_procedure: String,
}

/// `schedule`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// When feedback is made.
    pub feedback: String,
    /// When the outbox is emptied.
    pub dispatch: String,
    /// When ended sessions are removed.
    pub sessions: String,
}

/// `access`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Hours.
    #[serde(deserialize_with = "number")]
    pub session_hours: u32,
    /// Minutes.
    #[serde(deserialize_with = "number")]
    pub idle_minutes: u32,
    /// Cookies over HTTPS only.
    #[serde(deserialize_with = "flag")]
    pub secure_cookies: bool,
}

/// `log`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A filter.
    pub level: String,
    /// Text or JSON.
    pub format: LogFormat,
}

/// `log.format`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("the configuration file {0} does not exist")]
    NoFile(PathBuf),
    /// A setting is unknown or of the wrong kind.
    #[error("{}", explain(.0))]
    Settings(Box<figment::Error>),
    /// A setting does not make sense.
    #[error("{0}: {1}")]
    Value(&'static str, String),
    /// A file with a secret cannot be read.
    #[error("{0}: cannot read {1}: {2}")]
    SecretFile(&'static str, PathBuf, std::io::Error),
}

fn explain(error: &figment::Error) -> String {
    let lines: Vec<String> = error
        .clone()
        .into_iter()
        .map(|e| {
            let place = e.metadata.as_ref().map(source).unwrap_or_else(|| "the configuration".to_owned());
            format!("{place}: {}: {}. `config/default.toml` lists every setting.", e.path.join("."), e.kind)
        })
        .collect();
    lines.join("\n")
}

fn source(metadata: &Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => path.display().to_string(),
        _ => metadata.name.to_string(),
    }
}

/// `QUORATE__PART__SETTING`, as text: a telephone number keeps its leading nought.
struct Environment;

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment (QUORATE__…)")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut dict = Dict::new();
        for (name, text) in std::env::vars() {
            let Some(path) = name.strip_prefix("QUORATE__") else { continue };
            let parts: Vec<String> = path.split("__").map(str::to_lowercase).collect();
            insert(&mut dict, &parts, text);
        }
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

fn insert(dict: &mut Dict, path: &[String], text: String) {
    match path {
        [] => {}
        [last] => {
            dict.insert(last.clone(), Value::from(text));
        }
        [first, rest @ ..] => {
            let inner = dict.entry(first.clone()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, text);
            }
        }
    }
}

/// The settings, and where each came from.
pub struct Loaded {
    /// The settings.
    pub config: Config,
    figment: Figment,
}

/// Loads the settings: defaults < `file` < environment < `flags` (dotted name, value).
pub fn load(file: Option<&Path>, flags: &[(&str, String)]) -> Result<Loaded, ConfigError> {
    let mut figment = Figment::from(Named("the default", Toml::string(DEFAULTS)));
    if let Some(file) = file {
        if !file.is_file() {
            return Err(ConfigError::NoFile(file.into()));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    figment = figment.merge(Environment);
    for (name, value) in flags {
        figment = figment.merge(Named("the command line", Serialized::default(name, value)));
    }
    let config: Config = figment.extract().map_err(|e| ConfigError::Settings(Box::new(e)))?;
    config.window()?;
    Ok(Loaded { config, figment })
}

struct Named<P>(&'static str, P);

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.1.data()
    }
}

impl Loaded {
    /// Each setting: its name, its value (secrets masked), where it came from.
    pub fn settings(&self) -> Vec<(String, String, String)> {
        let mut settings = Vec::new();
        if let Ok(value) = self.figment.extract::<Value>() {
            self.flatten("", &value, &mut settings);
        }
        settings
    }

    fn flatten(&self, path: &str, value: &Value, settings: &mut Vec<(String, String, String)>) {
        if let Value::Dict(_, dict) = value {
            for (name, value) in dict {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                self.flatten(&path, value, settings);
            }
            return;
        }
        let shown = match (path, value) {
            ("database.url", value) => {
                let url = value.as_str().unwrap_or_default();
                crate::platform::Url::parse(url).map_or("(not an address)".to_owned(), |u| u.to_string())
            }
            (path, Value::String(_, text)) if SECRETS.contains(&path) && !text.is_empty() => "***".to_owned(),
            (_, Value::String(_, text)) => text.clone(),
            (_, Value::Array(_, items)) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            }
            (_, Value::Num(_, n)) => n.to_i128().map(|n| n.to_string()).unwrap_or_default(),
            (_, other) => other.to_bool().map(|b| b.to_string()).unwrap_or_default(),
        };
        let from = self.figment.find_metadata(path).map(source).unwrap_or_default();
        settings.push((path.to_owned(), shown, from));
    }
}

impl Config {
    /// The address of the database, from its file where one is named.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        secret("database.url_file", &self.database.url_file, &self.database.url)
    }

    /// The mail server.
    pub fn smtp(&self) -> Result<SmtpSettings, ConfigError> {
        let smtp = &self.mail.smtp;
        let password = secret("mail.smtp.password_file", &smtp.password_file, &smtp.password)?;
        let credentials =
            (!smtp.username.is_empty()).then(|| (smtp.username.clone(), SecretString::from(password)));
        Ok(SmtpSettings { host: smtp.host.clone(), port: smtp.port, tls: smtp.tls, credentials })
    }

    fn window(&self) -> Result<feedback::Window, ConfigError> {
        self.feedback.window.parse().map_err(|why| ConfigError::Value("feedback.window", why))
    }

    /// How feedback is made.
    pub fn feedback_settings(&self) -> Result<feedback::Settings, ConfigError> {
        let lower = |list: &[String]| list.iter().map(|d| d.to_ascii_lowercase()).collect();
        Ok(feedback::Settings {
            hold_minutes: self.feedback.hold_minutes,
            window: self.window()?,
            maximum_age_working_days: self.feedback.maximum_age_working_days,
            reply_working_days: self.feedback.reply_working_days,
            contact: self.feedback.contact.clone(),
            telephone: self.feedback.telephone.clone(),
            disagreement_procedure: self.feedback.disagreement_procedure.clone(),
            from: self.mail.from.clone(),
            reply_to: self.mail.reply_to.clone(),
            domains: Domains {
                trusted: lower(&self.mail.domains.trusted),
                consumer: lower(&self.mail.domains.consumer),
                general_mailboxes: self.mail.domains.general_mailboxes.clone(),
            },
        })
    }
}

fn secret(name: &'static str, file: &Path, plain: &str) -> Result<String, ConfigError> {
    if file.as_os_str().is_empty() {
        return Ok(plain.to_owned());
    }
    let read = std::fs::read_to_string(file).map_err(|e| ConfigError::SecretFile(name, file.into(), e))?;
    Ok(read.trim_end().to_owned())
}

/// A number, or text that is one: the environment holds only text.
fn number<'de, D: Deserializer<'de>, N: TryFrom<u64>>(deserializer: D) -> Result<N, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    let wrong = || de::Error::custom("this is not a whole number that fits");
    let number = match Either::deserialize(deserializer).map_err(|_| wrong())? {
        Either::Number(n) => n,
        Either::Text(text) => text.trim().parse().map_err(|_| wrong())?,
    };
    N::try_from(number).map_err(|_| wrong())
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Flag(bool),
        Text(String),
    }
    match Either::deserialize(deserializer) {
        Ok(Either::Flag(flag)) => Ok(flag),
        Ok(Either::Text(text)) => {
            text.trim().parse().map_err(|_| de::Error::custom("this is neither true nor false"))
        }
        Err(_) => Err(de::Error::custom("this is neither true nor false")),
    }
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        List(Vec<String>),
        Text(String),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::List(list) => list,
        Either::Text(text) => {
            text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()
        }
    })
}

fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Domains, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Lists {
        #[serde(deserialize_with = "list")]
        trusted: Vec<String>,
        #[serde(deserialize_with = "list")]
        consumer: Vec<String>,
        #[serde(deserialize_with = "list")]
        general_mailboxes: Vec<String>,
    }
    let Lists { trusted, consumer, general_mailboxes } = Lists::deserialize(deserializer)?;
    Ok(Domains { trusted, consumer, general_mailboxes })
}

fn minimum_notice<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MinimumNotice, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Days {
        #[serde(deserialize_with = "number")]
        initial: u32,
        #[serde(deserialize_with = "number")]
        review: u32,
        #[serde(deserialize_with = "number")]
        reconvened: u32,
    }
    let Days { initial, review, reconvened } = Days::deserialize(deserializer)?;
    Ok(MinimumNotice { initial, review, reconvened })
}
