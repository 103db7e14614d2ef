//! One step that waits: what led to it, how its service does, its letters as they would go and to whom; and the decision.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::queue::{Asked, Queue};
use crate::access::{ClimbLadder, May, SignedIn};
use crate::agencies::store::one_service;
use crate::calendar::{london, months_before};
use crate::conferences;
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::{DeclinedBecause, StepId, StepState};
use crate::feedback::{Evidence, Office, REMINDER, Settings};
use crate::invitations;
use crate::ladder::approving::{self, Case, Decided, SIGNED_BY_THE_CHAIR};
use crate::ladder::causes::{Cause, Standing, recorded, standing};
use crate::ladder::letter::template;
use crate::ladder::{Ladders, found};
use crate::outbox;
use crate::register::{Policies, of_services};
use crate::replies::{Told, told};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, choices};

#[derive(Serialize)]
struct Absence {
    date: String,
    reference: String,
    /// Where whoever looks may see it.
    href: Option<String>,
    standing: &'static str,
}

/// Another step about the same service.
#[derive(Serialize)]
struct Other {
    href: String,
    rung: i32,
    reference: String,
    /// "proposed: no reply by the day that the letter named, Thursday 1 October 2026".
    stands: String,
}

/// A letter as it would go, or as it went.
#[derive(Serialize)]
struct Preview {
    heading: String,
    text: String,
}

#[derive(Serialize)]
struct StepPage {
    id: String,
    rung: i32,
    /// To whom it goes, in words.
    to: String,
    service: String,
    role: String,
    reason: &'static str,
    since: String,
    chair: String,
    absences: Vec<Absence>,
    /// One of them is restricted, and not for whoever looks: nor are the letters that name it.
    some_hidden: bool,
    impact: Vec<String>,
    /// When the first letter about the newest absence went.
    told_on: Option<String>,
    /// "explains what happened, Thursday 1 October 2026".
    replies: Vec<String>,
    /// Other steps about the same service.
    others: Vec<Other>,
    /// How the service did lately.
    record: String,
    recorded: Vec<Absence>,
    conference: String,
    paused: bool,
    in_the_chairs_name: bool,
    /// Nobody has decided yet.
    waits: bool,
    /// "gone, Morgan Reed, Thursday 1 October 2026".
    decided: String,
    letters: Vec<Preview>,
    people: Vec<String>,
    declined: Vec<Choice>,
    missing: Vec<&'static str>,
    errors: Errors,
}

impl Page for StepPage {
    const TEMPLATE: &'static str = "ladder/pages/step";
    fn title(&self) -> String {
        format!("Rung {}: {}", self.rung, self.service)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

const CHOOSE: &str = "Choose why the step is not taken";
const EITHER: &str = "You chose a reason for not sending it, and approved it: leave one of the two";
const PAUSED: &str =
    "The agency disputes what is recorded. Settle the dispute first: nothing goes until then";
const NOT_SET_UP: &str = "No letter is sent while a setting that it needs is empty";

/// What the page is made with.
#[derive(Clone, Copy)]
struct Room<'a> {
    desk: &'a Desk,
    policies: &'a Policies,
    settings: &'a Settings,
    ladders: &'a Ladders,
}

impl Room<'_> {
    /// The page of a step of a conference that this person may see.
    async fn page(
        self,
        who: &SignedIn,
        id: StepId,
        refused: Option<&'static str>,
    ) -> Result<Response, Problem> {
        let not_found = || Problem::NotFound(who.chrome());
        let (db, now) = (self.desk.db.read(), self.desk.clock.now());
        let step = found::by_id(db, id).await?.ok_or_else(not_found)?;
        let row = invitations::store::by_id(db, step.invitation_id).await?.ok_or_else(not_found)?;
        if conferences::store::by_ids(db, [row.conference_id], who.sight(now)).await?.is_empty() {
            return Err(not_found());
        }
        let office = Office::of(self.desk, self.policies, self.settings);
        let case = approving::case(db, office, self.ladders, step, now).await?.ok_or_else(not_found)?;
        let mut page = self.of(who, case).await?;
        if let Some(text) = refused {
            page.errors = Errors::one("because", text);
        }
        Ok(page.show(who.chrome()))
    }

