//! Which reminders an invitation is due today: for an answer, and for the report, on working days before the
//! conference. They stop on the answer, on the report, on cancellation, on a move.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::MessageKind;
use crate::calendar::Calendar;
use crate::invitations::{Delivery, Facts, Necessity, Report, Response};

/// Working days before the conference on which reminders go, as the partnership sets them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderDays {
    /// To whoever has not answered.
    pub answer: Vec<u32>,
    /// To whoever's report is missing.
    pub report: Vec<u32>,
}

/// The reminders due today, each with its step: the working days before the conference that it stands for. A run
/// that was missed is made up for by the next, once, and never on the day of the invitation or of the conference.
pub fn due(
    facts: &Facts,
    date: NaiveDate,
    today: NaiveDate,
    days: &ReminderDays,
    calendar: &Calendar,
) -> Vec<(MessageKind, u32)> {
    let Some(invited_on) = facts.invited_on.filter(|_| facts.delivery == Delivery::Sent) else {
        return Vec::new();
    };
    let left = calendar.working_days(today, date);
    if left == 0 || facts.excused.is_some() || !calendar.is_working_day(today) {
        return Vec::new();
    }
    let given = calendar.working_days(invited_on, date);
    let step = |steps: &[u32]| steps.iter().copied().filter(|step| (left..given).contains(step)).min();
    let comes = facts.necessity != Necessity::InformationOnly;
    let answer = step(&days.answer).filter(|_| comes && facts.response == Response::None);
    let report = step(&days.report).filter(|_| facts.report == Report::None);
    let answer = answer.map(|step| (MessageKind::AnswerWanted, step));
    answer.into_iter().chain(report.map(|step| (MessageKind::ReportWanted, step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invitations::{ChairImpact, ChildViews, Excused};

    fn facts() -> Facts {
        Facts {
            necessity: Necessity::Core,
            walk_in: false,
            invited_on: "2026-11-02".parse().ok(),
            delivery: Delivery::Sent,
            response: Response::None,
            attendance: None,
            by_deputy: false,
            joined_at: None,
            left_at: None,
            report: Report::None,
            report_received_on: None,
            absence_reason: None,
            excused: None,
            view: None,
            child_views: ChildViews::default(),
            chair_impact: ChairImpact::default(),
            attendance_only: false,
        }
    }

    /// The conference is on Friday 20 November 2026.
    fn on(facts: &Facts, today: &str) -> Vec<(MessageKind, u32)> {
        let days = ReminderDays { answer: vec![5, 2], report: vec![4] };
        due(facts, "2026-11-20".parse().unwrap(), today.parse().unwrap(), &days, &Calendar::with_changes([]))
    }

    #[test]
    fn a_reminder_goes_when_its_day_has_come_and_a_missed_one_is_made_up_for() {
        use MessageKind::{AnswerWanted, ReportWanted};
        assert_eq!(on(&facts(), "2026-11-12"), [], "six working days before");
        assert_eq!(on(&facts(), "2026-11-13"), [(AnswerWanted, 5)]);
        assert_eq!(on(&facts(), "2026-11-14"), [], "a Saturday");
        assert_eq!(on(&facts(), "2026-11-17"), [(AnswerWanted, 5), (ReportWanted, 4)], "made up for");
        assert_eq!(on(&facts(), "2026-11-19"), [(AnswerWanted, 2), (ReportWanted, 4)]);
        assert_eq!(on(&facts(), "2026-11-20"), [], "the day itself");
    }

    #[test]
    fn nobody_is_reminded_who_answered_or_was_not_reached_or_was_invited_after_that_day() {
        let answered = Facts { response: Response::Apologies, report: Report::OnTime, ..facts() };
        let bounced = Facts { delivery: Delivery::Bounced, ..facts() };
        let excused = Facts { excused: Some(Excused::NoLongerInvolved), ..facts() };
        for facts in [answered, bounced, excused] {
            assert_eq!(on(&facts, "2026-11-18"), []);
        }
        let report_alone = Facts { necessity: Necessity::InformationOnly, ..facts() };
        assert_eq!(on(&report_alone, "2026-11-18"), [(MessageKind::ReportWanted, 4)], "nobody is expected");
        let late = Facts { invited_on: "2026-11-17".parse().ok(), ..facts() };
        assert_eq!(on(&late, "2026-11-17"), [], "not on the day of the invitation");
        assert_eq!(on(&late, "2026-11-18"), [(MessageKind::AnswerWanted, 2)]);
    }
}
