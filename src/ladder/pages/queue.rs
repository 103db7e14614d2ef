//! The steps: those that wait for a decision, calls to make, those that have gone, those that ended.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::access::{ClimbLadder, May, SignedIn};
use crate::agencies::store::{contacts_of, directory, numbers};
use crate::calendar::london;
use crate::conferences;
use crate::feedback::entity::ladder_step;
use crate::feedback::steps::{Spoke, StepId, StepState, causes};
use crate::feedback::{Settings, WITH_WHOM};
use crate::invitations;
use crate::ladder::{Ladders, found};
use crate::replies::{ReplyKind, ReplyState, told};
use crate::web::{Choice, Desk, Errors, Page, Paging, Problem, choices};

/// Steps of a list that are shown at once, the oldest first.
const SHOWN: usize = 25;
/// Steps that ended which are shown.
const ENDED: u64 = 30;

#[derive(Serialize)]
struct Waiting {
    href: String,
    service: String,
    role: String,
    reference: String,
    rung: i32,
    /// To whom it goes, in words.
    to: String,
    reason: &'static str,
    since: String,
    paused: bool,
}

#[derive(Serialize)]
struct Call {
    id: String,
    rung: i32,
    service: String,
    reference: String,
    numbers: Vec<String>,
    with: Vec<Choice>,
    error: Option<&'static str>,
}

#[derive(Serialize)]
struct Line {
    href: String,
    rung: i32,
    service: String,
    reference: String,
    state: &'static str,
    why: String,
    when: String,
}

#[derive(Serialize)]
struct QueuePage {
    waiting: Vec<Waiting>,
    waiting_paging: Option<Paging>,
    calls: Vec<Call>,
    open: Vec<Line>,
    open_paging: Option<Paging>,
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
const DONE: [(&str, &str); 6] = [
    ("paused", "Nothing is noted: the agency disputes what is recorded. Settle the dispute first."),
    ("posted", "The step is approved, and its letter is in the post."),
    ("telephone", "The step is approved. Nobody can be written to: please telephone, it stands below."),
    ("declined", "The step is not taken, and the trail says why."),
    ("telephoned", "The call is noted as made. The step is open until the agency answers."),
    ("overtaken", "Nothing went: the record does not show any more what led to this step, and it is ended."),
];

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
    page: Option<usize>,
    open: Option<usize>,
}

/// What the page is made with.
#[derive(Clone, Copy)]
pub(super) struct Queue<'a> {
    pub desk: &'a Desk,
    pub who: &'a SignedIn,
    pub settings: &'a Settings,
    pub ladders: &'a Ladders,
}

pub(super) async fn show(
    may: May<ClimbLadder>,
    State(desk): State<Desk>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(ladders): Extension<Arc<Ladders>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    Queue { desk: &desk, who: &may.who, settings: &settings, ladders: &ladders }.page(&asked, None).await
}

impl Queue<'_> {
    /// The page; `which`: a call of which nobody said with whom.
    pub(super) async fn page(self, asked: &Asked, which: Option<StepId>) -> Result<Response, Problem> {
        let Self { desk, who, settings, ladders } = self;
        let (db, now) = (desk.db.read(), desk.clock.now());
        let steps =
            found::in_states(db, [StepState::Proposed, StepState::ToTelephone, StepState::Approved]).await?;
        let ended = found::newest_ended(db, ENDED).await?;
        let rows =
            invitations::store::by_ids(db, steps.iter().chain(&ended).map(|s| s.invitation_id)).await?;
        let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let met = rows.values().map(|row| row.conference_id);
        let seen = conferences::store::by_ids(db, met, who.sight(now)).await?;
        let seen: HashMap<_, _> = seen.into_iter().map(|c| (c.id, c)).collect();
        let directory = directory(db).await?;
        let proposed = |s: &&ladder_step::Model| {
            StepState::Proposed == s.state && seen.contains_key(&rows[&s.invitation_id].conference_id)
        };
        let proposed: Vec<_> = steps.iter().filter(proposed).collect();
        let (proposed, waiting_paging) =
            Paging::of(proposed, asked.page.unwrap_or(1), SHOWN, |page| format!("/escalation?page={page}"));
        let causes = causes(db, steps.iter().map(|s| s.id)).await?;
        let replies = told(db, causes.iter().map(|c| c.invitation_id)).await?;
        let disputed = |id| {
            replies
                .iter()
                .any(|r| r.invitation == id && r.kind == ReplyKind::Disputed && r.state == ReplyState::Open)
        };
        let is_open = |step: &ladder_step::Model| {
            matches!(step.state, StepState::Proposed | StepState::ToTelephone | StepState::Approved)
        };
        let is_paused = |step: &ladder_step::Model| {
            is_open(step) && causes.iter().any(|c| c.step_id == step.id && disputed(c.invitation_id))
        };
        let waiting = proposed.into_iter().map(|step| {
            let row = &rows[&step.invitation_id];
            let rung = ladders.of(&step.ladder_version).rung(step.rung);
            Waiting {
                href: format!("/escalation/{}", step.id),
                service: directory.of(row.service_id).0.name.clone(),
                role: row.role.clone(),
                reference: seen[&row.conference_id].reference.clone(),
                rung: step.rung,
                to: rung.map(|rung| rung.name.clone()).unwrap_or_default(),
                reason: step.reason.label(),
                since: london::full_date(london::date(step.proposed_at)),
                paused: is_paused(step),
            }
        });
        let waiting = waiting.collect();
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
                href: format!("/escalation/{}", step.id),
                rung: step.rung,
                service: directory.of(row.service_id).0.name.clone(),
                reference: c.reference.clone(),
                state: match is_paused(step) {
                    true => "disputed, and waits for us",
                    false => step.state.label(),
                },
                why: why.to_owned(),
                when: format!("{}{by}", london::full_date(london::date(at))),
            })
        };
        let open = steps.iter().filter(|s| s.state == StepState::Approved).filter_map(line).collect();
        let (open, open_paging) =
            Paging::of(open, asked.open.unwrap_or(1), SHOWN, |page| format!("/escalation?open={page}#open"));
        let (mut calls, mut errors) = (Vec::new(), Errors::default());
        for step in steps.iter().filter(|s| s.state == StepState::ToTelephone) {
            let row = &rows[&step.invitation_id];
            let Some(c) = seen.get(&row.conference_id) else { continue };
            let (service, agency) = directory.of(row.service_id);
            let people = contacts_of(db, [agency.id]).await?;
            let error = (which == Some(step.id)).then_some(WITH_WHOM);
            if let Some(text) = error {
                errors.add_at(format!("with-{}", step.id), text);
            }
            calls.push(Call {
                id: step.id.to_string(),
                rung: step.rung,
                service: service.name.clone(),
                reference: c.reference.clone(),
                numbers: numbers(people.iter(), service.id, london::date(now)),
                with: choices(Spoke::of_rung(step.rung), None, |s| (s.code(), s.label())),
                error,
            });
        }
        let page = QueuePage {
            waiting,
            waiting_paging,
            calls,
            open,
            open_paging,
            ended: ended.iter().filter_map(line).collect(),
            missing: settings.missing(),
            errors,
            done: DONE.iter().find(|(code, _)| Some(*code) == asked.done.as_deref()).map(|(_, text)| *text),
        };
        Ok(page.show(who.chrome()))
    }
}
