//! Closing a month (DOMAIN 8): on its fifth working day after, its paper is frozen with the version of its definitions and a
//! hash, once, whichever process comes first. What is amended or confirmed later restates figures in the next paper, old and
//! new side by side; the frozen one never changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::closed;
use super::entity::{month_close, month_restated};
use super::improving::{self, ActionId, Written};
use super::known::Known;
use super::revising::{lines, revisions};
use super::snapshot::{About, CHARTED, DEFINITIONS, Restated, Snapshot};
use super::{Month, Period, Targets, paper};
use crate::audit::{self, Actor, Event};
use crate::calendar::{Breaks, london};
use crate::feedback::Settings;
use crate::platform::{Db, Keys, Tx};
use crate::register::Policies;
use crate::register::restating::Figure;
use crate::web::Desk;

/// Working days after a month on which it closes.
pub(super) const CLOSES_AFTER: u32 = 5;
/// What a paper is made with.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// The database.
    pub db: &'a Db,
    /// For the audit trail.
    pub keys: &'a Keys,
    /// The rules by their days.
    pub policies: &'a Policies,
    /// School holidays.
    pub holidays: &'a Breaks,
    /// What the partnership has agreed on.
    pub targets: &'a Targets,
    /// The moment at which it is made.
    pub now: DateTime<Utc>,
}

/// How a month stands that is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub at: DateTime<Utc>,
    /// The hash of what was frozen, in hexadecimal.
    pub hash: String,
    /// Who approved it, and when.
    pub approved: Option<(String, DateTime<Utc>)>,
}

/// A month's paper as it is read: frozen, or as its registers stand now.
pub struct Edition {
    /// The paper with what stands around it.
    pub snapshot: Snapshot,
    /// `None` while the month is open.
    pub closed: Option<Closed>,
    /// What is written of its improvement actions.
    pub written: BTreeMap<ActionId, Written>,
    /// The day as of which it was counted.
    pub as_of: NaiveDate,
}

impl Edition {
    /// The month, or the months, that it is of.
    pub fn period(&self) -> Period {
        self.snapshot.period()
    }

    /// Closed and approved: PAQA's members read it.
    pub fn is_circulated(&self) -> bool {
        self.closed.as_ref().is_some_and(|closed| closed.approved.is_some())
    }
}

/// The newest month that is over for so long that it closes, as of a day.
fn closes(today: NaiveDate, policies: &Policies) -> Month {
    let month = Month::of(today).previous();
    let is_due = policies.calendar.working_days(month.last(), today) >= CLOSES_AFTER;
    if is_due { month } else { month.previous() }
}

/// The day on which a month closes.
pub fn closes_on(month: Month, policies: &Policies) -> NaiveDate {
    policies.calendar.add_working_days(month.last(), CLOSES_AFTER)
}

/// The hash of all that a close wrote: the month's own paper, what later months compare with, and what was counted again.
fn hash(row: &month_close::Model, again: &[month_restated::Model]) -> Vec<u8> {
    let mut all = vec![&row.month, &row.definitions, &row.snapshot, &row.known];
    all.extend(again.iter().flat_map(|again| [&again.month, &again.known, &again.figures]));
    let mut hash = Sha256::new();
    for part in all {
        hash.update(format!("{}\n{part}\n", part.len()));
    }
    hash.finalize().to_vec()
}

/// Whether a closed month is as it was frozen. The first months were sealed by their paper alone.
fn is_as_frozen(row: &month_close::Model, again: &[month_restated::Model]) -> bool {
    let alone = || Sha256::digest(format!("{}\n{}", row.definitions, row.snapshot)).to_vec();
    row.hash == hash(row, again) || row.hash == alone()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("figures are JSON")
}

/// The paper of a month: as it was frozen, or as its registers stand.
///
/// # Errors
/// A frozen paper that is not as it was frozen is no paper.
pub async fn edition(making: Making<'_>, month: Month) -> Result<Edition, DbErr> {
    let db = making.db.read();
    if let Some(row) = closed::by_month(db, month).await? {
        if !is_as_frozen(&row, &closed::counted_again(db, month).await?) {
            return Err(DbErr::Custom(format!(
                "the frozen paper of {month} was changed after it was closed"
            )));
        }
        let snapshot: Result<Snapshot, _> = serde_json::from_str(&row.snapshot);
        let snapshot = snapshot.map_err(|e| DbErr::Custom(format!("the frozen paper of {month}: {e}")))?;
        let approved = row.approved_by.zip(row.approved_at);
        let closed = Closed { at: row.closed_at, hash: hexadecimal(&row.hash), approved };
        let written = match snapshot.actions.is_empty() {
            true => BTreeMap::new(),
            false => improving::written(making.keys, &improving::all(db).await?, &snapshot.actions)?,
        };
        return Ok(Edition { snapshot, closed: Some(closed), written, as_of: london::date(row.closed_at) });
    }
    let around = async {
        let actions = improving::all(db).await?;
        let before = closed::known(db, month, improving::reach(&actions, month)).await?;
        Ok::<_, DbErr>((actions, before))
    };
    let paper = paper(db, month, making.policies, making.holidays);
    let (paper, (actions, before)) = tokio::try_join!(paper, around)?;
    let snapshot = Snapshot::of(paper, &before, making.about(month.into(), Restated::default(), &actions));
    let written = improving::written(making.keys, &actions, &snapshot.actions)?;
    Ok(Edition { snapshot, closed: None, written, as_of: london::date(making.now) })
}

/// A month counted again: its figures since, and how they stand beside those before.
struct Again {
    month: Month,
    known: Known,
    figures: Vec<Figure>,
}

