//! The post: messages by state, the letter as it was sent, back in the queue, all held back.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{HoldPost, May, Permission, ReadLetter, Requeue, SeePost, SignedIn};
use crate::audit::{self, Event};
use crate::calendar::{london, written};
use crate::mail;
use crate::operations::{Counter, Posted, described, hold_back as hold, let_go as release, requeue};
use crate::outbox::{self, MessageId, Model, State as Stands};
use crate::restriction::OPENED;
use crate::web::{Desk, Fields, Page, Problem, download};

/// Messages on a page.
const SHOWN: u64 = 50;

#[derive(Deserialize)]
pub(super) struct Asked {
    state: Option<Stands>,
    from: Option<String>,
}

#[derive(Serialize)]
struct Tab {
    href: String,
    text: String,
    here: bool,
}

#[derive(Serialize)]
struct Row {
    /// The letter, where it may be read.
    href: Option<String>,
    kind: String,
    reference: String,
    conference: Option<String>,
    service: String,
    recipient: String,
    state: &'static str,
    posted: String,
    age: String,
    attempts: i32,
    then: String,
    error: Option<String>,
    unsure: bool,
}

impl Row {
    fn of(m: &Posted, now: DateTime<Utc>) -> Self {
        let then = match m.state {
            Stands::Sent => m.sent_at.map(|at| format!("accepted {}", london::short(at))),
            Stands::Waiting => Some(format!("next try {}", london::short(m.due_at))),
            _ => None,
        };
        Self {
            href: (!m.hidden).then(|| format!("/post/{}", m.id)),
            kind: m.kind.replace('_', " "),
            reference: m.reference.clone(),
            conference: m.conference_id.map(|id| format!("/conferences/{id}")),
            service: m.service.clone(),
            recipient: m.recipient.clone(),
            state: m.state.label(),
            posted: london::short(m.posted_at),
            age: written::ago(now - m.posted_at),
            attempts: m.attempts,
            then: then.unwrap_or_default(),
            error: m.last_error.clone(),
            unsure: m.may_have_been_delivered,
        }
    }
}

#[derive(Serialize)]
struct Held {
    why: String,
    by: String,
    since: String,
}

#[derive(Serialize)]
struct PostPage {
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    more: Option<String>,
    held: Option<Held>,
    given_up: i64,
    may_requeue: bool,
    may_hold: bool,
    may_see_conferences: bool,
    error: bool,
}

impl Page for PostPage {
    const TEMPLATE: &'static str = "operations/pages/post";
    fn title(&self) -> String {
        "Post".to_owned()
    }
    fn has_error(&self) -> bool {
        self.error
    }
}

pub(super) async fn list(
    may: May<SeePost>,
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    Ok(page(&may.who, &desk, asked, false).await?.show(may.who.chrome()))
}

async fn page(who: &SignedIn, desk: &Desk, asked: Asked, error: bool) -> Result<PostPage, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let counts = outbox::counts(db).await?;
    let of = |state| counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, n)| *n);
    let mut tabs = vec![Tab {
        href: "/post".to_owned(),
        text: format!("all ({})", counts.iter().map(|(_, n)| n).sum::<i64>()),
        here: asked.state.is_none(),
    }];
    tabs.extend(Stands::ALL.iter().map(|s| Tab {
        href: format!("/post?state={}", s.code()),
        text: format!("{} ({})", s.label(), of(*s)),
        here: asked.state == Some(*s),
    }));
    let from = match asked.from.as_deref().map(str::parse::<MessageId>) {
        Some(Ok(id)) => outbox::by_id(db, id).await?.map(|m| (m.posted_at, m.id)),
        _ => None,
    };
    let messages = outbox::page(db, asked.state, from, SHOWN).await?;
    let state = asked.state.map(|s| format!("state={}&", s.code())).unwrap_or_default();
    let full = messages.len() as u64 == SHOWN;
    let more = messages.last().filter(|_| full).map(|m| format!("/post?{state}from={}", m.id));
    let rows = described(db, messages, who.sight(now)).await?;
    let rows = rows.iter().filter(|m| may_list(who, m)).map(|m| Row::of(m, now)).collect();
    let held = outbox::held_back(db).await?;
    Ok(PostPage {
        tabs,
        rows,
        more,
        held: held.map(|p| Held { why: p.why, by: p.by_name, since: london::moment(p.since) }),
        given_up: of(Stands::Failed),
        may_requeue: who.role.may(Permission::Requeue),
        may_hold: who.role.may(Permission::HoldPost),
        may_see_conferences: who.role.may(Permission::SeeConferences),
        error,
    })
}

#[derive(Serialize)]
struct LetterPage {
    row: Row,
    message_id: String,
    template: Option<String>,
    /// For who may read it.
    letter: Option<LetterText>,
    requeue: Option<String>,
    sealed: bool,
    may_see_conferences: bool,
}

#[derive(Serialize)]
struct LetterText {
    from: String,
    subject: String,
    text: String,
    as_sent: String,
    file: String,
}

impl Page for LetterPage {
    const TEMPLATE: &'static str = "operations/pages/letter";
    fn title(&self) -> String {
        self.letter.as_ref().map_or_else(|| format!("Message: {}", self.row.kind), |l| l.subject.clone())
    }
}

fn read(who: &SignedIn, bytes: &[u8]) -> Result<mail::Letter, Problem> {
    if bytes.is_empty() {
        let text = "The text of this message has had its time, and was erased. When it went is still known.";
        return Err(Problem::Gone(who.chrome(), text));
    }
    outbox::read(bytes).ok_or_else(|| Problem::internal("a frozen message cannot be read"))
}

