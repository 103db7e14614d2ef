//! The finished paper of one month: figures and nothing behind them. Every renderer sees this alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::by_part::{CountsByPart, RatesByPart};
use super::climbed::{Climbed, OnTheList};
use super::median::Median;
use super::parts::Split;
use super::rate::Rate;

/// Counts within E and the rates that rest on them, for a part of the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(non_snake_case, reason = "measures keep their names from DOMAIN 8")]
pub struct Breakdown {
    /// E: counted invitations.
    pub expected: usize,
    /// Attended.
    pub attended: usize,
    /// Deputised.
    pub deputised: usize,
    /// A report instead.
    pub contributed: usize,
    /// There, and not at the decision.
    pub left_before_decision: usize,
    /// Apologies.
    pub apologies: usize,
    /// Without word.
    pub silent: usize,
    /// Attendance rate.
    pub M1: Rate,
    /// Representation rate.
    pub M2: Rate,
    /// Contribution rate.
    pub M3: Rate,
    /// Silent absence.
    pub M4: Rate,
}

/// The two lines under the headline that show what leaving out our faults does to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// Attended in E / C.
    pub faults_as_absent: Rate,
    /// Attended in C / C.
    pub everything: Rate,
}

/// Invitation faults by kind, one each (M13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// Never invited.
    pub not_invited: usize,
    /// The invitation came back.
    pub undelivered: usize,
    /// Below the minimum notice.
    pub late: usize,
}

/// Adjournments for want of agencies (M11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjournments {
    /// How many.
    pub adjournments: usize,
    /// Working days until they were taken up again, added up.
    pub working_days_lost: usize,
    /// Not taken up again yet: their days are not in the sum.
    pub not_yet_reconvened: usize,
}

/// The feedback loop (M16), for the previous month's conferences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackLoop {
    /// Absences whose letter was accepted by the mail server.
    pub sent: usize,
    /// Of those, the ones that were replied to.
    pub replied: Rate,
    /// Of those, the ones that were disputed.
    pub disputed: Rate,
    /// Of those, the ones whose dispute was upheld.
    pub upheld: Rate,
    /// Disputes of those that nobody has settled yet.
    pub disputes_open: usize,
    /// Working days from the first letter to the first reply, of those that were replied to.
    pub median_working_days_to_reply: Option<Median>,
}

/// A named agency's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyPart {
    /// Its name.
    pub name: String,
    /// The code of its group.
    pub group: String,
    /// The reasons recorded where it was missing, of what is counted, by their code; "not_recorded" where there is none.
    #[serde(default)]
    pub reasons: BTreeMap<String, usize>,
    /// Its figures.
    #[serde(flatten)]
    pub part: Breakdown,
}

/// A service's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicePart {
    /// Its name.
    pub name: String,
    /// The code of its agency.
    pub agency: String,
    /// Its figures.
    #[serde(flatten)]
    pub part: Breakdown,
}

/// Plans that ended without an agency which was core to the decision (M9, M9b), in children.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedWithout {
    /// Its name.
    pub name: String,
    /// Children whose plan ended without it.
    pub children: usize,
    /// Of those, the ones of whom it had sent no report either.
    pub without_report: usize,
    /// Of those, the ones where we had invited it wrongly.
    pub our_fault: usize,
}

