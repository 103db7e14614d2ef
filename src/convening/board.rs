//! How a conference stands before its day: quorum if only those come who accepted, and what can still be done. The
//! most at risk come first.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::agencies::ServiceId;
use crate::agencies::store::Directory;
use crate::invitations::{Attendance, Fault, Necessity, Report, Response};
use crate::register::store::Record;
use crate::register::{Policies, assess_at};

/// What is to be done about one invitation before the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToDo {
    /// Its place in the record.
    pub place: usize,
    pub core: bool,
    pub unanswered: bool,
    pub report_outstanding: bool,
    /// What went wrong in inviting it: ours.
    pub fault: Option<Fault>,
    /// It is asked to another conference at that time.
    pub busy: Option<DateTime<Utc>>,
}

/// How a conference stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Whether those who accepted make quorum.
    pub quorate: bool,
    /// What is wanted for it, in words; empty where it is quorate.
    pub wanted: Vec<String>,
    /// Others, beside social care, who accepted.
    pub others: u32,
    pub to_do: Vec<ToDo>,
    pub chair_busy: bool,
}

impl Outlook {
    /// The place on the board, with so many working days left: who is not quorate comes first, the soonest above all;
    /// then by what else is open. `None`: nothing is at risk.
    pub fn place(&self, days_left: u32) -> Option<(bool, u32, Reverse<u32>)> {
        let of = |to_do: &ToDo| {
            let reached = match to_do.fault {
                Some(Fault::NotInvited | Fault::Undelivered) => 4,
                Some(Fault::Late) => 1,
                None => 0,
            };
            let silent = match (to_do.unanswered, to_do.core) {
                (true, true) => 3,
                (true, false) => 1,
                (false, _) => 0,
            };
            reached + silent + u32::from(to_do.report_outstanding) + 2 * u32::from(to_do.busy.is_some())
        };
        let open = 5 * u32::from(self.chair_busy) + self.to_do.iter().map(of).sum::<u32>();
        let soon = if self.quorate { 0 } else { days_left };
        (!self.quorate || open > 0).then_some((self.quorate, soon, Reverse(open)))
    }
}

/// How a conference that is still to be held stands. `busy`: the services that are asked elsewhere at that time.
/// A report is outstanding once its last day in time is near: from `ask_from` on.
pub fn outlook(
    record: &Record,
    directory: &Directory,
    policies: &Policies,
    busy: &HashMap<ServiceId, DateTime<Utc>>,
    chair_busy: bool,
    ask_from: impl Fn(NaiveDate) -> bool,
) -> Outlook {
    let c = &record.conference;
    let mut facts = record.facts(directory);
    let faults: Vec<Option<Fault>> = assess_at(&facts, policies.on(facts.date), None)
        .invitations
        .iter()
        .map(|assessed| assessed.fault)
        .collect();
    for invited in &mut facts.invitations {
        let comes = matches!(invited.facts.response, Response::Accepted | Response::Deputy);
        invited.facts.attendance = Some(if comes { Attendance::InPerson } else { Attendance::Absent });
        invited.facts.by_deputy = invited.facts.response == Response::Deputy;
        (invited.facts.joined_at, invited.facts.left_at) = (None, None);
    }
    let found = assess_at(&facts, policies.on(facts.date), Some(c.starts_at)).quoracy;
    let mut wanted = Vec::new();
    if !found.social_care {
        wanted.push("children's social care".to_owned());
    }
    match found.others_wanted {
        0 => {}
        1 => wanted.push("1 more agency".to_owned()),
        n => wanted.push(format!("{n} more agencies")),
    }
    wanted.extend(found.must_haves_missing.iter().cloned());
    let to_do = record.invitations.iter().zip(faults).enumerate().filter_map(|(place, (row, fault))| {
        if row.excused.is_some() || row.walk_in {
            return None;
        }
        let expected = row.necessity != Necessity::InformationOnly;
        let to_do = ToDo {
            place,
            core: row.necessity == Necessity::Core,
            unanswered: expected && row.response == Response::None,
            report_outstanding: row.report == Report::None && ask_from(c.conference_date),
            fault,
            busy: busy.get(&row.service_id).copied().filter(|_| expected),
        };
        let nothing =
            !to_do.unanswered && !to_do.report_outstanding && to_do.fault.is_none() && to_do.busy.is_none();
        (!nothing).then_some(to_do)
    });
    Outlook { quorate: found.quorate, wanted, others: found.others, to_do: to_do.collect(), chair_busy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_do(core: bool, unanswered: bool, fault: Option<Fault>) -> ToDo {
        ToDo { place: 0, core, unanswered, report_outstanding: false, fault, busy: None }
    }

    fn outlook(quorate: bool, to_do: Vec<ToDo>) -> Outlook {
        Outlook { quorate, wanted: vec![], others: 2, to_do, chair_busy: false }
    }

    #[test]
    fn quorum_outweighs_what_else_is_open_and_nobody_reached_outweighs_silence() {
        let short = outlook(false, vec![]);
        let unreached = outlook(true, vec![to_do(true, false, Some(Fault::Undelivered))]);
        let silent = outlook(true, vec![to_do(true, true, None)]);
        let late = outlook(true, vec![to_do(false, false, Some(Fault::Late))]);
        let much = outlook(true, vec![to_do(true, true, Some(Fault::NotInvited)); 12]);
        let places = [
            short.place(1),
            short.place(7),
            much.place(0),
            unreached.place(0),
            silent.place(0),
            late.place(0),
        ];
        assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
        assert_eq!(outlook(true, vec![]).place(0), None);
    }
}
