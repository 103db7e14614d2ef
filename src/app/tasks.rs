//! The scheduled tasks.

use std::time::Instant;

use clap::ValueEnum;

use super::deliveries::Deliveries;
use super::expectations::expectations;
use super::site::Site;
use crate::access;
use crate::audit::{self, Actor};
use crate::bounces::{self, ReadError};
use crate::convening::{self, StillStands};
use crate::feedback::{self, FeedbackError, Office, StillDue};
use crate::ladder::{self, StillOpen};
use crate::outbox::{self, NoticeError};
use crate::oversight;
use crate::reports::{self, Thanking};
use crate::retention::{Class, ShredError, Shredder};
use crate::schedule::{self, Plan, PlanError, Run, Said, Turn};
use crate::{register, replies};

/// A task by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Finds confirmed absences past their hold and posts their letters.
    Feedback,
    /// Sends what is in the outbox.
    Dispatch,
    /// Reads messages that came back.
    Bounces,
    /// Proposes the ladder's steps.
    Ladder,
    /// Reminds those who have not answered their invitation, or whose report is missing.
    Reminders,
    /// Closes the month that is over, and tells those who approve it.
    Report,
    /// Checks from outside that everything owed has gone.
    Oversight,
    /// Removes sessions that have ended.
    Sessions,
    /// Proves that the audit trail stands.
    Audit,
    /// Erases what has had its time and goes by itself.
    Retention,
}

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Feedback could not be made.
    #[error(transparent)]
    Feedback(#[from] FeedbackError),
    /// The audit trail was changed.
    #[error("the audit trail does not stand at {0}")]
    Audit(audit::Broken),
    /// A reminder could not be written.
    #[error(transparent)]
    Reminder(#[from] NoticeError),
    /// What came back could not be read.
    #[error(transparent)]
    Bounces(#[from] ReadError),
    /// What had its time could not be destroyed.
    #[error(transparent)]
    Retention(#[from] ShredError),
    /// The database refused.
    #[error("database: {0}")]
    Db(#[from] sea_orm::DbErr),
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 10] = [
        Self::Feedback,
        Self::Dispatch,
        Self::Bounces,
        Self::Ladder,
        Self::Reminders,
        Self::Report,
        Self::Oversight,
        Self::Sessions,
        Self::Audit,
        Self::Retention,
    ];

    /// Its name, as in `schedule.<task>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Dispatch => "dispatch",
            Self::Bounces => "bounces",
            Self::Ladder => "ladder",
            Self::Reminders => "reminders",
            Self::Report => "report",
            Self::Oversight => oversight::NAME,
            Self::Sessions => "sessions",
            Self::Audit => "audit",
            Self::Retention => "retention",
        }
    }

    /// When it runs.
    pub fn plan(self, site: &Site) -> Result<Plan, PlanError> {
        Plan::parse(self.name(), self.cron(site))
    }

    async fn work(self, site: &Site) -> Result<Said, TaskError> {
        let now = || site.clock.now();
        let letters = Office {
            db: &site.db,
            keys: &site.keys,
            letterhead: &site.letterhead,
            policies: &site.rules.policies,
            settings: &site.rules.feedback,
        };
        match self {
            Self::Feedback => {
                let made = feedback::make(letters, now()).await?;
                if made.is_idle() {
                    return Ok(Said::Nothing);
                }
                if let Some(why) = made.nothing_because {
                    return Ok(Said::Waits(why));
                }
                Ok(Said::Did(format!(
                    "{} letters about {} absences; {} to telephone, {} to be settled first",
                    made.letters, made.absences, made.telephone_calls, made.held_back
                )))
            }
            Self::Dispatch => {
                let (policies, settings) = (&site.rules.policies, &site.rules.feedback);
                let (db, keys) = (&site.db, &site.keys);
                feedback::digest(letters, now()).await?;
                let delivery = Deliveries {
                    db,
                    feedback: StillDue::new(db, policies, settings),
                    convening: StillStands { db, keys },
                    ladder: StillOpen { db, policies, settings, keys },
                };
                let carrier = outbox::Carrier {
                    db: &site.db,
                    transport: &site.transport,
                    from: &site.config.mail.from,
                    delivery: &delivery,
                    pace: site.config.pace(),
                    turn: &site.turn,
                    stop: &site.stop,
                };
                let done = carrier.dispatch(now).await?;
                let did = format!(
                    "{} sent, {} put off, {} given up, {} cancelled",
                    done.sent, done.put_off, done.failed, done.cancelled
                );
                Ok(match (done.left, done.sent + done.failed + done.cancelled) {
                    (None, 0) if done.put_off == 0 => Said::Nothing,
                    // While nothing gets through, the ledger does not grow by a row at each try.
                    (Some(why), 0) => Said::Waits(format!("{} put off: {why}", done.put_off)),
                    (None, _) => Said::Did(did),
                    (Some(why), _) => Said::Did(format!("{did}; the rest waits: {why}")),
                })
            }
            Self::Bounces => {
                let read = bounces::read_all(letters, &site.bounces, now()).await?;
                Ok(match (read.taken, read.other) {
                    (0, 0) => Said::Nothing,
                    (taken, other) => {
                        Said::Did(format!("{taken} messages came back, {other} reports of others"))
                    }
                })
            }
            Self::Ladder => {
                let done = ladder::propose(letters, &site.ladders, now()).await?;
                Ok(match (done.proposed, done.stopped) {
                    (0, 0) => Said::Nothing,
                    (proposed, stopped) => {
                        Said::Did(format!("{proposed} steps proposed, {stopped} taken back"))
                    }
                })
            }
            Self::Reminders => {
                let office = convening::Office {
                    db: &site.db,
                    keys: &site.keys,
                    letterhead: &site.letterhead,
                    policies: &site.rules.policies,
                    settings: &site.convening,
                    domains: &site.rules.feedback.domains,
                    actor: &Actor::system("reminders task"),
                    now: now(),
                };
                let invited = convening::remind(office).await?;
                let feedback =
                    replies::remind(letters, site.config.feedback.reminder_working_days, now()).await?;
                let address = site.config.server.address();
                let policies = &site.rules.policies;
                let registers =
                    register::tell_of_overdue(&site.db, &site.letterhead, policies, &address, now()).await?;
                Ok(match (invited, feedback, registers) {
                    (0, 0, 0) => Said::Nothing,
                    (invited, feedback, registers) => Said::Did(format!(
                        "{invited} reminders of invitations, {feedback} of letters, {registers} of registers posted"
                    )),
                })
            }
            Self::Report => {
                let (address, policies) = (site.config.server.address(), &site.rules.policies);
                let making = site.making();
                let closed = reports::close_months(making).await?.len();
                reports::close_periods(making).await?;
                reports::publish_years(making).await?;
                let told = reports::tell_of_month(making, &site.letterhead, &address).await?;
                let waiting = reports::chase_registers(making, &site.letterhead, &address).await?;
                let with = Thanking {
                    db: &site.db,
                    letterhead: &site.letterhead,
                    policies,
                    settings: &site.rules.feedback,
                    targets: &site.targets,
                };
                let thanked = reports::thank(with, now()).await?;
                let chased = reports::chase_actions(
                    &site.db,
                    &site.letterhead,
                    &site.rules.feedback.domains,
                    &address,
                    now(),
                )
                .await?;
                Ok(match (closed, told, waiting, thanked, chased) {
                    (0, 0, 0, 0, 0) => Said::Nothing,
                    (closed, told, waiting, thanked, chased) => Said::Did(format!(
                        "{closed} months closed, {told} told of a month, {waiting} of registers that wait, \
                         {thanked} letters of thanks, {chased} reminded of an action"
                    )),
                })
            }
            Self::Oversight => {
                let address = site.config.server.address();
                let heartbeat = &site.config.oversight.heartbeat;
                let opens =
                    |moment| site.rules.feedback.window.next_open(moment, &site.rules.policies.calendar);
                let expected = expectations(site, &opens, now());
                let done =
                    oversight::watch(&site.db, &site.letterhead, &expected, &address, heartbeat, now())
                        .await?;
                let quiet = done.new + done.settled == 0;
                Ok(match (quiet, done.no_heartbeat) {
                    (true, None) => Said::Nothing,
                    (true, Some(why)) => Said::Waits(why),
                    (false, _) => {
                        Said::Did(format!("{} found, {} settled, {} open", done.new, done.settled, done.open))
                    }
                })
            }
            Self::Sessions => {
                site.limits.tidy();
                Ok(match access::forget_ended(&site.db, &site.config.access.sessions(), now()).await? {
                    0 => Said::Nothing,
                    n => Said::Did(format!("{n} ended sessions removed")),
                })
            }
            Self::Retention => {
                let (periods, actor) = (site.config.retention.periods(), Actor::system("retention task"));
                let shredder =
                    Shredder { db: &site.db, keys: &site.keys, periods, actor: &actor, now: now() };
                let mut did = Vec::new();
                for class in Class::ALL.iter().copied().filter(|class| !class.by_hand()) {
                    let due = shredder.due(class).await?;
                    if shredder.destroy(class).await?.is_some() {
                        did.push(format!("{}: {}", class.label(), due.due));
                    }
                }
                Ok(if did.is_empty() { Said::Nothing } else { Said::Did(did.join("; ")) })
            }
            Self::Audit => match audit::verify(site.db.read(), &site.keys).await? {
                Ok(entries) => Ok(Said::Did(format!("the trail stands: {entries} entries"))),
                Err(broken) => Err(TaskError::Audit(broken)),
            },
        }
    }

    /// What it is for.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Feedback => "Finds confirmed absences past their hold, and posts their letters.",
            Self::Dispatch => "Sends what is in the post.",
            Self::Bounces => "Reads messages that came back, and does what follows.",
            Self::Ladder => {
                "Proposes the ladder's steps, and takes back what the record does not show any more."
            }
            Self::Reminders => {
                "Reminds those who have not answered an invitation or a letter, whose report is missing, or whose register is open."
            }
            Self::Report => {
                "Closes the month, tells those who read its report, thanks who is back at its target, chases actions."
            }
            Self::Oversight => "Checks from outside that everything owed has gone, and goes in time.",
            Self::Sessions => "Removes sessions that have ended.",
            Self::Audit => "Proves that the audit trail stands as it was written.",
            Self::Retention => "Erases the texts of messages and the runs of tasks that have had their time.",
        }
    }

    /// Its times, as the settings have them.
    pub(super) fn cron(self, site: &Site) -> &str {
        let schedule = &site.config.schedule;
        match self {
            Self::Feedback => &schedule.feedback,
            Self::Dispatch => &schedule.dispatch,
            Self::Bounces => &schedule.bounces,
            Self::Ladder => &schedule.ladder,
            Self::Reminders => &schedule.reminders,
            Self::Report => &schedule.report,
            Self::Oversight => &schedule.oversight,
            Self::Sessions => &schedule.sessions,
            Self::Audit => &schedule.audit,
            Self::Retention => &schedule.retention,
        }
    }

    /// Runs it for one due time.
    pub async fn run(self, site: &Site, turn: impl Into<Turn>) -> Result<Run, sea_orm::DbErr> {
        let state = &site.tasks[self as usize];
        let Ok(_running) = state.running.try_lock() else {
            return Ok(Run::Busy);
        };
        let begun = Instant::now();
        let run =
            schedule::run(&site.db, self.name(), turn.into(), || site.clock.now(), self.work(site)).await;
        let outcome = match &run {
            Ok(Run::Busy | Run::Taken { .. }) => return run,
            Ok(Run::Ran(Said::Did(_))) => "did",
            Ok(Run::Ran(Said::Nothing)) => "nothing",
            Ok(Run::Ran(Said::Waits(_))) => "waits",
            Ok(Run::Failed(..)) | Err(_) => "failed",
        };
        let waits = match &run {
            Ok(Run::Ran(Said::Waits(why))) => Some((site.clock.now(), why.clone())),
            _ => None,
        };
        *state.waits.lock().expect("nothing panics while it holds this") = waits;
        metrics::counter!("quorate_task_runs_total", "task" => self.name(), "outcome" => outcome)
            .increment(1);
        metrics::histogram!("quorate_task_run_seconds", "task" => self.name()).record(begun.elapsed());
        run
    }
}
