//! The database: one writer and several readers on SQLite, one pool on PostgreSQL, and
//! transactions that carry a name.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use sea_orm::sea_query::{
    CommonTableExpression, InsertStatement, SubQueryStatement, UpdateStatement, WithClause,
};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, MutexGuard};

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Neither SQLite nor PostgreSQL.
    #[error("database.url: \"{0}\" is neither sqlite://FILE nor postgres://…")]
    UnknownKind(String),
    /// The folder of the SQLite file could not be made.
    #[error("cannot make the folder {0} for the database: {1}")]
    Folder(String, std::io::Error),
    /// The database refused.
    #[error("cannot open the database: {0}")]
    Db(#[from] DbErr),
}

/// A database address that was looked at once.
#[derive(Clone, Debug)]
pub struct Url {
    text: String,
    /// Which of the two databases it names.
    pub backend: DbBackend,
}

impl Url {
    /// Reads `sqlite://FILE` or `postgres://…`.
    pub fn parse(text: &str) -> Result<Self, DbError> {
        let backend = match text.split_once("://").map(|(kind, _)| kind) {
            Some("sqlite") => DbBackend::Sqlite,
            Some("postgres" | "postgresql") => DbBackend::Postgres,
            _ => return Err(DbError::UnknownKind(masked(text))),
        };
        Ok(Self { text: text.to_owned(), backend })
    }

    /// The address, password and all.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file of an SQLite database.
    pub fn sqlite_file(&self) -> Option<&std::path::Path> {
        let file = self.text.strip_prefix("sqlite://")?.split('?').next().unwrap_or_default();
        Some(std::path::Path::new(file))
    }

    fn options(&self, connections: u32) -> ConnectOptions {
        let mut options = ConnectOptions::new(self.text.clone());
        options
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(55))
            // A database that was started anew is noticed; one that just answered is not asked again.
            .test_before_acquire_if_idle_for(Duration::from_secs(1))
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .map_sqlx_sqlite_opts(|o| {
                o.create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(10))
                    .foreign_keys(true)
                    // Rows come from a thread of their own: fewer of its turns for a month's rows.
                    .row_buffer_size(1000)
                    .pragma("cache_size", "-2000")
                    // What is erased is not left in the pages that it was on.
                    .pragma("secure_delete", "on")
            });
        options
    }

    /// A lone connection, for migrations: they must not leave a pooled one changed.
    pub async fn connect_alone(&self) -> Result<DatabaseConnection, DbError> {
        if let Some(folder) = self.sqlite_file().and_then(|file| file.parent()) {
            let mut private = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
            let made = private.recursive(true).create(folder);
            made.map_err(|e| DbError::Folder(folder.display().to_string(), e))?;
        }
        if let Some(file) = self.sqlite_file() {
            // For its owner only, wherever it lies; what SQLite puts beside it is as the file is.
            let mut private = std::fs::OpenOptions::new();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut private, 0o600);
            let made = private.append(true).create(true).open(file);
            made.map_err(|e| DbError::Folder(file.display().to_string(), e))?;
        }
        let mut options = self.options(1);
        // The first connection that a command makes: a server that is not there is said soon.
        options.acquire_timeout(Duration::from_secs(5));
        Ok(Database::connect(options).await?)
    }
}

impl std::fmt::Display for Url {
    /// The address without its password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&masked(&self.text))
    }
}

fn masked(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(at)) if at > start => match url[start + 3..at].split_once(':') {
            Some((user, _)) => format!("{}://{user}:***{}", &url[..start], &url[at..]),
            None => url.to_owned(),
        },
        _ => url.to_owned(),
    }
}

/// The open database. Reads go to [`Db::read`]; every write goes through a named [`Tx`].
#[derive(Clone, Debug)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
    tip: Arc<Mutex<Option<Tip>>>,
}

impl Db {
    /// Opens the working pools. On SQLite the readers cannot write (`query_only`), and the one
    /// writer begins `IMMEDIATE`: a deferred read-then-write fails at once with "locked".
    pub async fn open(url: &Url) -> Result<Self, DbError> {
        if url.backend == DbBackend::Postgres {
            let pool = Database::connect(url.options(12)).await?;
            return Ok(Self { write: pool.clone(), read: pool, tip: Arc::default() });
        }
        let write = Database::connect(url.options(1)).await?;
        let mut readers = url.options(4);
        readers.map_sqlx_sqlite_opts(|o| {
            o.journal_mode(SqliteJournalMode::Wal)
                .busy_timeout(Duration::from_secs(10))
                .foreign_keys(true)
                .row_buffer_size(1000)
                // A month's pages fit: they are not copied again at each look.
                .pragma("cache_size", "-2000")
                .pragma("query_only", "1")
        });
        Ok(Self { write, read: Database::connect(readers).await?, tip: Arc::default() })
    }

