//! The invented county lived through, day by day: each day's registers are imported, its feedback made,
//! its letters delivered, by the same operations and at the hours at which a real one would.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use super::answers::Answers;
use super::{improving, steps};
use crate::access::Role;
use crate::app::site::Site;
use crate::app::tasks::Task;
use crate::audit::Actor;
use crate::calendar::london;
use crate::conferences::{self, ConferenceType, ProceededReason, Sight};
use crate::demo::{self, Size};
use crate::feedback;
use crate::imports::{self, File, Options};
use crate::mail::Transport;
use crate::platform::Clock;
use crate::register::assess;
use crate::register::confirm::{Reasons, confirm};
use crate::register::save::take as take_record;
use crate::reports::{self, Circulating, Press};
use crate::schedule::Run;

/// Days back from which the ladder is climbed, each week, and each day.
const CLIMBED: u64 = 31;
const CLIMBED_DAILY: u64 = 3;
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
    // Booked with the first file after it was agreed on: letters then name the next chance.
    for meeting in &meetings {
        let mut files = days.range_mut(meeting.known_since()..meeting.date);
        if let Some((_, rows)) = files.next() {
            rows.push(meeting.announced());
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
    let mut answers = Answers::new(size.seed, today);
    for (day, rows) in days {
        site.clock = Clock::Fixed(moment(day, 10, 0));
        answers.until(site, day).await?;
        site.clock = Clock::Fixed(moment(day, 17, 0));
        take(site, &[file("attendance-log.csv", log(rows)?)]).await?;
        chairs_confirm(site, day).await?;
        site.clock = Clock::Fixed(moment(day, 17, 35));
        // What follows beyond letters is looked at in the last weeks: older steps would have ended anyway.
        let climbs = day + Days::new(CLIMBED) > today
            && (day.weekday() == Weekday::Thu || day + Days::new(CLIMBED_DAILY) > today);
        let tasks: &[Task] = match climbs {
            true => &[Task::Feedback, Task::Ladder, Task::Dispatch],
            false => &[Task::Feedback, Task::Dispatch],
        };
        if climbs {
            steps::decide(site).await?;
        }
        for task in tasks {
            run(site, *task).await?;
        }
        answers.letters_came(site).await?;
        circulate(site).await?;
        bar.inc(1);
    }
    site.clock = Clock::Fixed(now);
    take(site, &[file("attendance-log.csv", log(booked)?)]).await?;
    let someone = Actor { name: "Sam Rivers".to_owned(), role: "administrator", account: None };
    let mut long_ago = today;
    for _ in 0..CALLS_WAIT {
        long_ago = calendar.previous_working_day(long_ago);
    }
    feedback::telephoned_before(&site.db, &site.keys, &someone, now, moment(long_ago, 0, 0)).await?;
    // Days without a conference have no file, and were not climbed on.
    steps::decide(site).await?;
    run(site, Task::Ladder).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Closes the months that are due, and a QA manager approves each.
async fn circulate(site: &Site) -> Result<(), Failure> {
    let making = site.making();
    let manager = Actor { name: "Morgan Reed".to_owned(), role: Role::QaManager.code(), account: None };
    let address = site.config.server.address();
    for month in reports::close_months(making).await? {
        // Eleven papers would be printed for nobody.
        let circulating = Circulating { press: &Press::none(), ..site.circulating(&address) };
        reports::approve(making, circulating, &manager, month).await?;
        improving::follow(site, &manager, month).await?;
    }
    reports::close_periods(making).await?;
    reports::publish_years(making).await?;
    Ok(())
}

async fn run(site: &Site, task: Task) -> Result<(), Failure> {
    match task.run(site, site.clock.now()).await? {
        Run::Failed(why, _) => Err(format!("{}: {why}", task.name()).into()),
        Run::Ran(_) | Run::Busy | Run::Taken { .. } => Ok(()),
    }
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

/// Days back in which a register is looked for that its chair has yet to confirm.
const LATE: u64 = 30;

/// What chairs write when a plan ends without a core agency.
const PLAN_ENDS: [&str; 3] = [
    "The report was read out and supported the end of the plan.",
    "The core group met the week before with every agency, and all of them agreed.",
    "The agency was telephoned in the break and had no objection.",
];

/// The chairs confirm what the files of the day filled, and give the reasons that are asked of them.
async fn chairs_confirm(site: &Site, day: NaiveDate) -> Result<(), Failure> {
    let open = conferences::store::with_open_register;
    for waiting in open(site.db.read(), day - Days::new(LATE), day, Sight::Everything, 1000).await? {
        let tx = site.db.begin("confirm register").await?;
        let Some((record, directory)) = take_record(&tx, waiting.id, Sight::Everything).await? else {
            continue;
        };
        let name = conferences::store::chair(tx.conn(), record.conference.chair_id).await?;
        let facts = record.facts(&directory);
        let plan_ends = assess(&facts, site.rules.policies.on(facts.date)).plan_ends;
        let without = plan_ends.into_iter().filter(|end| !end.missing.is_empty());
        let said = PLAN_ENDS[record.invitations.len() % PLAN_ENDS.len()];
        let reasons = Reasons {
            plan_end: without.map(|end| (end.child, said.to_owned())).collect(),
            proceeded: Some(match (record.conference.kind, record.invitations.len()) {
                (ConferenceType::PreBirth, _) => ProceededReason::PreBirth,
                (_, ..6) => ProceededReason::FewAgenciesInvolved,
                (_, 6..8) => ProceededReason::DelayHarmful,
                _ => ProceededReason::InformationSufficient,
            }),
            ..Reasons::default()
        };
        let actor = Actor { name, role: Role::Chair.code(), account: None };
        let age = site.rules.feedback.maximum_age_working_days;
        let (policies, now) = (&site.rules.policies, site.clock.now());
        let done = confirm(&tx, &site.keys, &actor, record, &directory, policies, age, reasons, now);
        // What is not filled yet stays open.
        if done.await?.is_ok() {
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn take(site: &Site, files: &[File]) -> Result<(), Failure> {
    let options = Options { feedback: true, leave_open: true, ..Options::default() };
    let actor = Actor::system("demonstration");
    let (now, silent) = (site.clock.now(), |_: usize, _: usize| {});
    let out = imports::run(
        &site.db,
        &site.keys,
        &actor,
        now,
        &site.rules,
        files,
        options,
        Sight::Everything,
        &silent,
    )
    .await?;
    match out.refusals.first() {
        None => Ok(()),
        Some(refused) => Err(format!("the invented records were refused: {refused}").into()),
    }
}
