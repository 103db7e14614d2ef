//! The page behind the link of a letter, for whoever reads the address that it went to, without an account. A mail
//! scanner that fetches the link sees a button, and changes nothing; what is recorded is shown to whoever presses it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::lines::{EvidenceLines, when};
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::feedback::{Office, Settings};
use crate::mail::masked;
use crate::register::Policies;
use crate::register::identifying::identifying;
use crate::register::save::open_note;
use crate::replies::entity::reply as table;
use crate::replies::life::settle_by;
use crate::replies::reply::{REASONS, Reply, Said, TEXT_LIMIT};
use crate::replies::replying::{Replied, Thread, by_its_link, reply, thread};
use crate::replies::{Ground, ReplyKind, ReplyState, Texts};
use crate::web::{Choice, Chrome, Desk, Errors, Fields, Page, Problem, choices, options};

#[derive(Serialize)]
struct BeginPage {
    here: String,
    done: bool,
    /// It disputes what is recorded, and nobody has settled that.
    disputed: bool,
    contact: String,
    telephone: String,
}

impl Page for BeginPage {
    const TEMPLATE: &'static str = "replies/pages/begin";
    fn title(&self) -> String {
        "What we recorded, and your reply".to_owned()
    }
}

#[derive(Serialize)]
struct GonePage {
    contact: String,
    telephone: String,
}

impl Page for GonePage {
    const TEMPLATE: &'static str = "replies/pages/gone";
    fn title(&self) -> String {
        "This link opens nothing any more".to_owned()
    }
}

/// What was replied before, for whoever has the link: not by whom, and not the words.
#[derive(Serialize)]
struct Before {
    what: String,
    when: String,
    outcome: Option<String>,
    answer: String,
}

#[derive(Serialize)]
struct Typed {
    words: String,
    prevention: String,
    dispute: String,
    nominee_name: String,
    nominee_role: String,
    nominee_email: String,
    nominee_telephone: String,
    nominee_in_place: bool,
    name: String,
    role: String,
}

#[derive(Serialize)]
struct ReplyPage {
    here: String,
    evidence: EvidenceLines,
    /// The chair's words, where the chair wants them shown.
    note: Option<String>,
    before: Vec<Before>,
    /// The day by which we answer what is disputed.
    waits: Option<String>,
    our_fault: bool,
    /// We wrote again, and ask what would help.
    escalated: bool,
    /// Where the letter went, masked.
    address: String,
    kinds: Vec<Choice>,
    reasons: Vec<Choice>,
    grounds: Vec<Choice>,
    typed: Typed,
    limit: usize,
    /// A text seems to hold what identifies somebody.
    look_again: bool,
    errors: Errors,
}

