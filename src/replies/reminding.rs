//! The reminder to reply: so many working days before the day that a letter named, to those whom it reached and who have not
//! answered. One for each letter, whatever happens.

use chrono::{DateTime, Days, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use super::store::told;
use crate::calendar::london;
use crate::feedback::{self, FeedbackError, FeedbackId, Office};

/// Days back from which letters are looked at: more than their time to answer, school holidays included.
const DAYS: u64 = 40;

/// Posts the reminders that are due today, says how many. `before`: working days before the day that the letter names; 0
/// for none.
pub async fn remind(office: Office<'_>, before: u32, now: DateTime<Utc>) -> Result<usize, FeedbackError> {
    if before == 0 || !office.settings.missing().is_empty() {
        return Ok(0);
    }
    let (db, today) = (office.db.read(), london::date(now));
    let open = feedback::asking_since(db, office, now - Days::new(DAYS), None).await?;
    let answered = told(db, open.iter().map(|asking| asking.invitation)).await?;
    let mut posted = 0;
    for asking in open {
        let mut day = asking.reply_by;
        for _ in 0..before {
            day = office.policies.calendar.previous_working_day(day);
        }
        let has_answered = answered.iter().any(|reply| reply.invitation == asking.invitation);
        if (day..=asking.reply_by).contains(&today) && asking.made_on < day && !has_answered {
            posted += feedback::remind(office, asking.item, now).await?;
        }
    }
    Ok(posted)
}

/// Whether somebody has replied about the invitation of an item: then nobody is reminded.
pub async fn is_answered(db: &impl ConnectionTrait, item: FeedbackId) -> Result<bool, DbErr> {
    let Some(invitation) = feedback::invitation_of(db, item).await? else { return Ok(true) };
    Ok(!told(db, [invitation]).await?.is_empty())
}
