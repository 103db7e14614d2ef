//! Steps that have reached their agency and that nobody has answered, for the agency that owes the answer.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::found;
use crate::agencies::AgencyGroup;
use crate::agencies::store::directory_of;
use crate::calendar::london;
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::{StepState, gone};
use crate::feedback::{FeedbackId, Office};
use crate::invitations::{self, InvitationId};

/// One of them.
pub struct Open {
    /// The item whose link its letter carries.
    pub item: FeedbackId,
    pub invitation: InvitationId,
    /// When it was approved: its letter names its day from then.
    pub since: DateTime<Utc>,
    group: AgencyGroup,
}

impl Open {
    /// The day by which its letter asks for an answer.
    pub fn reply_by(&self, office: Office<'_>) -> NaiveDate {
        office.settings.reply_by(&office.policies.calendar, self.group, london::date(self.since))
    }
}

/// The open steps that meet a condition, oldest first.
pub async fn open(db: &impl ConnectionTrait, which: Condition) -> Result<Vec<Open>, DbErr> {
    let steps = ladder_step::Entity::find()
        .filter(ladder_step::Column::State.eq(StepState::Approved))
        .filter(which)
        .all(db)
        .await?;
    let gone = gone(db, &steps).await?;
    let mut found = Vec::new();
    for step in steps.into_iter().filter(|step| gone.contains_key(&step.id)) {
        let Some(since) = step.decided_at else { continue };
        let Some(item) = found::item_of(db, step.invitation_id).await? else { continue };
        let Some(row) = invitations::store::by_id(db, step.invitation_id).await? else { continue };
        let group = directory_of(db, [row.service_id]).await?.of(row.service_id).1.agency_group;
        found.push(Open { item: item.id, invitation: row.id, since, group });
    }
    found.sort_by_key(|open| open.since);
    Ok(found)
}