impl<'a> Making<'a> {
    /// As a page has it.
    pub fn of(desk: &'a Desk, policies: &'a Policies, settings: &'a Settings, targets: &'a Targets) -> Self {
        let holidays = &settings.school_holidays;
        Self { db: &desk.db, keys: &desk.keys, policies, holidays, targets, now: desk.clock.now() }
    }
}

impl<'a> Making<'a> {
    /// The versions of the quorum rules that held in some months.
    fn rules_of(self, period: Period) -> Vec<i32> {
        let last = period.last().last();
        let days = period.first().first().iter_days().take_while(|day| *day <= last);
        let versions: BTreeSet<i32> = days.map(|day| self.policies.on(day).quorum.version).collect();
        versions.into_iter().collect()
    }

    /// The newest month that is due to be closed.
    pub fn newest_due(self) -> Month {
        closes(london::date(self.now), self.policies)
    }

    /// Working days since the last of some months was due to close, and since the newest of them did.
    pub fn quiet_since(self, last: Month, newest: DateTime<Utc>) -> u32 {
        let (since, today) =
            (closes_on(last, self.policies).max(london::date(newest)), london::date(self.now));
        if since < today { self.policies.calendar.working_days(since, today) } else { 0 }
    }

    /// What stands around the figures of a month, or of some, besides the months before.
    pub fn about<'b>(
        self,
        period: Period,
        restated: Restated,
        actions: &'b [improving::Standing],
    ) -> About<'b>
    where
        'a: 'b,
    {
        let today = london::date(self.now);
        let (quorum_rules, targets, keys) = (self.rules_of(period), self.targets, self.keys);
        About { quorum_rules, restated, targets, actions, keys, today }
    }

    /// Counts the months again whose registers changed since the last close.
    async fn restate(self, tx: &Tx, month: Month) -> Result<(Restated, Vec<Again>), DbErr> {
        let db = tx.conn();
        let mut restated = Restated::default();
        let mut again = Vec::new();
        let counted = closed::counted_at(db).await?;
        // As far back as the charts go: what stands in them is as it is known.
        let first = std::iter::successors(Some(month), |m| Some(m.previous())).nth(CHARTED).unwrap_or(month);
        let changed = closed::changed_since(db, &counted, first, month).await?;
        for (of, changed) in changed {
            let Some(was) = closed::figures(db, of).await? else { continue };
            let was = match was {
                closed::Figures::Restated(lines) => lines,
                closed::Figures::Frozen(snapshot) => lines(&snapshot.paper),
            };
            let paper = paper(db, of, self.policies, self.holidays).await?;
            let (is, known) = (lines(&paper), Known::of(&paper));
            restated.revisions.extend(revisions(of, &was, &is));
            let note = |all: &mut BTreeMap<String, usize>, n: usize| {
                if n > 0 {
                    all.insert(of.to_string(), n);
                }
            };
            note(&mut restated.late_additions, changed.confirmed);
            note(&mut restated.amended, changed.amended);
            again.push(Again { month: of, known, figures: is });
        }
        Ok((restated, again))
    }

    /// Freezes one month. `false`: another process was first.
    async fn close(self, month: Month) -> Result<bool, DbErr> {
        let now = self.now;
        let tx = self.db.begin("close a month").await?;
        // What is confirmed or amended meanwhile waits, and is later than the close: it is restated, and not lost.
        tx.keep_as_they_are(&["register", "amendment"]).await?;
        let db = tx.conn();
        let (restated, again) = self.restate(&tx, month).await?;
        let actions = improving::all(db).await?;
        let before = closed::known(db, month, improving::reach(&actions, month)).await?;
        let mut before: BTreeMap<Month, Known> = before.into_iter().collect();
        before.extend(again.iter().map(|a| (a.month, a.known.clone())));
        let before: Vec<(Month, Known)> = before.into_iter().collect();
        let paper = paper(db, month, self.policies, self.holidays).await?;
        let known = json(&Known::of(&paper));
        let revised = restated.revisions.len();
        let about = self.about(month.into(), restated, &actions);
        let snapshot = Snapshot::of(paper, &before, about);
        let conferences = snapshot.paper.conferences;
        let again: Vec<month_restated::Model> = again
            .into_iter()
            .map(|a| month_restated::Model {
                closing: month.to_string(),
                month: a.month.to_string(),
                known: json(&a.known),
                figures: json(&a.figures),
            })
            .collect();
        let mut row = month_close::Model {
            month: month.to_string(),
            closed_at: now,
            definitions: DEFINITIONS.to_owned(),
            hash: Vec::new(),
            snapshot: json(&snapshot),
            known,
            approved_by: None,
            approved_at: None,
        };
        row.hash = hash(&row, &again);
        let payload = json!({
            "definitions": DEFINITIONS, "hash": hexadecimal(&row.hash), "conferences": conferences,
            "revised": revised,
        });
        let event = Event { action: "month.closed", object: month.to_string(), payload };
        if !closed::insert(&tx, row).await? {
            tx.roll_back().await?;
            return Ok(false);
        }
        for row in again {
            closed::insert_restated(&tx, row).await?;
        }
        audit::record(&tx, self.keys, &Actor::system("report task"), now, vec![event]).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Closes every month that is over for so long and waits for it, oldest first. Says which were closed.
pub async fn close_months(making: Making<'_>) -> Result<Vec<Month>, DbErr> {
    let newest = making.newest_due();
    let mut done = Vec::new();
    for month in closed::open(making.db.read(), newest).await? {
        if making.close(month).await? {
            done.push(month);
        }
    }
    Ok(done)
}
