//! `quorate serve`: pages and schedule in one process, until told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use super::keeping::keep_schedule;
use super::metrics;
use super::routes::router;
use super::site::Site;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Requests under way have at least this long to end.
const GRACE: Duration = Duration::from_secs(20);
/// A letter under way has as long as its exchange may take, and this to be settled.
const SETTLED: Duration = Duration::from_secs(5);

const UPKEEP: Duration = Duration::from_secs(5);

/// Listens where a setting says.
pub(super) async fn bind(setting: &str, address: &str) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|e| format!("{setting}: cannot listen on {address}: {e}").into())
}

/// Prints a line. That nobody reads it any more is no reason not to serve.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Serves the pages of this site.
pub(super) async fn serve(site: Arc<Site>) -> Result<(), Failure> {
    let listener = bind("server.listen", &site.config.server.listen).await?;
    let at = listener.local_addr()?;
    say(&format!("Quorate is at http://{at}"));
    if let Some(path) = site.first_link().await? {
        let address = match site.config.server.address.is_empty() {
            true => format!("http://{at}"),
            false => site.config.server.address(),
        };
        say(&format!("Nobody can sign in yet. The first account is made, once, at\n{address}{path}"));
    }
    let pages = router(&site);
    serve_on(site, listener, pages).await
}

/// Serves these pages and keeps the schedule.
pub(super) async fn serve_on(site: Arc<Site>, listener: TcpListener, pages: Router) -> Result<(), Failure> {
    let figures = &site.config.server.metrics_listen;
    if !figures.is_empty() {
        let listener = bind("server.metrics_listen", figures).await?;
        let stop = site.stop.clone().cancelled_owned();
        let handle = metrics::install()?;
        let (kept, ended) = (handle.clone(), site.stop.clone());
        site.under_way.spawn(async move {
            // What the histograms gather is folded whether or not anybody looks.
            while tokio::time::timeout(UPKEEP, ended.cancelled()).await.is_err() {
                kept.run_upkeep();
            }
        });
        let figures = metrics::router(site.clone(), handle);
        site.under_way.spawn(async move {
            if let Err(error) = axum::serve(listener, figures).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "the figures are no longer served");
            }
        });
    }
    let keeping = site.clone();
    let schedule = tokio::spawn(async move {
        let kept = keep_schedule(keeping.clone()).await;
        // Pages without a schedule would look well and send nothing.
        keeping.stop.cancel();
        kept
    });
    let signalled = site.stop.clone();
    tokio::spawn(async move {
        told_to_stop().await;
        tracing::info!("stopping");
        signalled.cancel();
    });
    let pages = pages.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, pages).with_graceful_shutdown(site.stop.clone().cancelled_owned());
    let ended = async {
        let served = server.await;
        let kept = schedule.await;
        site.under_way.close();
        site.under_way.wait().await;
        (served, kept)
    };
    tokio::pin!(ended);
    let grace = GRACE.max(site.config.pace().timeout + SETTLED);
    tokio::select! {
        (served, kept) = &mut ended => {
            served?;
            kept??;
        }
        () = async { site.stop.cancelled().await; tokio::time::sleep(grace).await } => {
            tracing::warn!("what was under way did not end in time");
        }
    }
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
pub(super) async fn told_to_stop() {
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
