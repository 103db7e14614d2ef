//! What an agency answers to its invitation: by the link in its message, without an account, or by telephone to an
//! administrator. Only before the conference begins, and only for the date that was asked.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, DbErr, IntoActiveModel};
use serde_json::json;

use super::store;
use crate::access::hashed;
use crate::agencies::store::Directory;
use crate::agencies::store::directory_of;
use crate::audit::{self, Actor, Event};
use crate::calendar::london;
use crate::conferences::entity::conference;
use crate::conferences::{self, ConferenceId, Sight, Status};
use crate::invitations::entity::invitation;
use crate::invitations::{self, AbsenceReason, Delivery, InvitationId, Response};
use crate::platform::{Db, Keys};
use crate::register::sealed;
use crate::web::{Errors, Fields};

/// Reasons that an agency may give for apologies, its own and ours.
pub const REASONS: &[AbsenceReason] = &[
    AbsenceReason::Clash,
    AbsenceReason::ClinicOrTeaching,
    AbsenceReason::LeaveOrSickness,
    AbsenceReason::Shift,
    AbsenceReason::NoCapacity,
    AbsenceReason::CaseClosed,
    AbsenceReason::NotKnownToService,
    AbsenceReason::SchoolHoliday,
    AbsenceReason::LateNotice,
    AbsenceReason::DateChanged,
    AbsenceReason::Other,
];

const LONGEST: usize = 120;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub response: Response,
    /// With apologies.
    pub reason: Option<AbsenceReason>,
    /// With a deputy: name and role.
    pub deputy: Option<String>,
    /// A report will come.
    pub report_promised: bool,
}

impl Answer {
    /// Reads `answer`, `reason`, `deputy`, `report`.
    pub fn read(form: &Fields, errors: &mut Errors) -> Option<Self> {
        let report_promised = form.text("report") == "yes";
        let deputy = form.text("deputy").split_whitespace().collect::<Vec<_>>().join(" ");
        let reason = form.text("reason").parse::<AbsenceReason>().ok().filter(|r| REASONS.contains(r));
        let response = match form.text("answer").parse::<Response>() {
            Ok(response) if response != Response::None => response,
            _ => {
                errors.add("answer", "Choose whether somebody from your service will come");
                return None;
            }
        };
        match response {
            Response::Apologies if reason.is_none() => errors.add("reason", "Choose why nobody can come"),
            Response::Deputy if deputy.is_empty() => {
                errors.add("deputy", "Enter who comes instead: their name and role");
            }
            Response::Deputy if deputy.chars().count() > LONGEST => {
                errors.add("deputy", format!("Shorten this to {LONGEST} characters"));
            }
            _ => {}
        }
        errors.is_empty().then(|| Self {
            response,
            reason: reason.filter(|_| response == Response::Apologies),
            deputy: (response == Response::Deputy).then_some(deputy),
            report_promised,
        })
    }
}

/// What an answer link leads to.
pub struct Asked {
    pub conference: conference::Model,
    pub row: invitation::Model,
    pub chair: String,
    pub directory: Directory,
}

impl Asked {
    /// Whether an answer can still be given, and if not, why.
    pub fn closed(&self, now: DateTime<Utc>) -> Option<&'static str> {
        closed(&self.conference, &self.row, now)
    }
}

fn closed(c: &conference::Model, row: &invitation::Model, now: DateTime<Utc>) -> Option<&'static str> {
    if c.status == Status::Cancelled && c.moved_to_id.is_some() {
        return Some(
            "This conference was moved. Please answer by the link in our newest message: an answer to the old date does not count for the new one.",
        );
    }
    if c.status == Status::Cancelled {
        return Some("This conference was cancelled. There is nothing more to do.");
    }
    if row.excused.is_some() {
        return Some("You are no longer expected at this conference. There is nothing more to do.");
    }
    if c.status != Status::Scheduled || now >= c.starts_at {
        return Some(
            "This conference has begun or is over, and the invitation can no longer be answered here. Please ring the conference team.",
        );
    }
    None
}

/// What a link leads to; `None` for one that leads nowhere.
pub async fn asked(db: &Db, token: &str) -> Result<Option<Asked>, DbErr> {
    let db = db.read();
    let Some(message) = store::by_link(db, hashed(token)).await? else { return Ok(None) };
    let Some(row) = invitations::store::by_id(db, message.invitation_id).await? else { return Ok(None) };
    let found = conferences::store::by_ids(db, [row.conference_id], Sight::Everything).await?.pop();
    let Some(conference) = found else { return Ok(None) };
    let chair = conferences::store::chair(db, conference.chair_id).await?;
    let directory = directory_of(db, [row.service_id]).await?;
    Ok(Some(Asked { conference, row, chair, directory }))
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Done,
    NotThere,
    /// Too late, or overtaken: why.
    Closed(&'static str),
}

/// Records an answer.
pub async fn answer(
    db: &Db,
    keys: &Keys,
    actor: &Actor,
    now: DateTime<Utc>,
    (id, invitation): (ConferenceId, InvitationId),
    sight: Sight,
    answer: &Answer,
) -> Result<Answered, DbErr> {
    let tx = db.begin("answer an invitation").await?;
    let Some(mut c) = conferences::store::take(&tx, id, sight).await? else { return Ok(Answered::NotThere) };
    let found = invitations::store::by_id(tx.conn(), invitation).await?;
    let Some(mut row) = found.filter(|row| row.conference_id == id) else { return Ok(Answered::NotThere) };
    if let Some(why) = closed(&c, &row, now) {
        return Ok(Answered::Closed(why));
    }
    let before = json!({ "response": row.response, "reason": row.absence_reason });
    if actor.account.is_some() && (row.invited_on.is_none() || row.delivery != Delivery::Sent) {
        // Whoever answers on the telephone was asked on it.
        row.by_telephone(london::date(now));
    }
    row.response = answer.response;
    row.responded_on = Some(london::date(now));
    row.absence_reason = answer.reason;
    row.announced_deputy = answer.deputy.as_deref().map(|who| keys.seal(sealed::ANNOUNCED_DEPUTY, who));
    row.report_promised = answer.report_promised;
    (row.recorded_by, row.recorded_at) = (Some(actor.name.clone()), Some(now));
    invitations::store::save_all(&tx, vec![row]).await?;
    // Whoever has the register open is shown what changed.
    c.version += 1;
    c.into_active_model().reset_all().update(tx.conn()).await?;
    let payload = json!({
        "before": before, "response": answer.response, "reason": answer.reason, "deputy": answer.deputy,
        "report_promised": answer.report_promised,
    });
    let event = Event { action: "invitation.answered", object: invitation.to_string(), payload };
    audit::record(&tx, keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(Answered::Done)
}
