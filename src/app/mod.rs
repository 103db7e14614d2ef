//! The composition root: the only room that knows all the others.

mod audit_commands;
mod backup;
mod check;
pub mod cli;
mod commands;
pub mod config;
mod deliveries;
mod demo;
mod expectations;
mod export;
mod health;
mod import_command;
mod keeping;
mod keys_commands;
mod letters;
mod metrics;
mod reseal;
mod routes;
mod serve;
mod site;
mod tasks;
mod timetable;

pub use crate::platform::Clock;
pub use reseal::{SEALED, SealedColumn};
pub use routes::router;
pub use site::{OpenError, Site};
