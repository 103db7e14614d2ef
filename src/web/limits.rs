//! How much one address, and one account, may ask for. An address is believed from the connection; from a
//! header only where a trusted proxy made the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use ipnet::IpNet;
use uuid::Uuid;

use super::{Desk, Problem};

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Self>().copied();
        found.ok_or_else(|| Problem::internal("the layer of limits is missing"))
    }
}

impl ClientAddress {
    /// The peer of the connection; behind a trusted proxy the last address of `X-Forwarded-For` that is not a
    /// trusted proxy's own. What stands before it, anybody could have written.
    fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_proxy = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
        let peer = peer.to_canonical();
        if !is_proxy(&peer) {
            return Self(peer);
        }
        let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
        let said: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut client = peer;
        for text in said.into_iter().rev() {
            let Ok(address) = text.parse::<IpAddr>() else { break };
            client = address.to_canonical();
            if !is_proxy(&client) {
                break;
            }
        }
        Self(client)
    }

    /// Whose it is: of IPv6 somebody has a whole /64.
    fn key(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }
}

/// What the limits are; 0 for none.
#[derive(Clone, Debug)]
pub struct LimitRules {
    /// Requests a minute from one address: an office of many people may be one.
    pub by_address: u32,
    /// Requests a minute of one account.
    pub by_account: u32,
    /// Passwords, codes and links tried a minute from one address.
    pub attempts: u32,
    /// The proxies whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
}

/// One limit, counted for each key.
struct Limit<K: std::hash::Hash + Eq + Clone>(Option<DefaultKeyedRateLimiter<K>>);

impl<K: std::hash::Hash + Eq + Clone> Limit<K> {
    /// A minute's worth may come at once; after that it flows evenly.
    fn a_minute(count: u32) -> Self {
        Self(NonZeroU32::new(count).map(|count| DefaultKeyedRateLimiter::keyed(Quota::per_minute(count))))
    }

    fn check(&self, key: &K) -> Result<(), Problem> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        let now = || DefaultClock::default().now();
        limiter.check_key(key).map_err(|until| Problem::TooMany(until.wait_time_from(now())))
    }

    fn tidy(&self) {
        self.0.iter().for_each(DefaultKeyedRateLimiter::retain_recent);
    }
}

/// The limits of this process.
pub struct Limits {
    by_address: Limit<IpAddr>,
    by_account: Limit<Uuid>,
    attempts: Limit<IpAddr>,
    trusted_proxies: Vec<IpNet>,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Limits {
    /// With nothing counted yet.
    pub fn new(rules: LimitRules) -> Self {
        Self {
            by_address: Limit::a_minute(rules.by_address),
            by_account: Limit::a_minute(rules.by_account),
            attempts: Limit::a_minute(rules.attempts),
            trusted_proxies: rules.trusted_proxies,
        }
    }

    /// Forgets those who have not asked for anything lately (a scheduled task).
    pub fn tidy(&self) {
        self.by_address.tidy();
        self.by_account.tidy();
        self.attempts.tidy();
    }

    /// Whether an account may ask for more.
    pub fn account(&self, id: Uuid) -> Result<(), Problem> {
        self.by_account.check(&id)
    }
}

/// The addresses at which something secret is tried.
fn is_attempt(request: &Request) -> bool {
    let path = request.uri().path();
    request.method() == Method::POST
        && (["/second-factor", "/second-factor/set-up", "/me/password"].contains(&path)
            || path.starts_with("/sign-in")
            || path.starts_with("/welcome/")
            || path.starts_with("/answer/")
            || path.starts_with("/reply/"))
}

/// The layer.
pub async fn limited(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let client = ClientAddress::of(peer, request.headers(), &desk.limits.trusted_proxies);
    let key = client.key();
    let mut allowed = desk.limits.by_address.check(&key);
    if allowed.is_ok() && is_attempt(&request) {
        allowed = desk.limits.attempts.check(&key);
    }
    if let Err(too_many) = allowed {
        return too_many.into_response();
    }
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// Whole seconds, rounded up: who waits so long is let in.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        ClientAddress::of(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_header_is_believed_only_from_a_trusted_proxy_and_only_its_last_stranger() {
        for (peer, forwarded, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["6.6.6.6", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, nonsense"], "127.0.0.1"),
            ("::ffff:127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
        ] {
            assert_eq!(client(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_client() {
        let key = |text: &str| ClientAddress(text.parse().unwrap()).key();
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    }
}
