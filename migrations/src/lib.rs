//! Quorate's database schema: the same migrations for SQLite and PostgreSQL.
//!
//! The schema is written as SQL, because the invariants (checks, partial unique indexes) are the point
//! and SQL says them best. The words in which the two databases differ are filled in: `{uuid}`,
//! `{bytes}`, `{time}`, `{date}`, `{flag}`, `{bigint}`, `{table_end}`,
//! `{genesis}` (the hash before the first audit entry).

mod m20261122_000001_records;
mod m20261123_000001_post;
mod m20261124_000001_sessions;
mod m20261124_000002_audit;
mod m20261124_000003_sign_in;
mod m20261125_000001_scope;
mod m20261125_000002_devices;
mod m20261125_000003_retention;
mod m20261125_000004_provider;
mod m20261126_000001_directory;
mod m20261127_000001_convening;
mod m20261128_000001_impact;
mod m20261129_000001_tracker;
mod m20261130_000001_replies;
mod m20261201_000001_ladder;
mod m20261202_000001_oversight;
mod m20261203_000001_daily_digest;
mod m20261204_000001_closing;
mod m20261205_000001_publishing;
mod m20261206_000001_improving;
mod m20261207_000001_under_way;
mod m20261208_000001_approved;
mod m20261209_000001_together;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// Every migration, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_records::Migration),
            Box::new(m20261123_000001_post::Migration),
            Box::new(m20261124_000001_sessions::Migration),
            Box::new(m20261124_000002_audit::Migration),
            Box::new(m20261124_000003_sign_in::Migration),
            Box::new(m20261125_000001_scope::Migration),
            Box::new(m20261125_000002_devices::Migration),
            Box::new(m20261125_000003_retention::Migration),
            Box::new(m20261125_000004_provider::Migration),
            Box::new(m20261126_000001_directory::Migration),
            Box::new(m20261127_000001_convening::Migration),
            Box::new(m20261128_000001_impact::Migration),
            Box::new(m20261129_000001_tracker::Migration),
            Box::new(m20261130_000001_replies::Migration),
            Box::new(m20261201_000001_ladder::Migration),
            Box::new(m20261202_000001_oversight::Migration),
            Box::new(m20261203_000001_daily_digest::Migration),
            Box::new(m20261204_000001_closing::Migration),
            Box::new(m20261205_000001_publishing::Migration),
            Box::new(m20261206_000001_improving::Migration),
            Box::new(m20261207_000001_under_way::Migration),
            Box::new(m20261208_000001_approved::Migration),
            Box::new(m20261209_000001_together::Migration),
        ]
    }
}

/// Does something with the table of migrations while no other process does: PostgreSQL's advisory lock lets
/// one through at a time (even looking makes the table where there is none), and on SQLite only one process
/// runs. `db` must be a pool of one connection that nothing else uses.
async fn alone<T>(db: &DatabaseConnection, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let lock = |verb: &str| Statement::from_string(DbBackend::Postgres, format!("select {verb}(7278376783)"));
    if postgres {
        db.execute_raw(lock("pg_advisory_lock")).await?;
    }
    let done = work.await;
    if postgres {
        db.execute_raw(lock("pg_advisory_unlock")).await?;
    }
    done
}

/// Brings a database up to date and says how many migrations that took. Two processes may call this at once.
pub async fn up(db: &DatabaseConnection) -> Result<usize, DbErr> {
    alone(db, async {
        let pending = Migrator::get_pending_migrations(db).await?.len();
        Migrator::up(db, None).await?;
        Ok(pending)
    })
    .await
}

/// How many migrations this program has that the database has not.
pub async fn pending(db: &DatabaseConnection) -> Result<usize, DbErr> {
    alone(db, async { Ok(Migrator::get_pending_migrations(db).await?.len()) }).await
}

/// The migrations that this program knows, by name.
pub fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|m| m.name().to_owned()).collect()
}

/// Makes the first `count` migrations, as an earlier version of the program did.
pub async fn up_to(db: &DatabaseConnection, count: u32) -> Result<(), DbErr> {
    alone(db, Migrator::up(db, Some(count))).await
}

/// The migrations that the database has, by name.
pub async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let applied = alone(db, Migrator::get_applied_migrations(db)).await?;
    Ok(applied.iter().map(|m| m.name().to_owned()).collect())
}

/// Whether the database has never been migrated.
pub async fn is_new(db: &DatabaseConnection) -> Result<bool, DbErr> {
    Ok(applied(db).await?.is_empty())
}

/// Runs a script of statements, filling in the words in which the databases differ.
async fn execute(manager: &SchemaManager<'_>, script: &str) -> Result<(), DbErr> {
    let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
    let words = if sqlite {
        ["blob", "blob", "text", "text", "integer", "integer", ") strict", "x'00'"]
    } else {
        ["uuid", "bytea", "timestamptz", "date", "boolean", "bigint", ")", r"'\x00'"]
    };
    let placeholders =
        ["{uuid}", "{bytes}", "{time}", "{date}", "{flag}", "{bigint}", "{table_end}", "{genesis}"];
    let script = placeholders
        .iter()
        .zip(words)
        .fold(script.to_owned(), |text, (word, meaning)| text.replace(word, meaning));
    for statement in script.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
