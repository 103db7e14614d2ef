//! An amendment looked at before it is made: what it changes, what follows otherwise, which figures it restates, what
//! becomes of letters.

use axum::response::Response;
use serde::Serialize;

use super::{Heading, child_name, heading, words, written_on};
use crate::access::SignedIn;
use crate::agencies::store::Directory;
use crate::register::Policies;
use crate::register::amend::Amended;
use crate::register::form::FieldError;
use crate::register::identifying::identifying;
use crate::register::restating::{Figures, Restated, Side, consequences, figures, letters};
use crate::register::save::open_note;
use crate::register::store::Record;
use crate::web::{Desk, Fields, Page, Problem};

/// What a text seems to hold: where, and what.
pub(super) type Held = Vec<FieldError>;

/// What the free texts of the amendment seem to hold of what identifies somebody.
pub(super) fn held(desk: &Desk, record: &Record, after: &Record, why: &str) -> Held {
    let known = written_on(desk, record);
    let notes = record.invitations.iter().zip(&after.invitations);
    let notes = notes.map(|(was, is)| (open_note(&desk.keys, was), open_note(&desk.keys, is)));
    let notes = notes.filter(|(was, is)| was != is).map(|(_, is)| ("What you wrote about the absence", is));
    let texts = notes.chain([("Your reason", why.to_owned())]);
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
    pub record: &'a Record,
    pub after: &'a Record,
    pub names: &'a [String],
    pub held: Held,
    /// Whoever amends said so already, without having looked at a text again.
    pub sure: bool,
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
struct CheckPage {
    heading: Heading,
    action: String,
    errors: Held,
    warnings: Held,
    changes: Vec<Change>,
    why: String,
    consequences: Vec<Restated>,
    month: String,
    figures: Vec<Restated>,
    letters: Vec<String>,
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
        policies: &Policies,
        counted: Figures,
        directory: &Directory,
        fields: &Fields,
    ) -> Result<Response, Problem> {
        let Self { made, place, record, after, names, held, sure } = self;
        let (was, is) =
            (Side::of(record, directory, policies, counted), Side::of(after, directory, policies, counted));
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
        let asked = ["make", "back", "looked_again"];
        let sent = fields.iter().filter(|(name, _)| !asked.contains(name));
        let page = CheckPage {
            heading: heading(desk, record).await?,
            action,
            changes: changes.collect(),
            why: fields.text("why").to_owned(),
            consequences: consequences(&was, &is, names, &children),
            month: c.conference_date.format("%B %Y").to_string(),
            figures: figures(&was, &is),
            letters: letters(&was, &is, names),
            fields: sent
                .map(|(name, value)| Sent { name: name.to_owned(), value: value.to_owned() })
                .collect(),
            errors: if sure { held.clone() } else { Vec::new() },
            warnings: held,
        };
        Ok(page.show(who.chrome()))
    }
}
