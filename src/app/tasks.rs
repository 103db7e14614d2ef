//! The scheduled tasks, and the loop that asks which are due.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::site::Site;
use crate::access;
use crate::feedback::{self, FeedbackError, Office, StillDue};
use crate::outbox;
use crate::schedule::{self, Alarm, Plan, PlanError, Run, Said};

/// A task by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Finds confirmed absences past their hold and posts their letters.
    Feedback,
    /// Sends what is in the outbox.
    Dispatch,
    /// Removes sessions that have ended.
    Sessions,
}

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Feedback could not be made.
    #[error(transparent)]
    Feedback(#[from] FeedbackError),
    /// The database refused.
    #[error("database: {0}")]
    Db(#[from] sea_orm::DbErr),
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 3] = [Self::Feedback, Self::Dispatch, Self::Sessions];

    /// Its name, as in `schedule.<task>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Dispatch => "dispatch",
            Self::Sessions => "sessions",
        }
    }

    /// When it runs.
    pub fn plan(self, site: &Site) -> Result<Plan, PlanError> {
        let schedule = &site.config.schedule;
        let cron = match self {
            Self::Feedback => &schedule.feedback,
            Self::Dispatch => &schedule.dispatch,
            Self::Sessions => &schedule.sessions,
        };
        Plan::parse(self.name(), cron)
    }

    async fn work(self, site: &Site, stop: &CancellationToken) -> Result<Said, TaskError> {
        let now = || site.clock.now();
        match self {
            Self::Feedback => {
                let office = Office {
                    db: &site.db,
                    keys: &site.keys,
                    templates: &site.templates,
                    policies: &site.rules.policies,
                    settings: &site.rules.feedback,
                };
                let made = feedback::make(office, now()).await?;
                if made.is_idle() {
                    return Ok(Said::Nothing);
                }
                if let Some(why) = made.nothing_because {
                    return Ok(Said::Waits(why));
                }
                Ok(Said::Did(format!(
                    "{} letters about {} absences; {} to telephone, {} held back",
                    made.letters, made.absences, made.telephone_calls, made.held_back
                )))
            }
            Self::Dispatch => {
                let delivery =
                    StillDue { db: &site.db, policies: &site.rules.policies, settings: &site.rules.feedback };
                let carrier = outbox::Carrier {
                    db: &site.db,
                    transport: &site.transport,
                    from: &site.config.mail.from,
                    delivery: &delivery,
                    pace: site.config.pace(),
                    stop,
                };
                let done = carrier.dispatch(now).await?;
                let did = format!(
                    "{} sent, {} put off, {} given up, {} cancelled",
                    done.sent, done.put_off, done.failed, done.cancelled
                );
                Ok(match (done.left, done.sent + done.put_off + done.failed + done.cancelled) {
                    (None, 0) => Said::Nothing,
                    (Some(why), 0) => Said::Waits(why),
                    (None, _) => Said::Did(did),
                    (Some(why), _) => Said::Did(format!("{did}; the rest waits: {why}")),
                })
            }
            Self::Sessions => Ok(match access::forget_ended(&site.db, now()).await? {
                0 => Said::Nothing,
                n => Said::Did(format!("{n} ended sessions removed")),
            }),
        }
    }

    /// Runs it for one due time.
    pub async fn run(
        self,
        site: &Site,
        due_at: DateTime<Utc>,
        stop: &CancellationToken,
    ) -> Result<Run, sea_orm::DbErr> {
        schedule::run(&site.db, self.name(), due_at, || site.clock.now(), self.work(site, stop)).await
    }
}

/// Runs each task when it is due, until told to stop. A task never runs beside itself; what it misses
/// while it runs, or while the process was down, it runs once afterwards.
pub async fn keep_schedule(
    site: Arc<Site>,
    stop: CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut tasks = tokio::task::JoinSet::new();
    let mut bells = Vec::new();
    for task in Task::ALL {
        let plan = task.plan(&site)?;
        let bell = Arc::new(Notify::new());
        bells.push(bell.clone());
        let (site, stop) = (site.clone(), stop.clone());
        tasks.spawn(async move {
            // What came due while nobody ran, in the last month, is made up for at once.
            let mut last = site.clock.now() - TimeDelta::days(31);
            loop {
                if let Some(due_at) = plan.due(last, site.clock.now()) {
                    match task.run(&site, due_at, &stop).await {
                        Ok(_) => last = due_at,
                        Err(e) => {
                            tracing::error!(task = task.name(), error = %e, "the schedule's ledger cannot be written");
                        }
                    }
                }
                tokio::select! {
                    () = bell.notified() => {}
                    () = stop.cancelled() => return,
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
    stop.cancelled().await;
    alarm.stop().await;
    while tasks.join_next().await.is_some() {}
    Ok(())
}
