//! Who is told of a month (DOMAIN 8): the QA managers when it is closed, on its fifth working day after; PAQA's members when
//! one of them has approved it.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::close::{CLOSES_AFTER, Closed, Edition, Making, edition};
use super::press::{Press, PressError};
use super::{Month, MonthPage, Paper, closed};
use crate::access::{self, Role};
use crate::audit::{self, Actor, Event};
use crate::calendar::{Calendar, london};
use crate::mail::{Domains, Enclosed, Trust};
use crate::outbox::{self, Letterhead, NoticeError};
use crate::platform::Db;

const READY: &str = "report_ready";
/// Working days after which nobody is told any more: the service was set up since.
const AT_MOST: u32 = 15;

/// What the notice says: figures, and no name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// There is no conference to name in the frame.
    pub reference: String,
    /// "September 2026".
    pub month: String,
    /// The attendance rate (M1) in a sentence.
    pub headline: String,
    /// "3 registers are not confirmed and count nowhere yet.".
    pub open: Option<String>,
    pub link: String,
    /// A QA manager is asked to approve it.
    pub to_approve: bool,
    /// The paper is enclosed.
    pub enclosed: bool,
}

/// How a month goes round.
#[derive(Clone, Copy)]
pub struct Circulating<'a> {
    pub letterhead: &'a Letterhead,
    /// Where the service is found, without a slash at its end.
    pub address: &'a str,
    pub press: &'a Press,
    /// Whom a paper itself may be sent to, and whom a link alone.
    pub domains: &'a Domains,
}

impl Ready {
    fn of(paper: &Paper, month: Month, address: &str, to_approve: bool) -> Self {
        let rate = paper.whole.M1;
        let headline = match rate.interval {
            None => "No invitation counts in it yet.".to_owned(),
            Some(_) if rate.is_small() => {
                format!("Agencies were there {} times they were expected.", rate.fraction())
            }
            Some((low, high)) => format!(
                "Agencies were there {} times they were expected: {} (95% interval {low} to {high}).",
                rate.fraction(),
                rate.percent_text()
            ),
        };
        let open = match paper.registers_open {
            0 => None,
            1 => Some("1 register is not confirmed and counts nowhere yet.".to_owned()),
            n => Some(format!("{n} registers are not confirmed and count nowhere yet.")),
        };
        Self {
            reference: String::new(),
            month: month.name(),
            headline,
            open,
            link: format!("{address}/reports/{month}"),
            to_approve,
            enclosed: false,
        }
    }
}

/// The month that can be read as of today, and of which it may still be told.
pub(super) fn due(today: NaiveDate, calendar: &Calendar) -> Option<Month> {
    let month = Month::of(today).previous();
    let days = calendar.working_days(month.last(), today);
    (CLOSES_AFTER..=AT_MOST).contains(&days).then_some(month)
}

/// An id that is the same for a notice about a month wherever it is made.
pub(super) fn id_of(what: &str, month: Month) -> Uuid {
    let hash = Sha256::digest(format!("{what} of {month}"));
    Uuid::from_slice(&hash[..16]).expect("sixteen bytes")
}

/// Whom it is told.
async fn readers(db: &Db, role: Role, month: Month) -> Result<Vec<String>, DbErr> {
    let readers = access::store::all(db.read()).await?.into_iter();
    let mut new = Vec::new();
    for reader in readers.filter(|a| a.role == role && a.disabled_at.is_none()) {
        if !outbox::was_told(db.read(), READY, id_of("report", month), &reader.email).await? {
            new.push(reader.email);
        }
    }
    Ok(new)
}

/// Tells the QA managers that a month is closed and waits for one of them to approve it, each once. Says how many notices go.
pub async fn tell_of_month(
    making: Making<'_>,
    letterhead: &Letterhead,
    address: &str,
) -> Result<usize, NoticeError> {
    let now = making.now;
    let due = due(london::date(now), &making.policies.calendar).filter(|_| letterhead.is_set_up());
    let Some(month) = due else { return Ok(0) };
    let new = readers(making.db, Role::QaManager, month).await?;
    if new.is_empty() {
        return Ok(0);
    }
    let Edition { snapshot, closed: Some(closed), .. } = edition(making, month).await? else { return Ok(0) };
    let notice = Ready::of(&snapshot.paper, month, address, closed.approved.is_none());
    let tx = making.db.begin("tell of a month").await?;
    for reader in &new {
        outbox::tell(&tx, letterhead, READY, id_of("report", month), reader, &notice, now).await?;
    }
    tx.commit().await?;
    Ok(new.len())
}

