//! The audit trail's head is sealed, the trail can be searched, and the role of those who read it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000002_audit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::execute(manager, include_str!("audit.sql")).await?;
        // SQLite cannot change a check: the table is made anew. Its only referrers are sessions, which
        // end here.
        let roles = match manager.get_database_backend() {
            DbBackend::Sqlite => include_str!("audit_roles_sqlite.sql"),
            _ => include_str!("audit_roles_postgres.sql"),
        };
        crate::execute(manager, roles).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("records are not dropped; restore a backup instead".to_owned()))
    }
}
