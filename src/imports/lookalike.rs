//! Conferences of a tracker that look like others that are here: two references, and perhaps one meeting.

use std::collections::{HashMap, HashSet};

use sea_orm::DbErr;

use super::log::LogConference;
use super::records::Run;
use crate::conferences::{self, ChairId};

/// Pairs that are named; the number is always whole.
const NAMED: usize = 10;

impl Run<'_> {
    /// `left`: those that are left alone anyway. A warning, where conferences of one day, type and chair are here under other references.
    pub(super) async fn look_alike(
        &self,
        log: &[LogConference],
        left: &[&str],
        chairs: &HashMap<String, ChairId>,
    ) -> Result<Option<String>, DbErr> {
        let dates = || log.iter().map(|c| c.date);
        let (Some(first), Some(last)) = (dates().min(), dates().max()) else { return Ok(None) };
        let own: HashSet<&str> = log.iter().map(|c| c.conference_ref.as_str()).collect();
        let here = conferences::store::between(self.tx.conn(), first, last, self.sight).await?;
        let mut like = HashMap::new();
        for c in here.iter().filter(|c| !own.contains(c.conference_ref.as_str())) {
            like.insert((c.conference_date, c.kind, c.chair_id), c.conference_ref.as_str());
        }
        let taken = log.iter().filter(|c| !left.contains(&c.conference_ref.as_str()));
        let pairs = taken.filter_map(|c| {
            let other = like.get(&(c.date, c.kind, *chairs.get(&c.chair)?))?;
            Some(format!("{} ({other})", c.conference_ref))
        });
        let pairs: Vec<String> = pairs.collect();
        let more = pairs.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Ok((!pairs.is_empty()).then(|| {
            format!(
                "{} of these look like conferences that are here under another reference (the same day, type and chair), and would \
                 count twice: {}{more}.",
                pairs.len(),
                pairs[..pairs.len().min(NAMED)].join(", ")
            )
        }))
    }
}
