//! What is held about a child.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;

use crate::agencies::store::directory;
use crate::audit::{self, Search};
use crate::conferences::entity::child;
use crate::conferences::{self, CHILD, ConferenceId, Sight};
use crate::feedback::entity::feedback;
use crate::invitations::ChildViews;
use crate::outbox;
use crate::platform::Keys;
use crate::register::entity::amendment;
use crate::register::store::records;
use crate::register::{Policies, assess, sealed};
use crate::replies::{self, Texts};
use crate::retention::sealed::WHY;
use crate::retention::{holds_about, sees};

/// One invitation to a conference about the child.
#[derive(Serialize)]
pub struct Invited {
    agency: String,
    service: String,
    role: String,
    necessity: &'static str,
    invited_on: Option<NaiveDate>,
    invited_at: Option<String>,
    delivery: &'static str,
    answer: &'static str,
    attendance: Option<&'static str>,
    by_deputy: bool,
    deputy: Option<String>,
    deputy_announced: Option<String>,
    report_promised: bool,
    joined_at: Option<DateTime<Utc>>,
    left_at: Option<DateTime<Utc>>,
    report: &'static str,
    report_received_on: Option<NaiveDate>,
    reason_for_absence: Option<&'static str>,
    excused: Option<&'static str>,
    recorded_by: Option<String>,
    recorded_at: Option<DateTime<Utc>>,
    view_on_the_decision: Option<&'static str>,
    standing: &'static str,
    what_its_absence_did: Vec<&'static str>,
    what_its_absence_did_in_words: Option<String>,
}

/// One amendment of a confirmed register.
#[derive(Serialize)]
pub struct Amended {
    at: DateTime<Utc>,
    by: String,
    field: String,
    before: String,
    after: String,
    why: String,
}

/// A message to an agency about its part.
#[derive(Serialize)]
pub struct Letter {
    kind: String,
    to: String,
    posted_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    state: &'static str,
}

/// What an agency replied to a letter.
#[derive(Serialize)]
pub struct Replied {
    at: DateTime<Utc>,
    kind: &'static str,
    ground: Option<&'static str>,
    reason: Option<&'static str>,
    who: String,
    words: String,
    so_that_it_does_not_happen_again: String,
    state: &'static str,
    answer: String,
}

/// What the audit trail has of the conference.
#[derive(Serialize)]
pub struct Look {
    at: DateTime<Utc>,
    who: String,
    what: String,
}

/// One conference about the child.
#[derive(Serialize)]
pub struct Met {
    reference: String,
    local_reference: String,
    kind: &'static str,
    status: &'static str,
    restricted: bool,
    starts_at: DateTime<Utc>,
    decision_at: Option<DateTime<Utc>>,
    locality: &'static str,
    mode: &'static str,
    place: Option<String>,
    strategy_discussion_on: Option<NaiveDate>,
    why_adjourned: Option<&'static str>,
    why_it_went_on_without_quorum: Option<&'static str>,
    chair: String,
    category: &'static str,
    decision: Option<&'static str>,
    why_the_plan_still_ended: Option<String>,
    quorate: bool,
    register_confirmed_at: Option<DateTime<Utc>>,
    register_confirmed_by: Option<String>,
    invitations: Vec<Invited>,
    amendments: Vec<Amended>,
    letters: Vec<Letter>,
    replies: Vec<Replied>,
    audit_trail: Vec<Look>,
}

