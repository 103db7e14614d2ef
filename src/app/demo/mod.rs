//! `quorate demo`: a year of an invented county, a sign-in for each role, and the pages, on this machine
//! only.

mod answers;
mod fill;
mod improving;
mod mail;
mod steps;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{self, Loaded};
use super::routes::router_with;
use super::serve::{bind, say, serve_on};
use super::site::{Site, migrate};
use crate::access::{self, Keeping, NewAccount, Role};
use crate::agencies::store::directory;
use crate::agencies::{Grant, Granting};
use crate::audit::Actor;
use crate::demo::{CHAIRS, Size};
use crate::platform::{Clock, token};
use crate::web;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Settings of the demonstration, between the defaults and everything else.
const SETTINGS: &str = include_str!("../../../config/demo.toml");
/// Says that a folder is a demonstration's, and may be begun anew.
const MARK: &str = "this-is-a-quorate-demonstration";
/// The agency of the safeguarding lead who can sign in.
const LEADS: &str = "LCH";
/// Written last: the folder is complete.
const SIGN_INS: &str = "sign-ins.txt";

/// What somebody wants of the demonstration.
#[derive(clap::Args)]
pub(super) struct Wanted {
    /// The folder for everything.
    #[arg(long, default_value = "quorate-demo", value_name = "FOLDER")]
    folder: PathBuf,
    /// Throw away the demonstration in that folder, and begin anew.
    #[arg(long)]
    fresh: bool,
    /// The same seed on the same day makes the same records.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Children on a plan at any time.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(10..=20_000))]
    children_on_plan: u32,
    /// Years of records, up to today.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    years: u32,
    /// The address and port to listen on, in place of server.listen.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Fill the folder, and serve nothing.
    #[arg(long)]
    only_fill: bool,
}

/// The settings for a demonstration in this folder.
pub(super) fn settings(file: Option<&Path>, wanted: &Wanted) -> Result<Loaded, config::ConfigError> {
    let path = |name: &str| wanted.folder.join(name).display().to_string();
    let mut flags = vec![
        ("database.url", format!("sqlite://{}", path("quorate.db"))),
        ("database.url_file", String::new()),
        ("keys.file", path("quorate.keys")),
        ("mail.transport", "folder".to_owned()),
        ("mail.folder", path("mail")),
        ("server.metrics_listen", String::new()),
    ];
    flags.extend(wanted.listen.clone().map(|listen| ("server.listen", listen)));
    config::load(Some(("the demonstration", SETTINGS)), file, &flags)
}

/// Makes the demonstration where there is none, prints its sign-ins, serves it.
pub(super) async fn run(loaded: Loaded, wanted: Wanted) -> Result<(), Failure> {
    let config = loaded.config;
    let address: std::net::SocketAddr = config.server.listen.parse().map_err(|_| {
        format!("server.listen: \"{}\" is no address and port, as 127.0.0.1:8080", config.server.listen)
    })?;
    if !address.ip().is_loopback() {
        return Err("server.listen: the demonstration is for this machine only: listen on 127.0.0.1".into());
    }
    // First, so that a port that is taken is said before a year is written.
    let listener = match wanted.only_fill {
        true => None,
        false => Some(bind("server.listen (or --listen)", &config.server.listen).await?),
    };
    let folder = &wanted.folder;
    let held = prepare(folder, wanted.fresh)?;
    if held.must_be_filled {
        let mut site = Site::open(config.clone(), Clock::System).await?;
        let Wanted { seed, children_on_plan, years, .. } = wanted;
        fill::fill(&mut site, Size { seed, children_on_plan, years }).await?;
        let lines = sign_ins(&site).await?;
        fs::write(folder.join(SIGN_INS), lines).map_err(|e| format!("{}: {e}", folder.display()))?;
    } else {
        // An earlier version may have made it.
        migrate(&config).await?;
    }
    let Some(listener) = listener else { return Ok(()) };
    let site = Arc::new(Site::open(config, Clock::System).await?);
    let at = listener.local_addr()?;
    say(&format!("\nQuorate's demonstration is at http://{at}"));
    say(&format!("Its mail is at http://{at}/demo/mail\n"));
    say(fs::read_to_string(folder.join(SIGN_INS))?.trim_end());
    say(&format!("\nEverything is in {}; --fresh begins anew. Ctrl-C stops.", folder.display()));
    web::announce(web::Banner {
        text: "Demonstration: every record, name and address here is invented, and no letter leaves this machine.",
        href: "/demo/mail",
        link: "Read the mail",
    });
    let pages = router_with(&site, mail::routes(site.config.mail.folder.clone()));
    serve_on(site, listener, pages).await
}