    /// For reading.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Everything as it is at this moment, for as long as the transaction is kept: for reading many tables that
    /// must agree.
    pub async fn moment(&self) -> Result<DatabaseTransaction, DbErr> {
        let level = match self.read.get_database_backend() {
            DbBackend::Postgres => Some(IsolationLevel::RepeatableRead),
            _ => None,
        };
        self.read.begin_with_config(level, None).await
    }

    /// Ends every connection; an SQLite file is then whole by itself.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.write.close().await
    }

    /// From now on SQLite does not wait for the disk: for what can be made again from nothing.
    pub async fn hurry(&self) -> Result<(), DbErr> {
        match self.write.get_database_backend() {
            DbBackend::Sqlite => self.write.execute_unprepared("pragma synchronous = off").await.map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Has the database give back what was erased, in its file and in what it writes ahead: for after destroying.
    pub async fn sweep(&self) -> Result<(), DbErr> {
        match self.write.get_database_backend() {
            DbBackend::Sqlite => {
                self.write.execute_unprepared("vacuum").await?;
                self.write.execute_unprepared("pragma wal_checkpoint(truncate)").await.map(|_| ())
            }
            _ => self.write.execute_unprepared("vacuum").await.map(|_| ()),
        }
    }

    /// Begins a transaction under a name that says what it is for.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        tracing::debug!(transaction = name, "begin");
        let inner = self.write.begin_with_options(options).await?;
        Ok(Tx { inner, name, tip: self.tip.clone(), had_turn: AtomicBool::new(false) })
    }
}

/// A statement that writes some rows, few enough that several together stay under what either database allows.
#[derive(Debug)]
pub enum Write {
    Insert(InsertStatement),
    Update(UpdateStatement),
}

impl From<Write> for SubQueryStatement {
    fn from(write: Write) -> Self {
        match write {
            Write::Insert(insert) => insert.into(),
            Write::Update(update) => update.into(),
        }
    }
}

/// The end of a chain that every change goes on from, as somebody in this process left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    pub number: i64,
    pub hash: Vec<u8>,
    pub seal: Vec<u8>,
}

/// How long a transaction waits for its turn.
const PATIENCE: Duration = Duration::from_millis(250);

/// A named transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    inner: DatabaseTransaction,
    name: &'static str,
    tip: Arc<Mutex<Option<Tip>>>,
    had_turn: AtomicBool,
}

impl Tx {
    /// The connection that statements of this transaction use.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Keeps what these tables hold as it is until the transaction ends, and waits first for who is writing there.
    /// SQLite has one writer anyway.
    pub async fn keep_as_they_are(&self, tables: &[&'static str]) -> Result<(), DbErr> {
        if self.inner.get_database_backend() == DbBackend::Postgres {
            let lock = format!("lock table {} in share mode", tables.join(", "));
            self.inner.execute_unprepared(&lock).await?;
        }
        Ok(())
    }

    /// Writes these, none of which reads what another writes or touches a row of another. PostgreSQL takes them as one
    /// statement, for each would be a way there and back while other changes wait.
    pub async fn together(&self, mut writes: Vec<Write>) -> Result<(), DbErr> {
        let is_apart = self.inner.get_database_backend() != DbBackend::Postgres || writes.len() == 1;
        if is_apart {
            for write in writes {
                match write {
                    Write::Insert(insert) => self.inner.execute(&insert).await?,
                    Write::Update(update) => self.inner.execute(&update).await?,
                };
            }
            return Ok(());
        }
        let Some(last) = writes.pop() else { return Ok(()) };
        let mut all = WithClause::new();
        for (place, write) in writes.into_iter().enumerate() {
            all.cte(
                CommonTableExpression::new().table_name(format!("write_{place}")).query(write).to_owned(),
            );
        }
        self.inner.execute(&all.query(last)).await?;
        Ok(())
    }

    /// Takes this transaction's turn at the row that every change ends with, and gives what this process left there last. Only
    /// a guess, and only a courtesy: another process may have changed the row, or who did so here rolled back; and nobody
    /// waits long for a turn, for whoever has it may be waiting for a row of ours. The database alone decides. `None`: go
    /// without. SQLite has one writer anyway, and a transaction that had its turn holds the row.
    pub async fn turn(&self) -> Option<MutexGuard<'_, Option<Tip>>> {
        if self.inner.get_database_backend() != DbBackend::Postgres || self.had_turn.swap(true, Relaxed) {
            return None;
        }
        tokio::time::timeout(PATIENCE, self.tip.lock()).await.ok()
    }

    /// The same for who went without, to leave there what the row is now.
    pub fn turn_if_free(&self) -> Option<MutexGuard<'_, Option<Tip>>> {
        self.tip.try_lock().ok()
    }

    /// Makes all of it last.
    pub async fn commit(self) -> Result<(), DbErr> {
        tracing::debug!(transaction = self.name, "commit");
        self.inner.commit().await
    }

    /// Takes all of it back.
    pub async fn roll_back(self) -> Result<(), DbErr> {
        tracing::debug!(transaction = self.name, "roll back");
        self.inner.rollback().await
    }
}
