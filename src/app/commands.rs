//! What the commands do that are more than a call.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use super::serve::told_to_stop;
use super::site::Site;
use super::tasks::Task;
use crate::access::{self, Keeping, NewAccount, Role};
use crate::agencies::store::directory;
use crate::agencies::{Grant, Granting};
use crate::audit::Actor;
use crate::conferences::Sight;
use crate::operations::{self, Counter, Posted, posted};
use crate::reports::{self, Edition, FinancialYear, Form, FormError, Month, MonthPage, Period, PublicPage};
use crate::retention::{Class, Due, Shredder};
use crate::schedule::{Run, Said};
use crate::web::standalone;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// `quorate outbox …`
#[derive(Subcommand)]
pub(super) enum OutboxCommand {
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

/// `quorate account …`
#[derive(Subcommand)]
pub(super) enum AccountCommand {
    /// Add an account, and print the link by which its owner chooses a password.
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
        /// Set the password that stands on standard input, instead of making a link.
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
    /// Have somebody not sign in at the identity provider any more; `reset` then makes a link.
    Unlink {
        /// The address that signs in.
        email: String,
    },
    /// Forget the second factor of somebody whose telephone is lost.
    ForgetSecondFactor {
        /// The address that signs in.
        email: String,
    },
    /// Grant a service, or a whole agency, to an agency safeguarding lead.
    Grant {
        /// The address that signs in.
        email: String,
        /// The agency's code.
        #[arg(long)]
        agency: String,
        /// The service, by name; without one the whole agency.
        #[arg(long)]
        service: Option<String>,
    },
    /// End an account's password and sessions, and print a link by which its owner chooses a new one.
    Reset {
        /// The address that signs in.
        email: String,
        /// Set the password that stands on standard input, instead of making a link.
        #[arg(long)]
        password_stdin: bool,
    },
}

/// The forms of a report.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ReportFormat {
    Json,
    Csv,
    Html,
    /// A workbook.
    Xlsx,
    /// For a committee's pack; needs `quorate-pdf`.
    Pdf,
}

impl ReportFormat {
    /// As a file of figures; what is laid out for a reader is none.
    fn form(self) -> Option<Form> {
        match self {
            Self::Json => Some(Form::Json),
            Self::Csv => Some(Form::Csv),
            Self::Xlsx => Some(Form::Xlsx),
            Self::Html | Self::Pdf => None,
        }
    }
}

/// What is laid out, as a page or printed.
async fn laid_out(site: &Site, format: ReportFormat, page: &MonthPage) -> Result<Vec<u8>, Failure> {
    Ok(match format {
        ReportFormat::Pdf => site.press.print(&page.printed()).await?,
        _ => standalone(page)?.into_bytes(),
    })
}

/// The forms of a list.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ListFormat {
    Text,
    Json,
}

