//! An amendment looked at before it is made: what it changes, what follows otherwise, which figures it restates, what
//! becomes of letters.

use std::collections::HashMap;

use axum::response::Response;
use serde::Serialize;

use super::confirm::say;
use super::{Heading, child_name, heading, words, written_on};
use crate::access::SignedIn;
use crate::conferences::{ChildId, ProceededReason};
use crate::platform::Keys;
use crate::register::amend::Amended;
use crate::register::confirm::{Blocker, Reasons, blockers};
use crate::register::form::FieldError;
use crate::register::identifying::identifying;
use crate::register::restating::{Restated, Side, consequences, figures, letters};
use crate::register::save::open_note;
use crate::register::sealed;
use crate::register::store::Record;
use crate::web::{Choice, Desk, Fields, Page, Problem, options};

/// What a text seems to hold: where, and what.
pub(super) type Held = Vec<FieldError>;

/// What an amendment makes to be asked: what a confirmation would have asked, had it been so from the start.
pub(super) struct Asks {
    /// Why a plan still ends, as typed.
    pub plan_end: HashMap<ChildId, String>,
    /// Why the conference went on.
    pub proceeded: Option<ProceededReason>,
    asked: Vec<Blocker>,
    open: Vec<Blocker>,
}

impl Asks {
    /// What stands in the way of the register after the amendment, and did not before.
    pub fn of(desk: &Desk, sides: &[Side<'_>; 2], fields: &Fields) -> Self {
        let [before, after] = sides;
        let now = desk.clock.now();
        let stands = |side: &Side<'_>, typed: bool| {
            let c = &side.record.conference;
            let mut plan_end: HashMap<ChildId, String> = HashMap::new();
            for child in &side.record.children {
                let held = child.plan_end_reason.as_ref();
                let held = held.and_then(|r| desk.keys.open(sealed::PLAN_END_REASON, r).ok());
                let text =
                    Some(fields.text(&format!("why.{}", child.id))).filter(|text| typed && !text.is_empty());
                plan_end.extend(text.map(str::to_owned).or(held).map(|text| (child.id, text)));
            }
            let said = fields.text("proceeded").parse().ok().filter(|_| typed);
            let reasons = Reasons {
                plan_end,
                proceeded: said.or(c.proceeded_reason),
                looked_again: true,
                ..Reasons::default()
            };
            let record = Record { register: None, ..side.record.clone() };
            blockers(&record, &side.assessment, &reasons, now)
        };
        let was = stands(before, false);
        let newly = |mut all: Vec<Blocker>| {
            all.retain(|blocker| !was.contains(blocker));
            all
        };
        let (asked, open) = (newly(stands(after, false)), newly(stands(after, true)));
        let typed = after.record.children.iter().filter_map(|child| {
            let text = fields.text(&format!("why.{}", child.id));
            (!text.is_empty()).then(|| (child.id, text.to_owned()))
        });
        let proceeded = fields.text("proceeded").parse().ok();
        Self { plan_end: typed.collect(), proceeded, asked, open }
    }

    /// What no reason makes good: the amended facts do not agree with each other.
    pub fn contradictions(&self, after: &Side<'_>, names: &[String], keys: &Keys) -> Vec<FieldError> {
        let asked = |b: &&Blocker| !matches!(b, Blocker::NoPlanEndReason(_) | Blocker::NoProceededReason);
        self.open.iter().filter(asked).map(|b| say(b, after.record, names, keys)).collect()
    }

    /// Whether every reason is given.
    pub fn is_answered(&self) -> bool {
        self.open.is_empty()
    }
}

/// What the free texts of the amendment seem to hold of what identifies somebody.
pub(super) fn held(desk: &Desk, record: &Record, after: &Record, why: &str, asks: &Asks) -> Held {
    let known = written_on(desk, record);
    let notes = record.invitations.iter().zip(&after.invitations);
    let notes = notes.map(|(was, is)| (open_note(&desk.keys, was), open_note(&desk.keys, is)));
    let notes = notes.filter(|(was, is)| was != is).map(|(_, is)| ("What you wrote about the absence", is));
    let ends = asks.plan_end.values().map(|text| ("Why the plan still ends", text.clone()));
    let texts = notes.chain(ends).chain([("Your reason", why.to_owned())]);
    let found =
        texts.map(|(whose, text)| (whose, identifying(&text, &known))).filter(|(_, what)| !what.is_empty());
    let said = found.map(|(whose, what)| FieldError {
        field: "looked_again".to_owned(),
        text: format!(
            "{whose} seems to hold {}. Take it out, or tick that it is meant as it is.",
            what.join("; ")
        ),
    });
    said.collect()
}

