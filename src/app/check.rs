//! `quorate check`: is this place ready?

use std::process::ExitCode;

use super::config::Loaded;
use super::letters;
use super::site::{Site, pending};
use super::tasks::Task;
use crate::audit;
use crate::calendar::london;
use crate::outbox;
use crate::platform::Clock;
use crate::web;

pub(super) async fn check(
    loaded: &Loaded,
    clock: Clock,
) -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
    let mut failures = 0;
    let mut say = |ok: bool, text: String| {
        println!("{} {text}", if ok { "  ok  " } else { "FAILED" });
        failures += u32::from(!ok);
    };
    println!("Settings");
    super::cli::show_settings(loaded);

    println!("\nDatabase");
    match pending(&loaded.config).await {
        Ok(0) => say(true, "it opens, and its schema is up to date".to_owned()),
        Ok(n) => say(true, format!("it opens; {n} migration(s) are to be made: `quorate migrate`")),
        Err(e) => {
            say(false, e.to_string());
            return Ok(ExitCode::from(1));
        }
    }
    let site = match Site::open(loaded.config.clone(), clock).await {
        Ok(site) => site,
        Err(e) => {
            say(false, e.to_string());
            return Ok(ExitCode::from(1));
        }
    };
    match audit::verify(site.db.read(), &site.keys).await? {
        Ok(entries) => say(true, format!("the audit trail stands: {entries} entries")),
        Err(broken) => say(false, format!("the audit trail does not stand at {broken}")),
    }

    println!("\nLetters");
    match letters::try_all(&site.letterhead.templates) {
        Ok(n) => say(true, format!("{n} letters rendered")),
        Err(e) => say(false, e.to_string()),
    }
    let own: Vec<&str> =
        site.letterhead.templates.kinds().filter(|k| site.letterhead.templates.is_own(k)).collect();
    if !own.is_empty() {
        println!("  note  worded by mail.templates_folder: {}", own.join(", "));
    }
    match web::compile_pages() {
        Ok(pages) => say(true, format!("{} page templates compiled", pages.get_templates().len())),
        Err(e) => say(false, e.to_string()),
    }
    let missing = site.rules.feedback.missing();
    if !missing.is_empty() {
        println!("  note  nothing is sent while these are empty: {}", missing.join(", "));
    }

    if let Some(pause) = outbox::held_back(site.db.read()).await? {
        let since = london::moment(pause.since);
        println!(
            "  note  the post is held back: {} ({}, {since}); `quorate outbox release`",
            pause.why, pause.by_name
        );
    }

    println!("\nSchedule (London time)");
    for task in Task::ALL {
        match task.plan(&site) {
            Err(e) => say(false, e.to_string()),
            Ok(plan) => {
                let mut at = clock.now();
                let mut runs = Vec::new();
                while let Some(next) = plan.next_after(at).filter(|_| runs.len() < 3) {
                    runs.push(london::moment(next));
                    at = next;
                }
                say(true, format!("{}: {}", task.name(), runs.join(" · ")));
            }
        }
    }
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
