//! The way out: a folder (for rehearsal and for sites that have their own carrier), or SMTP.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

/// Why a message did not go.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may go later.
    #[error("{0}")]
    Transient(String),
    /// It never will, as it stands.
    #[error("{0}")]
    Permanent(String),
}

/// How a connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, and nothing without it.
    Starttls,
    /// Neither: for a relay on the same machine.
    None,
}

/// Where the mail server is.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The protection.
    pub tls: SmtpTls,
    /// Sign-in, where the server wants one.
    pub credentials: Option<(String, SecretString)>,
}

/// The whole exchange with a mail server may take this long.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A way out.
pub enum Transport {
    /// One `.eml` file a message.
    Folder(PathBuf),
    /// A mail server.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

impl Transport {
    /// A connection pool to a mail server. Nothing is connected before the first message.
    pub fn smtp(settings: &SmtpSettings) -> Result<Self, SendError> {
        let failed = |e: lettre::transport::smtp::Error| SendError::Permanent(e.to_string());
        let tls = || TlsParameters::new(settings.host.clone()).map_err(failed);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(Duration::from_secs(20)))
            .pool_config(PoolConfig::new().max_size(8).idle_timeout(Duration::from_secs(25)))
            .tls(match settings.tls {
                SmtpTls::Tls => Tls::Wrapper(tls()?),
                SmtpTls::Starttls => Tls::Required(tls()?),
                SmtpTls::None => Tls::None,
            });
        if let Some((user, password)) = &settings.credentials {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self::Smtp(Box::new(builder.build())))
    }

    /// Sends one frozen message. `name` is the same each time it is tried, so that in a folder a
    /// repeated message takes the place of the first.
    pub async fn send(&self, name: &str, from: &str, to: &str, message: &[u8]) -> Result<(), SendError> {
        match self {
            Self::Folder(folder) => put(folder, &format!("{name}.eml"), message)
                .await
                .map_err(|e| SendError::Transient(e.to_string())),
            Self::Smtp(smtp) => {
                let address = |text: &str| {
                    let mailbox: Result<lettre::message::Mailbox, _> = text.parse();
                    mailbox.map(|m| m.email).map_err(|e| SendError::Permanent(e.to_string()))
                };
                let envelope = Envelope::new(Some(address(from)?), vec![address(to)?]);
                let envelope = envelope.map_err(|e| SendError::Permanent(e.to_string()))?;
                match tokio::time::timeout(TIMEOUT, smtp.send_raw(&envelope, message)).await {
                    Err(_) => {
                        Err(SendError::Transient("the mail server did not finish within 60 seconds".into()))
                    }
                    Ok(Err(e)) if e.is_permanent() => Err(SendError::Permanent(e.to_string())),
                    Ok(Err(e)) => Err(SendError::Transient(e.to_string())),
                    Ok(Ok(_)) => Ok(()),
                }
            }
        }
    }
}

/// Whole or not at all: written beside, made durable, then renamed.
async fn put(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;
    tokio::fs::create_dir_all(folder).await?;
    let beside = folder.join(format!(".{name}.part"));
    let mut file = tokio::fs::File::create(&beside).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    tokio::fs::rename(&beside, folder.join(name)).await
}
