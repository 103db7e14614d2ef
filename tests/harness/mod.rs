//! A place to test in: a folder, a database of its own, the real program and the real router.

pub mod http;
pub mod log;
pub mod postgres;
pub mod smtp;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use quorate::app::{Clock, Site, config};
use serde_json::Value;

/// Declares tests that run on both databases.
#[macro_export]
macro_rules! both {
    ($(async fn $name:ident($place:ident: Place) $body:block)+) => { $(
        mod $name {
            use super::*;
            async fn run($place: $crate::harness::Place) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() { run($crate::harness::Place::sqlite()).await; }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(place) = $crate::harness::Place::postgres() { run(place).await; }
            }
        }
    )+ };
}

/// A folder, a database, and the program.
pub struct Place {
    folder: tempfile::TempDir,
    pub url: String,
}

/// What a command printed and how it ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

/// The root of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("quorate.db").display());
        Self { folder, url }
    }

    pub fn postgres() -> Option<Self> {
        Some(Self::at(postgres::database()?))
    }

    /// A folder, and a database that is there already.
    pub fn at(url: String) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), url }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The program, set up for this place.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command
            .args(["--config", root().join("config/rehearsal.toml").to_str().unwrap()])
            .args(args)
            .current_dir(self.folder.path())
            .env("QUORATE__DATABASE__URL", &self.url)
            .env("QUORATE__KEYS__FILE", self.path("keys"))
            .env("QUORATE__MAIL__FOLDER", self.path("mail"));
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// Runs a command that must succeed, with the clock set.
    pub fn done_at(&self, moment: &str, args: &[&str]) -> String {
        let ran = self.run(&[&["--at", moment], args].concat());
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran.out
    }

    /// Adds an account of a role, if there is none; says its address.
    pub fn account(&self, role: &str, password: &str) -> String {
        self.account_of(role, role, password)
    }

    /// An account of a role under another name than the role's.
    pub fn account_of(&self, name: &str, role: &str, password: &str) -> String {
        let email = format!("{name}@quorate.example");
        let mut args = vec!["account", "add", &email, "--name", name, "--role", role, "--password-stdin"];
        if role == "chair" {
            args.extend(["--chair", "Chair 1"]);
        }
        let mut command = self.command(&args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), password.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || text.contains("already"), "{text}");
        email
    }

    pub fn outbox(&self) -> Vec<Value> {
        serde_json::from_str(&self.run(&["outbox", "list", "--format", "json"]).out).unwrap()
    }

    pub fn report(&self, month: &str) -> Value {
        serde_json::from_str(&self.run(&["report", "--month", month]).out).unwrap()
    }

    /// Every message in the mail folder, as text.
    pub fn mail(&self) -> Vec<Mail> {
        let Ok(folder) = std::fs::read_dir(self.path("mail")) else { return Vec::new() };
        let mut found: Vec<Mail> = folder
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "eml"))
            .map(|path| Mail::read(&std::fs::read(path).unwrap()))
            .collect();
        found.sort_by(|a, b| (&a.to, &a.subject).cmp(&(&b.to, &b.subject)));
        found
    }

    /// The place opened in this process, with the clock standing at a moment.
    pub async fn site(&self, moment: &str) -> Arc<Site> {
        self.site_with(moment, &[]).await
    }

    /// The same with other settings.
    pub async fn site_with(&self, moment: &str, settings: &[(&'static str, &str)]) -> Arc<Site> {
        let path = |name: &str| self.path(name).display().to_string();
        let mut flags = vec![
            ("database.url", self.url.clone()),
            ("keys.file", path("keys")),
            ("mail.folder", path("mail")),
        ];
        flags.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let file = root().join("config/rehearsal.toml");
        let loaded = config::load(None, Some(&file), &flags).unwrap();
        Arc::new(Site::open(loaded.config, Clock::Fixed(at(moment))).await.unwrap())
    }

    /// Writes a directory and this log, and gives back the folder to import.
    pub fn records(&self, rows: &[log::Row]) -> PathBuf {
        self.write("records/agencies.csv", log::AGENCIES);
        self.write("records/contacts.csv", log::CONTACTS);
        self.write("records/attendance-log.csv", log::csv(rows));
        self.path("records")
    }

    /// Imports this log with feedback wanted.
    pub fn import(&self, moment: &str, rows: &[log::Row]) -> String {
        let folder = self.records(rows);
        self.done_at(moment, &["import", folder.to_str().unwrap(), "--feedback"])
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A message as its recipient gets it.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    pub raw: String,
}

impl Mail {
    fn read(bytes: &[u8]) -> Self {
        let message = mail_parser::MessageParser::default().parse(bytes).expect("a message");
        let to =
            message.to().and_then(|a| a.first()).and_then(|a| a.address()).unwrap_or_default().to_owned();
        Self {
            to,
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: message.body_html(0).unwrap_or_default().into_owned(),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            raw: String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}
