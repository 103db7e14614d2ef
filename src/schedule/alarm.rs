//! The alarm: it ticks each second and says so, nothing more.

use std::pin::Pin;
use std::sync::Arc;

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// A running alarm.
pub struct Alarm {
    scheduler: JobScheduler,
}

impl Alarm {
    /// Calls `tick` each second, in UTC, from now on. The work itself is not done in the tick's job:
    /// the library would run the next tick beside it.
    pub async fn start(tick: Arc<dyn Fn() + Send + Sync>) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let job = Job::new_async("* * * * * *", move |_, _| {
            tick();
            Box::pin(async {}) as Pin<Box<dyn Future<Output = ()> + Send>>
        })?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self { scheduler })
    }

    /// Stops ticking.
    pub async fn stop(mut self) {
        if let Err(e) = self.scheduler.shutdown().await {
            tracing::warn!(error = %e, "the alarm did not stop cleanly");
        }
    }
}
