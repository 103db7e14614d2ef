//! Quorate's database schema: the same migrations for SQLite and PostgreSQL.
//!
//! The schema is written as SQL, because the invariants (checks, partial unique indexes) are the point
//! and SQL says them best. The words in which the two databases differ are filled in: `{uuid}`,
//! `{bytes}`, `{time}`, `{date}`, `{flag}`, `{bigint}`, `{table_end}`,
//! `{genesis}` (the hash before the first audit entry).

mod m20261122_000001_records;
mod m20261123_000001_post;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// Every migration, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261122_000001_records::Migration), Box::new(m20261123_000001_post::Migration)]
    }
}

/// Brings a database up to date and says how many migrations that took. `db` must be a pool of one
/// connection that nothing else uses. Two processes may call this at once: PostgreSQL's advisory lock
/// lets one through at a time, and on SQLite only one process runs.
pub async fn up(db: &DatabaseConnection) -> Result<usize, DbErr> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let lock = |verb: &str| Statement::from_string(DbBackend::Postgres, format!("select {verb}(7278376783)"));
    if postgres {
        db.execute_raw(lock("pg_advisory_lock")).await?;
    }
    let done = run(db).await;
    if postgres {
        db.execute_raw(lock("pg_advisory_unlock")).await?;
    }
    done
}

async fn run(db: &DatabaseConnection) -> Result<usize, DbErr> {
    let pending = Migrator::get_pending_migrations(db).await?.len();
    Migrator::up(db, None).await?;
    Ok(pending)
}

/// How many migrations this program has that the database has not.
pub async fn pending(db: &DatabaseConnection) -> Result<usize, DbErr> {
    Ok(Migrator::get_pending_migrations(db).await?.len())
}

/// The migrations that the database has, by name.
pub async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    Ok(Migrator::get_applied_migrations(db).await?.iter().map(|m| m.name().to_owned()).collect())
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

/// Whether the database has never been migrated.
pub async fn is_new(db: &DatabaseConnection) -> Result<bool, DbErr> {
    Ok(Migrator::get_applied_migrations(db).await?.is_empty())
}
