//! Values as the environment gives them: text that is a number, a flag or a list.

use std::path::Path;

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::ConfigError;
use crate::access::Role;
use crate::convening::ReminderDays;
use crate::invitations::MinimumNotice;
use crate::mail::{Domains, SmtpSecret};

/// A number, or text that is one: the environment holds only text.
pub(super) fn number<'de, D: Deserializer<'de>, N: TryFrom<u64>>(deserializer: D) -> Result<N, D::Error> {
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

pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
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

pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
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

pub(super) fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Domains, D::Error> {
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

pub(super) fn minimum_notice<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MinimumNotice, D::Error> {
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

pub(super) fn reminder_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReminderDays, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Days {
        #[serde(deserialize_with = "numbers")]
        answer: Vec<u32>,
        #[serde(deserialize_with = "numbers")]
        report: Vec<u32>,
    }
    let Days { answer, report } = Days::deserialize(deserializer)?;
    Ok(ReminderDays { answer, report })
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        List(Vec<u32>),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::List(list) => Ok(list),
        Either::Text(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts
                .map(|part| part.parse().map_err(|_| de::Error::custom("these are not whole numbers")))
                .collect()
        }
    }
}

/// Codes of roles.
pub(super) fn roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Role>, D::Error> {
    list(deserializer)?.iter().map(|code| code.parse().map_err(de::Error::custom)).collect()
}

/// Addresses, and networks as `10.0.0.0/8`.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let net = |text: &String| {
        let net =
            text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from));
        net.ok_or_else(|| de::Error::custom(format!("\"{text}\" is no address or network, as 10.0.0.0/8")))
    };
    list(deserializer)?.iter().map(net).collect()
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A secret: of its file, where there is one.
/// A certificate authority of one's own, where a file names one.
pub(super) fn authority(name: &'static str, file: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    std::fs::read(file).map(Some).map_err(|e| ConfigError::SecretFile(name, file.into(), e))
}

/// A password or token of a mail server: given, or in a file that is read anew each time.
pub(super) fn mail_secret(file: &Path, plain: &str) -> SmtpSecret {
    match file.as_os_str().is_empty() {
        true => SmtpSecret::Given(SecretString::from(plain.to_owned())),
        false => SmtpSecret::File(file.to_owned()),
    }
}

pub(super) fn secret(name: &'static str, file: &Path, plain: &str) -> Result<String, ConfigError> {
    if file.as_os_str().is_empty() {
        return Ok(plain.to_owned());
    }
    let read = std::fs::read_to_string(file).map_err(|e| ConfigError::SecretFile(name, file.into(), e))?;
    Ok(read.trim_end().to_owned())
}
