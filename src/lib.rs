//! Quorate: attendance monitoring for child protection conferences.
//!
//! The rooms, lowest first; each imports only rooms that stand before it (see docs/architecture.md).
#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod platform;
mod mail;
mod outbox;
mod schedule;
mod web;

mod calendar;
mod audit;
mod access;
mod agencies;
mod conferences;
mod invitations;
mod register;
mod feedback;
mod reports;
mod imports;
mod operations;

pub mod app;