/// PAQA's month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(non_snake_case, reason = "measures keep their names from DOMAIN 8")]
pub struct Paper {
    /// "2026-09"; of some months together "2026-27-q2", "2026-27-year" or "12-to-2026-09".
    pub month: String,
    /// Conferences of the population.
    pub conferences: usize,
    /// The same by month, of several months together; a month that is not there had none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conferences_by_month: BTreeMap<String, usize>,
    /// The same by type.
    #[serde(default)]
    pub conferences_by_type: BTreeMap<String, usize>,
    /// The same by locality.
    ///
    /// `None`: not told, for one of them is of fewer than five (DOMAIN 8, profile `paqa`).
    #[serde(default)]
    pub conferences_by_locality: BTreeMap<String, Option<usize>>,
    /// Held or adjourned, register not confirmed: counted nowhere.
    pub registers_open: usize,
    /// Neither recorded as held nor cancelled. Whether their day is over the paper does not know.
    #[serde(default)]
    pub still_scheduled: usize,
    /// Invitations I.
    pub invitations: usize,
    /// Conferences that a tracker brought: M5, M6, M9, M9b, M11 to M14, M18 and M19 leave them out.
    pub from_a_tracker: usize,
    /// Invitations whose faults are known: all but those that a tracker brought.
    pub M13_of: usize,
    /// E and the headline measures M1 to M4.
    #[serde(flatten)]
    pub whole: Breakdown,
    /// What leaving out our faults does.
    pub sensitivity: Sensitivity,
    /// Virtual share.
    pub M5: Rate,
    /// Reports received.
    pub M6_received: Rate,
    /// Reports on time.
    pub M6_on_time: Rate,
    /// Quoracy.
    pub M7: Rate,
    /// Held without quorum.
    pub M8_proceeded_inquorate: usize,
    /// The same by the chair's reason; `not_recorded` for imported ones.
    pub M8_by_reason: BTreeMap<String, usize>,
    /// The second inquorate conference running.
    pub M8_consecutive: usize,
    /// Children whose plan ended without a core agency.
    pub M9: Rate,
    /// Of M9's children, those for whom a missing core agency had been invited wrongly by us.
    pub M9_our_fault: usize,
    /// Endings that step down only.
    pub M9_step_down: Rate,
    /// Of those, our fault.
    pub M9_step_down_our_fault: usize,
    /// A missing core agency sent no report either.
    pub M9b: Rate,
    /// Children whose plan ended at an inquorate conference.
    pub M9c: Rate,
    /// Pivotal absences.
    pub M10_pivotal: usize,
    /// Absences with each effect on the decision, by its code, where the fault was not ours (DOMAIN 6); those of a tracker
    /// are known by quorum alone.
    #[serde(default)]
    pub impact: BTreeMap<String, usize>,
    /// The ladder's steps, by their rung.
    #[serde(default)]
    pub ladder: BTreeMap<String, Climbed>,
    /// Services that its last step put on PAQA's list, and that have not answered.
    #[serde(default)]
    pub exception_list: Vec<OnTheList>,
    /// Adjournments for want of agencies.
    pub M11: Adjournments,
    /// Invitations with the minimum notice.
    pub M12: Rate,
    /// Our faults by kind.
    pub M13: Faults,
    /// Answered on or before the day.
    pub M14: Rate,
    /// Feedback in time (the previous month's conferences).
    pub M15: Rate,
    /// The feedback loop (the previous month's conferences).
    pub M16: FeedbackLoop,
    /// Services missing twice running for the same child (the previous month's conferences).
    pub M17: usize,
    /// Initial conferences within 15 working days.
    pub M18_initial_in_15: Rate,
    /// Reviews in time.
    pub M18_reviews_in_time: Rate,
    /// Registers confirmed within 1 working day, of conferences held whose register is kept here.
    pub M19: Rate,
    /// Feedback items due, whatever their age and hold.
    pub feedback_due: usize,
    /// Of those, the ones that apologise.
    pub feedback_authority_fault: usize,
    /// The neglect lens: conferences of any child with the category neglect.
    pub neglect: Breakdown,
    /// By agency group.
    pub by_group: BTreeMap<String, Breakdown>,
    /// By agency, by its code; in alphabetical order of its name in every table.
    pub by_agency: BTreeMap<String, AgencyPart>,
    /// By locality.
    pub by_locality: BTreeMap<String, Breakdown>,
    /// By service, by its id, of those with at least five counted invitations.
    pub by_service: BTreeMap<String, ServicePart>,
    /// Initial conferences, reviews, and the rest.
    pub by_stage: BTreeMap<String, Breakdown>,
    /// By the conference's type.
    pub by_type: BTreeMap<String, Breakdown>,
    /// By how it met: a room, video, or both.
    pub by_mode: BTreeMap<String, Breakdown>,
    /// By weekday and slot: "1-morning" is Monday before noon.
    pub by_slot: BTreeMap<String, Breakdown>,
    /// Within the school holidays, and outside them.
    pub by_holiday: BTreeMap<String, Breakdown>,
    /// The rates beside attendance by part (M5 to M19): by the split's code, the part's, and the measure.
    #[serde(default)]
    pub rates_by_part: RatesByPart,
    /// The counts beside attendance by part (M8 to M17), in the same way.
    #[serde(default)]
    pub counts_by_part: CountsByPart,
    /// What the agencies among those parts are called, by their code: some were expected nowhere, and are in no part above.
    #[serde(default)]
    pub agencies_called: BTreeMap<String, String>,
    /// Agencies that were core to a plan which ended without them, by their code.
    pub plans_ended_without: BTreeMap<String, EndedWithout>,
    /// Which conferences of the month were restricted when it was counted, as a hash of their ids; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<String>,
    /// What agencies' own sheets are made of, where a conference was restricted: without it. `None` where none was, and they
    /// are made of the parts above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_sheets: Option<OwnSheets>,
}

