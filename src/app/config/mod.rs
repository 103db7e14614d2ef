//! The configuration: every setting, typed; what is not known is an error.

mod bounces;
mod letters;
mod load;
mod people;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::convening::{self, ReminderDays};
use crate::invitations::MinimumNotice;
use crate::mail::{Domains, Gateway, SmtpSettings, SmtpSignIn, SmtpTls};
use crate::outbox;
use crate::web::LimitRules;
use values::{
    authority, domains, list, mail_secret, minimum_notice, networks, number, reminder_days, secret,
};

pub use bounces::Bounces;
pub use letters::{Feedback, LadderFile};
pub use load::{ConfigError, Loaded, load};
pub use people::{Access, Retention};
pub use values::is_loopback;

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
    /// How conferences are booked.
    pub booking: Booking,
    /// What invitations owe.
    pub invitations: Invitations,
    /// How registers are judged.
    pub register: Register,
    /// How feedback is made.
    pub feedback: Feedback,
    /// What follows beyond a letter.
    pub ladder: LadderFile,
    /// How figures are judged.
    pub reports: Reports,
    /// When tasks run.
    pub schedule: Schedule,
    /// Who is told that all is well.
    pub oversight: Oversight,
    /// How people sign in.
    pub access: Access,
    /// How long what is kept.
    pub retention: Retention,
    /// What is logged.
    pub log: Log,
}

/// `server`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port.
    pub listen: String,
    /// Where people find the service.
    pub address: String,
    /// Address and port of the figures for Prometheus; empty for none.
    pub metrics_listen: String,
    /// Proxies whose word on the client's address is taken.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Requests a minute from one address.
    #[serde(deserialize_with = "number")]
    pub requests_per_minute: u32,
    /// Requests a minute of one account.
    #[serde(deserialize_with = "number")]
    pub account_requests_per_minute: u32,
}

impl Server {
    /// Where people find the service, with no slash at its end.
    pub fn address(&self) -> String {
        match self.address.trim_end_matches('/') {
            "" => format!("http://{}", self.listen),
            address => address.to_owned(),
        }
    }
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
    /// The keys themselves, in place of a file.
    pub value: String,
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
    /// Letters a minute at most; 0 for no limit.
    #[serde(deserialize_with = "number")]
    pub per_minute: u32,
    /// Wordings of one's own.
    pub templates_folder: PathBuf,
    /// What gateways for encryption look for in the subject.
    #[serde(deserialize_with = "list")]
    pub gateways: Vec<String>,
    /// The mail server.
    pub smtp: Smtp,
    /// Where messages come back.
    pub bounces: Bounces,
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
    /// A certificate authority.
    pub authority_file: PathBuf,
    /// How to sign in.
    pub sign_in: SmtpSignIn,
    /// User.
    pub username: String,
    /// Password or token.
    pub password: String,
    /// A file with the password or token.
    pub password_file: PathBuf,
    /// How this machine greets the server.
    pub hello: String,
    /// Connections at once.
    #[serde(deserialize_with = "number")]
    pub connections: u32,
    /// Seconds for one exchange.
    #[serde(deserialize_with = "number")]
    pub timeout_seconds: u32,
}

/// `booking`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// As 09:30.
    #[serde(deserialize_with = "list")]
    pub slots: Vec<String>,
    /// Rules of one's own.
    pub suggestions_file: PathBuf,
}

/// `invitations`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Invitations {
    /// Working days by type.
    #[serde(deserialize_with = "minimum_notice")]
    pub minimum_notice: MinimumNotice,
    /// Working days before.
    #[serde(deserialize_with = "reminder_days")]
    pub reminders: ReminderDays,
}

/// `register`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Working days before.
    #[serde(deserialize_with = "number")]
    pub report_on_time_working_days: u32,
}

/// `schedule`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// When feedback is made.
    pub feedback: String,
    /// When the outbox is emptied.
    pub dispatch: String,
    /// When the ladder is looked at.
    pub ladder: String,
    /// When what came back is read.
    pub bounces: String,
    /// When reminders go.
    pub reminders: String,
    /// When readers are told of a month.
    pub report: String,
    /// When the independent check looks.
    pub oversight: String,
    /// When ended sessions are removed.
    pub sessions: String,
    /// When the audit trail is proved.
    pub audit: String,
    /// When what has had its time goes.
    pub retention: String,
}

