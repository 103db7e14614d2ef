//! The invented county lived through, day by day: each day's registers are imported, its feedback made,
//! its letters delivered, by the same operations and at the hours at which a real one would.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::app::site::Site;
use crate::app::tasks::Task;
use crate::audit::Actor;
use crate::calendar::london;
use crate::demo::{self, Size};
use crate::feedback;
use crate::imports::{self, File, Options};
use crate::mail::Transport;
use crate::platform::Clock;
use crate::schedule::Run;

/// Calls older than this many working days have been made.
const CALLS_WAIT: u32 = 20;

/// Fills an empty site up to now.
pub(super) async fn fill(site: &mut Site, size: Size) -> Result<(), Failure> {
    let now = site.clock.now();
    let today = london::date(now);
    let calendar = site.rules.policies.calendar.clone();
    let meetings = demo::meetings(size, today, &calendar);
    let (mut days, mut booked): (BTreeMap<NaiveDate, Vec<Vec<String>>>, _) = (BTreeMap::new(), Vec::new());
    for meeting in &meetings {
        let Some(after) = meeting.recorded_after else {
            booked.extend(meeting.booked());
            continue;
        };
        let on = |after| calendar.add_working_days(calendar.next_working_day(meeting.date), after);
        days.entry(on(after)).or_default().extend(meeting.rows());
        if let Some(later) = meeting.corrected_after {
            days.entry(on(after + later)).or_default().extend(meeting.corrected());
        }
    }
    days.retain(|day, _| *day < today);
    let bar = ProgressBar::new(days.len() as u64);
    bar.set_style(ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len} days")?);
    bar.set_message("Living through the county's records");
    if bar.is_hidden() {
        println!("Living through {} days of the county's records.", days.len());
    }

    site.db.hurry().await?;
    site.transport = Transport::Folder { path: site.config.mail.folder.clone(), durable: false };
    let first = days.keys().next().copied().unwrap_or(today);
    site.clock = Clock::Fixed(moment(first, 9, 0));
    let file = |name: &str, bytes| File { name: name.to_owned(), bytes };
    let directory = [file("agencies.csv", demo::agencies_csv()), file("contacts.csv", demo::contacts_csv())];
    take(site, &directory).await?;
    for (day, rows) in days {
        site.clock = Clock::Fixed(moment(day, 17, 0));
        take(site, &[file("attendance-log.csv", log(rows)?)]).await?;
        site.clock = Clock::Fixed(moment(day, 17, 35));
        for task in [Task::Feedback, Task::Dispatch] {
            if let Run::Failed(why) = task.run(site, site.clock.now()).await? {
                return Err(format!("{}: {why}", task.name()).into());
            }
        }
        bar.inc(1);
    }
    site.clock = Clock::Fixed(now);
    take(site, &[file("attendance-log.csv", log(booked)?)]).await?;
    let someone = Actor { name: "Sam Rivers".to_owned(), role: "administrator" };
    let mut long_ago = today;
    for _ in 0..CALLS_WAIT {
        long_ago = calendar.previous_working_day(long_ago);
    }
    feedback::telephoned_before(&site.db, &site.keys, &someone, now, moment(long_ago, 0, 0)).await?;
    bar.finish_and_clear();
    Ok(())
}

/// A moment of London's clocks.
fn moment(day: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    london::to_utc_or_after(day, NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of the day"))
}

fn log(rows: Vec<Vec<String>>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(imports::LOG_COLUMNS)?;
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner()?)
}

async fn take(site: &Site, files: &[File]) -> Result<(), Failure> {
    let options = Options { feedback: true, ..Options::default() };
    let actor = Actor::system("demonstration");
    let (now, silent) = (site.clock.now(), |_: usize, _: usize| {});
    let out = imports::run(&site.db, &site.keys, &actor, now, &site.rules, files, options, &silent).await?;
    match out.refusals.first() {
        None => Ok(()),
        Some(refused) => Err(format!("the invented records were refused: {refused}").into()),
    }
}
