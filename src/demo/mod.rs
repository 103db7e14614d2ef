//! A partnership that does not exist: an invented county's families, agencies and conferences, for
//! demonstrations and measurements. Nobody in it is real, and no address in it can receive mail.
//!
//! It writes nothing itself. It yields what a partnership's own spreadsheets hold, and those go in
//! through the same import as anybody's.

mod attendance;
mod directory;
mod families;
mod meeting;
mod replies;

use std::collections::HashSet;

use chrono::NaiveDate;

pub use directory::{CHAIRS, agencies_csv, contacts_csv};
pub use meeting::Meeting;
pub use replies::{STANDS, reply, settled};

use crate::calendar::Calendar;
use attendance::Habits;

/// How large, how long, and with which throw of the dice.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// The same seed on the same day makes the same county.
    pub seed: u64,
    /// Children on a plan at any time; Oxfordshire has about 600.
    pub children_on_plan: u32,
    /// Years of conferences up to today.
    pub years: u32,
}

/// Days after today for which conferences are booked.
const BOOKED_AHEAD: u64 = 200;

/// Every conference of the county, in the order of its days: `size.years` of them up to `today`, and
/// those that are booked.
pub fn meetings(size: Size, today: NaiveDate, calendar: &Calendar) -> Vec<Meeting> {
    let first = today - chrono::Days::new(365 * u64::from(size.years));
    let last = today + chrono::Days::new(BOOKED_AHEAD);
    let mut planned = families::conferences(size, first, last, today, calendar);
    planned.sort_by_key(|c| (c.date, c.family, c.kind));
    let habits = Habits::of(size.seed, first, today);
    let mut meetings: Vec<Meeting> = Vec::with_capacity(planned.len());
    let mut taken = HashSet::new();
    for (n, mut conference) in planned.into_iter().enumerate() {
        if meetings.last().is_some_and(|before| before.date != conference.date) {
            taken.clear();
        }
        let (chair, slot) = free(&taken, conference.chair, (conference.family % SLOTS as u64) as usize);
        taken.insert((chair, slot));
        conference.chair = chair;
        meetings.push(meeting::hold(n, conference, slot, &habits, today, calendar, size.seed));
    }
    meetings
}

/// Slots of a day.
const SLOTS: usize = 4;

/// Nobody chairs two conferences at once: this chair's slot, her next that is free, or somebody else's.
fn free(taken: &HashSet<(usize, usize)>, chair: usize, slot: usize) -> (usize, usize) {
    let all = (0..CHAIRS.len()).flat_map(|c| (0..SLOTS).map(move |s| (c, s)));
    let mut nearest = all.map(|(c, s)| ((chair + c) % CHAIRS.len(), (slot + s) % SLOTS));
    nearest.find(|place| !taken.contains(place)).unwrap_or((chair, slot))
}
