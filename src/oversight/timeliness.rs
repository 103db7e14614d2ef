//! How timely our own letters are, from the post itself.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use crate::calendar::{Calendar, london};

/// Days back from which is measured.
pub const DAYS: i64 = 30;

/// How timely the letters of the last days were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeliness {
    /// Absences whose first letter went.
    pub absences: usize,
    /// Of those, accepted by the mail server by 10:00 on the working day after the conference.
    pub in_time: usize,
    /// Messages that went.
    pub messages: usize,
    /// Seconds from due to accepted: half of them took no longer.
    pub median_seconds: Option<i64>,
    /// 99 of 100 took no longer.
    pub p99_seconds: Option<i64>,
}

#[derive(FromQueryResult)]
struct First {
    conference_date: NaiveDate,
    sent_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Went {
    due_since: DateTime<Utc>,
    sent_at: DateTime<Utc>,
}

/// Measures it.
pub async fn measure(
    db: &impl ConnectionTrait,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Result<Timeliness, DbErr> {
    let backend = db.get_database_backend();
    let since = now - TimeDelta::days(DAYS);
    let sql = "select c.conference_date, min(o.sent_at) as sent_at from outbox o \
         join feedback f on f.id = o.about_id \
         join invitation i on i.id = f.invitation_id \
         join conference c on c.id = i.conference_id \
         where o.state = 'sent' and o.posted_at >= $1 and f.kind = 'absence' and f.version = 1 \
         group by i.id, c.conference_date";
    let first = Statement::from_sql_and_values(backend, sql, [since.into()]);
    let first = First::find_by_statement(first).all(db).await?;
    let ten = NaiveTime::from_hms_opt(10, 0, 0).expect("a time of day");
    let in_time = |letter: &&First| {
        let day = calendar.add_working_days(letter.conference_date, 1);
        letter.sent_at <= london::to_utc_or_after(day, ten)
    };
    let sql = "select o.due_since, o.sent_at from outbox o where o.state = 'sent' and o.posted_at >= $1";
    let went = Statement::from_sql_and_values(backend, sql, [since.into()]);
    let went = Went::find_by_statement(went).all(db).await?;
    let mut seconds: Vec<i64> = went.iter().map(|w| (w.sent_at - w.due_since).num_seconds().max(0)).collect();
    seconds.sort_unstable();
    Ok(Timeliness {
        absences: first.len(),
        in_time: first.iter().filter(in_time).count(),
        messages: seconds.len(),
        median_seconds: at_share(&seconds, 50),
        p99_seconds: at_share(&seconds, 99),
    })
}

/// The smallest value than which so many of a hundred are no greater.
fn at_share(sorted: &[i64], percent: usize) -> Option<i64> {
    let place = (sorted.len() * percent).div_ceil(100);
    sorted.get(place.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_nine_of_a_hundred_took_no_longer_than_what_is_said() {
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!((at_share(&hundred, 50), at_share(&hundred, 99)), (Some(50), Some(99)));
        assert_eq!((at_share(&[7], 50), at_share(&[7], 99)), (Some(7), Some(7)));
        assert_eq!(at_share(&[], 99), None);
    }
}