impl Page for ReplyPage {
    const TEMPLATE: &'static str = "replies/pages/reply";
    fn title(&self) -> String {
        format!("Conference {}: what we recorded, and your reply", self.evidence.letter.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

fn gone(settings: &Settings) -> Response {
    let page = GonePage { contact: settings.contact.clone(), telephone: settings.telephone.clone() };
    page.show_as(StatusCode::GONE, Chrome::default())
}

#[derive(Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

pub(super) async fn begin(
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let found =
        thread(desk.db.read(), Office::of(&desk, &policies, &settings), &token, desk.clock.now()).await?;
    let Some(found) = found else { return Ok(gone(&settings)) };
    let page = BeginPage {
        here: format!("/reply/{token}"),
        done: asked.done.is_some() && !found.replies.is_empty(),
        disputed: found.open_dispute().is_some(),
        contact: settings.contact.clone(),
        telephone: settings.telephone.clone(),
    };
    Ok(page.show(Chrome::default()))
}

fn before(desk: &Desk, row: &table::Model) -> Before {
    let outcome = match row.state {
        ReplyState::Kept => None,
        ReplyState::Open => Some("We are looking at it.".to_owned()),
        ReplyState::Upheld => Some("You are right, and the record says so now.".to_owned()),
        ReplyState::NotUpheld => Some("The record stands as it is.".to_owned()),
        ReplyState::Confirmed => Some("We have taken the contact into our directory.".to_owned()),
        ReplyState::Declined => Some("We have not taken the contact. Please ring us.".to_owned()),
    };
    let ground = row.ground.map(|g| format!(": {}", g.label())).unwrap_or_default();
    let what = match row.kind {
        ReplyKind::Acknowledged => "You have read it".to_owned(),
        ReplyKind::Explained => "You explained what happened".to_owned(),
        ReplyKind::Nominated => "You named a contact".to_owned(),
        ReplyKind::Disputed => format!("You told us that the record is wrong{ground}"),
    };
    Before { what, when: when(row.made_at), outcome, answer: Texts::open(&desk.keys, row).answer }
}

fn page(
    desk: &Desk,
    policies: &Policies,
    token: &str,
    found: &Thread,
    form: &Fields,
    errors: Errors,
    look_again: bool,
) -> Response {
    let evidence = &found.opened.evidence;
    let row = evidence.row();
    let text = |name: &str| form.text(name).to_owned();
    let calendar = &policies.calendar;
    let waits = found.open_dispute().map(|r| london::full_date(settle_by(london::date(r.made_at), calendar)));
    let say = |kind: ReplyKind| match kind {
        ReplyKind::Acknowledged => "We have read this",
        ReplyKind::Explained if found.escalated() => "Tell us what happened, and what would help",
        ReplyKind::Explained => "Explain what happened",
        ReplyKind::Disputed => "Tell us that our record is wrong",
        ReplyKind::Nominated => "Name a contact for invitations and letters",
    };
    use ReplyKind::{Acknowledged, Disputed, Explained, Nominated};
    // Where the fault is ours we ask for a contact alone.
    let our_fault = evidence.assessment.invitations[evidence.place].fault.is_some();
    let order = match our_fault {
        true => [Nominated, Acknowledged, Disputed, Explained],
        false => [Acknowledged, Explained, Disputed, Nominated],
    };
    let kinds: Vec<ReplyKind> =
        order.into_iter().filter(|kind| found.takes(*kind, desk.clock.now(), calendar)).collect();
    let page = ReplyPage {
        here: format!("/reply/{token}"),
        note: Some(open_note(&desk.keys, row)).filter(|note| row.impact_note_shown && !note.is_empty()),
        before: found.replies.iter().map(|row| before(desk, row)).collect(),
        waits,
        our_fault,
        escalated: found.escalated(),
        address: masked(&found.opened.address),
        kinds: choices(&kinds, form.text("say").parse().ok(), |k| (k.code(), say(k))),
        reasons: options("choose a reason", REASONS, form.text("reason").parse().ok(), |r| {
            (r.code(), r.label())
        }),
        grounds: choices(Ground::ALL, form.text("ground").parse().ok(), |g| (g.code(), g.label())),
        typed: Typed {
            words: text("words"),
            prevention: text("prevention"),
            dispute: text("dispute"),
            nominee_name: text("nominee_name"),
            nominee_role: if form.text("say").is_empty() { row.role.clone() } else { text("nominee_role") },
            nominee_email: text("nominee_email"),
            nominee_telephone: text("nominee_telephone"),
            nominee_in_place: text("nominee_in_place") == "yes",
            name: text("name"),
            role: text("role"),
        },
        evidence: EvidenceLines::of(evidence, found.escalated()),
        limit: TEXT_LIMIT,
        look_again,
        errors,
    };
    page.show(Chrome::default())
}

pub(super) async fn step(
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(token): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let now = desk.clock.now();
    let Some(found) = thread(desk.db.read(), Office::of(&desk, &policies, &settings), &token, now).await?
    else {
        return Ok(gone(&settings));
    };
    if form.text("step") != "say" {
        let payload = json!({ "invitation": found.opened.evidence.row().id });
        let event = Event { action: "reply.opened", object: found.opened.id.to_string(), payload };
        audit::looked(&desk.db, &desk.keys, &by_its_link(), now, event).await?;
        return Ok(page(&desk, &policies, &token, &found, &Fields::default(), Errors::default(), false));
    }
    let mut errors = Errors::default();
    let Some(said) = Reply::read(&form, &settings.domains, &mut errors) else {
        return Ok(page(&desk, &policies, &token, &found, &form, errors, false));
    };
    if let (true, Said::Explained { prevention, .. }) = (found.escalated(), &said.said)
        && prevention.is_empty()
    {
        errors.add("prevention", "Say what would help somebody to be there, and what you do");
        return Ok(page(&desk, &policies, &token, &found, &form, errors, false));
    }
    // By its form alone, not by what is written on this conference: whoever holds the link is not told whether a
    // reference or a name is right.
    let names_somebody = said.texts().any(|text| !identifying(text, &[]).is_empty());
    if names_somebody && form.text("looked_again") != "yes" {
        errors.add(
            "looked_again",
            "Take out what could identify a child or a parent, or tick that nothing does",
        );
        return Ok(page(&desk, &policies, &token, &found, &form, errors, true));
    }
    match reply(Office::of(&desk, &policies, &settings), &token, now, &said)
        .await
        .map_err(|e| Problem::internal(e.to_string()))?
    {
        Replied::Done => Ok(Redirect::to(&format!("/reply/{token}?done=yes")).into_response()),
        Replied::Gone => Ok(gone(&settings)),
        Replied::NotNow => {
            // A step of the ladder may have reached the agency since the form was made.
            let found = thread(desk.db.read(), Office::of(&desk, &policies, &settings), &token, now).await?;
            let Some(found) = found else { return Ok(gone(&settings)) };
            let why = match found.escalated() {
                true => {
                    "We have asked your agency again since: please say what would help somebody to be there"
                }
                false => "This cannot be said by the link any more, or waits already: please ring us",
            };
            errors.add("say", why);
            Ok(page(&desk, &policies, &token, &found, &form, errors, false))
        }
    }
}