    async fn of(self, who: &SignedIn, case: Case) -> Result<StepPage, Problem> {
        let (db, now) = (self.desk.db.read(), self.desk.clock.now());
        let Case { step, causes, evidence, letter, to } = case;
        let all = causes.iter().map(|cause| cause.conference);
        let seen = conferences::store::by_ids(db, all, who.sight(now)).await?;
        let seen: Vec<_> = seen.into_iter().map(|c| c.id).collect();
        let hidden = |cause: &&Cause| cause.restricted && !seen.contains(&cause.conference);
        let some_hidden = causes.iter().any(|cause| hidden(&cause));
        let absences = causes.iter().filter(|cause| !hidden(cause)).map(|cause| Absence {
            date: cause.date.clone(),
            reference: cause.reference.clone(),
            href: seen.contains(&cause.conference).then(|| format!("/conferences/{}", cause.conference)),
            standing: cause.recorded,
        });
        let replies = told(db, causes.iter().map(|cause| cause.invitation)).await?;
        let first = evidence.messages.iter().filter(|m| m.kind != REMINDER).filter_map(|m| m.sent_at).min();
        let write = |heading, letter| {
            let written = self.desk.letterhead.templates.write(template(step.rung), letter);
            let written = written.map_err(|e| Problem::internal(e.to_string()))?;
            Ok::<_, Problem>(Preview { heading, text: written.text })
        };
        let mut letters = Vec::new();
        let waits = step.state == StepState::Proposed && !some_hidden;
        if waits && (to.is_empty() || to.iter().any(|to| to.full)) {
            letters.push(write("The letter, for those whose mail domain is trusted".to_owned(), &letter)?);
        }
        if waits && to.iter().any(|to| !to.full) {
            let little = letter.clone().little();
            letters
                .push(write("The letter, for those whose mail domain is not trusted".to_owned(), &little)?);
        }
        let sent = if some_hidden { Vec::new() } else { outbox::about(db, vec![step.id.0]).await? };
        for sent in sent {
            let message = outbox::by_id(db, sent.id).await?;
            let text = message.and_then(|message| outbox::read(&message.message)).map(|letter| letter.text);
            letters.push(Preview {
                heading: format!("The letter to {}", sent.recipient),
                text: text.unwrap_or_else(|| "Its text has had its time, and was erased.".to_owned()),
            });
        }
        let people = to.iter().map(|to| match to.full {
            true => format!("{}, {}", to.who, to.address),
            false => format!(
                "{}, {}: its domain is not trusted, and gets a letter that says little",
                to.who, to.address
            ),
        });
        let ladder = self.ladders.of(&step.ladder_version);
        let since = months_before(london::date(now), ladder.looks_back_months());
        let (record, recorded) = self.record(&evidence, ladder.looks_back_months()).await?;
        let others =
            found::of_service(db, evidence.row().service_id, since, who.sight(now)).await?.into_iter();
        let others: Vec<_> = others.filter(|other| other.id != step.id).collect();
        let about = invitations::store::by_ids(db, others.iter().map(|other| other.invitation_id)).await?;
        let met =
            conferences::store::by_ids(db, about.iter().map(|row| row.conference_id), who.sight(now)).await?;
        let reference = |other: &ladder_step::Model| {
            let row = about.iter().find(|row| row.id == other.invitation_id)?;
            Some(met.iter().find(|c| c.id == row.conference_id)?.reference.clone())
        };
        let others = others.iter().map(|other| Other {
            reference: reference(other).unwrap_or_default(),
            href: format!("/escalation/{}", other.id),
            rung: other.rung,
            stands: format!(
                "{}: {}, {}",
                other.state.label(),
                other.reason.label(),
                london::full_date(london::date(
                    other.ended_at.or(other.decided_at).unwrap_or(other.proposed_at)
                ))
            ),
        });
        let rung = ladder.rung(step.rung);
        let by = step.decided_by.as_ref().map(|by| format!(", {by}")).unwrap_or_default();
        let because = step.declined_because.map(|b| b.label()).or(step.ended_because.map(|b| b.label()));
        let because = because.map(|because| format!(": {because}")).unwrap_or_default();
        let spoke = step.spoken_with.map(|with| format!("; on the telephone, with {}", with.label()));
        let spoke = spoke.unwrap_or_default();
        let on = step.ended_at.or(step.decided_at).unwrap_or(step.proposed_at);
        let on = london::full_date(london::date(on));
        Ok(StepPage {
            id: step.id.to_string(),
            rung: step.rung,
            to: rung.map(|rung| rung.name.clone()).unwrap_or_default(),
            service: evidence.letter.service.clone(),
            role: evidence.letter.role.clone(),
            reason: step.reason.label(),
            since: london::full_date(london::date(step.proposed_at)),
            chair: evidence.letter.chair.clone(),
            absences: absences.collect(),
            some_hidden,
            impact: evidence.letter.impact.clone(),
            told_on: first.map(|at| london::full_date(london::date(at))),
            replies: replies.iter().map(Told::in_words).collect(),
            others: others.collect(),
            record,
            recorded,
            conference: format!("/conferences/{}", evidence.record.conference.id),
            paused: waits && standing(db, self.policies, &step).await? == Standing::Paused,
            in_the_chairs_name: step.rung == SIGNED_BY_THE_CHAIR && to.iter().any(|to| to.full),
            waits,
            decided: format!("{}{because}{by}, {on}{spoke}", step.state.label()),
            letters,
            people: people.collect(),
            declined: choices(DeclinedBecause::ALL, None, |b| (b.code(), b.label())),
            missing: self.settings.missing(),
            errors: Errors::default(),
        })
    }

