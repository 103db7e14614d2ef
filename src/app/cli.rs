//! The command line.

use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use super::config::{self, Config, Loaded, LogFormat, TransportKind};
use super::report_page;
use super::site::{self, Site};
use super::tasks::Task;
use crate::access::{self, NewAccount, Role};
use crate::audit::Actor;
use crate::imports::Options;
use crate::operations::{self, Counter, Posted, posted};
use crate::platform::Clock;
use crate::reports::{self, Month};
use crate::schedule::{Run, Said};

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
    /// Serve the pages, and run the schedule.
    Serve {
        /// The address and port to listen on, in place of server.listen.
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
    /// Bring the database's schema up to date.
    Migrate,
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
    },
    /// Run one scheduled task, once, now.
    RunTask {
        /// The task.
        name: Task,
    },
    /// Look at the post.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Print PAQA's month.
    Report {
        /// The month, as 2026-09.
        #[arg(long, value_name = "YYYY-MM")]
        month: Month,
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

#[derive(Subcommand)]
enum OutboxCommand {
    /// Every message: its kind, what it is about, to whom, and where it stands.
    List {
        /// The form.
        #[arg(long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Put every message that was given up back in the queue.
    Requeue,
    /// Hold all post back: letters are neither made nor sent until `release`.
    Hold {
        /// Why; everybody who looks at the post reads it.
        #[arg(long)]
        why: String,
    },
    /// Let post go again that was held back.
    Release,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Add an account, and print its password once.
    Add {
        /// The address that signs in.
        email: String,
        /// The name that others see.
        #[arg(long)]
        name: String,
        /// The role.
        #[arg(long, value_enum)]
        role: Role,
        /// The chair (by name, as in the log) that an account with the role chair acts for.
        #[arg(long)]
        chair: Option<String>,
        /// Read the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show the accounts.
    List,
    /// Disable an account and end its sessions.
    Disable {
        /// The address that signs in.
        email: String,
    },
    /// Give an account a new password, print it once, and end its sessions.
    Reset {
        /// The address that signs in.
        email: String,
        /// Read the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum ReportFormat {
    Json,
    Csv,
    Html,
}

#[derive(Clone, Copy, ValueEnum)]
enum ListFormat {
    Text,
    Json,
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

/// Runs the program's command line.
pub async fn main() -> ExitCode {
    // Output cut off by `| head` is no failure, and `println!` would panic over it.
    let panics = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") {
            std::process::exit(0);
        }
        panics(info);
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

fn wrong_use(message: &str) -> ! {
    Cli::command().error(clap::error::ErrorKind::ArgumentConflict, message).exit()
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let mut flags = Vec::new();
    if let Command::Serve { listen } = &cli.command {
        if cli.at.is_some() {
            wrong_use("--at sets the clock of one command; `serve` runs on the real one");
        }
        flags.extend(listen.clone().map(|listen| ("server.listen", listen)));
    }
    let loaded = config::load(cli.config.as_deref(), &flags)?;
    let config = loaded.config.clone();
    if cli.at.is_some()
        && config.mail.transport == TransportKind::Smtp
        && !config::is_loopback(&config.mail.smtp.host)
    {
        wrong_use(
            "--at would send letters with a wrong date: it is refused with a mail server that is not on loopback",
        );
    }
    log(&config);
    let clock = cli.at.map_or(Clock::System, Clock::Fixed);
    match cli.command {
        Command::Serve { .. } => {
            super::serve::serve(Arc::new(Site::open(config, clock).await?)).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate => {
            match site::migrate(&config).await? {
                0 => println!("The schema is up to date."),
                n => println!("{n} migration(s) made. The schema is up to date."),
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => super::check::check(&loaded, clock).await,
        Command::Import { path, dry_run, feedback, without_refused } => {
            let options = Options { dry_run, without_refused, feedback };
            let site = Site::open(config, clock).await?;
            super::import_command::import(&site, &path, options).await
        }
        Command::RunTask { name } => run_task(&Site::open(config, clock).await?, name).await,
        Command::Outbox(command) => outbox_command(&Site::open(config, clock).await?, command).await,
        Command::Report { month, format, output } => {
            report(&Site::open(config, clock).await?, month, format, output).await
        }
        Command::Account(command) => account(&Site::open(config, clock).await?, command).await,
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

async fn run_task(site: &Site, task: Task) -> Result<ExitCode, Failure> {
    // A run by hand is due at the very moment; a second one in the same microsecond is the same run.
    match task.run(site, site.clock.now()).await? {
        Run::Ran(Said::Nothing) => println!("{}: nothing to do.", task.name()),
        Run::Ran(Said::Waits(why) | Said::Did(why)) => println!("{}: {why}.", task.name()),
        Run::Taken => println!("{}: has run for this moment already.", task.name()),
        Run::Failed(why) => return Err(format!("{}: {why}", task.name()).into()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn outbox_command(site: &Site, command: OutboxCommand) -> Result<ExitCode, Failure> {
    let counter = Counter { db: &site.db, keys: &site.keys, now: site.clock.now() };
    let actor = Actor::system("command line");
    match command {
        OutboxCommand::List { format } => {
            let list = posted(site.db.read()).await?;
            match format {
                ListFormat::Json => println!("{}", serde_json::to_string_pretty(&list)?),
                ListFormat::Text => list.iter().for_each(show),
            }
        }
        OutboxCommand::Requeue => {
            println!("{} message(s) back in the queue.", operations::requeue(counter, &actor, None).await?);
        }
        OutboxCommand::Hold { why } => {
            operations::hold_back(counter, &actor, &why).await?;
            println!("The post is held back. `quorate outbox release` lets it go again.");
        }
        OutboxCommand::Release => match operations::let_go(counter, &actor).await? {
            true => println!("The post goes again."),
            false => println!("The post was not held back."),
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn show(p: &Posted) {
    let error = p.last_error.as_ref().map(|e| format!("  ({e})")).unwrap_or_default();
    println!(
        "{:<9} {}  {:<22} {:<8} {} → {}, {} attempt(s){error}",
        p.state.code(),
        p.reference,
        p.kind,
        p.agency,
        p.service,
        p.recipient,
        p.attempts
    );
}

async fn report(
    site: &Site,
    month: Month,
    format: ReportFormat,
    output: Option<PathBuf>,
) -> Result<ExitCode, Failure> {
    let paper = reports::paper(site.db.read(), month, &site.rules.policies).await?;
    let bytes = match format {
        ReportFormat::Json => (serde_json::to_string_pretty(&paper)? + "\n").into_bytes(),
        ReportFormat::Csv => reports::csv(&paper)?,
        ReportFormat::Html => report_page::standalone(&paper)?.into_bytes(),
    };
    match output {
        Some(file) => {
            std::fs::write(&file, bytes).map_err(|e| format!("cannot write {}: {e}", file.display()))?
        }
        None => std::io::stdout().write_all(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn password_from_stdin(wanted: bool) -> Result<Option<String>, Failure> {
    if !wanted {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
}

async fn account(site: &Site, command: AccountCommand) -> Result<ExitCode, Failure> {
    let now = site.clock.now();
    let tell = |given: bool, email: &str, password: String| {
        if given {
            println!("{email}: done.");
        } else {
            println!("{email}: the password is {password}\nIt is shown once, and stored nowhere.");
        }
    };
    match command {
        AccountCommand::Add { email, name, role, chair, password_stdin } => {
            let password = password_from_stdin(password_stdin)?;
            let new = NewAccount { email: email.clone(), name, role, chair, password };
            tell(password_stdin, &email, access::add(&site.db, &site.keys, now, new).await?);
        }
        AccountCommand::List => {
            for a in access::store::all(site.db.read()).await? {
                let state = if a.disabled_at.is_some() { "disabled" } else { "" };
                println!("{:<40} {:<16} {} {state}", a.email, a.role.code(), a.name);
            }
        }
        AccountCommand::Disable { email } => {
            access::disable(&site.db, &site.keys, now, &email).await?;
            println!("{email}: disabled, and its sessions are ended.");
        }
        AccountCommand::Reset { email, password_stdin } => {
            let password = password_from_stdin(password_stdin)?;
            tell(password_stdin, &email, access::reset(&site.db, &site.keys, now, &email, password).await?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// For `check`: the settings as a table.
pub(super) fn show_settings(loaded: &Loaded) {
    for (name, value, from) in loaded.settings() {
        println!("  {name} = {value}  [{from}]");
    }
}
