//! Signing in at the council's identity provider: OpenID Connect, the code flow with PKCE, state and nonce. The
//! provider's keys are fetched anew when a token names one that is not known; its groups give the role.

mod signatures;
mod token;

use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::Role;
pub use token::{Identity, Logout, TokenError};

/// An exchange with the provider takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the provider says of itself is asked for again after this long.
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// A token with an unknown key makes us ask again, and not more often than this.
const ASKS_EVERY: Duration = Duration::from_secs(10);
/// An answer is no larger.
const ANSWER: u64 = 512 * 1024;

/// The settings.
#[derive(Clone, Debug)]
pub struct ProviderRules {
    /// What people know it by: "the council's account".
    pub name: String,
    /// Its address, exactly as it names itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: SecretString,
    /// Where it sends people back to.
    pub redirect_uri: String,
    /// The claim that holds the groups.
    pub groups_claim: String,
    /// The role of each group; the first that fits counts.
    pub roles: Vec<(String, Role)>,
}

/// Why the provider could not be asked, or its answer not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It cannot be reached, or answers with an error.
    #[error("the identity provider: {0}")]
    Exchange(String),
    /// What it says of itself is not what the settings say.
    #[error("the identity provider calls itself \"{0}\", and access.provider.issuer says otherwise")]
    AnotherIssuer(String),
    /// An address without TLS.
    #[error("the identity provider's {0} is not https")]
    Insecure(&'static str),
    /// A token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// What a provider says of itself.
#[derive(Clone, Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
}

#[derive(Clone)]
struct Known {
    at: Instant,
    discovery: Discovery,
    keys: JwkSet,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// One sign-in under way.
#[derive(Clone, Copy, Debug)]
pub struct Started<'a> {
    /// Comes back with the code.
    pub state: &'a str,
    /// Comes back in the token.
    pub nonce: &'a str,
    /// PKCE: its hash goes first, itself with the code.
    pub verifier: &'a str,
}

/// The provider.
pub struct Provider {
    /// The settings.
    pub rules: ProviderRules,
    agent: ureq::Agent,
    known: Mutex<Option<Known>>,
    /// When it last could not be asked, and why: it is not asked again at once.
    failed: Mutex<Option<(Instant, String)>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.rules.issuer).finish_non_exhaustive()
    }
}

