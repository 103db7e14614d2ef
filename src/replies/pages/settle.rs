//! A dispute beside its evidence, and settling it. Upheld, it shows what the amendment restates before it is made.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::lines::{EvidenceLines, ReplyLine};
use crate::access::{May, SettleDispute, SignedIn};
use crate::calendar::{london, written};
use crate::conferences;
use crate::feedback::{Evidence, Office, Settings, evidence};
use crate::invitations::Attendance;
use crate::register::amend::{Amended, Amendment, NotAmended};
use crate::register::identifying::identifying;
use crate::register::restating::{Restated, Restates, Side, consequences, figures, letters};
use crate::register::save::take as take_record;
use crate::register::{Policies, names, note_look, words, written_on};
use crate::replies::entity::reply;
use crate::replies::life::settle_by;
use crate::replies::remedy::{Asks, Given, NotRemedied, is_remedied, remedied};
use crate::replies::reply::TEXT_LIMIT;
use crate::replies::settling::{Verdict, settle as settled, waits, why};
use crate::replies::{Ground, ReplyId, store};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, options};

#[derive(Serialize)]
struct SettlePage {
    here: String,
    conference: String,
    evidence: EvidenceLines,
    reply: ReplyLine,
    settle_by: String,
    restricted: bool,
    /// It waits, and whoever looks may settle it.
    form: bool,
    verdicts: Vec<Choice>,
    /// What a person has to say for it to be upheld.
    attendance: Option<Vec<Choice>>,
    day: Option<&'static str>,
    typed_day: String,
    /// In the answer to the agency.
    answer: String,
    limit: usize,
    look_again: bool,
    /// What upholding it would do.
    check: Option<CheckPart>,
    /// The form, while that is looked at.
    sent: Vec<Sent>,
    errors: Errors,
}

