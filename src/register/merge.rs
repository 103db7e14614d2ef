//! Three versions of a fact: what it was when somebody last looked (the base), what stands here now,
//! and what is proposed: by a file, or by a form that was open while another person saved.
//!
//! Only a fact that still stands as the base had it follows the proposal. One that was changed here since
//! is never overwritten: ours is kept, and the difference is shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::calendar::london;
use crate::conferences::Status;
use crate::conferences::entity::{child, conference};
use crate::invitations::entity::invitation;

/// One fact of a row: its name in the file format, its text, and how to take it from another row.
pub struct Fact<M> {
    pub name: &'static str,
    pub text: fn(&M) -> String,
    pub take: fn(&mut M, &M),
}

/// A fact that stands otherwise here than in the proposal, and what became of it.
#[derive(Clone, Debug)]
pub struct Difference {
    pub field: &'static str,
    pub here: String,
    pub proposed: String,
    /// Whether the proposal says what the base said: nobody meant to change it.
    pub as_before: bool,
    pub verdict: Verdict,
}

/// What became of a fact that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken from the proposal.
    Taken,
    /// Kept as it stands here.
    Kept,
}

/// The facts of a row as text: the base of a later comparison.
pub fn as_text<'a, M: 'a>(facts: impl IntoIterator<Item = &'a Fact<M>>, row: &M) -> String {
    let texts: BTreeMap<&str, String> = facts.into_iter().map(|f| (f.name, (f.text)(row))).collect();
    serde_json::to_string(&texts).expect("text is JSON")
}

/// Merges a proposed row into ours. `base` is what [`as_text`] gave when the proposal was begun. `frozen`
/// names facts that a proposal may not empty or turn (given the fact's name and the proposed text).
pub fn merge<'a, M: 'a>(
    facts: impl IntoIterator<Item = &'a Fact<M>>,
    ours: &mut M,
    proposed: &M,
    base: Option<&str>,
    frozen: impl Fn(&str, &str) -> bool,
) -> Vec<Difference> {
    let base: BTreeMap<String, String> = base.and_then(|b| serde_json::from_str(b).ok()).unwrap_or_default();
    let mut differences = Vec::new();
    for fact in facts {
        let (here, wanted) = ((fact.text)(ours), (fact.text)(proposed));
        if here == wanted {
            continue;
        }
        let was = base.get(fact.name);
        let verdict =
            if was == Some(&here) && !frozen(fact.name, &wanted) { Verdict::Taken } else { Verdict::Kept };
        let as_before = was == Some(&wanted);
        if verdict == Verdict::Taken {
            (fact.take)(ours, proposed);
        }
        differences.push(Difference { field: fact.name, here, proposed: wanted, as_before, verdict });
    }
    differences
}

/// The base after a merge: what the proposal says, but for facts that were kept although nobody changed
/// them here (a proposal that made no sense, or that a confirmed register does not take). A later, right
/// proposal then still finds them untouched.
pub fn next_base<M>(facts: &[Fact<M>], ours: &M, proposed: &M, base: Option<&str>) -> String {
    let was: BTreeMap<String, String> = base.and_then(|b| serde_json::from_str(b).ok()).unwrap_or_default();
    let text = |fact: &Fact<M>| {
        let here = (fact.text)(ours);
        let untouched = was.get(fact.name) == Some(&here);
        if untouched { here } else { (fact.text)(proposed) }
    };
    let texts: BTreeMap<&str, String> = facts.iter().map(|f| (f.name, text(f))).collect();
    serde_json::to_string(&texts).expect("text is JSON")
}

/// Facts of a conference that the schema would refuse together, or that mix two days.
pub fn conference_contradicts(c: &conference::Model) -> bool {
    (c.status == Status::Adjourned) != c.adjournment_reason.is_some()
        || c.decision_at.is_some_and(|at| at < c.starts_at || london::date(at) != c.conference_date)
        || !matches!(c.status, Status::Held | Status::Adjourned) && c.decision_at.is_some()
        || c.strategy_discussion_on.is_some_and(|day| day > c.conference_date)
}

/// Where a mixture of ours and the proposal makes no sense, ours stands whole, and all of it is a conflict.
pub fn keep_all_if<M>(
    contradicts: bool,
    differences: Vec<Difference>,
    row: &mut M,
    before: M,
) -> Vec<Difference> {
    if !contradicts {
        return differences;
    }
    *row = before;
    differences.into_iter().map(|d| Difference { verdict: Verdict::Kept, ..d }).collect()
}

