//! The schedule: when each task is due, in Europe/London, and the ledger of what ran.
//!
//! `tokio-cron-scheduler` is only the alarm that ticks. It fixes a zone's offset when a job is made, so
//! a London job would be an hour out after the clocks change; what is *due* is decided by [`due`], a
//! pure function, against the ledger.

mod alarm;
mod due;
mod entity;
mod ledger;

pub use alarm::Alarm;
pub use due::{Again, Plan, PlanError, Turn, Turns};
pub use entity::task_run::Entity as TaskRunEntity;
pub use entity::task_seen::Entity as TaskSeenEntity;
pub use ledger::{Run, Said, TaskRun, forget_runs_before, last_run, newest_runs, run, runs_before, seen};
