//! Registers that nobody has confirmed are chased before their month closes (DOMAIN 8): whoever chairs them, and the QA
//! managers, are told once of all that wait. What is confirmed after the close is a late addition to the next paper.

use chrono::NaiveDate;
use serde::Serialize;

use super::close::{CLOSES_AFTER, Making, closes_on};
use super::month::Month;
use super::ready::id_of;
use crate::access::{self, Role};
use crate::calendar::{Calendar, london};
use crate::conferences::{self, Sight, Status};
use crate::outbox::{self, Letterhead, NoticeError};

const CLOSING: &str = "month_closing";
/// Working days after a month from which on it is told what waits: two before it closes.
const TOLD_FROM: u32 = CLOSES_AFTER - 2;
/// Registers that are named to one person.
const NAMED: u64 = 60;

/// A register that waits: no child, no agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub reference: String,
    pub conference_type: String,
    pub date: String,
    pub chair: String,
    /// Nobody has recorded that it took place, or cancelled it.
    pub scheduled: bool,
    pub link: String,
}

/// What the notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Closing {
    /// There is no one conference to name in the frame.
    pub reference: String,
    pub month: String,
    pub closes: String,
    /// To a chair, rather than to a QA manager.
    pub chaired: bool,
    pub registers: Vec<Waiting>,
    /// There are more than are named.
    pub more: bool,
}

/// The month that closes so soon that its open registers are chased.
fn due(today: NaiveDate, calendar: &Calendar) -> Option<Month> {
    let month = Month::of(today).previous();
    (TOLD_FROM..CLOSES_AFTER).contains(&calendar.working_days(month.last(), today)).then_some(month)
}

/// Tells chairs and QA managers what waits before the month closes, each once. Says how many notices go.
pub async fn chase_registers(
    making: Making<'_>,
    letterhead: &Letterhead,
    address: &str,
) -> Result<usize, NoticeError> {
    let (db, now) = (making.db, making.now);
    let due = due(london::date(now), &making.policies.calendar).filter(|_| letterhead.is_set_up());
    let Some(month) = due else { return Ok(0) };
    let (id, mut told) = (id_of("registers", month), 0);
    for account in access::store::all(db.read()).await? {
        if account.disabled_at.is_some() || !matches!(account.role, Role::Chair | Role::QaManager) {
            continue;
        }
        // As the account sees them: a chair its own and those it covers, nobody a restricted one without being named.
        let sight = Sight::Account { id: account.id.0, chair: account.chair_id, now, named_only: true };
        let (first, last) = (month.first(), month.last());
        let mut open =
            conferences::store::with_open_register(db.read(), first, last, sight, NAMED + 1).await?;
        let more = open.len() as u64 > NAMED;
        open.truncate(NAMED as usize);
        if open.is_empty() {
            continue;
        }
        let tx = db.begin("tell of the registers of a month").await?;
        if outbox::was_told(tx.conn(), CLOSING, id, &account.email).await? {
            continue;
        }
        let mut registers = Vec::with_capacity(open.len());
        for c in open.iter().rev() {
            registers.push(Waiting {
                reference: c.reference.clone(),
                conference_type: c.kind.label().to_owned(),
                date: london::full_date(c.conference_date),
                chair: conferences::store::chair(tx.conn(), c.chair_id).await?,
                scheduled: c.status == Status::Scheduled,
                link: format!("{address}/conferences/{}", c.id),
            });
        }
        let notice = Closing {
            reference: String::new(),
            month: month.name(),
            closes: london::full_date(closes_on(month, making.policies)),
            chaired: account.role == Role::Chair,
            registers,
            more,
        };
        outbox::tell(&tx, letterhead, CLOSING, id, &account.email, &notice, now).await?;
        tx.commit().await?;
        told += 1;
    }
    Ok(told)
}

/// Contexts to try it on.
pub fn samples() -> Vec<(&'static str, Closing)> {
    let waiting = Waiting {
        reference: "K7Q2-M4TD".into(),
        conference_type: "review conference".into(),
        date: "Wednesday 30 September 2026".into(),
        chair: "A. Chair".into(),
        scheduled: false,
        link: "https://quorate.example/conferences/0000".into(),
    };
    let chair = Closing {
        reference: String::new(),
        month: "September 2026".into(),
        closes: "Wednesday 7 October 2026".into(),
        chaired: true,
        registers: vec![waiting.clone()],
        more: false,
    };
    let other = Waiting { reference: "B3XW-9PFA".into(), scheduled: true, ..waiting.clone() };
    let manager = Closing { chaired: false, registers: vec![waiting, other], more: true, ..chair.clone() };
    vec![(CLOSING, chair), (CLOSING, manager)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_chased_on_the_two_working_days_before_their_month_closes() {
        let calendar = Calendar::with_changes([]);
        let told = |day: &str| due(day.parse().unwrap(), &calendar).map(|month| month.to_string());
        for (day, month) in [
            ("2026-10-02", None), // the second working day
            ("2026-10-05", Some("2026-09")),
            ("2026-10-06", Some("2026-09")),
            ("2026-10-07", None), // it closes
        ] {
            assert_eq!(told(day).as_deref(), month, "{day}");
        }
    }
}
