//! The exchange with a mail server, by lettre's connection, command by command: which step failed says
//! whose trouble it is. A server that cannot be reached, or does not take our sign-in or our sender, is
//! no reason to give a letter up; a refused recipient is; and a letter that was handed over without an
//! answer may have been delivered.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use lettre::address::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::SendError;

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

/// How we sign in to the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSignIn {
    /// Not at all: the server knows this machine by its address.
    Relay,
    /// User and password.
    Password,
    /// User and an OAuth 2 access token.
    Xoauth2,
}

/// A password or an access token.
#[derive(Clone, Debug)]
pub enum SmtpSecret {
    /// From the settings.
    Given(SecretString),
    /// A file, read anew for each connection: tokens live an hour, and whoever renews them writes it there.
    File(PathBuf),
}

impl SmtpSecret {
    /// The secret. The error names the file.
    pub async fn read(&self) -> Result<SecretString, String> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::File(path) => match tokio::fs::read_to_string(path).await {
                Ok(text) => Ok(SecretString::from(text.trim_end().to_owned())),
                Err(e) => Err(format!("cannot read {}: {e}", path.display())),
            },
        }
    }
}

/// Where the mail server is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The protection.
    pub tls: SmtpTls,
    /// A certificate authority beside the usual ones, as PEM.
    pub authority: Option<Vec<u8>>,
    /// How to sign in.
    pub sign_in: SmtpSignIn,
    /// As whom.
    pub username: String,
    /// With what.
    pub secret: SmtpSecret,
    /// How this machine greets the server; `None`: by its own name.
    pub hello: Option<String>,
    /// The whole exchange about one letter may take this long.
    pub timeout: Duration,
}

/// A connection is not used again after this: servers close idle ones after half a minute or more.
const IDLE: Duration = Duration::from_secs(25);

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// A mail server and the connections to it that are idle.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    idle: Mutex<Vec<Idle>>,
}

