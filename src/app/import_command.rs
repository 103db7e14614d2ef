//! `quorate import`.

use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::site::Site;
use crate::audit::Actor;
use crate::conferences::Sight;
use crate::imports::{self, Options, Outcome, Tally};

/// How many lines of each list are printed; the browser's dry run shows all.
const SHOWN: usize = 40;

pub(super) async fn import(
    site: &Site,
    path: &Path,
    options: Options,
) -> Result<ExitCode, Box<dyn std::error::Error + Send + Sync>> {
    let files = imports::files_at(path)?;
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos} of {len} conferences")?);
    let progress = |done: usize, of: usize| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let actor = Actor::system("command line");
    let out = imports::run(
        &site.db,
        &site.keys,
        &actor,
        site.clock.now(),
        &site.rules,
        &files,
        options,
        Sight::Everything,
        &progress,
    )
    .await;
    bar.finish_and_clear();
    let out = out?;
    print(&out, options);
    let failed = !out.taken && !(options.dry_run && (out.refusals.is_empty() || options.without_refused));
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn tally(name: &str, t: Tally) {
    if t != Tally::default() {
        println!(
            "{name:<14} {} new, {} changed, {} unchanged, {} refused",
            t.new, t.changed, t.unchanged, t.refused
        );
    }
}

fn list<T>(title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    println!("\n{title} ({}):", items.len());
    for item in items.iter().take(SHOWN) {
        println!("  {}", line(item));
    }
    if items.len() > SHOWN {
        println!("  … and {} more; the dry run in the browser shows all.", items.len() - SHOWN);
    }
}

fn print(out: &Outcome, options: Options) {
    tally("Agencies:", out.agencies);
    tally("Contacts:", out.contacts);
    tally("Conferences:", out.conferences);
    tally("Invitations:", out.invitations);
    if out.registers_confirmed + out.registers_open > 0 {
        println!("Registers:     {} confirmed, {} open", out.registers_confirmed, out.registers_open);
    }
    list("Changed", &out.changes, |c| {
        let whose = if c.whose.is_empty() { String::new() } else { format!(", {}", c.whose) };
        let how = if c.amendment { " (amendment)" } else { "" };
        format!("{}{whose}: {} \"{}\" → \"{}\"{how}", c.what, c.field, c.before, c.after)
    });
    list("Kept as it stands here, though the file has it otherwise", &out.conflicts, |c| {
        format!(
            "{}, {}: {} is \"{}\" here and \"{}\" in the file",
            c.conference, c.whose, c.field, c.here, c.file
        )
    });
    list("Not in the file", &out.vanished, Clone::clone);
    list("Odd, and taken as it stands", &out.warnings, Clone::clone);
    list("Refused", &out.refusals, |r| {
        let conference =
            r.conference.as_ref().map(|c| format!(" Conference {c} was not taken.")).unwrap_or_default();
        format!("{r}{conference}")
    });
    let would = match (options.dry_run, options.feedback) {
        (true, _) => "With --feedback, these files would make",
        (false, true) => "Feedback wanted: the next runs of the schedule make",
        (false, false) => "No letters are made (--feedback was not given); they would be",
    };
    println!(
        "\n{would} {} letter(s) about {} absence(s), {} telephone call(s); {} absence(s) wait for someone to settle whose fault they were.",
        out.letters, out.letter_absences, out.telephone_calls, out.held_back
    );
    let end = match (out.taken, options.dry_run, out.refusals.is_empty()) {
        (true, ..) => "Taken in.",
        (false, true, true) => "Dry run: nothing was changed. It can be taken in as it is.",
        (false, true, false) => {
            "Dry run: nothing was changed. With refused rows it is not taken in, unless with --without-refused."
        }
        (false, false, _) => {
            "Nothing was taken in. Correct the rows and import again, or add --without-refused to leave their conferences out."
        }
    };
    println!("{end}");
}