async fn frozen(desk: &Desk, id: &str, who: &SignedIn) -> Result<(MessageId, Vec<u8>), Problem> {
    let not_found = || Problem::NotFound(who.chrome());
    let id: MessageId = id.parse().map_err(|_| not_found())?;
    let message = outbox::by_id(desk.db.read(), id).await?.ok_or_else(not_found)?;
    let posted = described_for(desk, who, &message).await?;
    if posted.sealed { Err(not_found()) } else { Ok((id, message.message)) }
}

/// A message with what it is about; one of a conference that is hidden from this person is not there.
async fn described_for(desk: &Desk, who: &SignedIn, message: &Model) -> Result<Posted, Problem> {
    let sight = who.sight(desk.clock.now());
    let found = described(desk.db.read(), vec![message.into()], sight).await?.pop();
    let may = |posted: &Posted| !posted.hidden && may_list(who, posted);
    found.filter(may).ok_or_else(|| Problem::NotFound(who.chrome()))
}

/// Who opened what is told to the QA managers alone.
fn may_list(who: &SignedIn, posted: &Posted) -> bool {
    posted.kind != OPENED || who.role.may(Permission::WatchRestricted)
}

pub(super) async fn one(
    may: May<SeePost>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: MessageId = id.parse().map_err(|_| not_found())?;
    let db = desk.db.read();
    let message = outbox::by_id(db, id).await?.ok_or_else(not_found)?;
    let posted = described_for(&desk, &may.who, &message).await?;
    let letter = match may.who.role.may(Permission::ReadLetter) && !posted.sealed {
        false => None,
        true => {
            let letter = read(&may.who, &message.message)?;
            let (as_sent, file) = (format!("/post/{id}/as-sent"), format!("/post/{id}/letter.eml"));
            Some(LetterText { from: letter.from, subject: letter.subject, text: letter.text, as_sent, file })
        }
    };
    let may_requeue = message.state == Stands::Failed && may.who.role.may(Permission::Requeue);
    let page = LetterPage {
        row: Row::of(&posted, desk.clock.now()),
        message_id: message.message_id,
        template: message.template,
        letter,
        requeue: may_requeue.then(|| format!("/post/{id}/requeue")),
        sealed: posted.sealed,
        may_see_conferences: may.who.role.may(Permission::SeeConferences),
    };
    Ok(page.show(may.who.chrome()))
}

/// The letter as its recipient's program shows it, shut off from everything else.
pub(super) async fn as_sent(
    may: May<ReadLetter>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (_, bytes) = frozen(&desk, &id, &may.who).await?;
    Ok(letter_alone(read(&may.who, &bytes)?.html))
}

/// A letter's HTML as a page: its inline styles are let through, and nothing else is.
pub fn letter_alone(html: String) -> Response {
    const CSP: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let mut response = Html(html).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    response
}

/// A copy of a message as a file, as it was sent but for the links by which an agency answers.
pub(super) async fn file(
    may: May<ReadLetter>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (id, bytes) = frozen(&desk, &id, &may.who).await?;
    let mail::Letter { to, subject, date, text, html, .. } = read(&may.who, &bytes)?;
    let message_id = outbox::by_id(desk.db.read(), id).await?.map(|row| row.message_id).unwrap_or_default();
    let draft = mail::Draft {
        from: &desk.letterhead.from,
        reply_to: &desk.letterhead.reply_to,
        to: &to,
        message_id: &message_id,
        date: date.unwrap_or_else(|| desk.clock.now()),
    };
    let copy = mail::freeze(draft, &mail::Rendered { subject, text, html }, None);
    let copy = copy.map_err(|e| Problem::internal(e.to_string()))?;
    let event = Event { action: "letter.saved", object: id.to_string(), payload: json!({}) };
    audit::looked(&desk.db, &desk.keys, &may.who.actor(), desk.clock.now(), event).await?;
    Ok(download(&format!("{id}.eml"), "message/rfc822", copy))
}

fn counter(desk: &Desk) -> Counter<'_> {
    Counter { db: &desk.db, keys: &desk.keys, now: desk.clock.now() }
}

pub(super) async fn requeue_one(
    may: May<Requeue>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    requeue(counter(&desk), &may.who.actor(), may.who.sight(desk.clock.now()), Some(id)).await?;
    Ok(Redirect::to(&format!("/post/{id}")))
}

pub(super) async fn requeue_all(may: May<Requeue>, State(desk): State<Desk>) -> Result<Redirect, Problem> {
    requeue(counter(&desk), &may.who.actor(), may.who.sight(desk.clock.now()), None).await?;
    Ok(Redirect::to("/post?state=waiting"))
}

pub(super) async fn hold_back(
    may: May<HoldPost>,
    State(desk): State<Desk>,
    form: Fields,
) -> Result<Response, Problem> {
    let why = form.text("why");
    if why.is_empty() || why.chars().count() > 280 {
        let page = page(&may.who, &desk, Asked { state: None, from: None }, true).await?;
        return Ok(page.show(may.who.chrome()));
    }
    hold(counter(&desk), &may.who.actor(), why).await?;
    Ok(Redirect::to("/post").into_response())
}

pub(super) async fn let_go(may: May<HoldPost>, State(desk): State<Desk>) -> Result<Redirect, Problem> {
    release(counter(&desk), &may.who.actor()).await?;
    Ok(Redirect::to("/post"))
}