#[derive(Serialize)]
struct Sent {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct CheckPart {
    version: i32,
    changed: bool,
    changes: Vec<String>,
    why: String,
    consequences: Vec<Restated>,
    figures: Vec<Restated>,
    letters: Vec<String>,
    month: String,
}

impl Page for SettlePage {
    const TEMPLATE: &'static str = "replies/pages/settle";
    fn title(&self) -> String {
        format!("A reply about conference {}", self.evidence.letter.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// The fields of a decision.
const SENT: [&str; 5] = ["verdict", "attendance", "day", "answer", "looked_again"];

/// What a QA manager chooses.
const VERDICTS: [(&str, &str); 3] = [
    ("upheld", "Upheld: amend the register"),
    ("already", "Upheld, and the register says so already"),
    ("not_upheld", "Not upheld: the record stands"),
];

struct Shown<'a> {
    form: &'a Fields,
    errors: Errors,
    look_again: bool,
    check: Option<CheckPart>,
}

fn page(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    row: &reply::Model,
    evidence: &Evidence,
    shown: Shown<'_>,
) -> Response {
    let form = shown.form;
    let asks = row.ground.map_or(Asks::Nothing, Ground::asks);
    let there = [Attendance::InPerson, Attendance::Video, Attendance::Phone];
    let attendance =
        || options("choose how", &there, form.text("attendance").parse().ok(), |a| (a.code(), a.label()));
    let chosen = form.text("verdict");
    let verdict = |(value, label): (&'static str, &'static str)| Choice {
        value: value.into(),
        label: label.into(),
        chosen: chosen == value,
    };
    let page = SettlePage {
        here: format!("/replies/{}", row.id),
        conference: format!("/conferences/{}/replies", evidence.record.conference.id),
        evidence: EvidenceLines::of(evidence, false),
        reply: ReplyLine::of(&desk.keys, row),
        settle_by: london::full_date(settle_by(london::date(row.made_at), &policies.calendar)),
        restricted: evidence.record.conference.restricted,
        form: waits(row),
        verdicts: VERDICTS.map(verdict).into(),
        attendance: (asks == Asks::Attendance).then(attendance),
        day: match asks {
            Asks::InvitedOn => Some("The day on which the invitation went"),
            Asks::ReceivedOn => Some("The day on which the report came"),
            Asks::Nothing | Asks::Attendance => None,
        },
        typed_day: form.text("day").to_owned(),
        answer: form.text("answer").to_owned(),
        limit: TEXT_LIMIT,
        look_again: shown.look_again,
        check: shown.check,
        sent: SENT.map(|name| Sent { name, value: form.text(name).to_owned() }).into(),
        errors: shown.errors,
    };
    page.show(who.chrome())
}

/// A reply with its evidence, if whoever asks may see its conference.
async fn open(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    settings: &Settings,
    id: &str,
) -> Result<(reply::Model, Evidence), Problem> {
    let not_found = || Problem::NotFound(who.chrome());
    let id: ReplyId = id.parse().map_err(|_| not_found())?;
    let (db, now) = (desk.db.read(), desk.clock.now());
    let row = store::by_id(db, id).await?.ok_or_else(not_found)?;
    let found = evidence(db, policies, settings, row.feedback_id, now).await?.ok_or_else(not_found)?;
    let c = &found.record.conference;
    if conferences::store::by_ids(db, [c.id], who.sight(now)).await?.is_empty() {
        return Err(not_found());
    }
    note_look(desk, who, c).await?;
    Ok((row, found))
}

pub(super) async fn show(
    may: May<SettleDispute>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (row, found) = open(&desk, &may.who, &policies, &settings, &id).await?;
    let form = Fields::default();
    let shown = Shown { form: &form, errors: Errors::default(), look_again: false, check: None };
    Ok(page(&desk, &may.who, &policies, &row, &found, shown))
}

/// What was decided, as far as the form says it.
fn verdict(
    form: &Fields,
    row: &reply::Model,
    found: &Evidence,
    policies: &Policies,
    errors: &mut Errors,
) -> Option<Verdict> {
    let answer = form.text("answer");
    let over = answer.chars().count().saturating_sub(TEXT_LIMIT);
    if over > 0 {
        errors.add("answer", format!("Shorten this by {over} characters, to {TEXT_LIMIT}"));
    }
    match form.text("verdict") {
        "already" => {
            let fault = found.assessment.invitations[found.place].fault;
            if !row.ground.is_some_and(|ground| is_remedied(ground, found.row(), fault)) {
                errors.add("verdict", "The register does not say so: uphold it, and it is amended");
            }
            Some(Verdict::UpheldAlready)
        }
        "not_upheld" => {
            if answer.is_empty() {
                errors.add("answer", "Say why the record stands: the agency reads it");
            }
            Some(Verdict::NotUpheld)
        }
        "upheld" => {
            let ground = row.ground?;
            let day = form.text("day");
            let given = Given {
                attendance: form.text("attendance").parse().ok(),
                day: written::day(day).filter(|day| *day <= found.record.conference.conference_date),
            };
            let invited = found.row();
            let group = found.directory.of(invited.service_id).1.agency_group;
            if ground == Ground::NotInvolved && !group.can_be_excused() {
                errors.add("verdict", "Children's social care cannot be excused");
            }
            let date = found.record.conference.conference_date;
            let of = (found.record.conference.kind, date);
            let row = remedied(ground, given, invited, of, policies);
            if let Err(NotRemedied::NotLate { had, owed }) = row {
                let text = format!(
                    "Invited on this day it had {had} working days of notice, and {owed} are owed: not late"
                );
                errors.add("day", text);
            } else if row.is_err() {
                match ground.asks() {
                    Asks::Attendance => errors.add("attendance", "Choose how they took part"),
                    Asks::InvitedOn => {
                        errors.add("day", "Enter the day, as in 21/09/2026, not after the conference")
                    }
                    Asks::ReceivedOn => {
                        errors.add("day", "Enter the day, as in 28/09/2026, not after the conference")
                    }
                    Asks::Nothing => {}
                }
            }
            row.ok().map(|row| Verdict::Upheld(Box::new(row)))
        }
        _ => {
            errors.add("verdict", "Choose whether the dispute is upheld");
            None
        }
    }
}

pub(super) async fn settle(
    may: May<SettleDispute>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(restates): Extension<Restates>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let who = &may.who;
    let (row, found) = open(&desk, who, &policies, &settings, &id).await?;
    if !waits(&row) {
        return Ok(Redirect::to(&format!("/replies/{id}")).into_response());
    }
    let mut errors = Errors::default();
    let decided = verdict(&form, &row, &found, &policies, &mut errors);
    let answer = form.text("answer");
    let look_again = !identifying(answer, &written_on(&desk, &found.record)).is_empty();
    if look_again && errors.is_empty() && form.text("looked_again") != "yes" {
        errors.add(
            "looked_again",
            "The answer may identify somebody: take it out, or tick that it is meant as it is",
        );
    }
    let shown = |errors, check| Shown { form: &form, errors, look_again, check };
    let Some(decided) = decided.filter(|_| errors.is_empty() && form.text("back").is_empty()) else {
        return Ok(page(&desk, who, &policies, &row, &found, shown(errors, None)));
    };
    let failed = |e: &dyn std::fmt::Display| Problem::internal(e.to_string());
    let upheld = matches!(decided, Verdict::Upheld(_));
    let done = match decided {
        Verdict::Upheld(_) => "upheld",
        Verdict::UpheldAlready => "already",
        Verdict::NotUpheld => "not_upheld",
    };
    let tx = desk.db.begin("settle a dispute").await?;
    let c = found.record.conference.id;
    let before = take_record(&tx, c, who.sight(desk.clock.now())).await?;
    let (before, directory) = before.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    let taken = store::take(&tx, row.id).await?.filter(waits);
    let Some(taken) = taken else { return Ok(Redirect::to(&format!("/replies/{id}")).into_response()) };
    // As it is now that nobody else changes it.
    let now_found = evidence(tx.conn(), &policies, &settings, row.feedback_id, desk.clock.now()).await?;
    let now_found = now_found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    let (actor, reason) = (who.actor(), why(&row, answer));
    let amendment = Amendment { keys: &desk.keys, actor: &actor, why: &reason, now: desk.clock.now() };
    let outcome =
        settled(&tx, Office::of(&desk, &policies, &settings), amendment, taken, now_found, decided, answer)
            .await
            .map_err(|e| failed(&e))?;
    let made = match outcome {
        Ok(made) => made,
        Err(why_not) => {
            tx.roll_back().await?;
            let text = match why_not {
                NotAmended::NothingChanged => "The register says so already: choose that below",
                NotAmended::Clashes(_)
                | NotAmended::LeavesOpen
                | NotAmended::NotConfirmed
                | NotAmended::NoReason => {
                    "The register cannot be amended like this. Amend it on the conference's page, then settle this"
                }
            };
            return Ok(page(&desk, who, &policies, &row, &found, shown(Errors::one("verdict", text), None)));
        }
    };
    let version = before.conference.version;
    let changed = form.text("version") != version.to_string();
    if !upheld || form.text("make") == "yes" && !changed {
        tx.commit().await?;
        return Ok(Redirect::to(&format!("/replies?done={done}")).into_response());
    }
    let after = take_record(&tx, c, who.sight(desk.clock.now())).await?;
    let (after, _) = after.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    tx.roll_back().await?;
    let [was, is] = [&before, &after].map(|r| Side::of(r, &directory, &policies, restates));
    let names = names(&before, &directory);
    let children: Vec<String> = (1..=before.children.len()).map(|n| format!("Child {n}")).collect();
    let change = |a: &Amended| {
        let told = |text: &str| words(&before, a.field, text);
        format!("{}: {} becomes {}", a.field.replace('_', " "), told(&a.before), told(&a.after))
    };
    let check = CheckPart {
        version,
        changed: form.text("make") == "yes" && changed,
        changes: made.iter().map(change).collect(),
        why: reason,
        consequences: consequences(&was, &is, &names, &children),
        figures: figures(&was, &is),
        letters: letters(&was, &is, &names),
        month: before.conference.conference_date.format("%B %Y").to_string(),
    };
    Ok(page(&desk, who, &policies, &row, &found, shown(Errors::default(), Some(check))))
}
