//! PostgreSQL's own programs make and read its dumps. The address goes to them in the environment, for
//! everybody on a machine can read a command line.

use std::path::Path;
use std::process::Stdio;

use sea_orm::sqlx::postgres::PgConnectOptions;
use tokio::process::Command;
use url::Url;

use super::Failure;

fn plain(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The address as the service itself reads it, and the database's name.
fn read(address: &str) -> Result<(PgConnectOptions, String), Failure> {
    let options: PgConnectOptions = address.parse().map_err(|e| format!("database.url: {e}"))?;
    let database = options.get_database().unwrap_or(options.get_username()).to_owned();
    Ok((options, database))
}

async fn run(program: &str, address: &str, args: &[&str], file: &Path) -> Result<(), Failure> {
    let url = Url::parse(address).map_err(|e| format!("database.url: {e}"))?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    let asked = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    let (options, database) = read(address)?;
    let socket = options.get_socket().map(|path| path.display().to_string());
    for (name, value) in [
        ("PGHOST", socket.or_else(|| Some(options.get_host().to_owned()))),
        ("PGPORT", Some(options.get_port().to_string())),
        ("PGUSER", Some(options.get_username().to_owned())),
        ("PGPASSWORD", url.password().map(plain).or_else(|| asked("password"))),
        ("PGDATABASE", Some(database)),
        ("PGSSLMODE", asked("sslmode")),
        ("PGSSLROOTCERT", asked("sslrootcert")),
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
    let name = format!("--dbname={}", read(address)?.1);
    let args = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", &name];
    run("pg_restore", address, &args, file).await
}
