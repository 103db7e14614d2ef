//! Whether a service was missing the time before too, for the same child (as M17 counts it): its letter says so.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::agencies::store::directory_of;
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ConferenceId, Sight};
use crate::invitations::InvitationId;
use crate::register::store::{Record, records};
use crate::register::{Assessment, Policies, assess};

/// The invitations of a conference whose service missed the conference before of a child whom they concern. That one is the
/// last that took place and whose register is confirmed.
pub async fn repeats(
    db: &impl ConnectionTrait,
    record: &Record,
    assessment: &Assessment,
    policies: &Policies,
) -> Result<HashSet<InvitationId>, DbErr> {
    let missed =
        |place: &usize| assessment.invitations[*place].is_miss(record.invitations[*place].absence_reason);
    let missed: Vec<usize> = (0..record.invitations.len()).filter(missed).collect();
    if missed.is_empty() {
        return Ok(HashSet::new());
    }
    let keys = record.children.iter().map(|c| c.child_key.clone());
    let ids: Vec<ConferenceId> = child::Entity::find()
        .select_only()
        .column(child::Column::ConferenceId)
        .filter(child::Column::ChildKey.is_in(keys))
        .into_tuple()
        .all(db)
        .await?;
    let of_them = conferences::store::by_ids(db, ids, Sight::Everything).await?.into_iter();
    let before: Vec<conference::Model> =
        of_them.filter(|c| c.starts_at < record.conference.starts_at).collect();
    let mut past: Vec<(Record, Assessment)> = Vec::new();
    for earlier in records(db, before).await? {
        let facts = earlier.facts(&directory_of(db, earlier.services()).await?);
        let assessment = assess(&facts, policies.on(facts.date));
        if assessment.in_population {
            past.push((earlier, assessment));
        }
    }
    past.sort_by_key(|(earlier, _)| earlier.conference.starts_at);
    let last: HashMap<&[u8], &(Record, Assessment)> = past
        .iter()
        .flat_map(|case| case.0.children.iter().map(move |c| (c.child_key.as_slice(), case)))
        .collect();
    let again = |place: &usize| {
        let row = &record.invitations[*place];
        let concerned = record.children.iter().filter(|c| record.concerns(row.id, c.id));
        concerned.filter_map(|c| Some((c, last.get(c.child_key.as_slice())?))).any(
            |(child, (earlier, then))| {
                let there = earlier.children.iter().find(|c| c.child_key == child.child_key);
                earlier.invitations.iter().zip(&then.invitations).any(|(past, assessed)| {
                    past.service_id == row.service_id
                        && there.is_some_and(|there| earlier.concerns(past.id, there.id))
                        && assessed.is_miss(past.absence_reason)
                })
            },
        )
    };
    Ok(missed.into_iter().filter(again).map(|place| record.invitations[place].id).collect())
}
