//! The ladder's task: proposes the steps that are not there yet, and takes back those that the record does not show any
//! more. Run twice, or beside another process, it proposes nothing twice: the table of causes allows no second.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, SqlErr};
use serde_json::json;

use super::causes::{Standing, standing};
use super::climb::{Clock, Proposal, climb};
use super::found::{self, in_states};
use super::letter::{Past, StepLetter, WITHDRAWN};
use super::rules::Ladders;
use super::store::{self, history};
use crate::agencies::ServiceId;
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::{self, EndedBecause, StepId, StepState, end};
use crate::feedback::{Office, evidence, make_link};
use crate::invitations;
use crate::mail::Trust;
use crate::outbox::{self, NoticeError};
use crate::platform::Tx;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proposed {
    /// Steps that wait for a person.
    pub proposed: usize,
    /// Steps that were taken back.
    pub stopped: usize,
}

/// Looks at every service that was written to lately.
pub async fn propose(
    office: Office<'_>,
    ladders: &Ladders,
    now: DateTime<Utc>,
) -> Result<Proposed, NoticeError> {
    let mut done = Proposed { stopped: take_back(office, now).await?, ..Proposed::default() };
    let history = history(office.db.read(), ladders, office.policies, office.settings, now).await?;
    let services = history.expected.keys().chain(history.open.keys()).copied();
    let services: std::collections::BTreeSet<ServiceId> = services.collect();
    for service in services {
        let group = history.directory.of(service).1.agency_group;
        let clock = Clock {
            today: london::date(now),
            calendar: &office.policies.calendar,
            breaks: office.settings.breaks_of(group),
        };
        let expected = history.expected.get(&service).map(Vec::as_slice).unwrap_or_default();
        let open = history.open.get(&service).map(Vec::as_slice).unwrap_or_default();
        for proposal in climb(ladders, expected, &history.caused, open, clock) {
            done.proposed += usize::from(write(office, proposal, now).await?);
        }
    }
    Ok(done)
}

/// Writes a proposal. `false`: another process was first.
async fn write(office: Office<'_>, proposal: Proposal, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let step = ladder_step::Model {
        id: StepId::new(),
        rung: proposal.rung,
        reason: proposal.reason,
        invitation_id: proposal.causes[0],
        ladder_version: proposal.version,
        state: StepState::Proposed,
        proposed_at: now,
        decided_by: None,
        decided_at: None,
        approved_at: None,
        declined_because: None,
        ended_at: None,
        ended_because: None,
        spoken_with: None,
    };
    let payload = json!({
        "rung": step.rung, "reason": step.reason, "causes": proposal.causes,
        "ladder": step.ladder_version,
    });
    let event = Event { action: "ladder.proposed", object: step.id.to_string(), payload };
    let tx = office.db.begin("propose a step of the ladder").await?;
    // Taken as a reply takes it: one that comes at this moment is seen, or sees the step.
    invitations::store::take(&tx, step.invitation_id).await?;
    let written = step.clone();
    match store::insert(&tx, step, &proposal.causes).await {
        Ok(()) => {}
        Err(e) if matches!(e.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            tx.roll_back().await?;
            return Ok(false);
        }
        Err(e) => return Err(e),
    }
    if standing(tx.conn(), office.policies, &written).await? != Standing::Holds {
        tx.roll_back().await?;
        return Ok(false);
    }
    audit::record(&tx, office.keys, &Actor::system("ladder task"), now, vec![event]).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends what was proposed and is not so any more: the record was amended, or the conference restricted.
async fn take_back(office: Office<'_>, now: DateTime<Utc>) -> Result<usize, NoticeError> {
    let mut stopped = 0;
    for step in
        in_states(office.db.read(), [StepState::Proposed, StepState::ToTelephone, StepState::Approved])
            .await?
    {
        let how = standing(office.db.read(), office.policies, &step).await?;
        if matches!(how, Standing::Holds | Standing::Paused) {
            continue;
        }
        let tx = office.db.begin("take back a step of the ladder").await?;
        let was = step.state;
        let step = steps::take(&tx, step.id).await?.filter(|s| s.state == was);
        let Some(step) = step else { continue };
        if was == StepState::Approved && how == Standing::Changed {
            withdraw(&tx, office, &step, now).await?;
        }
        if let Some(event) = overtaken(&tx, step, how, now).await? {
            audit::record(&tx, office.keys, &Actor::system("ladder task"), now, vec![event]).await?;
            tx.commit().await?;
            stopped += 1;
        }
    }
    Ok(stopped)
}

/// Whoever had the letter of a step is told that the record does not show any more what it was about: nothing is silently
/// withdrawn.
async fn withdraw(
    tx: &Tx,
    office: Office<'_>,
    step: &ladder_step::Model,
    now: DateTime<Utc>,
) -> Result<(), NoticeError> {
    outbox::cancel_unsent(tx, step.id.0, "the record was amended before it went").await?;
    let Some(item) = found::item_of(tx.conn(), step.invitation_id).await? else { return Ok(()) };
    let found = evidence(tx.conn(), office.policies, office.settings, item.id, now).await?;
    let Some(found) = found.filter(|_| office.settings.missing().is_empty()) else { return Ok(()) };
    for address in outbox::sent_to(tx.conn(), [step.id.0]).await? {
        let path = make_link(tx, item.id.0, &address, now).await?;
        let full = office.settings.domains.trust(&address) == Trust::Full;
        let letter = StepLetter::of(step.reason, None, &[], Past::default(), &found, String::new());
        let letter = if full { letter } else { letter.little() };
        let letter = StepLetter { reply_link: format!("{}{path}", office.settings.address), ..letter };
        outbox::tell(tx, office.letterhead, WITHDRAWN, step.id.0, &address, &letter, now).await?;
    }
    Ok(())
}

/// Ends a step before it went, where the record does not show any more what led to it.
pub(super) async fn overtaken(
    tx: &Tx,
    step: ladder_step::Model,
    how: Standing,
    now: DateTime<Utc>,
) -> Result<Option<Event>, DbErr> {
    let because = match how {
        Standing::Holds | Standing::Paused => return Ok(None),
        Standing::Changed => EndedBecause::RecordChanged,
        Standing::Restricted => EndedBecause::Restricted,
    };
    Ok(Some(end(tx, step, StepState::Stopped, because, now).await?))
}
