//! The ledger: a row for each run of a task, unique on (task, due time). The row is what keeps two
//! instances from doing the same run.

use std::fmt::Display;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set, TryInsertResult,
};
use uuid::Uuid;

use super::entity::{task_run, task_seen};
use crate::platform::codes::codes;
use crate::platform::{Db, Tx};

codes! {
    /// How a run ended.
    pub enum Outcome {
        Running = "running", "running";
        Done = "done", "done";
        Failed = "failed", "failed";
    }
}

/// A run of a task, as the ledger has it.
pub type TaskRun = task_run::Model;

/// What a run of a task has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// There was nothing to do; the ledger keeps no row of it.
    Nothing,
    /// There is something to do, and it has to wait; the ledger keeps no row of it either.
    Waits(String),
    /// What it did.
    Did(String),
}

/// What became of a due run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// It ran.
    Ran(Said),
    /// Another instance has it.
    Taken,
    /// It ran and failed.
    Failed(String),
}

/// Runs a task for one due time, unless another instance has taken that time already.
pub async fn run<E: Display>(
    db: &Db,
    task: &str,
    due_at: DateTime<Utc>,
    now: impl Fn() -> DateTime<Utc>,
    work: impl Future<Output = Result<Said, E>>,
) -> Result<Run, DbErr> {
    let row = task_run::Model {
        id: Uuid::now_v7(),
        task: task.to_owned(),
        due_at,
        started_at: now(),
        finished_at: None,
        outcome: Outcome::Running,
        said: String::new(),
    };
    let tx = db.begin("start task run").await?;
    let taken = task_run::Entity::insert(row.clone().into_active_model())
        .on_conflict_do_nothing_on([task_run::Column::Task, task_run::Column::DueAt])
        .exec_without_returning(tx.conn())
        .await?;
    tx.commit().await?;
    // A conflict is told as an insert of no rows.
    if !matches!(taken, TryInsertResult::Inserted(1..)) {
        return Ok(Run::Taken);
    }
    let result = work.await;
    let tx = db.begin("finish task run").await?;
    let run = match result {
        Ok(said @ (Said::Nothing | Said::Waits(_))) => {
            row.delete(tx.conn()).await?;
            Run::Ran(said)
        }
        Ok(Said::Did(said)) => {
            finish(&tx, row, Outcome::Done, &said, now()).await?;
            Run::Ran(Said::Did(said))
        }
        Err(e) => {
            let error = e.to_string();
            tracing::error!(task, error, "a scheduled task failed");
            finish(&tx, row, Outcome::Failed, &error, now()).await?;
            Run::Failed(error)
        }
    };
    if !matches!(run, Run::Failed(_)) {
        note_seen(&tx, task, now()).await?;
    }
    tx.commit().await?;
    Ok(run)
}

/// Notes that a task ran, though it may have found nothing to do. To the minute: some run every five seconds.
async fn note_seen(tx: &Tx, task: &str, at: DateTime<Utc>) -> Result<(), DbErr> {
    let row = task_seen::Model { task: task.to_owned(), since: at, at };
    let later = OnConflict::column(task_seen::Column::Task)
        .update_column(task_seen::Column::At)
        .action_and_where(
            Expr::col((task_seen::Entity, task_seen::Column::At)).lt(at - TimeDelta::minutes(1)),
        )
        .to_owned();
    let noted = task_seen::Entity::insert(row.into_active_model()).on_conflict(later);
    noted.exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// When a task ran first and last, to the minute, whether it found anything to do or not.
pub async fn seen(
    db: &impl ConnectionTrait,
    task: &str,
) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, DbErr> {
    Ok(task_seen::Entity::find_by_id(task).one(db).await?.map(|row| (row.since, row.at)))
}

/// The newest runs of all tasks.
pub async fn newest_runs(db: &impl ConnectionTrait, count: u64) -> Result<Vec<TaskRun>, DbErr> {
    task_run::Entity::find()
        .order_by_desc(task_run::Column::StartedAt)
        .order_by_desc(task_run::Column::Id)
        .limit(count)
        .all(db)
        .await
}

/// The newest run of a task.
pub async fn last_run(db: &impl ConnectionTrait, task: &str) -> Result<Option<TaskRun>, DbErr> {
    task_run::Entity::find()
        .filter(task_run::Column::Task.eq(task))
        .order_by_desc(task_run::Column::DueAt)
        .one(db)
        .await
}

async fn finish(
    tx: &crate::platform::Tx,
    row: task_run::Model,
    outcome: Outcome,
    said: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut row = row.into_active_model();
    (row.outcome, row.said, row.finished_at) = (Set(outcome), Set(said.to_owned()), Set(Some(now)));
    row.update(tx.conn()).await?;
    Ok(())
}

/// How many runs began before a moment.
pub async fn runs_before(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, DbErr> {
    task_run::Entity::find().filter(task_run::Column::StartedAt.lt(before)).count(db).await
}

/// Forgets them.
pub async fn forget_runs_before(tx: &Tx, before: DateTime<Utc>) -> Result<u64, DbErr> {
    let old = task_run::Entity::delete_many().filter(task_run::Column::StartedAt.lt(before));
    Ok(old.exec(tx.conn()).await?.rows_affected)
}