/// A legal hold on what is held.
#[derive(Serialize)]
pub struct Held {
    why: String,
    placed_by: String,
    placed_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

/// Everything about a child.
#[derive(Serialize)]
pub struct ChildBundle {
    child: String,
    gathered_at: DateTime<Utc>,
    pub conferences: Vec<Met>,
    legal_holds: Vec<Held>,
    /// Restricted conferences of the child's that whoever gathers this is not named on.
    pub restricted_and_not_here: usize,
}

/// Gathers it.
pub async fn gather(
    db: &impl ConnectionTrait,
    keys: &Keys,
    policies: &Policies,
    sight: Sight,
    now: DateTime<Utc>,
    reference: &str,
) -> Result<ChildBundle, DbErr> {
    let key = keys.find(CHILD, reference);
    let ids: Vec<ConferenceId> = child::Entity::find()
        .select_only()
        .column(child::Column::ConferenceId)
        .filter(child::Column::ChildKey.eq(key.clone()))
        .into_tuple()
        .all(db)
        .await?;
    let seen = conferences::store::by_ids(db, ids.iter().copied(), sight).await?;
    let restricted_and_not_here = ids.len() - seen.len();
    let directory = directory(db).await?;
    let mut all = Vec::new();
    for record in records(db, seen).await? {
        let facts = record.facts(&directory);
        let assessment = assess(&facts, policies.on(facts.date));
        let c = &record.conference;
        let Some(own) = record.children.iter().find(|row| row.child_key == key) else { continue };
        let concerns = |id| record.concerns(id, own.id);
        let invitations = record.invitations.iter().zip(&assessment.invitations);
        let invitations = invitations.filter(|(row, _)| concerns(row.id)).map(|(row, assessed)| {
            let (service, agency) = directory.of(row.service_id);
            Invited {
                agency: agency.name.clone(),
                service: service.name.clone(),
                role: row.role.clone(),
                necessity: row.necessity.label(),
                invited_on: row.invited_on,
                invited_at: row.contact_email.clone(),
                delivery: row.delivery.label(),
                answer: row.response.label(),
                attendance: row.attendance.map(|a| a.label()),
                by_deputy: row.by_deputy,
                deputy: row.deputy.as_ref().and_then(|d| keys.open(sealed::DEPUTY, d).ok()),
                deputy_announced: row
                    .announced_deputy
                    .as_ref()
                    .and_then(|d| keys.open(sealed::ANNOUNCED_DEPUTY, d).ok()),
                report_promised: row.report_promised,
                joined_at: row.joined_at,
                left_at: row.left_at,
                report: row.report.label(),
                report_received_on: row.report_received_on,
                reason_for_absence: row.absence_reason.map(|r| r.label()),
                excused: row.excused.map(|e| e.label()),
                recorded_by: row.recorded_by.clone(),
                recorded_at: row.recorded_at,
                view_on_the_decision: row.facts().view_on(own.id).map(|v| v.label()),
                standing: assessed.standing.label(),
                what_its_absence_did: assessed.impact.iter().map(|i| i.code.label()).collect(),
                what_its_absence_did_in_words: row
                    .impact_note
                    .as_ref()
                    .and_then(|note| keys.open(sealed::IMPACT_NOTE, note).ok()),
            }
        });
        let invitations = invitations.collect();
        let opened = |sealed: &crate::platform::Sealed| {
            keys.open(sealed::AMENDMENT, sealed).unwrap_or_else(|_| "(does not open)".to_owned())
        };
        let rows = amendment::Entity::find()
            .filter(amendment::Column::ConferenceId.eq(c.id))
            .order_by_asc(amendment::Column::At)
            .all(db)
            .await?;
        // What is about a brother or sister alone is theirs.
        let rows = rows
            .into_iter()
            .filter(|a| a.child_id.is_none_or(|id| id == own.id) && a.invitation_id.is_none_or(concerns));
        let said = |field: &str, text: String| match field {
            "child_views" => {
                let views = text.parse().unwrap_or_else(|_| ChildViews::default());
                views.on(own.id).map(|view| view.label().to_owned()).unwrap_or_default()
            }
            _ => text,
        };
        let amendments = rows.map(|a| Amended {
            at: a.at,
            by: a.by_name.clone(),
            field: a.field.clone(),
            before: a.before.as_ref().map(|text| said(&a.field, opened(text))).unwrap_or_default(),
            after: a.after.as_ref().map(|text| said(&a.field, opened(text))).unwrap_or_default(),
            why: opened(&a.why),
        });
        // What changed for a brother or sister alone changed nothing here.
        let amendments = amendments.filter(|a: &Amended| a.before != a.after).collect();
        let search = Search { object: Some(c.id.to_string()), ..Search::default() };
        let looks = audit::entries(db, &search, u64::from(u32::MAX)).await?.into_iter();
        let looks = looks.map(|e| Look { at: e.at, who: e.actor, what: e.action });
        let concerned = record.invitations.iter().map(|row| row.id).filter(|id| concerns(*id));
        let items = feedback::Entity::find().filter(feedback::Column::InvitationId.is_in(concerned));
        let items = items.all(db).await?.into_iter().map(|item| item.id.0).collect();
        let letters = outbox::about(db, items).await?.into_iter().map(|m| Letter {
            kind: m.kind,
            to: m.recipient,
            posted_at: m.posted_at,
            accepted_at: m.sent_at,
            state: m.state.label(),
        });
        let replies = replies::store::of_conference(db, c.id).await?.into_iter();
        let replies = replies.filter(|row| concerns(row.invitation_id)).map(|row| {
            let texts = Texts::open(keys, &row);
            Replied {
                at: row.made_at,
                kind: row.kind.label(),
                ground: row.ground.map(|g| g.label()),
                reason: row.reason.map(|r| r.label()),
                who: texts.who,
                words: texts.words,
                so_that_it_does_not_happen_again: texts.prevention,
                state: row.state.label(),
                answer: texts.answer,
            }
        });
        all.push(Met {
            replies: replies.collect(),
            reference: c.reference.clone(),
            local_reference: c.conference_ref.clone(),
            kind: c.kind.label(),
            status: c.status.label(),
            restricted: c.restricted,
            starts_at: c.starts_at,
            decision_at: c.decision_at,
            locality: c.locality.label(),
            mode: c.mode.label(),
            place: c.place.clone(),
            strategy_discussion_on: c.strategy_discussion_on,
            why_adjourned: c.adjournment_reason.map(|r| r.label()),
            why_it_went_on_without_quorum: c.proceeded_reason.map(|r| r.label()),
            chair: conferences::store::chair(db, c.chair_id).await?,
            category: own.category.label(),
            decision: own.decision.map(|d| d.label()),
            why_the_plan_still_ended: own
                .plan_end_reason
                .as_ref()
                .and_then(|why| keys.open(sealed::PLAN_END_REASON, why).ok()),
            quorate: assessment.quoracy.quorate,
            register_confirmed_at: record.register.as_ref().map(|r| r.confirmed_at),
            register_confirmed_by: record.register.as_ref().map(|r| r.confirmed_by.clone()),
            invitations,
            amendments,
            letters: letters.collect(),
            audit_trail: looks.collect(),
        });
    }
    all.sort_by_key(|met| met.starts_at);
    let mut legal_holds = Vec::new();
    for hold in holds_about(db, &key, &ids).await? {
        if sees(db, &hold, sight).await? {
            legal_holds.push(Held {
                why: keys.open(WHY, &hold.why).unwrap_or_else(|_| "(does not open)".to_owned()),
                placed_by: hold.placed_by,
                placed_at: hold.placed_at,
                ended_at: hold.ended_at,
            });
        }
    }
    Ok(ChildBundle {
        child: reference.to_owned(),
        gathered_at: now,
        conferences: all,
        legal_holds,
        restricted_and_not_here,
    })
}
