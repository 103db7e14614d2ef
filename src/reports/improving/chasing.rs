//! Actions whose day is over are chased: whoever leads one and the QA managers are told, every four weeks until it is
//! done, withdrawn or given another day. The message says whose action and since when, and nothing of what was written.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Standing, store};
use crate::access::{self, Role};
use crate::calendar::london;
use crate::mail::{Domains, Trust};
use crate::outbox::{self, Letterhead, NoticeError};
use crate::platform::Db;
use crate::reports::titles;

const OVERDUE: &str = "action_overdue";
/// Days after which it is chased again.
const DAYS: i64 = 28;

/// What the notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// There is no conference to name in the frame.
    pub reference: String,
    /// "Thames Valley Police", "the whole partnership"; empty to an address at a domain that is told little.
    pub about: String,
    /// "M2 Representation rate".
    pub measure: String,
    pub due: String,
    /// To whoever leads it, who may have no account here.
    pub to_lead: bool,
    pub link: String,
}

/// An id that is the same for these four weeks of an action wherever it is made.
fn id_of(standing: &Standing, today: NaiveDate) -> Uuid {
    let times = (today - standing.due()).num_days() / DAYS;
    let hash =
        Sha256::digest(format!("action {} overdue since {}, {times}", standing.action.id, standing.due()));
    Uuid::from_slice(&hash[..16]).expect("sixteen bytes")
}

/// Chases what is overdue. Says how many notices go.
pub async fn chase(
    db: &Db,
    letterhead: &Letterhead,
    domains: &Domains,
    address: &str,
    now: DateTime<Utc>,
) -> Result<usize, NoticeError> {
    let today = london::date(now);
    let overdue: Vec<Standing> =
        store::all(db.read()).await?.into_iter().filter(|standing| standing.is_overdue(today)).collect();
    if overdue.is_empty() || !letterhead.is_set_up() {
        return Ok(0);
    }
    let accounts = access::store::all(db.read()).await?.into_iter();
    let managers = accounts.filter(|a| a.role == Role::QaManager && a.disabled_at.is_none());
    let managers: Vec<String> = managers.map(|account| account.email).collect();
    let mut told = 0;
    for standing in &overdue {
        // Whoever leads it and is a QA manager is told once, as that.
        let is_manager = |email: &&String| managers.iter().any(|manager| manager.eq_ignore_ascii_case(email));
        let lead =
            standing.action.lead_email.iter().filter(|email| !is_manager(email)).map(|email| (email, true));
        let notice = Overdue {
            reference: String::new(),
            about: standing.agency.as_ref().map_or("the whole partnership", |agency| &agency.name).to_owned(),
            measure: format!("{} {}", standing.action.measure, titles::of(&standing.action.measure).0),
            due: london::full_date(standing.due()),
            to_lead: false,
            link: format!("{address}/actions/{}", standing.action.id),
        };
        let id = id_of(standing, today);
        let tx = db.begin("chase an improvement action").await?;
        for (email, to_lead) in lead.chain(managers.iter().map(|email| (email, false))) {
            if outbox::was_told(tx.conn(), OVERDUE, id, email).await? {
                continue;
            }
            let mut notice = Overdue { to_lead, ..notice.clone() };
            if to_lead && domains.trust(email) != Trust::Full {
                (notice.about, notice.measure) = (String::new(), String::new());
            }
            outbox::tell(&tx, letterhead, OVERDUE, id, email, &notice, now).await?;
            told += 1;
        }
        tx.commit().await?;
    }
    Ok(told)
}

/// Contexts to try it on.
pub fn samples() -> Vec<(&'static str, Overdue)> {
    let lead = Overdue {
        reference: String::new(),
        about: "Thames Valley Police".into(),
        measure: "M2 Representation rate".into(),
        due: "Friday 30 October 2026".into(),
        to_lead: true,
        link: "https://quorate.example/actions/0000".into(),
    };
    let little = Overdue { about: String::new(), measure: String::new(), ..lead.clone() };
    let manager = Overdue { to_lead: false, about: "the whole partnership".into(), ..lead.clone() };
    vec![(OVERDUE, lead), (OVERDUE, little), (OVERDUE, manager)]
}