/// An amendment as it would be.
pub(super) struct Check<'a> {
    pub made: Vec<Amended>,
    /// The invitation that it is about; the conference's own facts without one.
    pub place: Option<usize>,
    /// Before and after.
    pub sides: &'a [Side<'a>; 2],
    pub names: &'a [String],
    pub held: Held,
    pub asks: Asks,
    /// Whoever amends said so already: something else is wanted first.
    pub sure: bool,
    /// The register was changed since this page was read.
    pub changed: bool,
}

#[derive(Serialize)]
struct Change {
    of: String,
    field: String,
    before: String,
    after: String,
}

#[derive(Serialize)]
struct Sent {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct AskedReason {
    field: String,
    child: String,
    reason: String,
    error: Option<String>,
}

#[derive(Serialize)]
struct CheckPage {
    heading: Heading,
    action: String,
    version: i32,
    changed: bool,
    errors: Vec<FieldError>,
    warnings: Held,
    changes: Vec<Change>,
    why: String,
    consequences: Vec<Restated>,
    month: String,
    figures: Vec<Restated>,
    letters: Vec<String>,
    plan_ends: Vec<AskedReason>,
    proceeded: Option<Vec<Choice>>,
    proceeded_error: Option<String>,
    fields: Vec<Sent>,
}

impl Page for CheckPage {
    const TEMPLATE: &'static str = "register/pages/amend_check";
    fn title(&self) -> String {
        format!("Check the amendment of {}", self.heading.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

impl Check<'_> {
    pub(super) async fn page(
        self,
        desk: &Desk,
        who: &SignedIn,
        fields: &Fields,
    ) -> Result<Response, Problem> {
        let Self { made, place, sides, names, held, asks, sure, changed } = self;
        let [was, is] = sides;
        let (record, after) = (was.record, is.record);
        let children: Vec<String> =
            record.children.iter().map(|child| child_name(&desk.keys, child)).collect();
        let of = |amended: &Amended| match (place, amended.child) {
            (Some(n), _) => names[n].clone(),
            (None, Some(id)) => {
                let child = record.children.iter().position(|child| child.id == id);
                child.map(|n| children[n].clone()).unwrap_or_default()
            }
            (None, None) => "The conference".to_owned(),
        };
        let changes = made.iter().map(|amended| Change {
            of: of(amended),
            field: amended.field.replace('_', " "),
            before: words(record, amended.field, &amended.before),
            after: words(record, amended.field, &amended.after),
        });
        let c = &record.conference;
        let action = match place {
            Some(n) => format!("/conferences/{}/amend/{}", c.id, record.invitations[n].id),
            None => format!("/conferences/{}/amend", c.id),
        };
        let open: Vec<FieldError> =
            asks.open.iter().filter(|_| sure).map(|b| say(b, after, names, &desk.keys)).collect();
        let error_of = |field: &str| open.iter().find(|e| e.field == field).map(|e| e.text.clone());
        let plan_ends = asks.asked.iter().filter_map(|blocker| {
            let Blocker::NoPlanEndReason(n) = blocker else { return None };
            let field = format!("why.{}", record.children[*n].id);
            Some(AskedReason {
                error: error_of(&field),
                child: children[*n].clone(),
                reason: asks.plan_end.get(&record.children[*n].id).cloned().unwrap_or_default(),
                field,
            })
        });
        let asks_proceeded = asks.asked.contains(&Blocker::NoProceededReason);
        let own = ["make", "back", "looked_again", "version", "proceeded"];
        let sent = fields.iter().filter(|(name, _)| !own.contains(name) && !name.starts_with("why."));
        let plan_ends: Vec<AskedReason> = plan_ends.collect();
        let proceeded_error = error_of("proceeded");
        let page = CheckPage {
            heading: heading(desk, record).await?,
            action,
            version: c.version,
            changed,
            changes: changes.collect(),
            why: fields.text("why").to_owned(),
            consequences: consequences(was, is, names, &children),
            month: c.conference_date.format("%B %Y").to_string(),
            figures: figures(was, is),
            letters: letters(was, is, names),
            proceeded: asks_proceeded.then(|| {
                options("choose a reason", ProceededReason::ALL, asks.proceeded, |r| (r.code(), r.label()))
            }),
            plan_ends,
            proceeded_error,
            fields: sent
                .map(|(name, value)| Sent { name: name.to_owned(), value: value.to_owned() })
                .collect(),
            errors: open.into_iter().chain(held.iter().filter(|_| sure).cloned()).collect(),
            warnings: held,
        };
        Ok(page.show(who.chrome()))
    }
}
