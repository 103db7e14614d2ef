//! A signed statement of how far the trail had come. Kept off the machine, it finds what the trail alone
//! cannot: that its end was cut off, or all of it written anew by somebody who has the keys.

use chrono::{DateTime, Utc};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use serde::{Deserialize, Serialize};

use super::entity::{entry, head};
use super::verify::{Broken, verify};
use crate::platform::Keys;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The last entry's number.
    pub number: i64,
    /// The last entry's hash, in hexadecimal digits.
    pub hash: String,
    /// The key that anybody can check the signature with (Ed25519, hexadecimal). Keep it apart: a forger's
    /// checkpoint bears a forger's key.
    pub public_key: String,
    /// The signature over the other lines.
    pub signature: String,
}

fn signer(keys: &Keys) -> Ed25519KeyPair {
    let seed = keys.find("audit_checkpoint", "ed25519");
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("a keyed hash has 32 bytes")
}

impl Checkpoint {
    fn text(&self) -> String {
        let at = self.made_at.timestamp_micros();
        format!("quorate audit checkpoint\n{at}\n{}\n{}\n{}", self.number, self.hash, self.public_key)
    }

    /// States how far the trail has come, if it stands.
    pub async fn make(
        db: &impl ConnectionTrait,
        keys: &Keys,
        made_at: DateTime<Utc>,
    ) -> Result<Result<Self, Broken>, DbErr> {
        if let Err(broken) = verify(db, keys).await? {
            return Ok(Err(broken));
        }
        let head = head::Entity::find_by_id(1).one(db).await?;
        let head = head.ok_or_else(|| DbErr::RecordNotFound("audit_head".to_owned()))?;
        let signer = signer(keys);
        let mut made = Self {
            made_at,
            number: head.number,
            hash: hex::encode(head.hash),
            public_key: hex::encode(signer.public_key()),
            signature: String::new(),
        };
        made.signature = hex::encode(signer.sign(made.text().as_bytes()));
        Ok(Ok(made))
    }

    /// Whether these keys signed it.
    fn is_ours(&self, keys: &Keys) -> bool {
        let signer = signer(keys);
        let key = UnparsedPublicKey::new(&ED25519, signer.public_key());
        hex::decode(&self.signature).is_ok_and(|s| key.verify(self.text().as_bytes(), &s).is_ok())
    }

    /// Whether the trail still holds what it held then. `Err` says what is wrong.
    pub async fn stands(
        &self,
        db: &impl ConnectionTrait,
        keys: &Keys,
    ) -> Result<Result<(), &'static str>, DbErr> {
        if !self.is_ours(keys) {
            return Ok(Err("these keys did not sign it"));
        }
        if self.number == 0 {
            return Ok(Ok(()));
        }
        Ok(match entry::Entity::find_by_id(self.number).one(db).await? {
            None => Err("its last entry is no longer in the trail: the end was cut off"),
            Some(entry) if hex::encode(&entry.hash) != self.hash => {
                Err("its last entry reads otherwise now: the trail was written anew")
            }
            Some(_) => Ok(()),
        })
    }
}
