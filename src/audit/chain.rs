//! The hashes of the chain.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::platform::Keys;

/// What one link says, apart from its own hash.
pub(super) struct Link<'a> {
    pub number: i64,
    pub at: DateTime<Utc>,
    pub actor: &'a str,
    pub role: &'a str,
    pub action: &'a str,
    pub object: &'a str,
    pub payload_digest: &'a [u8],
    pub previous: &'a [u8],
}

/// A keyed hash over every field, each with its length before it, so that no two links read the same.
/// Without the keys nobody can write the chain anew from the database alone.
pub(super) fn hash(keys: &Keys, link: &Link<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    let number = link.number.to_be_bytes();
    let at = link.at.timestamp_micros().to_be_bytes();
    let fields: [&[u8]; 8] = [
        &number,
        &at,
        link.actor.as_bytes(),
        link.role.as_bytes(),
        link.action.as_bytes(),
        link.object.as_bytes(),
        link.payload_digest,
        link.previous,
    ];
    for field in fields {
        text.extend((field.len() as u64).to_be_bytes());
        text.extend(field);
    }
    keys.find("audit_entry", &text)
}

/// The seal of the trail's head.
pub(super) fn seal(keys: &Keys, number: i64, hash: &[u8]) -> Vec<u8> {
    keys.find("audit_head", [number.to_be_bytes().as_slice(), hash].concat())
}

/// The digest of a payload under its own salt.
pub(super) fn digest(salt: &[u8], payload: &str) -> Vec<u8> {
    let mut sha = Sha256::new();
    sha.update(salt);
    sha.update(payload.as_bytes());
    sha.finalize().to_vec()
}
