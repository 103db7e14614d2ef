//! Steps that wait for a decision, each with what led to it, its letter as it would go, and to whom.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::access::{ClimbLadder, May, SignedIn};
use crate::agencies::store::{contacts_of, directory};
use crate::calendar::london;
use crate::conferences;
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::{DeclinedBecause, StepId, StepState};
use crate::feedback::{Office, Settings};
use crate::invitations;
use crate::ladder::approving::{self, Case, Decided};
use crate::ladder::causes::{Standing, standing};
use crate::ladder::letter::template;
use crate::ladder::{Ladders, store};
use crate::register::Policies;
use crate::replies::{ReplyKind, told};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, choices};

/// Steps to decide on that are shown at once, the oldest first.
const SHOWN: usize = 25;
/// Steps that ended which are shown.
const ENDED: u64 = 30;

#[derive(Serialize)]
struct Absence {
    date: String,
    reference: String,
    /// Where whoever looks may see it.
    href: Option<String>,
    standing: &'static str,
}

#[derive(Serialize)]
struct Waiting {
    id: String,
    rung: i32,
    /// To whom it goes, in words.
    to: String,
    service: String,
    role: String,
    reason: &'static str,
    since: String,
    absences: Vec<Absence>,
    impact: Vec<String>,
    /// "explains what happened, Thursday 1 October 2026".
    replies: Vec<String>,
    conference: String,
    paused: bool,
    letter: String,
    people: Vec<String>,
    declined: Vec<Choice>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Call {
    id: String,
    rung: i32,
    service: String,
    reference: String,
    conference: String,
    numbers: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    rung: i32,
    service: String,
    reference: String,
    conference: String,
    state: &'static str,
    why: String,
    when: String,
}

#[derive(Serialize)]
struct QueuePage {
    waiting: Vec<Waiting>,
    /// More of them, not shown.
    more: usize,
    calls: Vec<Call>,
    open: Vec<Line>,
    ended: Vec<Line>,
    missing: Vec<&'static str>,
    done: Option<&'static str>,
    errors: Errors,
}

impl Page for QueuePage {
    const TEMPLATE: &'static str = "ladder/pages/queue";
    fn title(&self) -> String {
        "Escalation".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// What was done, as an address says it and as the page does.
const DONE: [(&str, &str); 5] = [
    ("posted", "The step is approved, and its letter is in the post."),
    ("telephone", "The step is approved. Nobody can be written to: please telephone, it stands below."),
    ("declined", "The step is not taken, and the trail says why."),
    ("telephoned", "The call is noted as made. The step is open until the agency answers."),
    ("overtaken", "Nothing went: the record does not show any more what led to this step, and it is ended."),
];

const CHOOSE: &str = "Choose why the step is not taken";
const PAUSED: &str =
    "The agency disputes what is recorded. Settle the dispute first: nothing goes until then";
const NOT_SET_UP: &str = "No letter is sent while a setting that it needs is empty";

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

fn office<'a>(desk: &'a Desk, policies: &'a Policies, settings: &'a Settings) -> Office<'a> {
    Office { db: &desk.db, keys: &desk.keys, letterhead: &desk.letterhead, policies, settings }
}

pub(super) async fn show(
    may: May<ClimbLadder>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(ladders): Extension<Arc<Ladders>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let done = DONE.iter().find(|(code, _)| Some(*code) == asked.done.as_deref()).map(|(_, text)| *text);
    let room = Room { desk: &desk, policies: &policies, settings: &settings, ladders: &ladders };
    room.page(&may.who, done, None).await
}

/// What the page is made with.
#[derive(Clone, Copy)]
struct Room<'a> {
    desk: &'a Desk,
    policies: &'a Policies,
    settings: &'a Settings,
    ladders: &'a Ladders,
}

