//! Some months together: the roll-up of a quarter or of a financial year for the strategy group and the board (DOMAIN 8), by
//! the same engine as a month's paper. Once each of its months is closed, and for a week none of them was, it is frozen, once,
//! whichever process comes first. Before that, and of any twelve months, it is counted as the registers stand.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseExecutor, DbErr};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::close::{CLOSES_AFTER, Closed, Edition, Making, hexadecimal, json};
use super::entity::period_close;
use super::known::Known;
use super::snapshot::{CHARTED, DEFINITIONS, Restated, Snapshot};
use super::{FinancialYear, Month, Period, closed, improving, paper};
use crate::audit::{self, Actor, Event};
use crate::calendar::london;

/// The hash of all that was frozen of a period.
fn hash(row: &period_close::Model) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [&row.period, &row.definitions, &row.snapshot] {
        hash.update(format!("{}\n{part}\n", part.len()));
    }
    hash.finalize().to_vec()
}

/// The quarters and years that end with a month.
fn ending_with(month: Month) -> impl Iterator<Item = Period> {
    let both = [Period::quarter_of(month), Period::Year(FinancialYear::of(month))];
    both.into_iter().filter(move |period| period.last() == month)
}

/// The figures of some months together: as they were frozen, or as the registers stand.
///
/// `approved_only`: for whoever reads of no other month. What is not frozen yet stands among those alone then; what is frozen stands
/// as it was, as each month's own paper does.
///
/// # Errors
/// Frozen figures that are not as they were frozen are none.
pub async fn edition_together(
    making: Making<'_>,
    period: Period,
    approved_only: bool,
) -> Result<Edition, DbErr> {
    let db = making.db.read();
    let Some(row) = closed::together(db, period).await? else {
        let of = if approved_only { Around::Approved } else { Around::Closed };
        let (snapshot, actions) = counted(making, db, period, of).await?;
        let written = improving::written(making.keys, &actions, &snapshot.actions)?;
        return Ok(Edition { snapshot, closed: None, written, as_of: london::date(making.now) });
    };
    if row.hash != hash(&row) {
        return Err(DbErr::Custom(format!("the frozen figures of {period} were changed since")));
    }
    let snapshot: Result<Snapshot, _> = serde_json::from_str(&row.snapshot);
    let snapshot = snapshot.map_err(|e| DbErr::Custom(format!("the frozen figures of {period}: {e}")))?;
    let written = match snapshot.actions.is_empty() {
        true => BTreeMap::new(),
        false => improving::written(making.keys, &improving::all(db).await?, &snapshot.actions)?,
    };
    // Whoever reads approved months alone reads it once each of its months is: it has no approval of its own.
    let closed = Closed { at: row.closed_at, hash: hexadecimal(&row.hash), approved: None };
    Ok(Edition { snapshot, closed: Some(closed), written, as_of: london::date(row.closed_at) })
}

/// The months among which a period stands on the charts.
#[derive(Clone, Copy)]
enum Around {
    /// Those that are closed, as they are known.
    Closed,
    /// Of those the ones that are approved.
    Approved,
    /// All of them, its own counted again where a register came late: a later month's close would do so, and it is frozen before.
    CountedAgain,
}

async fn counted<'a, C: ConnectionTrait>(
    making: Making<'_>,
    db: &'a C,
    period: Period,
    around: Around,
) -> Result<(Snapshot, Vec<improving::Standing>), DbErr>
where
    &'a C: Into<DatabaseExecutor<'a>>,
{
    let actions = improving::all(db).await?;
    let last = period.last();
    let mut before = closed::known(db, last.next(), improving::reach(&actions, last) + 1).await?;
    match around {
        Around::Closed => {}
        Around::Approved => {
            let approved = closed::circulated(db).await?;
            before.retain(|(month, _)| approved.contains(month));
        }
        Around::CountedAgain => {
            let counted_at = closed::counted_at(db).await?;
            for month in
                closed::changed_since(db, &counted_at, period.first(), last.next()).await?.into_keys()
            {
                let again = Known::of(&paper(db, month, making.policies, making.holidays).await?);
                before.retain(|(of, _)| *of != month);
                before.push((month, again));
            }
            before.sort_by_key(|(month, _)| *month);
        }
    }
    let paper = paper(db, period, making.policies, making.holidays).await?;
    let snapshot = Snapshot::of(paper, &before, making.about(period, Restated::default(), &actions));
    Ok((snapshot, actions))
}

/// Freezes every quarter and every financial year whose months are closed, oldest first. Says which.
pub async fn close_periods(making: Making<'_>) -> Result<Vec<Period>, DbErr> {
    let mut done = Vec::new();
    for period in due(making, making.db.read()).await? {
        if freeze(making, period).await? {
            done.push(period);
        }
    }
    Ok(done)
}

/// Working days for which no month of a quarter or a year may have closed before it is frozen: registers come late, and history
/// file by file.
const QUIET: u32 = CLOSES_AFTER;

/// Those whose months are over and closed and that are not frozen yet, as far back as charts go: of long ago registers may be
/// erased. A month in which no conference took place does not close, and hinders nothing.
async fn due(making: Making<'_>, db: &impl ConnectionTrait) -> Result<Vec<Period>, DbErr> {
    let closed = closed::closed_at(db).await?;
    let newest = making.newest_due();
    let first = std::iter::successors(Some(newest), |month| Some(month.previous())).nth(CHARTED);
    let Some(first) = closed.keys().next().copied().max(first) else { return Ok(Vec::new()) };
    let (frozen, open) = (closed::all_together(db).await?, closed::open(db, newest).await?);
    let is_due = |period: &Period| {
        let months = period.first()..=period.last();
        let newest = closed.range(months.clone()).map(|(_, at)| *at).max();
        let is_quiet = newest.is_some_and(|at| making.quiet_since(period.last(), at) >= QUIET);
        is_quiet && !frozen.contains(&period.to_string()) && !open.iter().any(|m| months.contains(m))
    };
    let months = std::iter::successors(Some(first), |month| Some(month.next()));
    let ended = months.take_while(|month| *month <= newest).flat_map(ending_with);
    Ok(ended.filter(is_due).collect())
}

/// Freezes the figures of some months. `false`: another process was first, or a register.
async fn freeze(making: Making<'_>, period: Period) -> Result<bool, DbErr> {
    let tx = making.db.begin("close some months together").await?;
    // Registers stand still meanwhile, and none came since it was asked what is due.
    tx.keep_as_they_are(&["register", "amendment"]).await?;
    if !due(making, tx.conn()).await?.contains(&period) {
        tx.roll_back().await?;
        return Ok(false);
    }
    let (snapshot, _) = counted(making, tx.conn(), period, Around::CountedAgain).await?;
    let conferences = snapshot.paper.conferences;
    let mut row = period_close::Model {
        period: period.to_string(),
        closed_at: making.now,
        definitions: DEFINITIONS.to_owned(),
        snapshot: json(&snapshot),
        hash: Vec::new(),
    };
    row.hash = hash(&row);
    let payload =
        json!({ "definitions": DEFINITIONS, "hash": hexadecimal(&row.hash), "conferences": conferences });
    let event = Event { action: "period.closed", object: period.to_string(), payload };
    if !closed::insert_together(&tx, row).await? {
        tx.roll_back().await?;
        return Ok(false);
    }
    audit::record(&tx, making.keys, &Actor::system("report task"), making.now, vec![event]).await?;
    tx.commit().await?;
    Ok(true)
}
