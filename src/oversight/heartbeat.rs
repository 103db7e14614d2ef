//! A sign of life for somebody outside: while all is well an address is called. Whoever keeps it tells people when it is
//! not called any more, which is the one thing that a service that has died cannot do itself.

use std::time::Duration;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Calls the address. An answer that is no success is an error, in words without the address, which may hold a secret.
pub async fn beat(address: String) -> Result<(), String> {
    let call = move || {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).build();
        let agent: ureq::Agent = config.into();
        match agent.get(&address).call() {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("the heartbeat address answered {}", answer.status())),
            Err(ureq::Error::StatusCode(code)) => Err(format!("the heartbeat address answered {code}")),
            Err(ureq::Error::Timeout(_)) => Err("the heartbeat address did not answer in time".to_owned()),
            Err(_) => Err("the heartbeat address cannot be reached".to_owned()),
        }
    };
    tokio::task::spawn_blocking(call).await.unwrap_or_else(|e| Err(e.to_string()))
}
