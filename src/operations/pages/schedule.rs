//! The schedule: when each task runs, what its runs did, and a run now.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{May, Permission, RunSchedule, SeeSchedule};
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::operations::Timetable;
use crate::schedule::{self, Run, Said, TaskRun};
use crate::web::{Desk, Page, Problem};

/// Runs on the page.
const SHOWN: u64 = 50;
/// How long a person waits for a run that was asked for.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct Task {
    name: &'static str,
    what: &'static str,
    cron: String,
    next: String,
    last: String,
    waits: Option<String>,
    run: Option<String>,
}

#[derive(Serialize)]
struct Row {
    task: String,
    started: String,
    took: String,
    outcome: &'static str,
    said: String,
}

#[derive(Serialize)]
struct SchedulePage {
    tasks: Vec<Task>,
    rows: Vec<Row>,
    told: Option<String>,
}

impl Page for SchedulePage {
    const TEMPLATE: &'static str = "operations/pages/schedule";
    fn title(&self) -> String {
        "Schedule".to_owned()
    }
}

/// What a run that was asked for came to; the page says it in words of its own.
#[derive(Deserialize)]
pub(super) struct Asked {
    ran: Option<String>,
    came: Option<String>,
}

fn outcome(run: &TaskRun, now: chrono::DateTime<chrono::Utc>) -> &'static str {
    if run.was_cut_short(now) { "cut short: its process ended" } else { run.outcome.label() }
}

pub(super) async fn show(
    may: May<SeeSchedule>,
    State(desk): State<Desk>,
    Extension(timetable): Extension<Arc<dyn Timetable>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let may_run = may.who.role.may(Permission::RunSchedule);
    let mut tasks = Vec::new();
    for entry in timetable.entries() {
        let last = schedule::last_run(db, entry.name).await?;
        tasks.push(Task {
            what: entry.what,
            cron: entry.cron,
            next: entry.next.map(london::short).unwrap_or_default(),
            last: last.map_or("it has done nothing yet".to_owned(), |run| {
                format!("{}: {}", london::short(run.started_at), outcome(&run, now))
            }),
            waits: entry.waits.map(|(at, why)| format!("{}: {why}", london::short(at))),
            run: may_run.then(|| format!("/schedule/{}/run", entry.name)),
            name: entry.name,
        });
    }
    let rows = schedule::newest_runs(db, SHOWN).await?;
    let rows = rows.into_iter().map(|run| Row {
        started: london::short(run.started_at),
        took: run.finished_at.map(|end| took(end - run.started_at)).unwrap_or_default(),
        outcome: outcome(&run, now),
        task: run.task,
        said: run.said,
    });
    let told = match (asked.ran.filter(|name| tasks.iter().any(|t| t.name == *name)), asked.came.as_deref()) {
        (Some(name), Some("done")) => Some(format!("{name} ran. What it did is the first line of the runs.")),
        (Some(name), Some("nothing")) => Some(format!("{name} ran: there was nothing to do now.")),
        (Some(name), Some("waits")) => Some(format!("{name} ran, and has to wait. The table says for what.")),
        (Some(name), Some("failed")) => Some(format!("{name} failed. The first line of the runs says why.")),
        (Some(name), Some("running")) => Some(format!("{name} is running. Look again in a while.")),
        _ => None,
    };
    Ok(SchedulePage { tasks, rows: rows.collect(), told }.show(may.who.chrome()))
}

fn took(time: chrono::TimeDelta) -> String {
    if time < chrono::TimeDelta::seconds(1) {
        format!("{} ms", time.num_milliseconds())
    } else {
        format!("{:.1} s", time.as_seconds_f64())
    }
}

pub(super) async fn run_now(
    may: May<RunSchedule>,
    State(desk): State<Desk>,
    Extension(timetable): Extension<Arc<dyn Timetable>>,
    Path(task): Path<String>,
) -> Result<Redirect, Problem> {
    if !timetable.entries().iter().any(|entry| entry.name == task) {
        return Err(Problem::NotFound(may.who.chrome()));
    }
    let tx = desk.db.begin("note a run by hand").await?;
    let event = Event { action: "schedule.run_by_hand", object: task.clone(), payload: json!({}) };
    audit::record(&tx, &desk.keys, &may.who.actor(), desk.clock.now(), vec![event]).await?;
    tx.commit().await?;
    let run = timetable.run(&task).ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    let came = match tokio::time::timeout(PATIENCE, run).await {
        Err(_) => "running",
        Ok(Ok(Run::Ran(Said::Did(_)))) => "done",
        Ok(Ok(Run::Ran(Said::Nothing))) => "nothing",
        Ok(Ok(Run::Ran(Said::Waits(_)))) => "waits",
        Ok(Ok(Run::Busy | Run::Taken { .. })) => "running",
        Ok(Ok(Run::Failed(..)) | Err(_)) => "failed",
    };
    Ok(Redirect::to(&format!("/schedule?ran={task}&came={came}")))
}