    /// How the service did in the months before, and what was recorded of it, the newest first.
    async fn record(self, evidence: &Evidence, months: u32) -> Result<(String, Vec<Absence>), Problem> {
        let (db, service) = (self.desk.db.read(), evidence.row().service_id);
        let today = london::date(self.desk.clock.now());
        let since = months_before(today, months);
        let rows = of_services(db, one_service(service), since, today, self.policies).await?;
        let counted: Vec<_> = rows.iter().filter_map(|row| Some((row, row.counted()?))).collect();
        let there = counted.iter().filter(|(_, standing)| standing.is_represented()).count();
        let said = match counted.len() {
            0 => format!("In the last {months} months nothing of this service counts."),
            all => format!(
                "In the last {months} months it was expected at {all} {}, and represented at the decision of {there}.",
                if all == 1 { "conference" } else { "conferences" }
            ),
        };
        let recorded = counted.iter().rev().map(|(row, standing)| Absence {
            date: london::full_date(row.date),
            reference: row.reference.clone(),
            href: None,
            standing: match standing.is_missing() {
                true => recorded(&row.row, *standing),
                false => standing.label(),
            },
        });
        Ok((said, recorded.collect()))
    }
}

pub(super) async fn show(
    may: May<ClimbLadder>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(ladders): Extension<Arc<Ladders>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: StepId = id.parse().map_err(|_| Problem::NotFound(may.who.chrome()))?;
    let room = Room { desk: &desk, policies: &policies, settings: &settings, ladders: &ladders };
    room.page(&may.who, id, None).await
}

pub(super) async fn decide(
    may: May<ClimbLadder>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(ladders): Extension<Arc<Ladders>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: StepId = id.parse().map_err(|_| not_found())?;
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let sight = may.who.sight(now).named_only();
    let room = Room { desk: &desk, policies: &policies, settings: &settings, ladders: &ladders };
    let office = Office::of(&desk, &policies, &settings);
    let decided = match form.text("do") {
        "approve" if !form.text("because").is_empty() => return room.page(&may.who, id, Some(EITHER)).await,
        "approve" => approving::approve(office, &ladders, &actor, sight, id, now)
            .await
            .map_err(|e| Problem::internal(e.to_string()))?,
        "decline" => match form.text("because").parse() {
            Ok(because) => approving::decline(office, &actor, sight, id, because, now).await?,
            Err(_) => return room.page(&may.who, id, Some(CHOOSE)).await,
        },
        _ => return Err(not_found()),
    };
    let done = match decided {
        Decided::Posted => "posted",
        Decided::ToTelephone => "telephone",
        Decided::Declined => "declined",
        Decided::Telephoned | Decided::WithWhom | Decided::Nothing => return Err(not_found()),
        Decided::Overtaken => "overtaken",
        Decided::Paused => return room.page(&may.who, id, Some(PAUSED)).await,
        Decided::NotSetUp => return room.page(&may.who, id, Some(NOT_SET_UP)).await,
    };
    Ok(Redirect::to(&format!("/escalation?done={done}")).into_response())
}

pub(super) async fn telephoned(
    may: May<ClimbLadder>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(ladders): Extension<Arc<Ladders>>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: StepId = id.parse().map_err(|_| not_found())?;
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let sight = may.who.sight(now).named_only();
    let with = form.text("with").parse().ok();
    match approving::telephoned(Office::of(&desk, &policies, &settings), &actor, sight, id, with, now).await?
    {
        Decided::Telephoned => Ok(Redirect::to("/escalation?done=telephoned").into_response()),
        Decided::Paused => Ok(Redirect::to("/escalation?done=paused").into_response()),
        Decided::Overtaken => Ok(Redirect::to("/escalation?done=overtaken").into_response()),
        Decided::WithWhom => {
            let queue = Queue { desk: &desk, who: &may.who, settings: &settings, ladders: &ladders };
            queue.page(&Asked::default(), Some(id)).await
        }
        _ => Err(not_found()),
    }
}
