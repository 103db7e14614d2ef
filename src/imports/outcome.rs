//! What an import did, or would do.

use serde::Serialize;

/// A cell that was not taken, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The file.
    pub file: String,
    /// The line, the header being 1.
    pub line: u64,
    /// The column; empty for the whole row.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do.
    pub remedy: String,
    /// The conference whose rows are left out because of it.
    pub conference: Option<String>,
}

impl Refusal {
    pub(super) fn new(
        file: &str,
        line: u64,
        column: &str,
        value: &str,
        reason: String,
        remedy: &str,
    ) -> Self {
        let (file, column, value, remedy) = (file.into(), column.into(), value.into(), remedy.into());
        Self { file, line, column, value, reason, remedy, conference: None }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, row {}", self.file, self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column `{}`", self.column)?;
        }
        f.write_str(": ")?;
        if !self.value.is_empty() && !self.reason.contains(&format!("\"{}\"", self.value)) {
            write!(f, "\"{}\": ", self.value)?;
        }
        write!(f, "{}. ", self.reason)?;
        f.write_str(&self.remedy)
    }
}

/// A fact that was amended here and that the file has otherwise: ours is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The conference.
    pub conference: String,
    /// Whose fact it is: an agency's service and role, a child by its place, or the conference.
    pub whose: String,
    /// The fact.
    pub field: String,
    /// What stands here, and is kept.
    pub here: String,
    /// What the file says.
    pub file: String,
}

/// A fact that the file changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The conference, or the agency or contact.
    pub what: String,
    /// Whose fact it is within it.
    pub whose: String,
    /// The fact.
    pub field: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
    /// Made as an amendment of a confirmed register.
    pub amendment: bool,
}

/// Counts of one kind of thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Not known before.
    pub new: usize,
    /// Known, and changed by the file.
    pub changed: usize,
    /// Known, and the same.
    pub unchanged: usize,
    /// Not taken.
    pub refused: usize,
}

/// What an import did, or (dry run, or refused) would have done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// Whether it was written.
    pub taken: bool,
    /// Agencies.
    pub agencies: Tally,
    /// Contacts.
    pub contacts: Tally,
    /// Conferences.
    pub conferences: Tally,
    /// Invitations.
    pub invitations: Tally,
    /// Registers that the file confirmed.
    pub registers_confirmed: usize,
    /// Registers of conferences held or adjourned that stay open, an invitation being unrecorded.
    pub registers_open: usize,
    /// Confirmed registers for which feedback is wanted from now on.
    pub feedback_wanted: usize,
    /// Letters these registers would make: messages, one a recipient.
    pub letters: usize,
    /// The absences that those letters are about.
    pub letter_absences: usize,
    /// Absences that would become a telephone call, for want of a usable address.
    pub telephone_calls: usize,
    /// Absences held back: the reason recorded lies with the authority, and somebody must settle it.
    pub held_back: usize,
    /// Conferences that no file changes: hidden from whoever imports, or erased.
    pub left_alone: usize,
    /// Every changed fact.
    pub changes: Vec<Change>,
    /// Facts kept against the file.
    pub conflicts: Vec<Conflict>,
    /// Invitations known here that the file no longer has; nothing is deleted.
    pub vanished: Vec<String>,
    /// Odd, and taken all the same.
    pub warnings: Vec<String>,
    /// Not taken.
    pub refusals: Vec<Refusal>,
}

impl Outcome {
    /// How many facts became amendments of confirmed registers.
    pub fn amendments(&self) -> usize {
        self.changes.iter().filter(|c| c.amendment).count()
    }
}
