//! The ladder, checked from outside: letters that nobody answered and of which nothing followed, and steps that wait.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use uuid::Uuid;

use super::FindingKind;
use super::looking::{DAYS, Expectations, Found};
use crate::calendar::london;

/// Working days after the day that a letter named, by which its step is proposed.
const PROPOSED_WITHIN: u32 = 2;
/// Working days after it, from which on nothing is proposed any more.
const LAPSES: u32 = 20;
/// Working days that a step may wait for a decision.
const DECIDED_WITHIN: u32 = 5;

#[derive(FromQueryResult)]
struct Unanswered {
    item: Uuid,
    conference: Uuid,
    went_at: DateTime<Utc>,
    sector: String,
}

/// Letters that ask for an answer, went, had none in time, and led to no step of the second rung. The newest feedback of an
/// invitation alone, and nothing that was our fault.
pub async fn late(
    db: &impl ConnectionTrait,
    expected: &Expectations<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Found>, DbErr> {
    let sql = "select f.id as item, c.id as conference, g.agency_group as sector, \
            (select max(o.sent_at) from outbox o where o.about_id = f.id and o.state = 'sent' \
                and o.bounced_at is null and o.kind <> 'reply_reminder') as went_at from feedback f \
         join invitation i on i.id = f.invitation_id \
         join conference c on c.id = i.conference_id \
         join service s on s.id = i.service_id \
         join agency g on g.id = s.agency_id \
         where f.made_at >= $1 and f.state in ('posted', 'to_telephone', 'telephoned') \
            and f.wording not in ('authority_fault', 'contributed', 'joining_failed', 'correction') \
            and not c.restricted and c.erased_at is null and not i.attendance_only \
            and exists (select 1 from outbox o where o.about_id = f.id and o.state = 'sent' \
                and o.bounced_at is null and o.kind <> 'reply_reminder') \
            and not exists (select 1 from feedback n where n.invitation_id = i.id and n.made_at > f.made_at \
                and n.state <> 'overtaken') \
            and not exists (select 1 from reply p where p.invitation_id = i.id) \
            and not exists (select 1 from ladder_cause l where l.invitation_id = i.id and l.rung = 2)";
    let since = now - TimeDelta::days(DAYS as i64);
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [since.into()]);
    let unanswered = Unanswered::find_by_statement(statement).all(db).await?;
    let today = london::date(now);
    let late = unanswered.into_iter().filter(|letter| {
        let by = expected.reply_by(london::date(letter.went_at), letter.sector == "education");
        let over = expected.calendar.working_days(by, today);
        over > PROPOSED_WITHIN && over < LAPSES
    });
    Ok(late
        .map(|letter| Found {
            kind: FindingKind::StepLate,
            object: letter.item.to_string(),
            conference: Some(letter.conference),
        })
        .collect())
}

#[derive(FromQueryResult)]
struct Waiting {
    step: Uuid,
    conference: Uuid,
    proposed_at: DateTime<Utc>,
}

/// Steps that wait for a decision, or for a telephone call, and for too long.
pub async fn undecided(
    db: &impl ConnectionTrait,
    expected: &Expectations<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Found>, DbErr> {
    let sql = "select l.id as step, i.conference_id as conference, \
            coalesce(l.decided_at, l.proposed_at) as proposed_at from ladder_step l \
         join invitation i on i.id = l.invitation_id where l.state in ('proposed', 'to_telephone')";
    let waiting = Waiting::find_by_statement(Statement::from_string(db.get_database_backend(), sql));
    let today = london::date(now);
    let long = waiting.all(db).await?.into_iter().filter(|step| {
        expected.calendar.working_days(london::date(step.proposed_at), today) > DECIDED_WITHIN
    });
    Ok(long
        .map(|step| Found {
            kind: FindingKind::StepUndecided,
            object: step.step.to_string(),
            conference: Some(step.conference),
        })
        .collect())
}
