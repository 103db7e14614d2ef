//! The line of one invitation in a form.

use std::collections::BTreeMap;

use super::{Proposed, Reader, unchanged};
use crate::agencies::AgencyGroup;
use crate::conferences::ChildId;
use crate::invitations::entity::invitation;
use crate::invitations::{ChairImpact, ChildViews, ImpactCode, Report, report_timing};
use crate::mail::is_address;
use crate::register::impact::{Impact, is_grave};

/// Text that is sealed when it is stored: as typed, and as it was when the form was opened.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Now.
    pub text: String,
    /// Then.
    pub base: String,
}

/// What of an invitation is sealed.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// A deputy's name and role.
    pub deputy: Typed,
    /// The chair's words on what its absence did.
    pub note: Typed,
}

/// What a chair puts down of one absence (DOMAIN 6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutDown {
    /// What was ticked.
    pub codes: ChairImpact,
    /// In words: never in an email.
    pub note: String,
    /// The words are shown behind the link of the letter.
    pub shown: bool,
}

/// Characters of the chair's words at most.
pub const NOTE_LIMIT: usize = 280;

/// The field for the view on one child.
pub fn view_field(child: ChildId) -> String {
    format!("view_{child}")
}

impl Reader<'_> {
    /// The views on single children, where the form asks for them; each is compared as it was when the form was opened.
    fn views(
        &self,
        ours: &invitation::Model,
        children: &[ChildId],
        base: &mut BTreeMap<String, String>,
    ) -> ChildViews {
        let of = |text: &dyn Fn(&str) -> String| -> ChildViews {
            let each = children.iter().filter_map(|id| Some((*id, text(&view_field(*id)).parse().ok()?)));
            each.collect()
        };
        if children.is_empty() {
            return ours.child_views.clone();
        }
        let was = of(&|field| base.get(field).cloned().unwrap_or_default());
        base.insert("child_views".to_owned(), was.to_string());
        of(&|field| self.text(field).to_owned())
    }

    /// What the chair puts down of an absence, if the form asks for it. `report`: whether one came.
    /// `derived`: what follows from the register.
    pub fn put_down(&mut self, report: bool, derived: &[Impact]) -> Option<PutDown> {
        if self.text("impact_asked").is_empty() {
            return None;
        }
        let ticked = self.fields.all(&self.name("impact"));
        let codes: ChairImpact = ticked.iter().filter_map(|code| code.parse().ok()).collect();
        let put = PutDown {
            codes,
            note: self.text("impact_note").replace("\r\n", "\n"),
            shown: self.text("impact_note_shown") == "yes",
        };
        if put.codes.contradicts_itself() {
            self.error(
                "impact",
                "\u{201c}no material effect\u{201d} and an effect cannot both be ticked".to_owned(),
            );
        } else if put.codes.has(ImpactCode::NoMaterialEffect) && !report {
            self.error("impact", "no report came that could have covered what it knew".to_owned());
        }
        if put.codes.has(ImpactCode::NoMaterialEffect) && is_grave(derived) {
            self.error("impact", "by the register it had an effect".to_owned());
        }
        let length = put.note.chars().count();
        if length > NOTE_LIMIT {
            self.error("impact_note", format!("{length} characters: write {NOTE_LIMIT} at most"));
        }
        Some(put)
    }

    /// The facts of an invitation as the form has them. `children`: those of whom it asks a view each.
    pub fn invitation(
        &mut self,
        ours: &invitation::Model,
        group: AgencyGroup,
        children: &[ChildId],
    ) -> (Proposed<invitation::Model>, Words) {
        if !self.is_there() {
            return (unchanged(ours), Words::default());
        }
        let mut base: BTreeMap<String, String> = serde_json::from_str(self.text("base")).unwrap_or_default();
        let mut row = ours.clone();
        row.attendance = self.code("attendance");
        row.by_deputy = self.text("by_deputy") == "yes";
        row.joined_at = self.time("joined_at");
        row.left_at = self.time("left_at");
        row.report = self.code_or("report", ours.report);
        row.report_received_on = self.day("report_received_on");
        row.absence_reason = self.code("absence_reason");
        row.excused = self.code("excused");
        row.view = self.code("view");
        row.child_views = self.views(ours, children, &mut base);
        row.response = self.code_or("response", ours.response);
        row.delivery = self.code_or("delivery", ours.delivery);
        row.necessity = self.code_or("necessity", ours.necessity);
        row.invited_on = self.day("invited_on");
        let address = self.text("contact_email");
        row.contact_email = (!address.is_empty()).then(|| address.to_lowercase());
        if row.contact_email.as_deref().is_some_and(|a| !is_address(a)) {
            self.error("contact_email", format!("\"{address}\" is not a mail address"));
        }
        if row.excused.is_some() && !group.can_be_excused() {
            self.error("excused", "children's social care cannot be excused".to_owned());
        }
        if row.attendance.is_some() && self.occasion.date > self.occasion.today {
            self.error("attendance", "the conference has not taken place yet".to_owned());
        }
        // A receipt that is entered here decides what the report is (DOMAIN 4); a nil return stays one.
        if let Some(day) = row.report_received_on.filter(|day| Some(*day) != ours.report_received_on)
            && row.report != Report::NilReturn
        {
            let (calendar, days) =
                (&self.occasion.policies.calendar, self.occasion.policies.report_on_time_working_days);
            match report_timing(day, self.occasion.date, days, calendar) {
                Some(report) => row.report = report,
                None => self.error("report_received_on", "the report came after the conference".to_owned()),
            }
        }
        let facts = row.facts();
        if !facts.was_there() && (facts.joined_at.is_some() || facts.left_at.is_some()) {
            self.error("joined_at", "say how they took part, or clear the time".to_owned());
        }
        if !facts.was_there() && facts.by_deputy {
            self.error("by_deputy", "say how the deputy took part, or clear the tick".to_owned());
        }
        if facts.joined_at.zip(facts.left_at).is_some_and(|(joined, left)| left < joined) {
            self.error("left_at", "this is before they joined".to_owned());
        }
        if facts.report_received_on.is_some() && !facts.report.was_received() {
            self.error("report_received_on", "say what the report was, or clear the date".to_owned());
        }
        let was = |field: &str| base.get(field).cloned().unwrap_or_default();
        let deputy = Typed { text: self.text("deputy").to_owned(), base: was("deputy") };
        // Of the chair's words the register's page says nothing: they stand as they are.
        let note = Typed { text: was("impact_note"), base: was("impact_note") };
        if !deputy.text.is_empty() && !row.by_deputy {
            self.error(
                "by_deputy",
                "a deputy is named: tick that a deputy came, or clear the name".to_owned(),
            );
        }
        let base = serde_json::to_string(&base).expect("text is JSON");
        (Proposed { row, base }, Words { deputy, note })
    }
}
