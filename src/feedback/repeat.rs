//! Whether a service was missing the time before too, for the same child (as M17 counts it): its letter says so.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::agencies::store::directory_of;
use crate::conferences::entity::{child, conference};
use crate::conferences::{ConferenceId, Status};
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
use crate::register::entity::register;
use crate::register::store::{Record, records_in_brief};
use crate::register::{Assessment, Policies, assess};

/// The invitations of a conference whose service missed the conference before of a child whom they concern, each with those
/// that it missed then. That one is the last that took place and whose register is confirmed.
pub async fn repeats(
    db: &impl ConnectionTrait,
    record: &Record,
    assessment: &Assessment,
    policies: &Policies,
) -> Result<HashMap<InvitationId, HashSet<InvitationId>>, DbErr> {
    let missed =
        |place: &usize| assessment.invitations[*place].is_miss(record.invitations[*place].absence_reason);
    let missed: Vec<usize> = (0..record.invitations.len()).filter(missed).collect();
    if missed.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = record.children.iter().map(|c| c.child_key.clone());
    let of_them: Vec<(Vec<u8>, ConferenceId)> = child::Entity::find()
        .select_only()
        .columns([child::Column::ChildKey, child::Column::ConferenceId])
        .filter(child::Column::ChildKey.is_in(keys))
        .into_tuple()
        .all(db)
        .await?;
    // Of each child the last that took place and is confirmed, and nothing else is read.
    let took_place = conference::Entity::find()
        .filter(conference::Column::Id.is_in(of_them.iter().map(|(_, id)| *id)))
        .filter(conference::Column::StartsAt.lt(record.conference.starts_at))
        .filter(conference::Column::Status.is_in([Status::Held, Status::Adjourned]))
        .filter(conference::Column::Id.in_subquery(confirmed()))
        .order_by_asc(conference::Column::StartsAt);
    let took_place = took_place.all(db).await?;
    let mut last_of: HashMap<&[u8], ConferenceId> = HashMap::new();
    for c in &took_place {
        let children = of_them.iter().filter(|(_, id)| *id == c.id);
        last_of.extend(children.map(|(key, id)| (key.as_slice(), *id)));
    }
    let wanted: HashSet<ConferenceId> = last_of.values().copied().collect();
    let before = took_place.iter().filter(|c| wanted.contains(&c.id)).cloned().collect();
    let services = missed.iter().map(|place| record.invitations[*place].service_id);
    let own = Condition::all().add(invitation::Column::ServiceId.is_in(services));
    let mut past: HashMap<ConferenceId, (Record, Assessment)> = HashMap::new();
    for earlier in records_in_brief(db, before, own).await? {
        let facts = earlier.facts(&directory_of(db, earlier.services()).await?);
        let assessment = assess(&facts, policies.on(facts.date));
        past.insert(earlier.conference.id, (earlier, assessment));
    }
    let last: HashMap<&[u8], &(Record, Assessment)> =
        last_of.iter().filter_map(|(key, id)| Some((*key, past.get(id)?))).collect();
    let mut again: HashMap<InvitationId, HashSet<InvitationId>> = HashMap::new();
    for row in missed.into_iter().map(|place| &record.invitations[place]) {
        for child in record.children.iter().filter(|c| record.concerns(row.id, c.id)) {
            let Some((earlier, then)) = last.get(child.child_key.as_slice()) else { continue };
            let Some(there) = earlier.children.iter().find(|c| c.child_key == child.child_key) else {
                continue;
            };
            let missed = earlier.invitations.iter().zip(&then.invitations).filter(|(past, assessed)| {
                past.service_id == row.service_id
                    && earlier.concerns(past.id, there.id)
                    && assessed.is_miss(past.absence_reason)
            });
            for (past, _) in missed {
                again.entry(row.id).or_default().insert(past.id);
            }
        }
    }
    Ok(again)
}

fn confirmed() -> SelectStatement {
    Query::select().column(register::Column::ConferenceId).from(register::Entity).to_owned()
}
