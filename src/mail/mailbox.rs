//! A mailbox that is read by IMAP: reports of deliveries that nobody has seen. What is dealt with is marked as seen. Everything
//! else is neither opened nor marked, for a person reads the same mailbox.

use std::time::Duration;

use async_imap::{Authenticator, Client, Session};
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::either::Either;

use super::bounce::LARGEST;
use super::{SmtpSecret, SmtpSignIn, SmtpTls};

/// Reports of deliveries (RFC 3464), by the header that makes them one.
const REPORTS: &str = "UNSEEN HEADER Content-Type delivery-status";
/// Messages at a time: what is left is for the next run.
const AT_ONCE: usize = 200;

/// Where a mailbox is, and how it is opened.
#[derive(Clone, Debug)]
pub struct MailboxSettings {
    /// Its server.
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
    /// The folder: "INBOX".
    pub folder: String,
    /// How long one step may take.
    pub timeout: Duration,
}

/// Why a mailbox could not be read. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// It cannot be reached, or not under TLS.
    #[error("the mailbox cannot be reached: {0}")]
    Connect(String),
    /// It does not take our sign-in.
    #[error("the mailbox does not take our sign-in: {0}")]
    SignIn(String),
    /// A command failed.
    #[error("the mailbox refused: {0}")]
    Command(#[from] async_imap::error::Error),
    /// It took too long.
    #[error("the mailbox did not answer in time")]
    Timeout,
}

type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

struct OAuth(String);

impl Authenticator for OAuth {
    type Response = String;
    /// An error comes as a second challenge, which an empty answer ends.
    fn process(&mut self, _: &[u8]) -> String {
        std::mem::take(&mut self.0)
    }
}

/// A mailbox that is open.
pub struct Mailbox {
    session: Session<Stream>,
    patience: Duration,
}

impl Mailbox {
    /// Opens it.
    pub async fn open(settings: &MailboxSettings) -> Result<Self, MailboxError> {
        match timeout(settings.timeout, Self::connect(settings)).await {
            Ok(opened) => opened,
            Err(_) => Err(MailboxError::Timeout),
        }
    }

    async fn connect(settings: &MailboxSettings) -> Result<Self, MailboxError> {
        let failed = |e: std::io::Error| MailboxError::Connect(e.to_string());
        let stream = TcpStream::connect((settings.host.as_str(), settings.port)).await.map_err(failed)?;
        let mut client = match settings.tls {
            SmtpTls::None => Client::new(Either::Left(stream)),
            SmtpTls::Tls => Client::new(Either::Right(Box::new(secured(stream, settings).await?))),
            SmtpTls::Starttls => {
                let mut plain = Client::new(stream);
                greeted(plain.read_response().await.map_err(failed)?.is_some())?;
                plain.run_command_and_check_ok("STARTTLS", None).await?;
                Client::new(Either::Right(Box::new(secured(plain.into_inner(), settings).await?)))
            }
        };
        if settings.tls != SmtpTls::Starttls {
            greeted(client.read_response().await.map_err(failed)?.is_some())?;
        }
        let secret = settings.secret.read().await.map_err(MailboxError::SignIn)?;
        let user = &settings.username;
        let signed_in = match settings.sign_in {
            SmtpSignIn::Xoauth2 => {
                let token = format!("user={user}\x01auth=Bearer {}\x01\x01", secret.expose_secret());
                client.authenticate("XOAUTH2", OAuth(token)).await
            }
            SmtpSignIn::Password | SmtpSignIn::Relay => client.login(user, secret.expose_secret()).await,
        };
        let mut session = signed_in.map_err(|(e, _)| MailboxError::SignIn(e.to_string()))?;
        session.select(&settings.folder).await?;
        Ok(Self { session, patience: settings.timeout })
    }

    /// The reports that nobody has seen: their numbers, oldest first.
    pub async fn unseen(&mut self) -> Result<Vec<u32>, MailboxError> {
        let found = timeout(self.patience, self.session.uid_search(REPORTS));
        let mut found: Vec<u32> = found.await.map_err(|_| MailboxError::Timeout)??.into_iter().collect();
        found.sort_unstable();
        found.truncate(AT_ONCE);
        Ok(found)
    }

    /// One message, without marking it: whole, or as much of it as is looked at.
    pub async fn message(&mut self, number: u32) -> Result<Vec<u8>, MailboxError> {
        let read = async {
            let part = format!("BODY.PEEK[]<0.{}>", LARGEST + 1);
            let fetched = self.session.uid_fetch(number.to_string(), part).await?;
            let fetched: Vec<_> = fetched.try_collect().await?;
            Ok(fetched.iter().find_map(|one| one.body()).map(<[u8]>::to_vec).unwrap_or_default())
        };
        timeout(self.patience, read).await.map_err(|_| MailboxError::Timeout)?
    }

    /// It is dealt with.
    pub async fn mark(&mut self, number: u32) -> Result<(), MailboxError> {
        let marked = async {
            let stored = self.session.uid_store(number.to_string(), "+FLAGS.SILENT (\\Seen)").await?;
            stored.try_collect::<Vec<_>>().await?;
            Ok(())
        };
        timeout(self.patience, marked).await.map_err(|_| MailboxError::Timeout)?
    }

    /// Closes it.
    pub async fn close(mut self) {
        // Whatever it answers, nothing more is asked of it.
        let _ = timeout(self.patience, self.session.logout()).await;
    }
}

fn greeted(greeted: bool) -> Result<(), MailboxError> {
    match greeted {
        true => Ok(()),
        false => Err(MailboxError::Connect("it hung up without a greeting".to_owned())),
    }
}

async fn secured(
    stream: TcpStream,
    settings: &MailboxSettings,
) -> Result<TlsStream<TcpStream>, MailboxError> {
    let failed = |why: String| MailboxError::Connect(why);
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = &settings.authority {
        let own: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        roots.add_parsable_certificates(own.map_err(|e| failed(e.to_string()))?);
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(settings.host.clone()).map_err(|e| failed(e.to_string()))?;
    let connector = TlsConnector::from(std::sync::Arc::new(config));
    connector.connect(name, stream).await.map_err(|e| failed(e.to_string()))
}
