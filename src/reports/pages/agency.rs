//! An agency's own page: what it owes an answer to, what was recorded, how it goes, its contact points.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::parse;
use crate::access::{self, May, SeeOwnAgency, SignedIn};
use crate::agencies::store::{Directory, directory};
use crate::agencies::{Grant, Maintaining, contacts_of_account, grants};
use crate::calendar::london;
use crate::conferences::{self, Sight};
use crate::feedback::entity::{feedback, ladder_step};
use crate::feedback::{Asking, FeedbackId, Office, Settings, asking_since, make_link};
use crate::invitations::{self, AbsenceReason, InvitationId};
use crate::ladder;
use crate::register::{Policies, Recorded, Standing};
use crate::replies::{ReplyKind, ReplyState, Told, told};
use crate::reports::agency::{is_own, own_record};
use crate::reports::closed::leaves_out_the_same;
use crate::reports::spc::Chart;
use crate::reports::trend::{ON_A_PAGE, chart_of, data_url, trend};
use crate::reports::{Making, Month, Rate, Targets, edition, newest_circulated};
use crate::web::{Desk, Page, Paging, Problem};

/// Days back from which letters are looked at: more than a link lives.
const LETTERS: u64 = 60;
/// Letters that wait which are shown at once.
const WAITING: usize = 10;
/// Invitations that are shown at once.
const SHOWN: usize = 25;
/// Months of the trend.
const MONTHS: usize = 12;

#[derive(Deserialize)]
pub(super) struct Asked {
    month: Option<String>,
    done: Option<String>,
    page: Option<usize>,
    letters: Option<usize>,
}

#[derive(Serialize)]
struct Row {
    reference: String,
    when: String,
    kind: &'static str,
    service: String,
    role: String,
    response: &'static str,
    report: &'static str,
    standing: &'static str,
    fault: Option<&'static str>,
    /// "disputed, upheld".
    replies: Vec<String>,
}

#[derive(Serialize)]
struct Owed {
    action: String,
    reference: String,
    date: String,
    service: String,
    role: String,
    by: String,
    overdue: bool,
    escalated: bool,
}

#[derive(Serialize)]
struct OfMonth {
    name: String,
    fraction: String,
    percent: String,
    interval: String,
}

#[derive(Serialize)]
struct Contact {
    action: String,
    who: String,
    email: String,
    telephone: Option<String>,
    place: String,
    verified: Option<String>,
    bounced: bool,
}

#[derive(Serialize)]
struct Sheet {
    href: String,
    name: String,
    month: String,
}

#[derive(Serialize)]
struct AgencyPage {
    name: String,
    previous: String,
    previous_name: String,
    next: String,
    next_name: String,
    nothing_granted: bool,
    /// The sheets of the newest month that is circulated, of agencies that were granted whole.
    sheets: Vec<Sheet>,
    owed: Vec<Owed>,
    owed_paging: Option<Paging>,
    rows: Vec<Row>,
    paging: Option<Paging>,
    represented: String,
    chart: String,
    /// Whether it changed, or chance moved it.
    verdict: String,
    average: String,
    trend: Vec<OfMonth>,
    contacts: Vec<Contact>,
    telephone: String,
    confirmed: bool,
}

impl Page for AgencyPage {
    const TEMPLATE: &'static str = "reports/agency";
    fn title(&self) -> String {
        format!("Your agency in {}", self.name)
    }
}

/// What was recorded, as whoever was not there reads it: who could not join sent no apologies.
fn recorded(of: &Recorded) -> &'static str {
    let Some(standing) = of.standing else { return "register not confirmed yet" };
    let could_not_join = of.row.absence_reason == Some(AbsenceReason::JoiningFailed);
    if could_not_join && standing == Standing::Apologies { "could not join" } else { standing.label() }
}

fn row(of: Recorded, directory: &Directory, replies: &[Told]) -> Row {
    let replies = replies.iter().filter(|reply| reply.invitation == of.row.id);
    Row {
        standing: recorded(&of),
        reference: of.reference,
        when: format!("{}, {}", london::long_date(of.date), london::clock(of.starts_at)),
        kind: of.kind.label(),
        service: directory.of(of.row.service_id).0.name.clone(),
        response: of.row.answer_in_words(),
        report: of.row.report_in_words(),
        role: of.row.role,
        fault: of.fault.map(|f| f.label()),
        replies: replies.map(Told::in_words).collect(),
    }
}

