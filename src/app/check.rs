//! `quorate check`: is this place ready?

use std::process::ExitCode;

use super::config::Loaded;
use super::site::{Site, pending};
use super::tasks::Task;
use crate::audit;
use crate::calendar::london;
use crate::convening;
use crate::feedback;
use crate::ladder;
use crate::outbox;
use crate::oversight;
use crate::platform::Clock;
use crate::register;
use crate::replies;
use crate::restriction;
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
    let templates = &site.letterhead.templates;
    let letters = feedback::samples().into_iter().map(|(kind, letter)| templates.write(kind, &letter));
    let replies = replies::samples().into_iter().map(|(kind, letter)| templates.write(kind, &letter));
    let steps = ladder::samples().into_iter().map(|(kind, letter)| templates.write(kind, &letter));
    let found = oversight::samples().into_iter().map(|(kind, notice)| templates.write(kind, &notice));
    let notices = restriction::samples().into_iter().map(|(kind, notice)| templates.write(kind, &notice));
    let invitations = convening::samples().into_iter().map(|(kind, letter)| templates.write(kind, &letter));
    let ended = register::samples().into_iter().map(|(kind, notice)| templates.write(kind, &notice));
    let written: Vec<_> = letters
        .chain(replies)
        .chain(steps)
        .chain(found)
        .chain(notices)
        .chain(invitations)
        .chain(ended)
        .collect();
    for e in written.iter().filter_map(|letter| letter.as_ref().err()) {
        say(false, e.to_string());
    }
    say(true, format!("{} letters rendered", written.iter().filter(|letter| letter.is_ok()).count()));
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
