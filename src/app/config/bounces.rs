//! Where messages come back: `mail.bounces`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::values::{authority, is_loopback, mail_secret, number};
use super::{Config, ConfigError};
use crate::bounces::Source;
use crate::mail::{MailboxSettings, SmtpSignIn, SmtpTls};

/// `mail.bounces`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bounces {
    /// A folder of messages.
    pub folder: PathBuf,
    /// A mailbox.
    pub imap: Imap,
}

/// `mail.bounces.imap`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Imap {
    /// Name of the server; empty for none.
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
    /// The folder that is read.
    pub mailbox: String,
}

impl Config {
    /// Where messages come back.
    pub fn bounces(&self) -> Result<Source, ConfigError> {
        let Bounces { folder, imap } = &self.mail.bounces;
        let folder = (!folder.as_os_str().is_empty()).then(|| folder.clone());
        if imap.host.is_empty() {
            return Ok(Source { folder, mailbox: None });
        }
        let wrong = |name, why: &str| Err(ConfigError::Value(name, why.to_owned()));
        if imap.sign_in == SmtpSignIn::Relay {
            return wrong("mail.bounces.imap.sign_in", "a mailbox wants password or xoauth2");
        }
        if imap.username.is_empty() {
            return wrong("mail.bounces.imap.username", "it is empty, and the mailbox wants one");
        }
        if imap.password.is_empty() && imap.password_file.as_os_str().is_empty() {
            return wrong(
                "mail.bounces.imap.password_file",
                "it is empty, and the mailbox wants a password or a token",
            );
        }
        if imap.tls == SmtpTls::None && !is_loopback(&imap.host) {
            return wrong("mail.bounces.imap.tls", "mail is read under TLS only: write starttls or tls");
        }
        let authority = authority("mail.bounces.imap.authority_file", &imap.authority_file)?;
        let secret = mail_secret(&imap.password_file, &imap.password);
        let mailbox = MailboxSettings {
            host: imap.host.clone(),
            port: imap.port,
            tls: imap.tls,
            authority,
            sign_in: imap.sign_in,
            username: imap.username.clone(),
            secret,
            folder: imap.mailbox.clone(),
            timeout: Duration::from_secs(30),
        };
        Ok(Source { folder, mailbox: Some(mailbox) })
    }
}
