//! Who is owed a letter, worked out a second time: from the stored facts, in one query, by nobody else's rule.

use chrono::{DateTime, Days, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use uuid::Uuid;

use super::FindingKind;
use super::looking::{DAYS, Expectations, Found};
use crate::calendar::london;

/// There at the decision: not absent, come by then, and not gone before. Without a decision nobody was.
const THERE: &str = "(i.attendance <> 'absent' and c.decision_at is not null \
    and (i.joined_at is null or i.joined_at <= c.decision_at) \
    and (i.left_at is null or i.left_at >= c.decision_at))";

/// Somebody who was to take part and of whom it is recorded whether they did, at a conference that took place.
const EXPECTED: &str = "c.status in ('held', 'adjourned') and c.erased_at is null and not c.restricted \
    and i.necessity <> 'information_only' and i.excused is null and i.attendance is not null \
    and not i.walk_in and not i.attendance_only";

/// The reason is ours and waits to be settled: a recorded reason for there being no letter.
const OURS: &str = "coalesce(i.absence_reason, '') in \
    ('late_notice', 'no_invitation_received', 'wrong_contact', 'date_changed')";

#[derive(FromQueryResult)]
struct Absence {
    invitation: Uuid,
    conference: Uuid,
    confirmed_at: DateTime<Utc>,
    amended_at: Option<DateTime<Utc>>,
}

fn since(now: DateTime<Utc>) -> sea_orm::Value {
    (london::date(now) - Days::new(DAYS)).into()
}

async fn rows<T: FromQueryResult>(
    db: &impl ConnectionTrait,
    sql: String,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Result<Vec<T>, DbErr> {
    T::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).all(db).await
}

fn found(kind: FindingKind, object: Uuid, conference: Uuid) -> Found {
    Found { kind, object: object.to_string(), conference: Some(conference) }
}

/// Absences on confirmed registers of which there is no feedback, nor a recorded reason for that: history, an import that
/// did not ask for letters, a reason of ours that waits to be settled.
pub async fn without_feedback(
    db: &impl ConnectionTrait,
    expected: &Expectations<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Found>, DbErr> {
    let sql = format!(
        "select i.id as invitation, c.id as conference, r.confirmed_at, \
            (select max(a.at) from amendment a where a.conference_id = c.id) as amended_at \
         from conference c \
         join register r on r.conference_id = c.id \
         join invitation i on i.conference_id = c.id \
         where c.conference_date >= $1 and r.feedback in ('wanted', 'made') \
            and {EXPECTED} and not {THERE} and not {OURS} \
            and not exists (select 1 from feedback f where f.invitation_id = i.id and f.state <> 'overtaken')"
    );
    let hold = TimeDelta::minutes(i64::from(expected.hold_minutes));
    let absences: Vec<Absence> = rows(db, sql, [since(now)]).await?;
    let late = absences.into_iter().filter(|absence| {
        let held = absence.confirmed_at + hold;
        expected.is_late(absence.amended_at.map_or(held, |amended| amended.max(held)), now)
    });
    Ok(late.map(|a| found(FindingKind::AbsenceWithoutFeedback, a.invitation, a.conference)).collect())
}

#[derive(FromQueryResult)]
struct Item {
    item: Uuid,
    conference: Uuid,
    at: DateTime<Utc>,
}

/// Feedback that is said to be posted, and of which there is no message.
pub async fn without_message(
    db: &impl ConnectionTrait,
    expected: &Expectations<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Found>, DbErr> {
    let sql = "select f.id as item, i.conference_id as conference, f.made_at as at from feedback f \
         join invitation i on i.id = f.invitation_id \
         where f.made_at >= $1 and f.state = 'posted' \
            and not exists (select 1 from outbox o where o.about_id = f.id)";
    let items: Vec<Item> = rows(db, sql.to_owned(), [(now - TimeDelta::days(DAYS as i64)).into()]).await?;
    let late = items.into_iter().filter(|item| expected.is_late(item.at, now));
    Ok(late.map(|item| found(FindingKind::ItemWithoutMessage, item.item, item.conference)).collect())
}

/// Letters on an absence that went to a service which, as the record stands now, was represented, or not expected; and
/// nothing corrects them.
pub async fn letters_without(
    db: &impl ConnectionTrait,
    expected: &Expectations<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Found>, DbErr> {
    let sql = format!(
        "select f.id as item, c.id as conference, \
            coalesce((select max(a.at) from amendment a where a.conference_id = c.id), f.made_at) as at \
         from conference c \
         join register r on r.conference_id = c.id \
         join invitation i on i.conference_id = c.id \
         join feedback f on f.invitation_id = i.id \
         where c.conference_date >= $1 and not c.restricted and c.erased_at is null and f.kind = 'absence' \
            and not ({EXPECTED} and not {THERE}) \
            and exists (select 1 from outbox o where o.about_id = f.id and o.state = 'sent') \
            and not exists (select 1 from feedback n \
                where n.invitation_id = i.id and n.kind = 'correction' and n.state <> 'overtaken')"
    );
    let items: Vec<Item> = rows(db, sql, [since(now)]).await?;
    let late = items.into_iter().filter(|item| expected.is_late(item.at, now));
    Ok(late.map(|item| found(FindingKind::LetterWithoutAbsence, item.item, item.conference)).collect())
}