/// The paper as it will be once it is approved. One that cannot be printed keeps nobody from approving it: then the link
/// goes alone, and the page offers it still.
async fn enclosed(
    circulating: Circulating<'_>,
    making: Making<'_>,
    edition: &Edition,
    month: Month,
    by: (&Actor, DateTime<Utc>),
) -> Option<Enclosed> {
    let approved = Some((by.0.name.clone(), by.1));
    let closed = edition.closed.as_ref().map(|closed| Closed { approved, ..closed.clone() });
    let Edition { snapshot, written, as_of, .. } = edition;
    let edition = Edition { snapshot: snapshot.clone(), closed, written: written.clone(), as_of: *as_of };
    let page = MonthPage::alone(&edition, making.policies);
    match circulating.press.print(&page.printed()).await {
        Ok(bytes) => Some(Enclosed::Pdf { name: format!("attendance-{month}.pdf"), bytes }),
        Err(PressError::NotThere) => None,
        Err(error) => {
            tracing::error!(%error, %month, "the paper could not be printed: its link goes alone");
            None
        }
    }
}

/// A QA manager approves a closed month: PAQA's members are told, each once, in the same transaction; those whose domain is
/// trusted get the paper with it. `false`: it is not closed, or approved already.
pub async fn approve(
    making: Making<'_>,
    circulating: Circulating<'_>,
    actor: &Actor,
    month: Month,
) -> Result<bool, NoticeError> {
    let now = making.now;
    let members = readers(making.db, Role::PaqaMember, month).await?;
    let edition = edition(making, month).await?;
    let Some(closed) = edition.closed.as_ref().filter(|closed| closed.approved.is_none()) else {
        return Ok(false);
    };
    let Circulating { letterhead, address, domains, .. } = circulating;
    let told = if letterhead.is_set_up() { members } else { Vec::new() };
    let is_trusted = |member: &str| domains.trust(member) == Trust::Full;
    let paper = match told.iter().any(|member| is_trusted(member)) {
        true => enclosed(circulating, making, &edition, month, (actor, now)).await,
        false => None,
    };
    let tx = making.db.begin("approve a month").await?;
    let row = closed::take(&tx, month).await?.filter(|row| row.approved_at.is_none());
    let Some(mut row) = row else { return Ok(false) };
    (row.approved_by, row.approved_at) = (Some(actor.name.clone()), Some(now));
    closed::save(&tx, row).await?;
    let notice = Ready::of(&edition.snapshot.paper, month, address, false);
    for member in &told {
        let paper = paper.clone().filter(|_| is_trusted(member));
        let notice = Ready { enclosed: paper.is_some(), ..notice.clone() };
        outbox::tell_enclosing(&tx, letterhead, READY, id_of("report", month), member, &notice, paper, now)
            .await?;
    }
    let payload = json!({ "hash": closed.hash, "told": told.len() });
    let event = Event { action: "month.approved", object: month.to_string(), payload };
    audit::record(&tx, making.keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(true)
}

/// Contexts to try it on.
pub fn samples() -> Vec<(&'static str, Ready)> {
    let some = Ready {
        reference: String::new(),
        month: "September 2026".into(),
        headline:
            "Agencies were there 512 of 640 times they were expected: 80.0% (95% interval 76.7 to 82.9)."
                .into(),
        open: Some("3 registers are not confirmed and count nowhere yet.".into()),
        link: "https://quorate.example/reports/2026-09".into(),
        to_approve: true,
        enclosed: false,
    };
    let all = Ready { open: None, to_approve: false, enclosed: true, ..some.clone() };
    vec![(READY, some), (READY, all)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_told_of_on_its_fifth_working_day_after() {
        let calendar = Calendar::with_changes([]);
        let due = |today: &str| due(today.parse().unwrap(), &calendar).map(|month| month.to_string());
        assert_eq!(due("2026-10-06"), None, "the fourth");
        assert_eq!(due("2026-10-07").as_deref(), Some("2026-09"));
        assert_eq!(due("2027-01-08").as_deref(), Some("2026-12"), "after New Year's Day and a weekend");
        assert_eq!(due("2026-10-30"), None, "set up later, nobody is told of what is long over");
        assert_eq!(id_of("report", "2026-09".parse().unwrap()), id_of("report", "2026-09".parse().unwrap()));
    }
}
