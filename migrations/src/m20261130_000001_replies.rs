//! Links in letters, what agencies reply by them, and several kinds of message about one thing to one address.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_000001_replies"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite cannot change what is unique: the table is made anew.
        let changes = match manager.get_database_backend() {
            DbBackend::Sqlite => include_str!("replies_sqlite.sql"),
            _ => include_str!("replies_postgres.sql"),
        };
        crate::execute(manager, changes).await?;
        crate::execute(manager, include_str!("replies.sql")).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("records are not dropped; restore a backup instead".to_owned()))
    }
}
