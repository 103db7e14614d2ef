//! The ledger: a row for each run of a task, unique on (task, due time). The row is what keeps two
//! instances from doing the same run, and what a run that was cut short is taken up again by.

use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};
use uuid::Uuid;

use super::due::Turn;
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
    /// Nothing was begun: it has run, or another instance is at it.
    Taken {
        /// When it may have to be begun once more: whoever is at it may end, and what failed is tried again.
        again: Option<DateTime<Utc>>,
    },
    /// It runs in this process already.
    Busy,
    /// It ran and failed, and is tried again at this moment.
    Failed(String, Option<DateTime<Utc>>),
}

/// Whoever is at a run says so this often.
const SAYS_SO_EVERY: Duration = Duration::from_secs(10);
/// So long after it was last said, nobody is at it any more.
const HELD: TimeDelta = TimeDelta::minutes(1);
/// What failed is tried again after this,
const TRIED_AGAIN: TimeDelta = TimeDelta::minutes(5);
/// and is not begun more often: what ends its process each time must not do so for ever.
const TRIES: i32 = 5;

impl TaskRun {
    /// Its process ended before it did.
    pub fn was_cut_short(&self, now: DateTime<Utc>) -> bool {
        self.outcome == Outcome::Running && self.held_until.is_none_or(|until| until <= now)
    }

    /// When it may be begun once more; `None` where it is done, or was begun often enough.
    fn again(&self) -> Option<DateTime<Utc>> {
        let at = match self.outcome {
            Outcome::Done => None,
            Outcome::Running => Some(self.held_until.unwrap_or(self.started_at)),
            Outcome::Failed => self.finished_at.map(|at| at + TRIED_AGAIN),
        };
        at.filter(|_| self.attempts < TRIES)
    }
}

/// Runs a task for one due time, unless that has run already or another instance is at it. A run whose process ended is
/// taken up, and one that failed is tried again.
pub async fn run<E: Display>(
    db: &Db,
    task: &str,
    turn: Turn,
    now: impl Fn() -> DateTime<Utc>,
    work: impl Future<Output = Result<Said, E>>,
) -> Result<Run, DbErr> {
    let row = match begin(db, task, turn, now()).await? {
        Ok(row) => row,
        Err(again) => return Ok(Run::Taken { again }),
    };
    let result = tokio::select! {
        result = work => result,
        never = say_so(db, &row, &now) => match never {},
    };
    let tx = db.begin("finish task run").await?;
    let (ours, run) = match result {
        Ok(said @ (Said::Nothing | Said::Waits(_))) => {
            let gone = task_run::Entity::delete_many().filter(is_this_attempt(&row)).exec(tx.conn()).await?;
            (gone.rows_affected > 0, Run::Ran(said))
        }
        Ok(Said::Did(said)) => {
            let ours = finish(&tx, &row, Outcome::Done, &said, now()).await?;
            (ours, Run::Ran(Said::Did(said)))
        }
        Err(e) => {
            let error = e.to_string();
            tracing::error!(task, error, "a scheduled task failed");
            let ours = finish(&tx, &row, Outcome::Failed, &error, now()).await?;
            let again = match ours {
                true => Some(now() + TRIED_AGAIN).filter(|_| row.attempts < TRIES),
                // Whoever took it up may end too.
                false => Some(now() + HELD),
            };
            (ours, Run::Failed(error, again))
        }
    };
    if !ours {
        // It fell silent for a while and another took it up: the ledger has what that one says.
        tracing::warn!(task, "a run ended that another process had taken up");
    }
    if !matches!(run, Run::Failed(..)) {
        note_seen(&tx, task, now()).await?;
    }
    tx.commit().await?;
    Ok(run)
}

/// A run as this process began it, and not as another began it once more.
fn is_this_attempt(row: &TaskRun) -> Condition {
    let is = task_run::Column::Id.eq(row.id).and(task_run::Column::Attempts.eq(row.attempts));
    Condition::all().add(is).add(task_run::Column::Outcome.eq(Outcome::Running))
}

