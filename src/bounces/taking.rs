//! Taking in one bounce, in one transaction: read twice, it changes nothing twice.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;

use super::letter::{CAME_BACK, CameBack};
use crate::access::{self, Role};
use crate::agencies::entity::contact;
use crate::audit::{self, Actor, Event};
use crate::conferences::{self, Sight};
use crate::convening::{self, InvitationMessageId, MessageKind, StillStands};
use crate::feedback::steps::{self, StepId, StepState};
use crate::feedback::{self, FeedbackError, FeedbackId, Office};
use crate::invitations::{self, Delivery, InvitationId, Response};
use crate::ladder::StillOpen;
use crate::mail::{Bounce, masked};
use crate::outbox::{self, Model};
use crate::platform::Tx;
use crate::register::store::record;

/// Takes it in. `false`: it is about no message of ours, or is known already.
pub async fn take(office: Office<'_>, bounce: &Bounce, now: DateTime<Utc>) -> Result<bool, FeedbackError> {
    let tx = office.db.begin("take in a bounce").await?;
    let found = outbox::came_back(&tx, &bounce.message_id, &bounce.status, now).await?;
    let Some(message) = found.filter(|message| bounce.is_about(&message.recipient)) else { return Ok(false) };
    let flagged = bounce.is_about_the_address();
    if flagged {
        flag(&tx, &message.recipient, now).await?;
    }
    let mut told = CameBack {
        reference: String::new(),
        address: masked(&message.recipient),
        status: bounce.status.clone(),
        flagged,
        undelivered: false,
        to_amend: false,
        others: 0,
        link: format!("{}/directory?show=bounced", office.settings.address),
    };
    let about = follow(&tx, office, &message, now, &mut told).await?;
    if let Some(id) = about {
        let row = invitations::store::by_id(tx.conn(), id).await?;
        if let Some(row) = row {
            let of = conferences::store::by_ids(tx.conn(), [row.conference_id], Sight::Everything).await?;
            told.reference = of.first().map(|c| c.reference.clone()).unwrap_or_default();
        }
    }
    let payload = json!({
        "status": bounce.status, "kind": message.kind, "flagged": flagged, "undelivered": told.undelivered,
        "to_amend": told.to_amend, "others": told.others,
    });
    let event = Event { action: "message.came_back", object: message.id.to_string(), payload };
    // A notice to an administrator that came back is not told to the administrators by another.
    if office.letterhead.is_set_up() && !message.is_notice {
        for administrator in administrators(&tx).await? {
            outbox::tell(&tx, office.letterhead, CAME_BACK, message.id.0, &administrator, &told, now).await?;
        }
    }
    audit::record(&tx, office.keys, &Actor::system("bounces task"), now, vec![event]).await?;
    tx.commit().await?;
    Ok(true)
}

/// What follows for whatever the message was about. Gives back the invitation.
async fn follow(
    tx: &Tx,
    office: Office<'_>,
    message: &Model,
    now: DateTime<Utc>,
    told: &mut CameBack,
) -> Result<Option<InvitationId>, FeedbackError> {
    if StillStands::carries(&message.kind) {
        let of = convening::store::message(tx.conn(), InvitationMessageId(message.about_id)).await?;
        let Some(of) = of else { return Ok(None) };
        // A reminder that came back says nothing of the invitation itself.
        if matches!(of.kind, MessageKind::Invitation | MessageKind::Changed) {
            (told.undelivered, told.to_amend) = undelivered(tx, of.invitation_id, message).await?;
        }
        return Ok(Some(of.invitation_id));
    }
    if StillOpen::carries(&message.kind) {
        let Some(mut step) = steps::take(tx, StepId(message.about_id)).await? else { return Ok(None) };
        let id = step.invitation_id;
        if step.state == StepState::Approved && outbox::all_given_up(tx, message.about_id).await? {
            step.state = StepState::ToTelephone;
            steps::save(tx, step).await?;
        }
        return Ok(Some(id));
    }
    if message.is_notice {
        return Ok(None);
    }
    if message.kind == feedback::DIGEST {
        let status = message.bounce_status.as_deref().unwrap_or_default();
        for about in outbox::carried_came_back(tx, message.id, status, now).await? {
            told.others += feedback::write_to_others(tx, office, FeedbackId(about), now).await?;
        }
        return Ok(None);
    }
    let item = FeedbackId(message.about_id);
    told.others = feedback::write_to_others(tx, office, item, now).await?;
    Ok(feedback::invitation_of(tx.conn(), item).await?)
}

/// The invitation did not arrive: that is recorded, where the address is still the one that is meant, nobody has answered
/// it, and the register is open. A confirmed register is amended by a person (the second answer).
async fn undelivered(tx: &Tx, id: InvitationId, message: &Model) -> Result<(bool, bool), DbErr> {
    let Some(row) = invitations::store::by_id(tx.conn(), id).await? else { return Ok((false, false)) };
    conferences::store::take(tx, row.conference_id, Sight::Everything).await?;
    let Some(mut row) = invitations::store::take(tx, id).await? else { return Ok((false, false)) };
    let meant = row.contact_email.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&message.recipient));
    if !meant || row.response != Response::None || row.delivery != Delivery::Sent {
        return Ok((false, false));
    }
    let confirmed = record(tx.conn(), row.conference_id, Sight::Everything).await?;
    if confirmed.is_some_and(|(record, _)| record.register.is_some()) {
        return Ok((false, true));
    }
    row.delivery = Delivery::Bounced;
    invitations::store::save_all(tx, vec![row]).await?;
    Ok((true, false))
}

/// Flags every entry of an address in the directory.
async fn flag(tx: &Tx, address: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let is = Expr::expr(Func::lower(Expr::col(contact::Column::Email))).eq(address.to_lowercase());
    contact::Entity::update_many()
        .col_expr(contact::Column::BouncedAt, Expr::val(Some(now)))
        .col_expr(contact::Column::VerifiedOn, Expr::val(None::<chrono::NaiveDate>))
        .filter(is)
        .filter(contact::Column::BouncedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn administrators(tx: &Tx) -> Result<Vec<String>, DbErr> {
    let all = access::store::all(tx.conn()).await?.into_iter();
    let administrators = all.filter(|a| a.role == Role::Administrator && a.disabled_at.is_none());
    Ok(administrators.map(|a| a.email).collect())
}
