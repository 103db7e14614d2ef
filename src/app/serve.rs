//! `quorate serve`: pages and schedule in one process, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::routes::router;
use super::site::Site;
use super::tasks::keep_schedule;

/// Requests and letters under way have this long to end.
const GRACE: Duration = Duration::from_secs(20);

pub(super) async fn serve(site: Arc<Site>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let listen = &site.config.server.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| format!("server.listen: cannot listen on {listen}: {e}"))?;
    println!("Quorate is at http://{}", listener.local_addr()?);
    let stop = CancellationToken::new();
    let schedule = tokio::spawn(keep_schedule(site.clone(), stop.clone()));
    let signalled = stop.clone();
    tokio::spawn(async move {
        told_to_stop().await;
        tracing::info!("stopping");
        signalled.cancel();
    });
    let server = axum::serve(listener, router(&site)).with_graceful_shutdown(stop.clone().cancelled_owned());
    let ended = async {
        let served = server.await;
        let kept = schedule.await;
        (served, kept)
    };
    tokio::pin!(ended);
    tokio::select! {
        (served, kept) = &mut ended => {
            served?;
            kept??;
        }
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => {
            tracing::warn!("what was under way did not end in time");
        }
    }
    Ok(())
}

async fn told_to_stop() {
    let interrupt = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                () = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(_) => interrupt.await,
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