impl Provider {
    /// With nothing known yet: the provider is asked at the first sign-in.
    pub fn new(rules: ProviderRules) -> Self {
        signatures::install();
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).build();
        Self { rules, agent: config.into(), known: Mutex::new(None), failed: Mutex::new(None) }
    }

    /// Asks the provider, off the async threads.
    async fn ask<T: DeserializeOwned + Send + 'static>(
        &self,
        what: impl FnOnce(&ureq::Agent) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
    ) -> Result<T, ProviderError> {
        let agent = self.agent.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let mut answer = what(&agent)?;
            answer.body_mut().with_config().limit(ANSWER).read_to_vec()
        });
        let answer = asked.await.map_err(|e| ProviderError::Exchange(e.to_string()))?;
        let answer = answer.map_err(|e| ProviderError::Exchange(e.to_string()))?;
        serde_json::from_slice(&answer).map_err(|e| ProviderError::Exchange(e.to_string()))
    }

    /// An address is https; or, like the issuer, on this machine.
    fn safe(&self, name: &'static str, address: &str) -> Result<(), ProviderError> {
        let local = |address: &str| {
            url::Url::parse(address).ok().is_some_and(|url| {
                url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
            })
        };
        match address.starts_with("https://") || (local(&self.rules.issuer) && local(address)) {
            true => Ok(()),
            false => Err(ProviderError::Insecure(name)),
        }
    }

    async fn fetch(&self) -> Result<Known, ProviderError> {
        let issuer = &self.rules.issuer;
        self.safe("issuer", issuer)?;
        let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery: Discovery = self.ask(move |agent| agent.get(at).call()).await?;
        if discovery.issuer != *issuer {
            return Err(ProviderError::AnotherIssuer(discovery.issuer));
        }
        self.safe("authorization_endpoint", &discovery.authorization_endpoint)?;
        self.safe("token_endpoint", &discovery.token_endpoint)?;
        self.safe("jwks_uri", &discovery.jwks_uri)?;
        let at = discovery.jwks_uri.clone();
        let keys = self.ask(move |agent| agent.get(at).call()).await?;
        Ok(Known { at: Instant::now(), discovery, keys })
    }

    /// What is known of the provider, at most this old.
    async fn known(&self, age: Duration) -> Result<Known, ProviderError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < age) {
            return Ok(known.clone());
        }
        let mut failed = self.failed.lock().await;
        let fetched = match failed.as_ref().filter(|(at, _)| at.elapsed() < ASKS_EVERY) {
            Some((_, why)) => Err(ProviderError::Exchange(why.clone())),
            None => self.fetch().await,
        };
        match (fetched, known.as_ref()) {
            (Ok(fetched), _) => {
                *known = Some(fetched.clone());
                Ok(fetched)
            }
            // While it does not answer, what is known of it goes on being so.
            (Err(error), Some(stale)) => {
                failed.get_or_insert((Instant::now(), error.to_string())).0 = Instant::now();
                Ok(stale.clone())
            }
            (Err(error), None) => {
                *failed = Some((Instant::now(), error.to_string()));
                Err(error)
            }
        }
    }

    /// The key that signed a token; one that is not known is asked for.
    async fn key(&self, token: &str) -> Result<Jwk, ProviderError> {
        let id = token::key_id(token)?;
        let of = |known: &Known| token::choose(&known.keys, id.as_deref());
        if let Some(key) = of(&self.known(KNOWN_FOR).await?) {
            return Ok(key);
        }
        of(&self.known(ASKS_EVERY).await?).ok_or(TokenError::UnknownKey.into())
    }

    /// The address at which somebody signs in there.
    pub async fn sign_in_address(&self, started: Started<'_>) -> Result<String, ProviderError> {
        let known = self.known(KNOWN_FOR).await?;
        let address = url::Url::parse_with_params(
            &known.discovery.authorization_endpoint,
            [
                ("response_type", "code"),
                ("client_id", &self.rules.client_id),
                ("redirect_uri", &self.rules.redirect_uri),
                ("scope", "openid email profile"),
                ("state", started.state),
                ("nonce", started.nonce),
                ("code_challenge", &token::challenge(started.verifier)),
                ("code_challenge_method", "S256"),
            ],
        );
        address.map(String::from).map_err(|e| ProviderError::Exchange(e.to_string()))
    }

    /// Who it is that came back with this code.
    pub async fn identity(&self, code: &str, started: Started<'_>) -> Result<Identity, ProviderError> {
        let known = self.known(KNOWN_FOR).await?;
        let form = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.rules.redirect_uri.clone()),
            ("code_verifier", started.verifier.to_owned()),
        ];
        let secret = self.rules.client_secret.expose_secret();
        let basic = token::basic(&self.rules.client_id, secret);
        let at = known.discovery.token_endpoint.clone();
        let tokens: Tokens =
            self.ask(move |agent| agent.post(at).header("authorization", basic).send_form(form)).await?;
        let key = self.key(&tokens.id_token).await?;
        let mut identity = token::identity(&tokens.id_token, &key, &self.rules, started.nonce)?;
        if let (Some(at), Some(access)) = (known.discovery.userinfo_endpoint, tokens.access_token) {
            self.safe("userinfo_endpoint", &at)?;
            let bearer = format!("Bearer {access}");
            let more: Map<String, Value> =
                self.ask(move |agent| agent.get(at).header("authorization", bearer).call()).await?;
            identity.add(more)?;
        }
        Ok(identity)
    }

    /// Whose session has ended there.
    pub async fn ended(&self, token: &str) -> Result<Logout, ProviderError> {
        let key = self.key(token).await?;
        Ok(token::logout(token, &key, &self.rules)?)
    }
}