pub(super) async fn run_task(site: &Site, task: Task) -> Result<ExitCode, Failure> {
    let stop = site.stop.clone();
    tokio::spawn(async move {
        told_to_stop().await;
        stop.cancel();
    });
    // A run by hand is due at the very moment; a second one in the same microsecond is the same run.
    match task.run(site, site.clock.now()).await? {
        Run::Ran(Said::Nothing) => println!("{}: nothing to do.", task.name()),
        Run::Ran(Said::Waits(why) | Said::Did(why)) => println!("{}: {why}.", task.name()),
        Run::Taken { again: None } => println!("{}: has run for this moment already.", task.name()),
        Run::Busy | Run::Taken { again: Some(_) } => {
            println!("{}: runs already.", task.name())
        }
        Run::Failed(why, _) => return Err(format!("{}: {why}", task.name()).into()),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn outbox_command(site: &Site, command: OutboxCommand) -> Result<ExitCode, Failure> {
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
            println!(
                "{} message(s) back in the queue.",
                operations::requeue(counter, &actor, Sight::Everything, None).await?
            );
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

pub(super) async fn report(
    site: &Site,
    month: Month,
    format: ReportFormat,
    output: Option<PathBuf>,
) -> Result<ExitCode, Failure> {
    let edition = reports::edition(site.making(), month).await?;
    edition_as(site, edition, format, output).await
}

/// Prints the figures of some months together.
pub(super) async fn report_period(
    site: &Site,
    period: Period,
    format: ReportFormat,
    output: Option<PathBuf>,
) -> Result<ExitCode, Failure> {
    let edition = reports::edition_together(site.making(), period, false).await?;
    edition_as(site, edition, format, output).await
}

async fn edition_as(
    site: &Site,
    edition: Edition,
    format: ReportFormat,
    output: Option<PathBuf>,
) -> Result<ExitCode, Failure> {
    let bytes = match format.form() {
        Some(form) => form.of_edition(&edition)?,
        None => laid_out(site, format, &MonthPage::alone(&edition, &site.rules.policies)).await?,
    };
    written(&bytes, output)
}

/// Prints what of a year is published.
pub(super) async fn report_year(
    site: &Site,
    year: FinancialYear,
    format: ReportFormat,
    output: Option<PathBuf>,
) -> Result<ExitCode, Failure> {
    let yearly = reports::yearly(site.db.read(), year).await?;
    let yearly = yearly.ok_or_else(|| format!("{year} is published once each of its months is closed"))?;
    let bytes = match format.form() {
        Some(form) => form.of_year(&yearly)?,
        None if matches!(format, ReportFormat::Pdf) => return Err(FormError::NotOfAYear.into()),
        None => standalone(&PublicPage::of(Some(&yearly), &yearly.year, false))?.into_bytes(),
    };
    written(&bytes, output)
}

fn written(bytes: &[u8], output: Option<PathBuf>) -> Result<ExitCode, Failure> {
    match output {
        Some(file) => {
            std::fs::write(&file, bytes).map_err(|e| format!("cannot write {}: {e}", file.display()))?
        }
        None => std::io::stdout().write_all(bytes)?,
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

pub(super) async fn account(site: &Site, command: AccountCommand) -> Result<ExitCode, Failure> {
    let actor = Actor::system("command line");
    let keeping = Keeping { db: &site.db, keys: &site.keys, actor: &actor, now: site.clock.now() };
    let tell = |email: &str, path: Option<String>| match path {
        None => println!("{email}: done."),
        Some(path) => println!(
            "{email}: the password is chosen at {}{path}\nThe link works once, and is shown this once.",
            site.config.server.address()
        ),
    };
    match command {
        AccountCommand::Add { email, name, role, chair, password_stdin } => {
            let password = password_from_stdin(password_stdin)?;
            let new = NewAccount { email: email.clone(), name, role, chair, password };
            tell(&email, keeping.add(new).await?);
        }
        AccountCommand::List => {
            for a in access::store::all(site.db.read()).await? {
                let state = if a.disabled_at.is_some() { "disabled" } else { "" };
                println!("{:<40} {:<16} {} {state}", a.email, a.role.code(), a.name);
            }
        }
        AccountCommand::Disable { email } => {
            keeping.disable(&email).await?;
            println!("{email}: disabled, and its sessions are ended.");
        }
        AccountCommand::Grant { email, agency, service } => {
            let db = site.db.read();
            let lead = access::store::by_email(db, &email).await?.filter(|a| a.role == Role::AgencyLead);
            let lead = lead.ok_or_else(|| format!("{email} is no account of an agency safeguarding lead"))?;
            let known = directory(db).await?;
            let of = known.agencies.values().find(|a| a.code == agency);
            let of = of.ok_or_else(|| format!("no agency of the directory has the code {agency}"))?;
            let grant = match &service {
                None => Grant::WholeAgency(of.id),
                Some(name) => {
                    let mut services = known.services.values().filter(|s| s.agency_id == of.id);
                    let found = services.find(|s| s.name.eq_ignore_ascii_case(name));
                    Grant::Service(found.ok_or_else(|| format!("{} has no service {name}", of.name))?.id)
                }
            };
            let granting = Granting { db: &site.db, keys: &site.keys, actor: &actor, now: site.clock.now() };
            granting.set(lead.id, grant, true).await?;
            println!("{email}: granted.");
        }
        AccountCommand::Reset { email, password_stdin } => {
            let password = password_from_stdin(password_stdin)?;
            tell(&email, keeping.reset(&email, password.as_deref()).await?);
        }
        AccountCommand::Unlink { email } => {
            keeping.unlink(&email).await?;
            println!("{email}: unlinked, and its sessions are ended. `account reset` makes a link.");
        }
        AccountCommand::ForgetSecondFactor { email } => {
            keeping.forget_second_factor(&email).await?;
            println!("{email}: the second factor is forgotten, and the sessions are ended.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `quorate retention`
pub(super) async fn retention(site: &Site, destroy: Option<Class>) -> Result<ExitCode, Failure> {
    let (actor, periods) = (Actor::system("command line"), site.config.retention.periods());
    let now = site.clock.now();
    let shredder = Shredder { db: &site.db, keys: &site.keys, periods, actor: &actor, now };
    if let Some(class) = destroy {
        match shredder.destroy(class).await? {
            None => println!("Nothing is due."),
            Some(id) => println!("Destroyed. The certificate is {id}."),
        }
        return Ok(ExitCode::SUCCESS);
    }
    for class in Class::ALL.iter().copied() {
        let due = shredder.due(class).await?;
        let period = periods.of(class).words();
        let Due { until, due, held, .. } = due;
        println!("{:<12} {period}: {due} due, up to {until}; {held} held", class.code());
    }
    Ok(ExitCode::SUCCESS)
}
