//! A throw-away PostgreSQL server for the whole test run, where its programs are on the machine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Ends the server when this process does, however it ends: it reads a pipe that then closes.
    _guard: Child,
}

/// Set before the first database: every commit waits for the disk, as in earnest.
pub static DURABLE: AtomicBool = AtomicBool::new(false);

static SERVER: OnceLock<Option<Server>> = OnceLock::new();

/// A new database with the schema in it; `None` where there is no PostgreSQL, which is said once.
/// QUORATE_TEST_POSTGRES=require makes that a failure.
pub fn database() -> Option<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    server.sql("postgres", &format!("create database {name} template quorate_template"));
    Some(server.url(&name))
}

/// A new database without anything in it.
pub fn empty_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(start).as_ref().expect("only where a database was had before");
    let name = format!("empty_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    server.sql("postgres", &format!("create database {name} template template0"));
    server.url(&name)
}

fn start() -> Option<Server> {
    let Some(programs) = programs() else {
        let said = "PostgreSQL 15 or later is not on this machine: its half of the tests is skipped.";
        assert!(std::env::var("QUORATE_TEST_POSTGRES").as_deref() != Ok("require"), "{said}");
        // Written past the capture of the test runner, for it must be seen.
        let _ = writeln!(std::io::stderr(), "\n*** {said} ***\n");
        return None;
    };
    let folder = std::env::temp_dir().join(format!("quorate-postgres-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    if is_root() {
        run(Command::new("chown").arg(user()).arg(&folder));
    }
    let data = folder.join("data");
    run(as_user(&programs.join("initdb"))
        .args(["-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8", "-D"])
        .arg(&data));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let hasty = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
    let speed = if DURABLE.load(Ordering::Relaxed) { "" } else { hasty };
    let options = format!(
        "-p {port} -c listen_addresses=127.0.0.1 -k {} {speed} -c max_connections=300",
        folder.display()
    );
    run(as_user(&programs.join("pg_ctl"))
        .args(["start", "-w", "-o", &options, "-l"])
        .arg(folder.join("log"))
        .arg("-D")
        .arg(&data));
    let stop = format!(
        "cat > /dev/null; '{}' stop -m immediate -D '{}' > /dev/null 2>&1; rm -rf '{}'",
        programs.join("pg_ctl").display(),
        data.display(),
        folder.display()
    );
    let guard = as_user(Path::new("/bin/sh"))
        .args(["-c", &stop])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server { programs, folder, port, _guard: guard };
    server.sql("postgres", "create database quorate_template");
    let migrated = Command::new(env!("CARGO_BIN_EXE_quorate"))
        .arg("migrate")
        .env("QUORATE__DATABASE__URL", server.url("quorate_template"))
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    Some(server)
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres://{}@127.0.0.1:{}/{database}", user(), self.port)
    }

    fn sql(&self, database: &str, statement: &str) {
        run(as_user(&self.programs.join("psql")).current_dir(&self.folder).args([
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-d",
            database,
            "-c",
            statement,
        ]));
    }
}

/// The folder with initdb, pg_ctl and psql of the newest PostgreSQL from 15 on.
pub fn programs() -> Option<PathBuf> {
    let on_path =
        std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect::<Vec<_>>()).unwrap_or_default();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = installed.map(|entry| entry.path().join("bin"));
    let mut found: Vec<(u32, PathBuf)> = installed
        .chain(on_path)
        .filter(|folder| ["initdb", "pg_ctl", "psql", "postgres"].iter().all(|p| folder.join(p).exists()))
        .filter_map(|folder| {
            let output = Command::new(folder.join("pg_ctl")).arg("--version").output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let version = text.split_whitespace().find_map(|w| w.split('.').next()?.parse::<u32>().ok())?;
            (version >= 15).then_some((version, folder))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n")
}

/// PostgreSQL refuses to run as root: then its own user does, else whoever runs the tests.
fn user() -> String {
    if is_root() {
        let has_postgres =
            Command::new("id").args(["-u", "postgres"]).output().is_ok_and(|o| o.status.success());
        return if has_postgres { "postgres" } else { "nobody" }.to_owned();
    }
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", &user(), "--"]).arg(program);
    command
}

fn run(command: &mut Command) {
    // The server would keep pipes open, so its output goes nowhere unless it fails.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?} failed");
}
