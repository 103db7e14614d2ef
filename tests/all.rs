//! One binary for all integration tests: one link, and one throw-away PostgreSQL server.
//!
//! A test declared with `both!` runs on SQLite, and on PostgreSQL where its programs are on the machine.

mod access;
mod amending;
mod architecture;
mod audit;
mod backup;
mod bounces;
mod closing;
mod command_line;
mod convening;
mod demo;
mod dependencies;
mod directory;
mod documents;
mod feedback;
mod golden;
mod harness;
mod imports;
mod improving;
mod invitations;
mod keeping;
mod ladder;
mod letters;
mod months;
mod operations;
mod outages;
mod outbox;
mod oversight;
mod parts;
mod post;
mod processes;
mod registers;
mod reminding;
mod replies;
mod report;
mod restricted;
mod schema;
mod scope;
mod sheets;
mod stopping;
mod teams;
mod tracker;
