//! The facts of one invitation, as stored (DOMAIN 4). Everything else about it is derived.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    AbsenceReason, Attendance, ChairImpact, ChildViews, Delivery, Excused, Fault, MinimumNotice, Necessity,
    Report, Response, View, fault,
};
use crate::calendar::Calendar;
use crate::conferences::{ChildId, ConferenceType};

/// What was recorded about one invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How much the agency matters to this conference.
    pub necessity: Necessity,
    /// Came without being invited: present for quorum, outside every count of invitations.
    pub walk_in: bool,
    /// The day the invitation went.
    pub invited_on: Option<NaiveDate>,
    /// What became of the message.
    pub delivery: Delivery,
    /// The answer.
    pub response: Response,
    /// How it took part; `None` while that is not recorded.
    pub attendance: Option<Attendance>,
    /// Whether a deputy came.
    pub by_deputy: bool,
    /// Came later than the start. `None`: from the start.
    pub joined_at: Option<DateTime<Utc>>,
    /// Went before the end. `None`: stayed.
    pub left_at: Option<DateTime<Utc>>,
    /// The written report.
    pub report: Report,
    /// The day it arrived.
    pub report_received_on: Option<NaiveDate>,
    /// Why it was absent.
    pub absence_reason: Option<AbsenceReason>,
    /// Why it was not to take part after all.
    pub excused: Option<Excused>,
    /// Its view on the decision.
    pub view: Option<View>,
    /// Its views on single children, where they differ from that.
    pub child_views: ChildViews,
    /// What the chair put down of its absence.
    pub chair_impact: ChairImpact,
    /// A tracker brought it: when it was invited, what it answered, and what it sent if it came, is not known.
    pub attendance_only: bool,
}

impl Facts {
    /// The authority's fault in inviting it (DOMAIN 4). Of what a tracker brought nobody knows when it was invited: that
    /// is nobody's fault, and no figure about notice counts it.
    pub fn fault(
        &self,
        kind: ConferenceType,
        date: NaiveDate,
        minimum: MinimumNotice,
        calendar: &Calendar,
    ) -> Option<Fault> {
        match self.attendance_only {
            true => None,
            false => fault(self.invited_on, self.delivery, kind, date, minimum, calendar),
        }
    }

    /// Its view on the decision for this child.
    pub fn view_on(&self, child: ChildId) -> Option<View> {
        self.child_views.on(child).or(self.view)
    }

    /// Whether it took part at all, at any time.
    pub fn was_there(&self) -> bool {
        matches!(self.attendance, Some(Attendance::InPerson | Attendance::Video | Attendance::Phone))
    }

    /// Whether it was there at this moment (DOMAIN 4, `present_at_decision`).
    pub fn is_present_at(&self, moment: DateTime<Utc>) -> bool {
        self.was_there()
            && self.joined_at.is_none_or(|joined| joined <= moment)
            && self.left_at.is_none_or(|left| left >= moment)
    }

    /// In direct contact with the family, and so able to make quorum (DOMAIN 5).
    pub fn is_in_direct_contact(&self) -> bool {
        self.necessity != Necessity::InformationOnly && self.excused.is_none()
    }
}