/// Facts of an invitation that the schema would refuse together.
pub fn contradicts(row: &invitation::Model) -> bool {
    let facts = row.facts();
    !facts.was_there() && (facts.by_deputy || facts.joined_at.is_some() || facts.left_at.is_some())
        || facts.joined_at.zip(facts.left_at).is_some_and(|(joined, left)| left < joined)
        || facts.report_received_on.is_some() && !facts.report.was_received()
}

macro_rules! fact {
    ($name:literal, $field:ident, $text:expr) => {
        Fact { name: $name, text: $text, take: |ours, theirs| ours.$field = theirs.$field.clone() }
    };
}

fn or_empty<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(T::to_string).unwrap_or_default()
}

/// London's day and minute: with the day, for a conference that moves takes its times along.
fn minute(at: DateTime<Utc>) -> String {
    london::local(at).format("%Y-%m-%d %H:%M").to_string()
}

/// A conference's own facts. The chair is compared by id: chairs are linked by name before.
pub const CONFERENCE: &[Fact<conference::Model>] = &[
    fact!("conference_date", conference_date, |c| c.conference_date.to_string()),
    fact!("start_time", starts_at, |c| minute(c.starts_at)),
    fact!("decision_time", decision_at, |c| c.decision_at.map(minute).unwrap_or_default()),
    fact!("conference_type", kind, |c| c.kind.code().to_owned()),
    fact!("status", status, |c| c.status.code().to_owned()),
    fact!("adjournment_reason", adjournment_reason, |c| {
        c.adjournment_reason.map(|r| r.code()).unwrap_or_default().to_owned()
    }),
    fact!("locality", locality, |c| c.locality.code().to_owned()),
    fact!("mode", mode, |c| c.mode.code().to_owned()),
    fact!("chair", chair_id, |c| c.chair_id.to_string()),
    fact!("strategy_discussion_date", strategy_discussion_on, |c| or_empty(&c.strategy_discussion_on)),
];

/// A child's facts.
pub const CHILD: &[Fact<child::Model>] = &[
    fact!("category", category, |c| c.category.code().to_owned()),
    fact!("decision", decision, |c| c.decision.map(|d| d.code()).unwrap_or_default().to_owned()),
];

/// An invitation's facts.
pub const INVITATION: &[Fact<invitation::Model>] = &[
    fact!("contact_email", contact_email, |i| or_empty(&i.contact_email)),
    fact!("necessity", necessity, |i| i.necessity.code().to_owned()),
    fact!("invited_on", invited_on, |i| or_empty(&i.invited_on)),
    fact!("delivery", delivery, |i| i.delivery.code().to_owned()),
    fact!("response", response, |i| i.response.code().to_owned()),
    fact!("attendance", attendance, |i| i.attendance.map(|a| a.code()).unwrap_or_default().to_owned()),
    fact!("by_deputy", by_deputy, |i| if i.by_deputy { "yes" } else { "no" }.to_owned()),
    fact!("joined_at", joined_at, |i| i.joined_at.map(minute).unwrap_or_default()),
    fact!("left_at", left_at, |i| i.left_at.map(minute).unwrap_or_default()),
    fact!("report", report, |i| i.report.code().to_owned()),
    fact!("report_received_on", report_received_on, |i| or_empty(&i.report_received_on)),
    fact!("absence_reason", absence_reason, |i| i
        .absence_reason
        .map(|r| r.code())
        .unwrap_or_default()
        .to_owned()),
    fact!("excused", excused, |i| i.excused.map(|e| e.code()).unwrap_or_default().to_owned()),
    fact!("view", view, |i| i.view.map(|v| v.code()).unwrap_or_default().to_owned()),
];

/// What no file knows of an invitation: it is entered here alone.
const HERE: &[Fact<invitation::Model>] = &[
    fact!("child_views", child_views, |i| i.child_views.to_string()),
    fact!("impact", chair_impact, |i| i.chair_impact.to_string()),
    fact!("impact_note_shown", impact_note_shown, |i| if i.impact_note_shown { "yes" } else { "no" }
        .to_owned()),
];

/// An invitation's facts as a form has them.
pub fn of_a_form() -> impl Iterator<Item = &'static Fact<invitation::Model>> {
    INVITATION.iter().chain(HERE)
}
