//! Tokens: what must hold of one before a word of it is believed.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::ProviderRules;
use super::signatures::ALLOWED;
use crate::access::Role;

/// The event that a logout token is about.
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not one of ours, of this time, from this provider, by its key.
    #[error("a token is not good: {0}")]
    NotGood(#[from] jsonwebtoken::errors::Error),
    /// Signed with a key that the provider does not show.
    #[error("a token names a key that the provider does not have")]
    UnknownKey,
    /// The nonce of another sign-in, or none.
    #[error("a token belongs to another sign-in")]
    AnotherSignIn,
    /// The token is for several, and the one that asked for it is not us.
    #[error("a token was made for another client")]
    AnotherClient,
    /// Two answers are about two people.
    #[error("the provider's answers are about two people")]
    AnotherPerson,
    /// A logout token that is none.
    #[error("a logout token does not say what one must")]
    NoLogout,
}

/// The claims that are looked at by name; all others stay as they are.
#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    nonce: Option<String>,
    azp: Option<String>,
    aud: Value,
    exp: i64,
    sid: Option<String>,
    jti: Option<String>,
    events: Option<Map<String, Value>>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Who somebody is, as the provider says.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider's name for the person, which never changes.
    pub subject: String,
    /// The session there.
    pub session: Option<String>,
    more: Map<String, Value>,
}

/// Whose session has ended at the provider.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The token's own id: it counts once.
    pub id: String,
    /// After this it does not count at all.
    pub until: DateTime<Utc>,
    /// The session there.
    pub session: Option<String>,
    /// The person.
    pub subject: Option<String>,
}

impl Identity {
    fn text(&self, claim: &str) -> Option<&str> {
        self.more.get(claim).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Adds what the provider says at its other address. It must be about the same person.
    pub(super) fn add(&mut self, more: Map<String, Value>) -> Result<(), TokenError> {
        if more.get("sub").and_then(Value::as_str) != Some(&self.subject) {
            return Err(TokenError::AnotherPerson);
        }
        // Whether an address is vouched for is said beside it, in the same answer.
        let has_address = self.more.contains_key("email");
        for (claim, value) in more {
            if !(has_address && claim == "email_verified") {
                self.more.entry(claim).or_insert(value);
            }
        }
        Ok(())
    }

    /// The mail address, and whether the provider vouches for it.
    pub fn email(&self) -> Option<(&str, bool)> {
        let vouched = match self.more.get("email_verified") {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        self.text("email").map(|email| (email, vouched))
    }

    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The role that the groups give: the first of the settings that fits.
    pub fn role(&self, rules: &ProviderRules) -> Option<Role> {
        let groups: Vec<&str> = match self.more.get(&rules.groups_claim) {
            Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(group)) => vec![group],
            _ => Vec::new(),
        };
        rules.roles.iter().find(|(group, _)| groups.contains(&group.as_str())).map(|(_, role)| *role)
    }
}

/// PKCE's hash.
pub(super) fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// How a client says who it is (RFC 6749, 2.3.1).
pub(super) fn basic(id: &str, secret: &str) -> String {
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", escaped(id), escaped(secret))))
}

/// The name of the key that a token says it is signed with.
pub(super) fn key_id(token: &str) -> Result<Option<String>, TokenError> {
    Ok(decode_header(token)?.kid)
}

/// The key of this name; without a name, the only signing key.
pub(super) fn choose(keys: &JwkSet, id: Option<&str>) -> Option<Jwk> {
    let signs =
        |key: &&Jwk| key.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
    match id {
        Some(id) => keys.find(id).filter(|key| signs(key)).cloned(),
        None => {
            let mut all = keys.keys.iter().filter(signs);
            all.next().filter(|_| all.next().is_none()).cloned()
        }
    }
}

/// Checks signature, issuer, audience and time.
fn claims(token: &str, key: &Jwk, rules: &ProviderRules) -> Result<Claims, TokenError> {
    let family: &[Algorithm] = match key.algorithm {
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(_) => &[Algorithm::ES256],
        _ => return Err(TokenError::UnknownKey),
    };
    let mut good = Validation::new(ALLOWED[0]);
    good.algorithms = family.to_vec();
    good.set_audience(&[&rules.client_id]);
    good.set_issuer(&[&rules.issuer]);
    good.set_required_spec_claims(&["exp", "iss", "aud"]);
    good.validate_nbf = true;
    let claims: Claims = decode(token, &DecodingKey::from_jwk(key)?, &good)?.claims;
    let several = matches!(&claims.aud, Value::Array(all) if all.len() > 1);
    let ours = claims.azp.as_ref().map_or(!several, |azp| *azp == rules.client_id);
    if ours { Ok(claims) } else { Err(TokenError::AnotherClient) }
}

/// Who an id token is about.
pub(super) fn identity(
    token: &str,
    key: &Jwk,
    rules: &ProviderRules,
    nonce: &str,
) -> Result<Identity, TokenError> {
    let claims = claims(token, key, rules)?;
    if claims.nonce.as_deref() != Some(nonce) {
        return Err(TokenError::AnotherSignIn);
    }
    let subject = claims.sub.filter(|sub| !sub.is_empty()).ok_or(TokenError::AnotherPerson)?;
    Ok(Identity { subject, session: claims.sid, more: claims.more })
}

/// Whose session a logout token ends (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6).
pub(super) fn logout(token: &str, key: &Jwk, rules: &ProviderRules) -> Result<Logout, TokenError> {
    let claims = claims(token, key, rules)?;
    let says = claims.events.is_some_and(|events| events.get(LOGOUT).is_some_and(Value::is_object));
    let (Some(id), None, true) = (claims.jti, &claims.nonce, says) else { return Err(TokenError::NoLogout) };
    if claims.sid.is_none() && claims.sub.is_none() {
        return Err(TokenError::NoLogout);
    }
    // As long as the library takes a token after its end.
    let until = DateTime::from_timestamp(claims.exp, 0).ok_or(TokenError::NoLogout)? + TimeDelta::minutes(2);
    Ok(Logout { id, until, session: claims.sid, subject: claims.sub })
}