/// A folder that this process alone works in, as long as this lives.
struct Held {
    must_be_filled: bool,
    _lock: File,
}

/// Makes the folder ready. What is thrown away is only what bears our mark, and what nobody is using.
fn prepare(folder: &Path, fresh: bool) -> Result<Held, Failure> {
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    let exists = folder.exists() && fs::read_dir(folder).map_err(failed)?.next().is_some();
    let (mark, whole) = (folder.join(MARK), folder.join(SIGN_INS).exists());
    let lock = || -> Result<File, Failure> {
        let file = File::options().create(true).append(true).open(&mark).map_err(failed)?;
        let taken =
            || format!("another process has the demonstration in {}: stop it first", folder.display());
        file.try_lock().map_err(|_| taken())?;
        Ok(file)
    };
    if exists && !mark.exists() {
        let text = format!("{} holds something else: name another folder with --folder", folder.display());
        return Err(text.into());
    }
    if exists {
        let held = lock()?;
        if whole && !fresh {
            return Ok(Held { must_be_filled: false, _lock: held });
        }
        if !whole {
            println!("The demonstration in {} was not finished; it begins anew.", folder.display());
        }
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    Ok(Held { must_be_filled: true, _lock: lock()? })
}

/// One account a role, all with one password made for this demonstration; as lines to print.
async fn sign_ins(site: &Site) -> Result<String, Failure> {
    let password = format!("{}-{}-{}", token(4), token(4), token(4));
    let mut lines = String::new();
    for (role, name, does) in [
        (Role::Administrator, "Sam Rivers", "keeps registers, imports, sees the post"),
        (Role::Chair, CHAIRS[0], "keeps and confirms the registers of the conferences this person chairs"),
        (Role::QaManager, "Morgan Reed", "amends, settles, looks behind figures"),
        (Role::PaqaMember, "Ellis Hart", "reads PAQA's month"),
        (Role::AgencyLead, "Wren Calder", "sees what was recorded of the community health trust"),
        (Role::SystemAdministrator, "Robin Lake", "sees schedule and post, runs tasks"),
        (Role::Auditor, "Sage Holt", "reads the audit trail"),
    ] {
        let email = format!("{}@demo.example", role.code().replace('_', "-"));
        let new = NewAccount {
            email: email.clone(),
            name: name.to_owned(),
            role,
            chair: (role == Role::Chair).then(|| name.to_owned()),
            password: Some(password.clone()),
        };
        let actor = Actor::system("demonstration");
        let now = site.clock.now();
        Keeping { db: &site.db, keys: &site.keys, actor: &actor, now }.add(new).await?;
        if role == Role::AgencyLead {
            let lead = access::store::by_email(site.db.read(), &email).await?.expect("just added");
            let trust = directory(site.db.read()).await?.agencies.into_values().find(|a| a.code == LEADS);
            let grant = Grant::WholeAgency(trust.expect("in the directory").id);
            let granting = Granting { db: &site.db, keys: &site.keys, actor: &actor, now };
            granting.set(lead.id, grant, true).await?;
        }
        lines.push_str(&format!("  {email:<36} {name}, {}: {does}\n", role.label()));
    }
    Ok(format!("Sign in with the password {password} as\n{lines}"))
}
