//! What is looked at over one conference: two without quorum running, and a plan that ended without quorum, of which the
//! QA managers are told at once (DOMAIN 5; 8, M9c).

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use super::store::{Record, with_directory};
use super::{Assessment, Policies, assess};
use crate::agencies::store::Directory;
use crate::calendar::london;
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ConferenceType, Status};
use crate::outbox::{self, NoticeError};
use crate::platform::Tx;
use crate::restriction::qa_managers;
use crate::web::Desk;

/// Whether this conference is held without quorum and the one before it, of any of its children, held or adjourned,
/// was without it too. Not where the child is unborn.
pub async fn runs_inquorate(
    db: &impl ConnectionTrait,
    record: &Record,
    assessment: &Assessment,
    policies: &Policies,
) -> Result<bool, DbErr> {
    let c = &record.conference;
    if assessment.quoracy.quorate || c.status != Status::Held || c.kind == ConferenceType::PreBirth {
        return Ok(false);
    }
    for own in &record.children {
        let of = child::Entity::belongs_to(conference::Entity)
            .from(child::Column::ConferenceId)
            .to(conference::Column::Id);
        let before = child::Entity::find()
            .filter(child::Column::ChildKey.eq(own.child_key.clone()))
            .join(sea_orm::JoinType::InnerJoin, of.into())
            .select_also(conference::Entity)
            .filter(conference::Column::StartsAt.lt(c.starts_at))
            .filter(conference::Column::Status.is_in([Status::Held, Status::Adjourned]))
            .order_by_desc(conference::Column::StartsAt);
        let Some((_, Some(before))) = before.one(db).await? else { continue };
        let Some((before, directory)) = with_directory(db, Some(before)).await? else { continue };
        let facts = before.facts(&directory);
        if !assess(&facts, policies.on(facts.date)).quoracy.quorate {
            return Ok(true);
        }
    }
    Ok(false)
}

const PLAN_ENDED: &str = "plan_ended_inquorate";

/// What the notice says: no child.
#[derive(Clone, Debug, Serialize)]
pub struct PlanEnded {
    pub reference: String,
    pub conference_type: String,
    pub date: String,
    pub chair: String,
    /// Where it can be looked at.
    pub link: String,
}

/// Tells the QA managers that a plan was ended at a conference that was not quorate.
pub async fn tell_of_plan_end(
    tx: &Tx,
    desk: &Desk,
    record: &Record,
    directory: &Directory,
    policies: &Policies,
) -> Result<(), NoticeError> {
    let facts = record.facts(directory);
    let ends = record.children.iter().any(|c| c.decision.is_some_and(|d| d.ends_plan()));
    if !ends || !desk.letterhead.is_set_up() || assess(&facts, policies.on(facts.date)).quoracy.quorate {
        return Ok(());
    }
    let c = &record.conference;
    let notice = PlanEnded {
        reference: c.reference.clone(),
        conference_type: c.kind.label().to_owned(),
        date: london::full_date(c.conference_date),
        chair: conferences::store::chair(tx.conn(), c.chair_id).await?,
        link: format!("{}/conferences/{}", desk.address, c.id),
    };
    for manager in qa_managers(tx.conn()).await? {
        outbox::tell(tx, &desk.letterhead, PLAN_ENDED, c.id.0, &manager, &notice, desk.clock.now()).await?;
    }
    Ok(())
}

/// The notice with something to try it on.
pub fn samples() -> Vec<(&'static str, PlanEnded)> {
    let notice = PlanEnded {
        reference: "K7Q2-M4TD".into(),
        conference_type: "review conference".into(),
        date: "Wednesday 30 September 2026".into(),
        chair: "A. Chair".into(),
        link: "https://quorate.example/conferences/0000".into(),
    };
    vec![(PLAN_ENDED, notice)]
}