impl Smtp {
    /// Looks at the settings. Nothing is connected before the first letter.
    pub fn new(settings: SmtpSettings) -> Result<Self, SendError> {
        let failed = |e: Error| SendError::Unavailable(e.to_string());
        let tls = if settings.tls == SmtpTls::None {
            None
        } else {
            let mut builder = TlsParameters::builder(settings.host.clone());
            if let Some(pem) = &settings.authority {
                builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(failed)?);
            }
            Some(builder.build().map_err(failed)?)
        };
        let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self { settings, tls, hello, idle: Mutex::default() })
    }

    /// Sends one letter to one recipient.
    pub async fn send(&self, from: &Address, to: &Address, message: &[u8]) -> Result<(), SendError> {
        let seconds = self.settings.timeout.as_secs();
        let deadline = Instant::now() + self.settings.timeout;
        let late = format!("the mail server did not answer within {seconds} seconds");
        let connection = match timeout_at(deadline, self.begin(from)).await {
            Ok(begun) => begun?,
            Err(_) => return Err(SendError::Unavailable(late)),
        };
        // From here on the server has taken us and our sender: what fails is about this letter.
        let mut connection = match timeout_at(deadline, self.offer(connection, to)).await {
            Ok(offered) => offered?,
            Err(_) => return Err(SendError::Transient(late)),
        };
        match timeout_at(deadline, connection.message(message)).await {
            Ok(Ok(_)) => {
                self.keep(connection);
                Ok(())
            }
            Ok(Err(e)) if e.status().is_some() => {
                self.keep(connection);
                Err(refused(&e))
            }
            Ok(Err(e)) => {
                Err(SendError::Unsure(format!("the connection ended before the answer to the letter: {e}")))
            }
            Err(_) => Err(SendError::Unsure(format!(
                "the mail server did not take the letter within {seconds} seconds"
            ))),
        }
    }

    /// A connection on which the server has taken our sender.
    async fn begin(&self, from: &Address) -> Result<AsyncSmtpConnection, SendError> {
        let mail = || Mail::new(Some(from.clone()), Vec::new());
        // An idle connection may have been closed at the other end: then a new one is tried before anything is said.
        if let Some(mut connection) = self.take()
            && connection.command(mail()).await.is_ok()
        {
            return Ok(connection);
        }
        let mut connection = self.connect().await?;
        connection.command(mail()).await.map_err(unavailable)?;
        Ok(connection)
    }

    /// The same, ready to read the letter.
    async fn offer(
        &self,
        mut connection: AsyncSmtpConnection,
        to: &Address,
    ) -> Result<AsyncSmtpConnection, SendError> {
        let offered = match connection.command(Rcpt::new(to.clone(), Vec::new())).await {
            Ok(_) => connection.command(Data).await,
            Err(e) => Err(e),
        };
        match offered {
            Ok(_) => Ok(connection),
            Err(e) => {
                if e.status().is_some() && connection.command(Rset).await.is_ok() {
                    self.keep(connection);
                }
                Err(refused(&e))
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let Smtp { settings, tls, hello, .. } = self;
        let server = (settings.host.as_str(), settings.port);
        let mut connection = if settings.tls == SmtpTls::Tls {
            let connecting = AsyncSmtpConnection::connect_tokio1(server, None, hello, tls.clone(), None);
            connecting.await.map_err(unavailable)?
        } else {
            // The end of a letter is a write of its own: without this it waits 40 ms for an acknowledgement.
            let stream = TcpStream::connect(server).await.and_then(|s| s.set_nodelay(true).map(|()| s));
            let stream = stream.map_err(|e| SendError::Unavailable(format!("cannot connect: {e}")))?;
            let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello);
            let mut connection = connecting.await.map_err(unavailable)?;
            if let Some(tls) = tls {
                connection.starttls(tls.clone(), hello).await.map_err(unavailable)?;
            }
            connection
        };
        let mechanisms: &[Mechanism] = match settings.sign_in {
            SmtpSignIn::Relay => return Ok(connection),
            SmtpSignIn::Password => &[Mechanism::Plain, Mechanism::Login],
            SmtpSignIn::Xoauth2 => &[Mechanism::Xoauth2],
        };
        let secret = settings.secret.read().await;
        let secret = secret.map_err(|e| SendError::Unavailable(format!("mail.smtp.password_file: {e}")))?;
        let credentials = Credentials::new(settings.username.clone(), secret.expose_secret().to_owned());
        connection.auth(mechanisms, &credentials).await.map_err(unavailable)?;
        Ok(connection)
    }

    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().expect("nothing panics while it holds this");
        idle.retain(|i| i.since.elapsed() < IDLE);
        idle.pop().map(|i| i.connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().expect("nothing panics while it holds this");
        idle.push(Idle { connection, since: Instant::now() });
    }
}

fn unavailable(e: Error) -> SendError {
    SendError::Unavailable(e.to_string())
}

/// What an answer to a recipient or to a letter means. Many servers answer to the recipient what they have
/// against us: our address, our sender, our sign-in (RFC 3463: 5.7 policy, 5.1.7 and 5.1.8 the sender, 5.3 the
/// server, but for 5.3.4, a letter too big for it; 5.5 the protocol, but for "550 5.5.0", which some say of a mailbox that is
/// not there). That is put right here or there, and the letter is tried again.
fn refused(e: &Error) -> SendError {
    let code = e.status().map(|code| code.to_string());
    let said = std::error::Error::source(e).map(ToString::to_string).unwrap_or_default();
    let status = said.split_whitespace().next().unwrap_or_default();
    let against_us = match status {
        "5.1.7" | "5.1.8" | "5.2.252" => true,
        _ if status.starts_with("5.3.") => status != "5.3.4",
        "5.5.0" => code.as_deref() != Some("550"),
        _ if status.starts_with("5.5.") => true,
        _ => status.starts_with("5.7."),
    };
    match code.as_deref() {
        // It wants a sign-in that it did not get: no fault of this letter's. Some ask that of some recipients alone.
        Some("530" | "534" | "535" | "538") => SendError::Transient(e.to_string()),
        // The connection ended, or the server ends it.
        None | Some("421") => SendError::Transient(e.to_string()),
        Some(_) if against_us => SendError::Transient(e.to_string()),
        Some(_) if e.is_permanent() => SendError::Permanent(e.to_string()),
        Some(_) => SendError::Transient(e.to_string()),
    }
}
