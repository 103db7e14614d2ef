//! Quorate: attendance monitoring for child protection conferences.
//!
//! The rooms, lowest first; each imports only rooms that stand before it (see docs/architecture.md).
#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod mail;
mod outbox;
mod platform;
mod schedule;
mod web;

mod access;
mod agencies;
mod audit;
mod bounces;
mod calendar;
mod conferences;
mod convening;
mod demo;
mod feedback;
mod imports;
mod invitations;
mod ladder;
mod operations;
mod oversight;
mod register;
mod replies;
mod reports;
mod restriction;
mod retention;
mod subject;

pub mod app;