/// A letter about one of the account's own services that waits for an answer.
struct Waits {
    item: FeedbackId,
    invitation: InvitationId,
    reply_by: NaiveDate,
    /// A letter of the ladder: the one before was not answered, or its absence had a grave effect.
    escalated: bool,
}

/// Letters about the account's own services that ask for an answer and have none.
async fn waiting(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    settings: &Settings,
) -> Result<Vec<Waits>, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let about = (feedback::Entity, feedback::Column::InvitationId);
    let office = Office::of(desk, policies, settings);
    let asking = asking_since(db, office, now - Days::new(LETTERS), Some(is_own(who.id, about))).await?;
    let step_about = (ladder_step::Entity, ladder_step::Column::InvitationId);
    let steps = ladder::open(db, is_own(who.id, step_about)).await?;
    let all = asking.iter().map(|a| a.invitation).chain(steps.iter().map(|step| step.invitation));
    let replied = told(db, all).await?;
    let mut waits: Vec<Waits> = Vec::new();
    for step in steps {
        // What it disputes waits for us; any other word that left the step open leaves it waiting.
        let is_disputed = |r: &Told| r.kind == ReplyKind::Disputed && r.state == ReplyState::Open;
        if replied.iter().any(|r| r.invitation == step.invitation && is_disputed(r)) {
            continue;
        }
        let reply_by = step.reply_by(office);
        waits.push(Waits { item: step.item, invitation: step.invitation, reply_by, escalated: true });
    }
    for asking in asking {
        let is_there = waits.iter().any(|w| w.invitation == asking.invitation);
        if !is_there && !replied.iter().any(|r| r.invitation == asking.invitation) {
            let Asking { item, invitation, reply_by, .. } = asking;
            waits.push(Waits { item, invitation, reply_by, escalated: false });
        }
    }
    waits.sort_by_key(|w| w.reply_by);
    Ok(waits)
}

async fn owed(
    desk: &Desk,
    who: &SignedIn,
    policies: &Policies,
    settings: &Settings,
) -> Result<Vec<Owed>, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let waits = waiting(desk, who, policies, settings).await?;
    let rows = invitations::store::by_ids(db, waits.iter().map(|w| w.invitation)).await?;
    let met = rows.iter().map(|row| row.conference_id);
    let met = conferences::store::by_ids(db, met, Sight::Everything).await?;
    let directory = directory(db).await?;
    let owed = waits.into_iter().filter_map(|waits| {
        let row = rows.iter().find(|row| row.id == waits.invitation)?;
        let c = met.iter().find(|c| c.id == row.conference_id)?;
        Some(Owed {
            action: format!("/agency/answer/{}", waits.item),
            reference: c.reference.clone(),
            date: london::full_date(c.conference_date),
            service: directory.of(row.service_id).0.name.clone(),
            role: row.role.clone(),
            by: london::full_date(waits.reply_by),
            overdue: waits.reply_by < london::date(now),
            escalated: waits.escalated,
        })
    });
    Ok(owed.collect())
}

fn of_month((month, rate): &(Month, Rate)) -> OfMonth {
    OfMonth {
        name: month.name(),
        fraction: if rate.denominator == 0 { "none".to_owned() } else { rate.fraction() },
        percent: if rate.is_small() || rate.denominator == 0 { String::new() } else { rate.percent_text() },
        interval: rate.interval_text(),
    }
}