/// Takes a run, new or cut short or failed; or says when it may be taken.
async fn begin(
    db: &Db,
    task: &str,
    Turn { due_at, begun }: Turn,
    now: DateTime<Utc>,
) -> Result<Result<TaskRun, Option<DateTime<Utc>>>, DbErr> {
    let new = task_run::Model {
        id: Uuid::now_v7(),
        task: task.to_owned(),
        due_at,
        started_at: now,
        finished_at: None,
        outcome: Outcome::Running,
        said: String::new(),
        held_until: Some(now + HELD),
        attempts: 1,
    };
    let tx = db.begin("start task run").await?;
    // Where somebody else was at it before and there is no row now, that found nothing to do.
    if !begun {
        let taken = task_run::Entity::insert(new.clone().into_active_model())
            .on_conflict_do_nothing_on([task_run::Column::Task, task_run::Column::DueAt])
            .exec_without_returning(tx.conn())
            .await?;
        // A conflict is told as an insert of no rows.
        if matches!(taken, TryInsertResult::Inserted(1..)) {
            tx.commit().await?;
            return Ok(Ok(new));
        }
    }
    let there = task_run::Entity::find()
        .filter(task_run::Column::Task.eq(task))
        .filter(task_run::Column::DueAt.eq(due_at))
        .lock_exclusive();
    let Some(there) = there.one(tx.conn()).await? else { return Ok(Err(None)) };
    let again = there.again();
    if again.is_none_or(|at| at > now) {
        return Ok(Err(again));
    }
    let row = TaskRun { id: there.id, attempts: there.attempts + 1, ..new };
    row.clone().into_active_model().reset_all().update(tx.conn()).await?;
    tx.commit().await?;
    tracing::warn!(task, attempt = row.attempts, "a run that failed or was cut short is begun once more");
    Ok(Ok(row))
}

/// Says that somebody is at a run, for as long as this is waited for.
async fn say_so(db: &Db, row: &TaskRun, now: &impl Fn() -> DateTime<Utc>) -> Infallible {
    loop {
        tokio::time::sleep(SAYS_SO_EVERY).await;
        let said = async {
            let tx = db.begin("hold task run").await?;
            task_run::Entity::update_many()
                .col_expr(task_run::Column::HeldUntil, Expr::val(Some(now() + HELD)))
                .filter(is_this_attempt(row))
                .exec(tx.conn())
                .await?;
            tx.commit().await
        };
        if let Err(error) = said.await {
            tracing::warn!(%error, "a run that goes on could not be held");
        }
    }
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

/// Whether it was still this process's to finish.
async fn finish(
    tx: &Tx,
    row: &TaskRun,
    outcome: Outcome,
    said: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let finished = task_run::Entity::update_many()
        .col_expr(task_run::Column::Outcome, Expr::val(outcome))
        .col_expr(task_run::Column::Said, Expr::val(said))
        .col_expr(task_run::Column::FinishedAt, Expr::val(Some(now)))
        .filter(is_this_attempt(row))
        .exec(tx.conn())
        .await?;
    Ok(finished.rows_affected > 0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Url;

    #[tokio::test]
    async fn a_run_that_fails_after_another_process_took_it_up_is_asked_for_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::parse(&format!("sqlite://{}", folder.path().join("q.db").display())).unwrap();
        migrations::up(&url.connect_alone().await.unwrap()).await.unwrap();
        let db = Db::open(&url).await.unwrap();
        let now: DateTime<Utc> = "2026-10-01T03:00:00Z".parse().unwrap();
        let fails = |taken_over: bool| {
            let db = db.clone();
            async move {
                if taken_over {
                    let tx = db.begin("take a run over").await.unwrap();
                    let again = Expr::col(task_run::Column::Attempts).add(1);
                    let again = task_run::Entity::update_many().col_expr(task_run::Column::Attempts, again);
                    again.exec(tx.conn()).await.unwrap();
                    tx.commit().await.unwrap();
                }
                Err::<Said, _>("broke")
            }
        };
        let ran = run(&db, "audit", now.into(), || now, fails(true)).await.unwrap();
        assert!(
            matches!(&ran, Run::Failed(_, Some(at)) if *at == now + HELD),
            "whoever took it up may end too: {ran:?}"
        );
        let row = task_run::Entity::find().one(db.read()).await.unwrap().unwrap();
        assert_eq!((row.outcome, row.attempts), (Outcome::Running, 2), "the row is theirs");
        let later = now + TimeDelta::days(1);
        let ran = run(&db, "audit", later.into(), || later, fails(false)).await.unwrap();
        assert!(matches!(&ran, Run::Failed(_, Some(at)) if *at == later + TRIED_AGAIN), "{ran:?}");
    }
}