/// The parts of the conferences that are not restricted (DOMAIN 8: a restricted conference is in no agency's own sheet).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSheets {
    /// By agency, by its code.
    pub by_agency: BTreeMap<String, AgencyPart>,
    /// By service, by its id.
    pub by_service: BTreeMap<String, ServicePart>,
    /// Agencies that were core to a plan which ended without them, by their code.
    pub plans_ended_without: BTreeMap<String, EndedWithout>,
}

/// Conferences of a locality from which on their number is told to PAQA's members.
const OF_A_LOCALITY: usize = 5;

impl Paper {
    /// As PAQA's members read it (DOMAIN 8, profile `paqa`): counts of conferences by locality are told only if none is small.
    /// One that is not told alone would be the rest of the total.
    pub fn for_members(&mut self) {
        let small = |count: &Option<usize>| count.is_some_and(|n| (1..OF_A_LOCALITY).contains(&n));
        if self.conferences_by_locality.values().any(small) {
            self.tell_no_locality();
        }
    }

    /// Without the conferences of each locality.
    pub fn tell_no_locality(&mut self) {
        self.conferences_by_locality.values_mut().for_each(|count| *count = None);
    }

    /// Its rates over the whole month but those of `whole`, by their names.
    pub fn rates(&self) -> [(&'static str, Rate); 19] {
        [
            ("faults_as_absent", self.sensitivity.faults_as_absent),
            ("everything", self.sensitivity.everything),
            ("M5", self.M5),
            ("M6_received", self.M6_received),
            ("M6_on_time", self.M6_on_time),
            ("M7", self.M7),
            ("M9", self.M9),
            ("M9_step_down", self.M9_step_down),
            ("M9b", self.M9b),
            ("M9c", self.M9c),
            ("M12", self.M12),
            ("M14", self.M14),
            ("M15", self.M15),
            ("M16_replied", self.M16.replied),
            ("M16_disputed", self.M16.disputed),
            ("M16_upheld", self.M16.upheld),
            ("M18_initial_in_15", self.M18_initial_in_15),
            ("M18_reviews_in_time", self.M18_reviews_in_time),
            ("M19", self.M19),
        ]
    }

    /// One of its rates over the whole month by its name.
    ///
    /// # Panics
    /// There is no rate of this name.
    pub fn rate(&self, id: &str) -> Rate {
        match id {
            "M1" => self.whole.M1,
            "M2" => self.whole.M2,
            "M3" => self.whole.M3,
            "M4" => self.whole.M4,
            _ => self
                .rates()
                .into_iter()
                .find(|(name, _)| *name == id)
                .map(|(_, rate)| rate)
                .expect("a rate's name"),
        }
    }

    /// Its counts over the whole month, by their names.
    pub fn counts(&self) -> [(&'static str, usize); 19] {
        [
            ("conferences", self.conferences),
            ("registers_open", self.registers_open),
            ("invitations", self.invitations),
            ("M8_proceeded_inquorate", self.M8_proceeded_inquorate),
            ("M8_consecutive", self.M8_consecutive),
            ("M9_our_fault", self.M9_our_fault),
            ("M9_step_down_our_fault", self.M9_step_down_our_fault),
            ("M10_pivotal", self.M10_pivotal),
            ("M11_adjournments", self.M11.adjournments),
            ("M11_working_days_lost", self.M11.working_days_lost),
            ("M11_not_yet_reconvened", self.M11.not_yet_reconvened),
            ("M13_not_invited", self.M13.not_invited),
            ("M13_undelivered", self.M13.undelivered),
            ("M13_late", self.M13.late),
            ("M16_sent", self.M16.sent),
            ("M16_disputes_open", self.M16.disputes_open),
            ("M17", self.M17),
            ("feedback_due", self.feedback_due),
            ("feedback_authority_fault", self.feedback_authority_fault),
        ]
    }

    /// Its parts that need no directory to be named.
    pub fn splits(&self) -> [(Split, &BTreeMap<String, Breakdown>); 7] {
        [
            (Split::Group, &self.by_group),
            (Split::Locality, &self.by_locality),
            (Split::Stage, &self.by_stage),
            (Split::Type, &self.by_type),
            (Split::Mode, &self.by_mode),
            (Split::Slot, &self.by_slot),
            (Split::Holiday, &self.by_holiday),
        ]
    }
}
