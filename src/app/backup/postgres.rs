//! PostgreSQL's own programs make and read its dumps. The address goes to them in the environment, for
//! everybody on a machine can read a command line.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;
use url::Url;

use super::Failure;

async fn run(program: &str, address: &str, args: &[&str], file: &Path) -> Result<(), Failure> {
    let url = Url::parse(address).map_err(|e| format!("database.url: {e}"))?;
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    for (name, value) in [
        ("PGHOST", url.host_str().map(plain)),
        ("PGPORT", url.port().map(|p| p.to_string())),
        ("PGUSER", Some(plain(url.username())).filter(|u| !u.is_empty())),
        ("PGPASSWORD", url.password().map(plain)),
        ("PGDATABASE", Some(plain(url.path().trim_start_matches('/')))),
        ("PGSSLMODE", url.query_pairs().find(|(n, _)| n == "sslmode").map(|(_, v)| v.into_owned())),
    ] {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let output = command.arg(file).output().await;
    let output = output.map_err(|e| {
        format!(
            "{program} cannot be started ({e}): install PostgreSQL's client programs, of the server's version"
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}

/// Dumps the database as it is at one moment.
pub(super) async fn dump(address: &str, file: &Path) -> Result<(), Failure> {
    run("pg_dump", address, &["--format=custom", "--no-owner", "--no-privileges", "--file"], file).await
}

/// Reads a dump into an empty database, all of it or nothing.
pub(super) async fn load(address: &str, file: &Path) -> Result<(), Failure> {
    let database = Url::parse(address).map_err(|e| format!("database.url: {e}"))?;
    let name = format!("--dbname={}", database.path().trim_start_matches('/'));
    let args = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", &name];
    run("pg_restore", address, &args, file).await
}
