//! The command line.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use super::audit_commands::{AuditCommand, audit};
use super::backup;
use super::commands::{
    AccountCommand, OutboxCommand, ReportFormat, account, outbox_command, report, report_period, report_year,
    retention, run_task,
};
use super::config::{self, Config, Loaded, LogFormat, TransportKind};
use super::demo;
use super::export::export;
use super::keys_commands::{KeysCommand, keys};
use super::site::Site;
use super::tasks::Task;
use crate::access::Role;
use crate::imports::Options;
use crate::platform::Clock;
use crate::reports::{FinancialYear, Month, Period};
use crate::retention::Class;

/// Attendance monitoring for child protection conferences.
///
/// Take records in (`import`), keep registers in the browser (`serve`), and Quorate writes to the
/// agencies that were missed and prints PAQA's month (`report`). Exit codes: 0 done, 1 failed, 2 wrong
/// use.
#[derive(Parser)]
#[command(name = "quorate", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    /// A file of settings that differ from the defaults (config/default.toml is the manual).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set the clock, for rehearsals: 2026-12-31T17:00:00Z. Not with `serve`, and not with a mail server
    /// that is not on this machine.
    #[arg(long, global = true, value_name = "RFC3339")]
    at: Option<DateTime<Utc>>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  quorate import records --dry-run            what would a folder of files do?
  quorate account add sam@council.gov.uk --name \"Sam\" --role administrator
  quorate serve                               the pages and the schedule
  quorate report --month 2026-09 -o september.html --format html";

#[derive(Subcommand)]
enum Command {
    /// Show Quorate with a year of an invented county's records, on this machine only.
    ///
    /// The first start fills a folder; later ones go on from there. Letters go into the folder and are read in
    /// the browser.
    Demo(demo::Wanted),
    #[command(flatten)]
    Work(Work),
}

/// The commands that work on a place of one's own.
#[derive(Subcommand)]
enum Work {
    /// Serve the pages, and run the schedule.
    Serve {
        /// The address and port to listen on, in place of server.listen.
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
    /// Bring the database's schema up to date.
    Migrate {
        /// Make a backup in this folder before, if there is anything to migrate.
        #[arg(long, value_name = "FOLDER")]
        backup: Option<PathBuf>,
    },
    /// Copy the records, as they are at this moment, with their keys. Quorate may be serving.
    Backup {
        /// A new folder.
        to: PathBuf,
        /// Leave the keys out; you keep them apart, and nothing can be read without them.
        #[arg(long)]
        without_keys: bool,
    },
    /// Read a backup into a place that has no records yet, and hold the post back.
    Restore {
        /// The backup's folder.
        from: PathBuf,
        /// Nothing was sent since the backup was made: let the post go on.
        #[arg(long)]
        resume: bool,
    },
    /// Prove that the audit trail stands.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write everything that is recorded, opened, as CSV files into a new folder.
    Export {
        /// The folder.
        to: PathBuf,
    },
    /// Say what has had its time; destroy it, with a certificate.
    Retention {
        /// Destroy what is due of this class. Without it nothing is changed.
        #[arg(long, value_name = "CLASS", value_parser = class, requires = "sure")]
        destroy: Option<Class>,
        /// What is destroyed does not come back: say that you know.
        #[arg(long)]
        sure: bool,
    },
    /// Change the key that seals what identifies people.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Check settings, database, templates and schedule, and show where each setting came from.
    Check,
    /// Take in agencies.csv, contacts.csv and attendance-log.csv: a folder, or one file.
    ///
    /// All of it or nothing. What is in already stays as it is unless the file changes it; nothing is
    /// deleted, and a fact amended here is never overwritten.
    Import {
        /// The folder or file.
        path: PathBuf,
        /// Say what would happen, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Make feedback letters for the registers of these files that are recent enough.
        #[arg(long)]
        feedback: bool,
        /// Take what is right, without the whole conferences that hold a refused row.
        #[arg(long)]
        without_refused: bool,
        /// Leave registers open though a file holds all of them: their chairs confirm.
        #[arg(long)]
        leave_open: bool,
    },
    /// Run one scheduled task, once, now.
    RunTask {
        /// The task.
        name: Task,
    },
    /// Look at the post.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Print PAQA's month, or what of a year is published.
    Report {
        /// The month, as 2026-09.
        #[arg(long, value_name = "YYYY-MM", required_unless_present_any = ["year", "period"])]
        month: Option<Month>,
        /// Some months together, as the registers stand: 2026-27-q2, 2026-27-year or 12-to-2026-09.
        #[arg(long, conflicts_with = "month")]
        period: Option<Period>,
        /// A financial year, as 2026-27, once its months are closed: what everybody may read.
        #[arg(long, value_name = "YYYY-YY", conflicts_with_all = ["month", "period"])]
        year: Option<FinancialYear>,
        /// The form.
        #[arg(long, value_enum, default_value_t = ReportFormat::Json)]
        format: ReportFormat,
        /// The file to write; standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Keep the accounts that sign in.
    #[command(subcommand)]
    Account(AccountCommand),
}

impl ValueEnum for Role {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.code()).help(self.label()))
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Set by those who serve.
static LOGS_PLACES_ONLY: AtomicBool = AtomicBool::new(false);

/// Runs the program's command line. What is async ends here: were it left to the program to wait for it, all that is behind
/// it would be compiled a second time, into the program.
#[tokio::main]
pub async fn main() -> ExitCode {
    // Output cut off by `| head` is no failure, and `println!` would panic over it.
    let panics = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") {
            std::process::exit(0);
        }
        // The text of a panic may hold what a person wrote: a service's log gets the place alone.
        match LOGS_PLACES_ONLY.load(Ordering::Relaxed) {
            true => tracing::error!(place = info.location().map(ToString::to_string), "panicked"),
            false => panics(info),
        }
    }));
    let cli = Cli::parse();
    match run(cli).await {
        Ok(code) => code,
        Err(e) => {
            eprintln!("quorate: {e}");
            ExitCode::from(1)
        }
    }
}

