//! What the schedule page needs of those who know the tasks.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use sea_orm::DbErr;

use crate::schedule::Run;

/// One task.
pub struct Entry {
    /// Its name, as in `schedule.<name>`.
    pub name: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// When it runs, as the settings have it.
    pub cron: String,
    /// When it runs next.
    pub next: Option<DateTime<Utc>>,
    /// Why it could not do, at its last run in this process, what there is to do.
    pub waits: Option<(DateTime<Utc>, String)>,
}

/// The tasks, their times, and a way to run one now. What is run so goes on when nobody waits for it.
pub trait Timetable: Send + Sync {
    /// Every task.
    fn entries(&self) -> Vec<Entry>;
    /// Runs a task; `None` if there is none of that name.
    fn run(&self, name: &str) -> Option<BoxFuture<'static, Result<Run, DbErr>>>;
}
