//! Keeps the schedule: asks which tasks are due, and runs them.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;

use super::site::Site;
use super::tasks::Task;
use crate::schedule::{Again, Alarm, Run, Said, Turn, Turns};

/// How long the schedule waits for its alarm.
const LOOKS_ANYWAY: Duration = Duration::from_secs(5);

/// Runs a task for a due time; says when to ask for that time once more, where it is not dealt with.
async fn run_due(task: Task, site: &Arc<Site>, turn: Turn) -> Option<Again> {
    // On its own feet: a task that panics is told of, and is begun again as one whose process ended.
    let running = site.clone();
    match tokio::spawn(async move { task.run(&running, turn).await }).await {
        Ok(Ok(Run::Ran(said))) => {
            if task == Task::Feedback && matches!(said, Said::Did(_)) {
                sends_at_once(site);
            }
            None
        }
        Ok(Ok(Run::Taken { again } | Run::Failed(_, again))) => again.map(|at| Again { at, begun: true }),
        Ok(Ok(Run::Busy)) => Some(Again { at: site.clock.now(), begun: false }),
        Ok(Err(e)) => {
            tracing::error!(task = task.name(), error = %e, "the schedule's ledger cannot be written");
            Some(Again { at: site.clock.now(), begun: false })
        }
        Err(_) => {
            // Perhaps before there was a row of it; where there is one, it is found.
            tracing::error!(task = task.name(), "a scheduled task panicked");
            Some(Again { at: site.clock.now(), begun: false })
        }
    }
}

/// Sends what was just posted, and does not leave it to the next run of the post.
fn sends_at_once(site: &Arc<Site>) {
    let sending = site.clone();
    site.under_way.spawn(async move {
        if let Err(e) = Task::Dispatch.run(&sending, sending.clock.now()).await {
            tracing::error!(error = %e, "the schedule's ledger cannot be written");
        }
    });
}

/// Runs each task when it is due, until told to stop. A task never runs beside itself; what it misses
/// while it runs, or while the process was down, it runs once afterwards; and a run that failed, or whose process
/// ended, is begun once more.
pub async fn keep_schedule(site: Arc<Site>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    site.up_since.get_or_init(|| site.clock.now());
    let mut tasks = tokio::task::JoinSet::new();
    let mut bells = Vec::new();
    for task in Task::ALL {
        let plan = task.plan(&site)?;
        let bell = Arc::new(Notify::new());
        bells.push(bell.clone());
        let site = site.clone();
        tasks.spawn(async move {
            // What came due while nobody ran, in the last month, is made up for at once.
            let mut turns = Turns::since(plan, site.clock.now() - TimeDelta::days(31));
            loop {
                let now = site.clock.now();
                site.ticked.at(now);
                if let Some(turn) = turns.due(now) {
                    turns.came(turn, run_due(task, &site, turn).await);
                }
                tokio::select! {
                    () = bell.notified() => {}
                    // The alarm goes by the machine's clock, and is silent for as long as that is put back.
                    () = tokio::time::sleep(LOOKS_ANYWAY) => {}
                    () = site.stop.cancelled() => return,
                }
            }
        });
    }
    let alarm = Alarm::start(Arc::new(move || {
        for bell in &bells {
            bell.notify_one();
        }
    }))
    .await?;
    site.stop.cancelled().await;
    alarm.stop().await;
    while tasks.join_next().await.is_some() {}
    Ok(())
}