/// `reports`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    /// Targets.
    pub targets_file: PathBuf,
    /// What prints papers.
    pub pdf_program: PathBuf,
}

/// `oversight`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Oversight {
    /// Called while all is well.
    pub heartbeat: String,
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

impl Config {
    /// The address of the database, from its file where one is named.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        secret("database.url_file", &self.database.url_file, &self.database.url)
    }

    /// The mail server.
    pub fn smtp(&self) -> Result<SmtpSettings, ConfigError> {
        let smtp = &self.mail.smtp;
        let wrong = |name, why: &str| Err(ConfigError::Value(name, why.to_owned()));
        let signs_in = smtp.sign_in != SmtpSignIn::Relay;
        if signs_in && smtp.username.is_empty() {
            return wrong("mail.smtp.username", "it is empty, and mail.smtp.sign_in wants one");
        }
        if signs_in && smtp.password.is_empty() && smtp.password_file.as_os_str().is_empty() {
            return wrong(
                "mail.smtp.password_file",
                "it is empty, and mail.smtp.sign_in wants a password or a token",
            );
        }
        if smtp.tls == SmtpTls::None && !is_loopback(&smtp.host) {
            return wrong(
                "mail.smtp.tls",
                "letters leave this machine under TLS only: write starttls or tls",
            );
        }
        if !(1..=100).contains(&smtp.connections) {
            return wrong("mail.smtp.connections", "it is from 1 to 100");
        }
        if !(1..=600).contains(&smtp.timeout_seconds) {
            return wrong("mail.smtp.timeout_seconds", "it is from 1 to 600");
        }
        let authority = authority("mail.smtp.authority_file", &smtp.authority_file)?;
        let secret = mail_secret(&smtp.password_file, &smtp.password);
        Ok(SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port,
            tls: smtp.tls,
            authority,
            sign_in: smtp.sign_in,
            username: smtp.username.clone(),
            secret,
            hello: (!smtp.hello.is_empty()).then(|| smtp.hello.clone()),
            timeout: Duration::from_secs(smtp.timeout_seconds.into()),
        })
    }

    /// How much may be asked for.
    pub fn limits(&self) -> LimitRules {
        LimitRules {
            by_address: self.server.requests_per_minute,
            by_account: self.server.account_requests_per_minute,
            attempts: self.access.attempts_per_minute,
            trusted_proxies: self.server.trusted_proxies.clone(),
        }
    }

    /// How fast the post goes.
    pub fn pace(&self) -> outbox::Pace {
        let timeout = match self.mail.transport {
            TransportKind::Smtp => self.mail.smtp.timeout_seconds,
            TransportKind::Folder => 60,
        };
        let gap = match self.mail.per_minute {
            0 => Duration::ZERO,
            n => Duration::from_secs(60) / n,
        };
        outbox::Pace {
            at_once: self.mail.smtp.connections.clamp(1, 100) as usize,
            gap,
            timeout: Duration::from_secs(timeout.into()),
        }
    }

    /// What gateways for encryption look for in the subject, by domain.
    pub fn gateways(&self) -> Result<Vec<Gateway>, ConfigError> {
        let wrong = |why| ConfigError::Value("mail.gateways", why);
        self.mail.gateways.iter().map(|text| text.parse().map_err(wrong)).collect()
    }

    /// How conferences are convened.
    pub fn convening_settings(&self) -> Result<convening::Settings, ConfigError> {
        let suggestions = convening::Settings::rules(&self.booking.suggestions_file)
            .map_err(|e| ConfigError::Value("booking.suggestions_file", e.to_string()))?;
        Ok(convening::Settings {
            suggestions,
            slots: self.booking.slots.clone(),
            reminders: self.invitations.reminders.clone(),
            contact: self.feedback.contact.clone(),
            telephone: self.feedback.telephone.clone(),
            address: self.server.address(),
        })
    }
}