fn class(text: &str) -> Result<Class, String> {
    let all = || Class::ALL.iter().map(|c| c.code()).collect::<Vec<_>>().join(", ");
    text.parse().map_err(|_| format!("the classes are {}", all()))
}

fn wrong_use(message: &str) -> ! {
    Cli::command().error(clap::error::ErrorKind::ArgumentConflict, message).exit()
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let work = match cli.command {
        Command::Work(work) => work,
        Command::Demo(wanted) => {
            if cli.at.is_some() {
                wrong_use("--at sets the clock of one command; the demonstration ends today");
            }
            let loaded = demo::settings(cli.config.as_deref(), &wanted)?;
            log(&loaded.config);
            demo::run(loaded, wanted).await?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut flags = Vec::new();
    if let Work::Serve { listen } = &work {
        if cli.at.is_some() {
            wrong_use("--at sets the clock of one command; `serve` runs on the real one");
        }
        flags.extend(listen.clone().map(|listen| ("server.listen", listen)));
    }
    let loaded = config::load(None, cli.config.as_deref(), &flags)?;
    let config = loaded.config.clone();
    if cli.at.is_some()
        && config.mail.transport == TransportKind::Smtp
        && !config::is_loopback(&config.mail.smtp.host)
    {
        wrong_use(
            "--at would send letters with a wrong date: it is refused with a mail server that is not on loopback",
        );
    }
    if matches!(work, Work::Retention { destroy: Some(_), .. }) && cli.at > Some(Clock::System.now()) {
        wrong_use("--at lies ahead of this machine's clock: nothing is destroyed before its time");
    }
    log(&config);
    let clock = cli.at.map_or(Clock::System, Clock::Fixed);
    match work {
        Work::Serve { .. } => {
            LOGS_PLACES_ONLY.store(true, Ordering::Relaxed);
            super::serve::serve(Arc::new(Site::open(config, clock).await?)).await?;
            Ok(ExitCode::SUCCESS)
        }
        Work::Migrate { backup } => {
            backup::migrate(&config, backup.as_deref(), clock.now()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Work::Backup { to, without_keys } => {
            backup::refuse_nothing(&config).await?;
            backup::backup(&Site::open(config, clock).await?, &to, without_keys).await?;
            Ok(ExitCode::SUCCESS)
        }
        Work::Restore { from, resume } => {
            backup::restore(config, clock, &from, resume).await?;
            Ok(ExitCode::SUCCESS)
        }
        Work::Check => super::check::check(&loaded, clock).await,
        Work::Import { path, dry_run, feedback, without_refused, leave_open } => {
            let options = Options { dry_run, without_refused, feedback, leave_open, tracker: false };
            let site = Site::open(config, clock).await?;
            super::import_command::import(&site, &path, options).await
        }
        Work::RunTask { name } => run_task(&Site::open(config, clock).await?, name).await,
        Work::Outbox(command) => outbox_command(&Site::open(config, clock).await?, command).await,
        Work::Report { month, period, year, format, output } => {
            let site = Site::open(config, clock).await?;
            match (month, period, year) {
                (_, _, Some(year)) => report_year(&site, year, format, output).await,
                (_, Some(period), _) => report_period(&site, period, format, output).await,
                (Some(month), ..) => report(&site, month, format, output).await,
                (None, None, None) => Err("name a month, a period or a year".into()),
            }
        }
        Work::Audit(command) => audit(&Site::open(config, clock).await?, command).await,
        Work::Export { to } => {
            export(&Site::open(config, clock).await?, &to).await?;
            Ok(ExitCode::SUCCESS)
        }
        Work::Retention { destroy, .. } => retention(&Site::open(config, clock).await?, destroy).await,
        Work::Keys(command) => keys(&Site::open(config, clock).await?, command).await,
        Work::Account(command) => account(&Site::open(config, clock).await?, command).await,
    }
}

/// Logs go to standard error, results to standard output. Nothing that is logged names a person.
fn log(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log.level)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log.format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

/// For `check`: the settings as a table.
pub(super) fn show_settings(loaded: &Loaded) {
    for (name, value, from) in loaded.settings() {
        println!("  {name} = {value}  [{from}]");
    }
}
