//! The tables of invitations.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use super::{
    AbsenceReason, Attendance, ChairImpact, ChildViews, Delivery, Excused, Facts, InvitationId, Necessity,
    Report, Response, View,
};
use crate::agencies::ServiceId;
use crate::agencies::entity::service;
use crate::conferences::{ChildId, ConferenceId};
use crate::platform::Sealed;

pub mod invitation {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: InvitationId,
        pub conference_id: ConferenceId,
        pub service_id: ServiceId,
        pub role: String,
        pub necessity: Necessity,
        pub walk_in: bool,
        pub contact_email: Option<String>,
        pub invited_on: Option<NaiveDate>,
        pub delivery: Delivery,
        pub response: Response,
        pub responded_on: Option<NaiveDate>,
        pub attendance: Option<Attendance>,
        pub by_deputy: bool,
        /// The deputy's name and role, sealed.
        pub deputy: Option<Sealed>,
        pub joined_at: Option<DateTime<Utc>>,
        pub left_at: Option<DateTime<Utc>>,
        pub report: Report,
        pub report_received_on: Option<NaiveDate>,
        /// It said that a report will come.
        pub report_promised: bool,
        /// The deputy that it named in its answer, sealed.
        pub announced_deputy: Option<Sealed>,
        pub absence_reason: Option<AbsenceReason>,
        pub excused: Option<Excused>,
        pub view: Option<View>,
        /// Its views on single children, where they differ from that.
        pub child_views: ChildViews,
        /// What the chair put down of its absence.
        pub chair_impact: ChairImpact,
        /// The chair's words on it, sealed: never in an email.
        pub impact_note: Option<Sealed>,
        /// The chair wants them shown behind the link of the letter.
        pub impact_note_shown: bool,
        /// A tracker brought it, which knows no more of it than the attendance.
        pub attendance_only: bool,
        /// Who recorded it here last, and when.
        pub recorded_by: Option<String>,
        pub recorded_at: Option<DateTime<Utc>>,
        /// What the last file said of this invitation (JSON): the base of the next comparison.
        pub from_file: Option<String>,
    }
    impl ActiveModelBehavior for ActiveModel {}

    /// The service that was invited.
    impl Related<service::Entity> for Entity {
        fn to() -> RelationDef {
            Entity::belongs_to(service::Entity).from(Column::ServiceId).to(service::Column::Id).into()
        }
    }

    impl Model {
        /// One that nobody has sent, and of which nothing is known yet.
        pub fn new(
            conference_id: ConferenceId,
            service_id: ServiceId,
            role: String,
            necessity: Necessity,
        ) -> Self {
            Self {
                id: InvitationId::new(),
                conference_id,
                service_id,
                role,
                necessity,
                walk_in: false,
                contact_email: None,
                invited_on: None,
                delivery: Delivery::NotSent,
                response: Response::None,
                responded_on: None,
                attendance: None,
                by_deputy: false,
                deputy: None,
                joined_at: None,
                left_at: None,
                report: Report::None,
                report_received_on: None,
                report_promised: false,
                announced_deputy: None,
                absence_reason: None,
                excused: None,
                view: None,
                child_views: ChildViews::default(),
                chair_impact: ChairImpact::default(),
                impact_note: None,
                impact_note_shown: false,
                attendance_only: false,
                recorded_by: None,
                recorded_at: None,
                from_file: None,
            }
        }

        /// It was invited by telephone on this day: at no address.
        pub fn by_telephone(&mut self, day: NaiveDate) {
            (self.invited_on, self.delivery, self.contact_email) = (Some(day), Delivery::Sent, None);
        }

        /// Whether an invitation has reached it, as far as is known.
        pub fn is_reached(&self) -> bool {
            self.invited_on.is_some() && self.delivery == Delivery::Sent
        }

        /// The answer, as far as it is known.
        pub fn answer_in_words(&self) -> &'static str {
            match self.attendance_only && self.response == Response::None {
                true => "not known",
                false => self.response.label(),
            }
        }

        /// The report, as far as it is known: of what a tracker brought only that one came.
        pub fn report_in_words(&self) -> &'static str {
            match (self.attendance_only, self.report.was_received()) {
                (true, true) => "came",
                (true, false) => "not known",
                (false, _) => self.report.label(),
            }
        }

        /// How it took part, as far as that is known.
        pub fn attendance_in_words(&self) -> &'static str {
            match self.attendance {
                None => "not recorded",
                Some(Attendance::InPerson) if self.attendance_only => "there",
                Some(attendance) => attendance.label(),
            }
        }

        /// The facts that rules look at.
        pub fn facts(&self) -> Facts {
            Facts {
                necessity: self.necessity,
                walk_in: self.walk_in,
                invited_on: self.invited_on,
                delivery: self.delivery,
                response: self.response,
                attendance: self.attendance,
                by_deputy: self.by_deputy,
                joined_at: self.joined_at,
                left_at: self.left_at,
                report: self.report,
                report_received_on: self.report_received_on,
                absence_reason: self.absence_reason,
                excused: self.excused,
                view: self.view,
                child_views: self.child_views.clone(),
                chair_impact: self.chair_impact.clone(),
                attendance_only: self.attendance_only,
            }
        }
    }
}

pub mod invitation_child {
    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitation_child")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub invitation_id: InvitationId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub child_id: ChildId,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
