//! The record that a file describes, as if nothing of it were here yet.

use std::collections::HashMap;

use super::log::{LogConference, LogInvitation};
use super::records::Run;
use crate::conferences::entity::{child, conference};
use crate::conferences::{self, ChairId, ChildId, ConferenceId, new_reference};
use crate::invitations::entity::invitation;
use crate::register::merge;
use crate::register::store::Record;

impl Run<'_> {
    /// The record that the file describes, as if it were new.
    pub(super) fn record_of(
        &self,
        theirs: &LogConference,
        chair: ChairId,
        services: &[crate::agencies::ServiceId],
    ) -> Record {
        let id = ConferenceId::new();
        let mut conference = conference::Model {
            id,
            reference: new_reference(),
            conference_ref: theirs.conference_ref.clone(),
            kind: theirs.kind,
            status: theirs.status,
            adjournment_reason: theirs.adjournment_reason,
            conference_date: theirs.date,
            starts_at: theirs.starts_at,
            decision_at: theirs.decision_at,
            locality: theirs.locality,
            mode: theirs.mode,
            place: None,
            link: None,
            minutes: conferences::USUAL_MINUTES,
            calendar_id: None,
            calendar_sequence: 0,
            chair_id: chair,
            strategy_discussion_on: theirs.strategy_discussion_on,
            moved_to_id: None,
            restricted: false,
            erased_at: None,
            erased_key: None,
            proceeded_reason: None,
            version: 1,
            from_file: None,
        };
        conference.from_file = Some(merge::as_text(merge::CONFERENCE, &conference));
        let child = |(name, decision): &(String, Option<conferences::Decision>)| {
            let mut row = child::Model {
                id: ChildId::new(),
                conference_id: id,
                child: self.keys.seal(conferences::CHILD, name),
                child_key: self.keys.find(conferences::CHILD, name),
                category: theirs.category,
                decision: *decision,
                plan_end_reason: None,
                decision_from_file: None,
            };
            row.decision_from_file = Some(merge::as_text(merge::CHILD, &row));
            row
        };
        let invitation = |(i, service): (&LogInvitation, &crate::agencies::ServiceId)| {
            let unsent = invitation::Model::new(id, *service, i.role.clone(), i.necessity);
            let mut row = invitation::Model {
                contact_email: i.contact_email.clone(),
                invited_on: i.invited_on,
                delivery: i.delivery,
                response: i.response,
                attendance: i.attendance,
                by_deputy: i.by_deputy,
                joined_at: i.joined_at,
                left_at: i.left_at,
                report: i.report,
                report_received_on: i.report_received_on,
                absence_reason: i.absence_reason,
                excused: i.excused,
                view: i.view,
                attendance_only: i.attendance_only,
                ..unsent
            };
            row.from_file = Some(merge::as_text(merge::INVITATION, &row));
            row
        };
        Record {
            conference,
            children: theirs.children.iter().map(child).collect(),
            invitations: theirs.invitations.iter().zip(services).map(invitation).collect(),
            only_children: HashMap::new(),
            register: None,
        }
    }
}