pub(super) async fn own(
    may: May<SeeOwnAgency>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let today = london::date(desk.clock.now());
    let month = match asked.month {
        Some(month) => parse(&may.who, &month)?,
        None => Month::of(today),
    };
    let (db, id) = (desk.db.read(), may.who.id);
    let record = own_record(db, id, month, MONTHS, &policies).await?;
    let replies = told(db, record.rows.iter().map(|of| of.row.id)).await?;
    let directory = directory(db).await?;
    let contacts = contacts_of_account(db, id).await?.into_iter().filter(|c| c.is_valid(today));
    let contacts = contacts.map(|c| Contact {
        action: format!("/agency/contacts/{}", c.id),
        who: [c.name.as_str(), c.role.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        place: match c.service_id {
            Some(service) => directory.of(service).0.name.clone(),
            None => "the whole agency".to_owned(),
        },
        email: c.email,
        telephone: c.telephone,
        verified: c.verified_on.map(london::full_date),
        bounced: c.bounced_at.is_some(),
    });
    let rows = record.rows.into_iter().map(|of| row(of, &directory, &replies)).collect();
    let (rows, paging) = Paging::of(rows, asked.page.unwrap_or(1), SHOWN, |page| {
        format!("/agency?month={month}&page={page}#recorded")
    });
    let owed = owed(&desk, &may.who, &policies, &settings).await?;
    let (owed, owed_paging) = Paging::of(owed, asked.letters.unwrap_or(1), WAITING, |page| {
        format!("/agency?month={month}&letters={page}")
    });
    let grants = grants(db, id).await?;
    let newest = match newest_circulated(db).await? {
        Some(month) => {
            let making = Making::of(&desk, &policies, &settings, &targets);
            let snapshot = edition(making, month).await?.snapshot;
            leaves_out_the_same(db, &snapshot).await?.then_some(month)
        }
        None => None,
    };
    let whole = grants.iter().filter_map(|grant| match grant {
        Grant::WholeAgency(id) => directory.agencies.get(id),
        Grant::Service(_) => None,
    });
    let sheets = whole.zip(std::iter::repeat(newest)).filter_map(|(agency, newest)| {
        let month = newest?;
        let href = format!("/agency/papers/{month}/{}", agency.code);
        Some(Sheet { href, name: agency.name.clone(), month: month.name() })
    });
    let sheets = sheets.collect();
    let chart = chart_of(&record.trend);
    let sum = |of: fn(&Rate) -> u32| record.trend.iter().map(|(_, rate)| of(rate) as usize).sum();
    let all = Rate::of(sum(|rate| rate.numerator), sum(|rate| rate.denominator));
    let page = AgencyPage {
        name: month.name(),
        previous: month.previous().to_string(),
        previous_name: month.previous().name(),
        next: month.next().to_string(),
        next_name: month.next().name(),
        nothing_granted: grants.is_empty(),
        sheets,
        owed,
        owed_paging,
        represented: match (record.represented.denominator, record.represented.is_small()) {
            (0, _) => "nothing to count yet".to_owned(),
            (_, true) => record.represented.fraction(),
            (_, false) => {
                let (rate, of) = (record.represented, record.represented.fraction());
                format!("{of} ({}, 95% interval {})", rate.percent_text(), rate.interval_text())
            }
        },
        rows,
        paging,
        verdict: chart.as_ref().map(Chart::verdict_text).unwrap_or_default().to_owned(),
        average: all.shown(),
        chart: data_url(&trend(
            "Represented when it was decided, month by month",
            &record.trend,
            None,
            ON_A_PAGE,
        )),
        trend: record.trend.iter().map(of_month).collect(),
        contacts: contacts.collect(),
        telephone: settings.telephone.clone(),
        confirmed: asked.done.as_deref() == Some("confirmed"),
    };
    Ok(page.show(may.who.chrome()))
}

/// Opens what a letter asks, for an account that answers for its service: by a link of its own, as the letter's.
pub(super) async fn answer(
    may: May<SeeOwnAgency>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: FeedbackId = id.parse().map_err(|_| not_found())?;
    let now = desk.clock.now();
    let waits = waiting(&desk, &may.who, &policies, &settings).await?;
    if !waits.iter().any(|waits| waits.item == id) {
        return Err(not_found());
    }
    let tx = desk.db.begin("open a letter for an account").await?;
    let email = access::store::by_id(tx.conn(), may.who.id).await?.ok_or_else(not_found)?.email;
    let path = make_link(&tx, id.0, &email, now).await?;
    tx.commit().await?;
    Ok(Redirect::to(&path).into_response())
}

/// A contact point is right, says whoever answers for its service.
pub(super) async fn confirm(
    may: May<SeeOwnAgency>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let own = contacts_of_account(desk.db.read(), may.who.id).await?;
    let contact = own.into_iter().find(|c| c.id.to_string() == id).ok_or_else(not_found)?;
    let actor = may.who.actor();
    let maintaining = Maintaining { db: &desk.db, keys: &desk.keys, actor: &actor, now: desk.clock.now() };
    maintaining.verify(contact.id).await?;
    Ok(Redirect::to("/agency?done=confirmed").into_response())
}
