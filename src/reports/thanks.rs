//! Thanks: a service that is back above its target for three months is told so. Who is only written to when something is
//! amiss stops reading.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::measures::entries;
use super::ready::due;
use super::store::{Case, months};
use super::targets::{TargetMeasure, Targets, is_back};
use super::{Month, Rate};
use crate::agencies::ServiceId;
use crate::agencies::entity::contact;
use crate::agencies::store::directory;
use crate::calendar::london;
use crate::feedback::Settings;
use crate::ladder::addressees;
use crate::outbox::{self, Letterhead, NoticeError};
use crate::platform::Db;
use crate::register::{Policies, Standing};

const THANKS: &str = "thanks";

/// What the letter says: a service's own figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thanks {
    /// There is no one conference to name in the frame.
    pub reference: String,
    pub service: String,
    pub role: String,
    /// "July to September 2026".
    pub months: String,
    /// "9 of 10", and of the three months before.
    pub since: String,
    pub before: String,
    /// "attended", "took part, in person or by a deputy", …
    pub what: &'static str,
    pub percent: u32,
    pub contact: String,
    pub telephone: String,
    pub disagreement_procedure: String,
}

const fn what(measure: TargetMeasure) -> &'static str {
    match measure {
        TargetMeasure::M1 => "attended",
        TargetMeasure::M2 => "took part, itself or by a deputy,",
        TargetMeasure::M3 => "took part or sent a report",
    }
}

fn meets(standing: Standing, measure: TargetMeasure) -> bool {
    match measure {
        TargetMeasure::M1 => standing == Standing::Attended,
        TargetMeasure::M2 => standing.is_represented(),
        TargetMeasure::M3 => standing.is_represented() || standing == Standing::Contributed,
    }
}

/// What a role of a service did, of what counts, in some months.
fn rates(cases: &[Case]) -> BTreeMap<(ServiceId, String), Vec<(TargetMeasure, Rate)>> {
    let mut found: BTreeMap<(ServiceId, String), Vec<Standing>> = BTreeMap::new();
    for entry in entries(cases).filter(|e| e.assessed.counted) {
        let key = (entry.row.service_id, entry.row.role.trim().to_lowercase());
        found.entry(key).or_default().push(entry.assessed.standing);
    }
    let measures = [TargetMeasure::M1, TargetMeasure::M2, TargetMeasure::M3];
    let rate = |standings: &[Standing], measure| {
        Rate::of(standings.iter().filter(|s| meets(**s, measure)).count(), standings.len())
    };
    found
        .into_iter()
        .map(|(key, standings)| (key, measures.iter().map(|m| (*m, rate(&standings, *m))).collect()))
        .collect()
}

fn id_of(service: ServiceId, role: &str, month: Month) -> Uuid {
    let hash = Sha256::digest(format!("thanks to {service} as {role} in {month}"));
    Uuid::from_slice(&hash[..16]).expect("sixteen bytes")
}

/// What thanks are given with.
#[derive(Clone, Copy)]
pub struct Thanking<'a> {
    /// The database.
    pub db: &'a Db,
    /// What letters are written on.
    pub letterhead: &'a Letterhead,
    /// Notice, calendar, quorum.
    pub policies: &'a Policies,
    /// Whom to ring, and who may be told how much.
    pub settings: &'a Settings,
    /// What was agreed on.
    pub targets: &'a Targets,
}

/// Thanks the services that are back above their target, on the fifth working day after a month, each once. Says to how many
/// a letter goes. An address that may be told little gets none: it would say nothing.
pub async fn thank(with: Thanking<'_>, now: DateTime<Utc>) -> Result<usize, NoticeError> {
    let Thanking { db, letterhead, policies, settings, targets } = with;
    let today = london::date(now);
    let Some(month) = due(today, &policies.calendar) else { return Ok(0) };
    if targets.is_empty() || !settings.missing().is_empty() {
        return Ok(0);
    }
    let middle = Month::of(month.first() - Months::new(2));
    let first = Month::of(month.first() - Months::new(5));
    let since = rates(&months(db.read(), middle, month, policies).await?);
    let before = rates(&months(db.read(), first, middle.previous(), policies).await?);
    let directory = directory(db.read()).await?;
    let mut thanked = 0;
    for ((service, role), now_is) in &since {
        let (place, agency) = directory.of(*service);
        let Some(target) = targets.of(agency.agency_group, role, month.last()) else { continue };
        let of = |rates: &[(TargetMeasure, Rate)]| {
            rates.iter().find(|(m, _)| *m == target.measure).map_or(Rate::of(0, 0), |(_, rate)| *rate)
        };
        let was = before.get(&(*service, role.clone())).map_or(Rate::of(0, 0), |rates| of(rates));
        if !is_back(target, was, of(now_is)) {
            continue;
        }
        let contacts =
            contact::Entity::find().filter(contact::Column::AgencyId.eq(agency.id)).all(db.read()).await?;
        let lead = ["safeguarding lead".to_owned()];
        let letter = Thanks {
            reference: String::new(),
            service: place.name.clone(),
            role: role.clone(),
            months: format!("{} to {}", middle.first().format("%B"), month.name()),
            since: of(now_is).fraction(),
            before: was.fraction(),
            what: what(target.measure),
            percent: target.percent,
            contact: settings.contact.clone(),
            telephone: settings.telephone.clone(),
            disagreement_procedure: settings.disagreement_procedure.clone(),
        };
        let to = addressees(&lead, *service, &contacts, &settings.domains, today);
        for to in to.into_iter().filter(|to| to.full) {
            thanked += usize::from(
                post(db, letterhead, id_of(*service, role, month), &to.address, &letter, now).await?,
            );
        }
    }
    Ok(thanked)
}

async fn post(
    db: &Db,
    letterhead: &Letterhead,
    about: Uuid,
    to: &str,
    letter: &Thanks,
    now: DateTime<Utc>,
) -> Result<bool, NoticeError> {
    let tx = db.begin("thank a service").await?;
    if outbox::was_told(tx.conn(), THANKS, about, to).await? {
        return Ok(false);
    }
    outbox::tell(&tx, letterhead, THANKS, about, to, letter, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Contexts to try it on.
pub fn samples() -> Vec<(&'static str, Thanks)> {
    let thanks = Thanks {
        reference: String::new(),
        service: "Health Visiting North & O'Neil House".into(),
        role: "health visitor".into(),
        months: "July to September 2026".into(),
        since: "9 of 10".into(),
        before: "4 of 9".into(),
        what: what(TargetMeasure::M2),
        percent: 80,
        contact: "Conference team, Oxfordshire".into(),
        telephone: "01865 000000".into(),
        disagreement_procedure: "https://safeguarding.example/disagreement".into(),
    };
    vec![(THANKS, thanks)]
}
