//! What an agency answers to its invitation: by the link in its message, without an account, or by telephone to an
//! administrator. Only before the conference begins, and only for the date that was asked.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
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
use crate::web::{Errors, Fields, one_line};

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
/// Days after the conference for which a link still says how it stands.
const LINK_DAYS: i64 = 14;

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
        let deputy = one_line(form.text("deputy"));
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
    if row.excused.is_some() {
        return Some("You are no longer expected at this conference. There is nothing more to do.");
    }
    if c.status == Status::Cancelled && c.moved_to_id.is_some() {
        return Some(
            "This conference was moved. Please answer by the link in our newest message: an answer to the old date does not count for the new one.",
        );
    }
    if c.status == Status::Cancelled {
        return Some("This conference was cancelled. There is nothing more to do.");
    }
    if c.status != Status::Scheduled || now >= c.starts_at {
        return Some(
            "This conference has begun or is over, and the invitation can no longer be answered here. Please ring the conference team.",
        );
    }
    None
}

/// What a link leads to; `None` for one that leads nowhere.
pub async fn asked(db: &Db, token: &str, now: DateTime<Utc>) -> Result<Option<Asked>, DbErr> {
    let db = db.read();
    let Some(message) = store::by_link(db, hashed(token)).await? else { return Ok(None) };
    let Some(row) = invitations::store::by_id(db, message.invitation_id).await? else { return Ok(None) };
    let found = conferences::store::by_ids(db, [row.conference_id], Sight::Everything).await?.pop();
    let Some(conference) = found else { return Ok(None) };
    // A message that went to another address than the one that is meant now answers nothing any more; and no link
    // lives for long after the day.
    let meant = row.contact_email.as_deref().zip(message.address.as_deref());
    let meant = meant.is_some_and(|(now, then)| now.eq_ignore_ascii_case(then));
    if !meant || now > conference.starts_at + TimeDelta::days(LINK_DAYS) {
        return Ok(None);
    }
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
    let Some(c) = conferences::store::take(&tx, id, sight).await? else { return Ok(Answered::NotThere) };
    let found = invitations::store::take(&tx, invitation).await?;
    let Some(mut row) = found.filter(|row| row.conference_id == id) else { return Ok(Answered::NotThere) };
    if let Some(why) = closed(&c, &row, now) {
        return Ok(Answered::Closed(why));
    }
    let said = |row: &invitation::Model| {
        json!({
            "response": row.response, "reason": row.absence_reason, "names_a_deputy": row.announced_deputy.is_some(),
            "report_promised": row.report_promised, "invited_on": row.invited_on, "delivery": row.delivery,
        })
    };
    let before = said(&row);
    let same = row.response == answer.response
        && row.absence_reason == answer.reason
        && row.report_promised == answer.report_promised
        && row.announced_deputy.as_ref().and_then(|who| keys.open(sealed::ANNOUNCED_DEPUTY, who).ok())
            == answer.deputy;
    if same && row.is_reached() {
        return Ok(Answered::Done);
    }
    if actor.account.is_none() && row.delivery != Delivery::Sent && row.invited_on.is_some() {
        // Whoever answers by the link in a message has had it.
        row.delivery = Delivery::Sent;
    }
    if actor.account.is_some() && !row.is_reached() {
        // Whoever answers on the telephone was asked on it.
        row.by_telephone(london::date(now));
    }
    row.response = answer.response;
    row.responded_on = Some(london::date(now));
    row.absence_reason = answer.reason;
    row.announced_deputy = answer.deputy.as_deref().map(|who| keys.seal(sealed::ANNOUNCED_DEPUTY, who));
    row.report_promised = answer.report_promised;
    (row.recorded_by, row.recorded_at) = (Some(actor.name.clone()), Some(now));
    let payload = json!({ "before": before, "after": said(&row) });
    invitations::store::save_all(&tx, vec![row]).await?;
    let event = Event { action: "invitation.answered", object: invitation.to_string(), payload };
    audit::record(&tx, keys, actor, now, vec![event]).await?;
    tx.commit().await?;
    Ok(Answered::Done)
}
