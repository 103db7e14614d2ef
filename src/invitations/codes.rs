//! The facts of an invitation, as codes (DOMAIN 4).

use crate::platform::codes::codes;

codes! {
    /// How much this agency matters to this conference.
    pub enum Necessity {
        Core = "core", "core";
        Expected = "expected", "expected";
        InformationOnly = "information_only", "information only";
    }
}

codes! {
    /// What became of the invitation's message.
    pub enum Delivery {
        Sent = "sent", "sent";
        Bounced = "bounced", "came back undelivered";
        NotSent = "not_sent", "not sent";
    }
}

codes! {
    /// What the agency answered.
    pub enum Response {
        Accepted = "accepted", "accepted";
        Apologies = "apologies", "apologies";
        Deputy = "deputy", "sends a deputy";
        None = "none", "no answer";
    }
}

codes! {
    /// Whether and how the agency took part.
    pub enum Attendance {
        InPerson = "in_person", "in person";
        Video = "video", "by video";
        Phone = "phone", "by phone";
        Absent = "absent", "absent";
    }
}

codes! {
    /// The agency's written report.
    pub enum Report {
        OnTime = "on_time", "on time";
        Late = "late", "late";
        Tabled = "tabled", "tabled on the day";
        NilReturn = "nil_return", "nil return";
        None = "none", "none";
        NotRequired = "not_required", "not required";
    }
}

impl Report {
    /// Whether something arrived: a nil return says that nothing is held, and is an answer.
    pub const fn was_received(self) -> bool {
        matches!(self, Self::OnTime | Self::Late | Self::Tabled | Self::NilReturn)
    }
}

codes! {
    /// Why the agency was absent.
    pub enum AbsenceReason {
        Clash = "clash", "a clash";
        ClinicOrTeaching = "clinic_or_teaching", "clinic or teaching";
        LeaveOrSickness = "leave_or_sickness", "leave or sickness";
        Shift = "shift", "shift";
        NoCapacity = "no_capacity", "no capacity";
        CaseClosed = "case_closed", "case closed";
        NotKnownToService = "not_known_to_service", "not known to the service";
        SchoolHoliday = "school_holiday", "school holiday";
        LateNotice = "late_notice", "late notice";
        NoInvitationReceived = "no_invitation_received", "no invitation received";
        WrongContact = "wrong_contact", "wrong contact";
        DateChanged = "date_changed", "date changed";
        JoiningFailed = "joining_failed", "joining failed";
        Other = "other", "other";
        NoneGiven = "none_given", "none given";
    }
}

impl AbsenceReason {
    /// Whether the reason lies with the convening authority, so that the record must be looked at
    /// before anyone is written to (DOMAIN 7).
    pub const fn is_the_authoritys(self) -> bool {
        matches!(self, Self::LateNotice | Self::NoInvitationReceived | Self::WrongContact | Self::DateChanged)
    }
}

codes! {
    /// Why an invited agency was not to take part after all.
    pub enum Excused {
        ExcludedByChair = "excluded_by_chair", "excluded by the chair";
        NoLongerInvolved = "no_longer_involved", "no longer involved";
    }
}

codes! {
    /// The agency's view on the decision.
    pub enum View {
        Agree = "agree", "agrees";
        Disagree = "disagree", "disagrees";
        Abstain = "abstain", "abstains";
        NotAsked = "not_asked", "not asked";
    }
}

impl View {
    /// Whether a view was obtained at all.
    pub const fn was_given(self) -> bool {
        matches!(self, Self::Agree | Self::Disagree | Self::Abstain)
    }
}