impl Room<'_> {
    async fn page(
        self,
        who: &SignedIn,
        done: Option<&'static str>,
        refused: Option<(StepId, &'static str)>,
    ) -> Result<Response, Problem> {
        let (db, now) = (self.desk.db.read(), self.desk.clock.now());
        let sight = who.sight(now);
        let steps =
            store::in_states(db, [StepState::Proposed, StepState::ToTelephone, StepState::Approved]).await?;
        let ended = store::newest_ended(db, ENDED).await?;
        let rows =
            invitations::store::by_ids(db, steps.iter().chain(&ended).map(|s| s.invitation_id)).await?;
        let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let seen = conferences::store::by_ids(db, rows.values().map(|row| row.conference_id), sight).await?;
        let seen: HashMap<_, _> = seen.into_iter().map(|c| (c.id, c)).collect();
        let directory = directory(db).await?;
        let line = |step: &ladder_step::Model| {
            let row = &rows[&step.invitation_id];
            let c = seen.get(&row.conference_id)?;
            let why = match (step.declined_because, step.ended_because) {
                (Some(because), _) => because.label(),
                (None, Some(because)) => because.label(),
                (None, None) => step.reason.label(),
            };
            let at = step.ended_at.or(step.decided_at).unwrap_or(step.proposed_at);
            let by = step.decided_by.as_ref().map(|by| format!(", {by}")).unwrap_or_default();
            Some(Line {
                rung: step.rung,
                service: directory.of(row.service_id).0.name.clone(),
                reference: c.reference.clone(),
                conference: format!("/conferences/{}", c.id),
                state: step.state.label(),
                why: why.to_owned(),
                when: format!("{}{by}", london::full_date(london::date(at))),
            })
        };
        let mut page = QueuePage {
            waiting: Vec::new(),
            more: 0,
            calls: Vec::new(),
            open: steps.iter().filter(|s| s.state == StepState::Approved).filter_map(line).collect(),
            ended: ended.iter().filter_map(line).collect(),
            missing: self.settings.missing(),
            done,
            errors: Errors::default(),
        };
        for step in steps {
            let row = &rows[&step.invitation_id];
            let Some(c) = seen.get(&row.conference_id) else { continue };
            let (service, agency) = directory.of(row.service_id);
            match step.state {
                StepState::Proposed if page.waiting.len() >= SHOWN => page.more += 1,
                StepState::Proposed => {
                    let office = office(self.desk, self.policies, self.settings);
                    let found = approving::case(db, office, self.ladders, step, now).await?;
                    let Some(case) = found else { continue };
                    let mut waiting = self.waiting(who, case).await?;
                    if let Some((_, text)) = refused.filter(|(id, _)| id.to_string() == waiting.id) {
                        page.errors.add_at(format!("because-{}", waiting.id), text);
                        waiting.error = Some(text.to_owned());
                    }
                    page.waiting.push(waiting);
                }
                StepState::ToTelephone => {
                    let people = contacts_of(db, [agency.id]).await?;
                    let today = london::date(now);
                    let here = people.iter().filter(|p| p.is_valid(today));
                    let here = here.filter(|p| p.service_id.is_none_or(|of| of == service.id));
                    let numbers = here.filter_map(|p| {
                        let number = p.telephone.as_ref()?;
                        let who = if p.name.is_empty() { &p.role } else { &p.name };
                        Some(format!("{who}: {number}"))
                    });
                    page.calls.push(Call {
                        id: step.id.to_string(),
                        rung: step.rung,
                        service: service.name.clone(),
                        reference: c.reference.clone(),
                        conference: format!("/conferences/{}", c.id),
                        numbers: numbers.collect(),
                    });
                }
                _ => {}
            }
        }
        Ok(page.show(who.chrome()))
    }

    async fn waiting(self, who: &SignedIn, case: Case) -> Result<Waiting, Problem> {
        let (db, now) = (self.desk.db.read(), self.desk.clock.now());
        let Case { step, causes, evidence, letter, to } = case;
        let all = causes.iter().map(|cause| cause.conference);
        let seen = conferences::store::by_ids(db, all, who.sight(now)).await?;
        let seen: Vec<_> = seen.into_iter().map(|c| c.id).collect();
        let absences = causes.iter().map(|cause| Absence {
            date: cause.date.clone(),
            reference: cause.reference.clone(),
            href: seen.contains(&cause.conference).then(|| format!("/conferences/{}", cause.conference)),
            standing: cause.assessed.standing.label(),
        });
        let absences = absences.collect();
        let replies = told(db, causes.iter().map(|cause| cause.invitation)).await?;
        let replies = replies.iter().map(|reply| {
            let settled = match reply.kind {
                ReplyKind::Disputed => format!(" ({})", reply.state.label()),
                _ => String::new(),
            };
            let on = london::full_date(london::date(reply.made_at));
            format!("{}{settled}, {on}", reply.kind.label())
        });
        let paused = standing(db, self.policies, &step).await? == Standing::Paused;
        let written = self.desk.letterhead.templates.write(template(step.rung), &letter);
        let rung = self.ladders.of(&step.ladder_version).rung(step.rung);
        let people = to.iter().map(|to| match to.full {
            true => format!("{}, {}", to.who, to.address),
            false => format!(
                "{}, {}: its domain is not trusted, and gets a letter that says little",
                to.who, to.address
            ),
        });
        Ok(Waiting {
            id: step.id.to_string(),
            rung: step.rung,
            to: rung.map(|rung| rung.name.clone()).unwrap_or_default(),
            service: evidence.letter.service.clone(),
            role: evidence.letter.role.clone(),
            reason: step.reason.label(),
            since: london::full_date(london::date(step.proposed_at)),
            absences,
            impact: evidence.letter.impact.clone(),
            replies: replies.collect(),
            conference: format!("/conferences/{}", evidence.record.conference.id),
            paused,
            letter: written.map_err(|e| Problem::internal(e.to_string()))?.text,
            people: people.collect(),
            declined: choices(DeclinedBecause::ALL, None, |b| (b.code(), b.label())),
            error: None,
        })
    }
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
    let office = office(&desk, &policies, &settings);
    let decided = match form.text("do") {
        "approve" => approving::approve(office, &ladders, &actor, sight, id, now)
            .await
            .map_err(|e| Problem::internal(e.to_string()))?,
        "decline" => match form.text("because").parse() {
            Ok(because) => approving::decline(office, &actor, sight, id, because, now).await?,
            Err(_) => return room.page(&may.who, None, Some((id, CHOOSE))).await,
        },
        _ => return Err(not_found()),
    };
    let done = match decided {
        Decided::Posted => "posted",
        Decided::ToTelephone => "telephone",
        Decided::Declined => "declined",
        Decided::Telephoned | Decided::Nothing => return Err(not_found()),
        Decided::Overtaken => "overtaken",
        Decided::Paused => return room.page(&may.who, None, Some((id, PAUSED))).await,
        Decided::NotSetUp => return room.page(&may.who, None, Some((id, NOT_SET_UP))).await,
    };
    Ok(Redirect::to(&format!("/escalation?done={done}")).into_response())
}

pub(super) async fn telephoned(
    may: May<ClimbLadder>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: StepId = id.parse().map_err(|_| not_found())?;
    let (actor, now) = (may.who.actor(), desk.clock.now());
    let sight = may.who.sight(now).named_only();
    match approving::telephoned(office(&desk, &policies, &settings), &actor, sight, id, now).await? {
        Decided::Telephoned => Ok(Redirect::to("/escalation?done=telephoned").into_response()),
        _ => Err(not_found()),
    }
}
