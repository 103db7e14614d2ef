//! Registers that nobody has confirmed: until somebody does, no agency hears that it was missed (DOMAIN 7). The chair is
//! told after one working day, the QA managers after two, each once.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::Policies;
use crate::access::{self, Role};
use crate::calendar::{Calendar, london};
use crate::conferences::entity::conference;
use crate::conferences::{self, Sight};
use crate::outbox::{self, Letterhead, NoticeError};
use crate::platform::Db;

const OVERDUE: &str = "register_overdue";
/// Whole working days that go by before the chair is told, and the QA managers.
const CHAIR_AFTER: u32 = 1;
const QA_AFTER: u32 = 2;
/// What is older is history, and nobody is reminded of it.
const AT_MOST: u32 = 10;
/// Conferences that are looked at for one person.
const LOOKED_AT: u64 = 500;

/// What the notice says: no child, no agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overdue {
    pub reference: String,
    pub conference_type: String,
    pub date: String,
    pub chair: String,
    /// To the chair, rather than to a QA manager.
    pub chaired: bool,
    pub link: String,
}

/// Whether somebody in this role is told today of a register that has been open since a conference of this day.
fn is_told(role: Role, date: NaiveDate, today: NaiveDate, calendar: &Calendar) -> bool {
    let after = match role {
        Role::Chair => CHAIR_AFTER,
        Role::QaManager => QA_AFTER,
        _ => return false,
    };
    let days = calendar.working_days(date, today);
    days > after && days <= AT_MOST
}

/// Tells chairs and QA managers of the registers that wait, each once. Says how many notices go.
pub async fn tell_of_overdue(
    db: &Db,
    letterhead: &Letterhead,
    policies: &Policies,
    address: &str,
    now: DateTime<Utc>,
) -> Result<usize, NoticeError> {
    if !letterhead.is_set_up() {
        return Ok(0);
    }
    let (today, calendar) = (london::date(now), &policies.calendar);
    let from = (0..=AT_MOST).fold(today, |day, _| calendar.previous_working_day(day));
    let mut told = 0;
    for account in access::store::all(db.read()).await? {
        if account.disabled_at.is_some() || !matches!(account.role, Role::Chair | Role::QaManager) {
            continue;
        }
        // As the account sees them: a chair its own and those it covers, nobody a restricted one without being named.
        let sight = Sight::Account { id: account.id.0, chair: account.chair_id, now, named_only: true };
        let open = conferences::store::with_open_register(db.read(), from, today, sight, LOOKED_AT).await?;
        for c in open.iter().filter(|c| is_told(account.role, c.conference_date, today, calendar)) {
            let chaired = account.role == Role::Chair;
            told += usize::from(tell(db, letterhead, &account.email, c, chaired, address, now).await?);
        }
    }
    Ok(told)
}

async fn tell(
    db: &Db,
    letterhead: &Letterhead,
    to: &str,
    c: &conference::Model,
    chaired: bool,
    address: &str,
    now: DateTime<Utc>,
) -> Result<bool, NoticeError> {
    let tx = db.begin("tell of an open register").await?;
    if outbox::was_told(tx.conn(), OVERDUE, c.id.0, to).await? {
        return Ok(false);
    }
    let notice = Overdue {
        reference: c.reference.clone(),
        conference_type: c.kind.label().to_owned(),
        date: london::full_date(c.conference_date),
        chair: conferences::store::chair(tx.conn(), c.chair_id).await?,
        chaired,
        link: format!("{address}/conferences/{}", c.id),
    };
    outbox::tell(&tx, letterhead, OVERDUE, c.id.0, to, &notice, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Contexts to try it on.
pub fn samples() -> Vec<(&'static str, Overdue)> {
    let chair = Overdue {
        reference: "K7Q2-M4TD".into(),
        conference_type: "review conference".into(),
        date: "Wednesday 30 September 2026".into(),
        chair: "A. Chair".into(),
        chaired: true,
        link: "https://quorate.example/conferences/0000".into(),
    };
    let qa = Overdue { chaired: false, ..chair.clone() };
    vec![(OVERDUE, chair), (OVERDUE, qa)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chair_is_told_after_one_working_day_and_a_qa_manager_after_two() {
        let calendar = Calendar::with_changes([]);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (today, chair, qa) in [
            ("2026-10-01", false, false), // the working day after a Wednesday
            ("2026-10-02", true, false),
            ("2026-10-04", true, false), // a Sunday
            ("2026-10-05", true, true),
            ("2026-10-14", true, true),
            ("2026-10-15", false, false), // history
        ] {
            let told = |role| is_told(role, day("2026-09-30"), day(today), &calendar);
            assert_eq!((told(Role::Chair), told(Role::QaManager)), (chair, qa), "{today}");
        }
    }
}
