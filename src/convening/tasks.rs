//! The reminders task: run twice, or late, it reminds nobody twice.

use chrono::Days;

use super::inviting::{Office, post};
use super::{reminders, store};
use crate::calendar::london;
use crate::conferences::{ConferenceId, Sight};
use crate::invitations::entity::invitation;
use crate::outbox::NoticeError;
use crate::register::save::take;
use crate::register::store::Record;

/// Days ahead in which reminders may be due.
const AHEAD: u64 = 90;

/// Posts every reminder that is due; says how many. Of a restricted conference nothing goes by itself.
pub async fn remind(office: Office<'_>) -> Result<usize, NoticeError> {
    if !office.can_write() {
        return Ok(0);
    }
    let today = london::date(office.now);
    let until = today + Days::new(AHEAD);
    let coming = store::coming(office.db.read(), today, until, Sight::Everything).await?;
    let mut posted = 0;
    let mut first_error = None;
    for c in coming.into_iter().filter(|c| !c.restricted && c.starts_at > office.now) {
        // One conference that cannot be written about keeps no other waiting.
        match remind_of(office, c.id).await {
            Ok(n) => posted += n,
            Err(e) => {
                tracing::error!(conference = %c.id, error = %e, "reminders could not be made");
                first_error.get_or_insert(e);
            }
        }
    }
    first_error.map_or(Ok(posted), Err)
}

async fn remind_of(office: Office<'_>, id: ConferenceId) -> Result<usize, NoticeError> {
    let today = london::date(office.now);
    let days = &office.settings.reminders;
    let due_now = |record: &Record| {
        let date = record.conference.conference_date;
        let calendar = &office.policies.calendar;
        let of = |row: &invitation::Model| reminders::due(&row.facts(), date, today, days, calendar);
        record.invitations.iter().map(of).collect::<Vec<_>>()
    };
    let tx = office.db.begin("remind").await?;
    let Some((record, _)) = take(&tx, id, Sight::Everything).await? else { return Ok(0) };
    let due = due_now(&record);
    if record.conference.restricted || due.iter().all(Vec::is_empty) {
        return Ok(0);
    }
    let papers = office.papers(tx.conn(), record.conference.clone(), record.services()).await?;
    let mut posted = 0;
    for (row, due) in record.invitations.iter().zip(due) {
        for (kind, step) in due {
            posted += usize::from(post(office, &tx, &papers, row, kind, Some(step)).await?);
        }
    }
    tx.commit().await?;
    Ok(posted)
}
