//! The roles and what each may do: one table.

use crate::platform::codes::codes;

codes! {
    /// What an account is for (DOMAIN 2).
    pub enum Role {
        Administrator = "administrator", "conference administrator";
        Chair = "chair", "chair";
        QaManager = "qa_manager", "QA manager";
        PaqaMember = "paqa_member", "PAQA member";
        AgencyLead = "agency_lead", "agency safeguarding lead";
        SystemAdministrator = "system_administrator", "system administrator";
        Auditor = "auditor", "auditor";
    }
}

/// Something that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See conferences and their registers (a chair: those it chairs).
    SeeConferences,
    /// Record attendance and decisions in a register that is open.
    KeepRegister,
    /// Confirm a register.
    ConfirmRegister,
    /// Amend a confirmed register.
    AmendRegister,
    /// Restrict a conference, name who sees it, lift the restriction.
    Restrict,
    /// See who broke the glass of a restricted conference, and end it.
    WatchRestricted,
    /// Book conferences, invite, move, cancel; note what is answered by telephone.
    Book,
    /// Maintain the directory: agencies, services, contacts.
    KeepDirectory,
    /// Have a colleague stand in for a chair on some days.
    GrantCover,
    /// See what was recorded of one's own agency's services, and of nobody else's.
    SeeOwnAgency,
    /// See what feedback waits for a person.
    SeeFeedback,
    /// Release a letter of a restricted conference to a chosen person, or withhold it.
    ReleaseLetter,
    /// Settle what an agency disputes.
    SettleDispute,
    /// Approve or decline a step of the ladder (a chair: those of its conferences).
    ClimbLadder,
    /// Read PAQA's month.
    SeeFigures,
    /// Read a month before it is closed and approved.
    SeeOpenMonths,
    /// Approve a month that is closed.
    ApproveReport,
    /// Raise improvement actions, and say how they go.
    KeepActions,
    /// See the invitations behind a figure.
    SeeBehindFigures,
    /// Take files in.
    Import,
    /// See the post: every message, to whom it goes and where it stands.
    SeePost,
    /// Read the letter as it was sent.
    ReadLetter,
    /// Put a message that was given up back in the queue.
    Requeue,
    /// See what the independent check found, and how timely our letters are.
    SeeOversight,
    /// See when tasks run and what they did.
    SeeSchedule,
    /// Run a task now.
    RunSchedule,
    /// Hold all post back, and let it go again.
    HoldPost,
    /// Read the audit trail.
    ReadAudit,
    /// See what has had its time, and destroy it.
    KeepRetention,
    /// Place a legal hold, and end it.
    PlaceHold,
    /// Gather what is held about one child or one practitioner, for whoever asks for their own data.
    AnswerSubject,
    /// Add accounts, disable them, send links to them.
    KeepAccounts,
}

impl Role {
    /// The table. A chair acts for the conferences that it chairs; the queries see to that.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission::*;
        use Role::*;
        match permission {
            SeeConferences => matches!(self, Administrator | Chair | QaManager),
            KeepRegister => matches!(self, Administrator | Chair),
            ConfirmRegister => matches!(self, Chair),
            AmendRegister => matches!(self, Administrator | Chair | QaManager),
            Restrict => matches!(self, Administrator | Chair | QaManager),
            WatchRestricted => matches!(self, QaManager),
            Book | KeepDirectory => matches!(self, Administrator),
            GrantCover => matches!(self, Administrator),
            SeeOwnAgency => matches!(self, AgencyLead),
            SeeFeedback => matches!(self, Administrator | QaManager),
            ReleaseLetter | SettleDispute => matches!(self, QaManager),
            ClimbLadder => matches!(self, Chair | QaManager),
            SeeFigures => matches!(self, Administrator | QaManager | PaqaMember),
            SeeBehindFigures | SeeOpenMonths => matches!(self, Administrator | QaManager),
            ApproveReport | KeepActions => matches!(self, QaManager),
            Import => matches!(self, Administrator),
            SeePost => matches!(self, Administrator | QaManager | SystemAdministrator),
            ReadLetter => matches!(self, Administrator | QaManager),
            Requeue => matches!(self, Administrator | SystemAdministrator),
            SeeOversight => matches!(self, Administrator | QaManager | SystemAdministrator | Auditor),
            SeeSchedule => matches!(self, Administrator | SystemAdministrator),
            RunSchedule => matches!(self, SystemAdministrator),
            ReadAudit => matches!(self, Auditor),
            KeepAccounts | KeepRetention => matches!(self, SystemAdministrator),
            PlaceHold | AnswerSubject => matches!(self, QaManager),
            HoldPost => matches!(self, Administrator | QaManager | SystemAdministrator),
        }
    }
}
