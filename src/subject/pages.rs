//! The page on which a bundle is asked for, and saved. What is asked for travels in a form and never in an
//! address: addresses are kept in histories.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Serialize;
use serde_json::json;

use super::{child, practitioner};
use crate::access::{AnswerSubject, May, SignedIn};
use crate::audit::{self, Event};
use crate::register::Policies;
use crate::web::{Desk, Errors, Fields, Page, Problem, download};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new().route("/subject-access", get(ask).post(gather))
}

#[derive(Serialize)]
struct SubjectPage {
    child: String,
    email: String,
    name: String,
    why: String,
    errors: Errors,
}

impl Page for SubjectPage {
    const TEMPLATE: &'static str = "subject/subject";
    fn title(&self) -> String {
        "Subject access".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

fn page(who: &SignedIn, form: &Fields, errors: Errors) -> Response {
    let text = |name| form.text(name).to_owned();
    let page = SubjectPage {
        child: text("child"),
        email: text("email"),
        name: text("name"),
        why: text("why"),
        errors,
    };
    page.show(who.chrome())
}

async fn ask(may: May<AnswerSubject>) -> Response {
    page(&may.who, &Fields::default(), Errors::default())
}

async fn gather(
    may: May<AnswerSubject>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    form: Fields,
) -> Result<Response, Problem> {
    let (reference, email, why) = (form.text("child"), form.text("email"), form.text("why"));
    let mut errors = Errors::default();
    if reference.is_empty() == email.is_empty() {
        errors.add("child", "Enter a child's case reference, or a practitioner's mail address, and not both");
    }
    if !(3..=500).contains(&why.chars().count()) {
        errors.add("why", "Say who asks, or the number of the request, in 3 to 500 characters");
    }
    if !errors.is_empty() {
        return Ok(page(&may.who, &form, errors));
    }
    let (db, now) = (desk.db.read(), desk.clock.now());
    let sight = may.who.sight(now);
    let (bytes, of, hidden) = if email.is_empty() {
        let bundle = child::gather(db, &desk.keys, &policies, sight, now, reference).await?;
        if bundle.conferences.is_empty() && bundle.restricted_and_not_here == 0 {
            let errors = Errors::one(
                "child",
                "Nothing is held about a child with exactly this reference: capitals count",
            );
            return Ok(page(&may.who, &form, errors));
        }
        (serde_json::to_vec_pretty(&bundle), "a child", bundle.restricted_and_not_here)
    } else {
        let bundle = practitioner::gather(db, &desk.keys, sight, now, email, form.text("name")).await?;
        if bundle.is_empty() {
            let errors = Errors::one("email", "Nothing is held about anybody with this address");
            return Ok(page(&may.who, &form, errors));
        }
        (serde_json::to_vec_pretty(&bundle), "a practitioner", bundle.restricted_and_not_here)
    };
    let bytes = bytes.map_err(|e| Problem::internal(e.to_string()))?;
    let subject = if email.is_empty() { reference } else { email };
    let payload = json!({ "of": of, "subject": subject, "why": why, "restricted_and_not_here": hidden });
    let event = Event { action: "subject.gathered", object: of.to_owned(), payload };
    audit::looked(&desk.db, &desk.keys, &may.who.actor(), now, event).await?;
    let name = format!("subject-access-{}.json", now.format("%Y-%m-%d-%H%M"));
    Ok(download(&name, "application/json", bytes).into_response())
}
