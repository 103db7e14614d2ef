//! The tasks for the schedule's page.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::site::Site;
use super::tasks::Task;
use crate::operations::{Entry, Timetable};
use crate::schedule::Run;

/// Every task of this place.
pub(super) struct Tasks(pub Arc<Site>);

impl Timetable for Tasks {
    fn entries(&self) -> Vec<Entry> {
        let now = self.0.clock.now();
        let entry = |task: Task| Entry {
            name: task.name(),
            what: task.what(),
            cron: task.cron(&self.0).to_owned(),
            next: task.plan(&self.0).ok().and_then(|plan| plan.next_after(now)),
            waits: self.0.tasks[task as usize]
                .waits
                .lock()
                .expect("nothing panics while it holds this")
                .clone(),
        };
        Task::ALL.into_iter().map(entry).collect()
    }

    fn run(&self, name: &str) -> Option<BoxFuture<'static, Result<Run, sea_orm::DbErr>>> {
        let task = Task::ALL.into_iter().find(|task| task.name() == name)?;
        let site = self.0.clone();
        let now = site.clock.now();
        // On its own feet: a person who stops waiting does not stop the run.
        let run = self.0.under_way.spawn(async move { task.run(&site, now).await });
        Some(Box::pin(
            async move { run.await.unwrap_or_else(|e| Err(sea_orm::DbErr::Custom(e.to_string()))) },
        ))
    }
}
