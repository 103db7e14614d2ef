//! Who sees which rows: names on restricted conferences, cover for a chair, an agency's services; and
//! messages that tell of something else than feedback.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261125_000001_scope"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite cannot change a check or drop a reference: the tables are made anew, each after what refers
        // to it has been emptied or made anew itself.
        let changes = match manager.get_database_backend() {
            DbBackend::Sqlite => include_str!("scope_sqlite.sql"),
            _ => include_str!("scope_postgres.sql"),
        };
        crate::execute(manager, changes).await?;
        crate::execute(manager, include_str!("scope.sql")).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("records are not dropped; restore a backup instead".to_owned()))
    }
}
