//! A conference's page: what was recorded, and what follows from it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use super::{Heading, as_it_stands, child_name, heading, invited, names, open, views_in_words, words};
use crate::access::{May, Permission, SeeConferences};
use crate::calendar::london;
use crate::conferences::{self, Status};
use crate::invitations::entity::invitation;
use crate::platform::Keys;
use crate::register::entity::amendment;
use crate::register::minutes::minutes;
use crate::register::save::{open_deputy, open_note};
use crate::register::store::Record;
use crate::register::{Assessment, FeedbackWanted, Policies, sealed};
use crate::web::{Desk, Page, Problem};

#[derive(Serialize)]
struct Row {
    service: String,
    agency: String,
    role: String,
    necessity: &'static str,
    invited: String,
    response: &'static str,
    attendance: String,
    report: &'static str,
    view: String,
    standing: &'static str,
    amend: Option<String>,
}

#[derive(Serialize)]
struct ChildRow {
    name: String,
    category: &'static str,
    decision: &'static str,
    plan_end_reason: Option<String>,
    missing: Vec<String>,
    /// Who disagrees with it.
    dissent: Vec<String>,
}

/// What one absence did.
#[derive(Serialize)]
struct Effect {
    name: String,
    lines: Vec<EffectLine>,
    note: String,
    note_shown: bool,
}

#[derive(Serialize)]
struct EffectLine {
    label: &'static str,
    weight: String,
}

#[derive(Serialize)]
struct AmendmentRow {
    when: String,
    who: String,
    whose: String,
    change: String,
    why: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    confirmed: Option<String>,
    amended: Option<String>,
}

#[derive(Serialize)]
struct ConferencePage {
    /// A tracker brought it, which knows the attendance alone.
    tracker: bool,
    /// It was confirmed a moment ago.
    told: bool,
    /// It was amended a moment ago.
    amended: bool,
    letters_follow: bool,
    heading: Heading,
    status: String,
    place: String,
    decision_at: Option<String>,
    quorum: String,
    quorate: bool,
    rule_version: i32,
    proceeded: Option<&'static str>,
    confirmed: Option<String>,
    register: Option<String>,
    confirm: Option<String>,
    amend: Option<String>,
    restrict: Option<String>,
    invitations: String,
    /// Until when the glass is broken, for somebody who is not named.
    opened_until: Option<String>,
    /// Its time is over: what identified anybody is gone, and nothing is changed any more.
    erased: bool,
    restricted: bool,
    children: Vec<ChildRow>,
    rows: Vec<Row>,
    effects: Vec<Effect>,
    amendments: Vec<AmendmentRow>,
    /// Of a confirmed register: the attendance as a text for the minutes.
    minutes: Option<String>,
}

impl Page for ConferencePage {
    const TEMPLATE: &'static str = "register/pages/conference";
    fn title(&self) -> String {
        format!("Conference {}", self.heading.reference)
    }
}

/// The view that holds for all, and those on single children.
fn view(record: &Record, row: &invitation::Model) -> String {
    let all = row.view.map(|v| v.label().to_owned());
    let each = Some(views_in_words(record, &row.child_views)).filter(|text| !text.is_empty());
    all.into_iter().chain(each).collect::<Vec<_>>().join("; ")
}

fn effects(record: &Record, assessment: &Assessment, names: &[String], keys: &Keys) -> Vec<Effect> {
    let rows = record.invitations.iter().zip(&assessment.invitations).zip(names);
    let effects =
        rows.filter(|((_, assessed), _)| assessed.standing.is_missing()).map(|((row, assessed), name)| {
            Effect {
                name: name.clone(),
                lines: assessed
                    .impact
                    .iter()
                    .map(|line| EffectLine {
                        label: line.code.label(),
                        weight: match line.severity {
                            Some(severity) => format!("severity {severity} of 3"),
                            None => "our fault: not counted".to_owned(),
                        },
                    })
                    .collect(),
                note: open_note(keys, row),
                note_shown: row.impact_note_shown,
            }
        });
    effects.filter(|effect| !effect.lines.is_empty() || !effect.note.is_empty()).collect()
}

pub(super) async fn conference(
    may: May<SeeConferences>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (db, now) = (desk.db.read(), desk.clock.now());
    let (record, directory) = open(&desk, &may.who, &id).await?;
    let c = &record.conference;
    let assessment = as_it_stands(&record, &directory, &policies, &desk);
    let names = names(&record, &directory);
    let role = may.who.role;
    let confirmed = record.register.is_some();
    let href = format!("/conferences/{}", c.id);
    let can_keep = !confirmed && c.status != Status::Cancelled && c.erased_at.is_none();

    let rows = record.invitations.iter().enumerate().map(|(n, i)| {
        let (service, agency) = directory.of(i.service_id);
        let mut attendance = i.attendance_in_words().to_owned();
        if i.by_deputy {
            attendance.push_str(", by deputy");
        }
        if let Some(at) = i.joined_at {
            attendance.push_str(&format!(", from {}", london::clock(at)));
        }
        if let Some(at) = i.left_at {
            attendance.push_str(&format!(", until {}", london::clock(at)));
        }
        let amend = confirmed && c.erased_at.is_none() && role.may(Permission::AmendRegister);
        Row {
            service: service.name.clone(),
            agency: agency.name.clone(),
            role: i.role.clone(),
            necessity: i.necessity.label(),
            invited: invited(&record, i, &assessment, n, &policies),
            response: i.answer_in_words(),
            attendance,
            report: i.report_in_words(),
            view: view(&record, i),
            standing: assessment.invitations[n].standing.label(),
            amend: amend.then(|| format!("{href}/amend/{}", i.id)),
        }
    });
    let rows = rows.collect();
    let children = record.children.iter().map(|child| {
        let end = assessment.plan_ends.iter().find(|end| end.child == child.id);
        let place = |id| record.invitations.iter().position(|i| i.id == id).expect("of this conference");
        ChildRow {
            name: child_name(&desk.keys, child),
            category: child.category.label(),
            decision: child.decision.map_or("not recorded", |d| d.label()),
            plan_end_reason: child
                .plan_end_reason
                .as_ref()
                .and_then(|reason| desk.keys.open(sealed::PLAN_END_REASON, reason).ok()),
            missing: end
                .map(|e| e.missing.iter().map(|id| names[place(*id)].clone()).collect())
                .unwrap_or_default(),
            dissent: record.dissent(child.id).map(|n| names[n].clone()).collect(),
        }
    });
    let children = children.collect();
    let held = amendment::Entity::find()
        .filter(amendment::Column::ConferenceId.eq(c.id))
        .order_by_desc(amendment::Column::At)
        .all(desk.db.read())
        .await?;
    let opened = |sealed: &Option<crate::platform::Sealed>| {
        sealed.as_ref().and_then(|s| desk.keys.open(sealed::AMENDMENT, s).ok()).unwrap_or_default()
    };
    let amendments = held.iter().map(|a| {
        let place = a.invitation_id.and_then(|id| record.invitations.iter().position(|i| i.id == id));
        let child = a.child_id.and_then(|id| record.children.iter().position(|c| c.id == id));
        let whose = match (place, child) {
            (Some(n), _) => names[n].clone(),
            (_, Some(n)) => format!("child {}", n + 1),
            _ => "the conference".to_owned(),
        };
        let (before, after) =
            (words(&record, &a.field, &opened(&a.before)), words(&record, &a.field, &opened(&a.after)));
        AmendmentRow {
            when: london::moment(a.at),
            who: a.by_name.clone(),
            whose,
            change: format!("{}: {before} became {after}", a.field.replace('_', " ")),
            why: opened(&Some(a.why.clone())),
        }
    });
    let amendments: Vec<AmendmentRow> = amendments.collect();
    let opened_until = match c.restricted {
        true => conferences::store::opened_until(db, c.id, may.who.id.0, now).await?,
        false => None,
    };
    let opened_until = opened_until.map(london::moment);
    let reason = c.adjournment_reason.map(|r| format!(": {}", r.label())).unwrap_or_default();
    let deputies: Vec<String> = record.invitations.iter().map(|i| open_deputy(&desk.keys, i)).collect();
    let chair = conferences::store::chair(db, c.chair_id).await?;
    let tracker = record.is_of_a_tracker();
    let minutes = (confirmed && c.erased_at.is_none() && !tracker)
        .then(|| minutes(&record, &directory, &assessment, &deputies, &chair));
    let page = ConferencePage {
        tracker,
        minutes,
        told: confirmed && asked.confirmed.is_some(),
        amended: asked.amended.is_some() && !amendments.is_empty(),
        letters_follow: record.register.as_ref().is_some_and(|r| r.feedback == FeedbackWanted::Wanted),
        heading: heading(&desk, &record).await?,
        status: format!("{}{reason}", c.status.label()),
        place: format!(
            "{}{}{}",
            c.locality.label(),
            if tracker { String::new() } else { format!(", {}", c.mode.label()) },
            c.place.as_ref().map(|p| format!(", {p}")).unwrap_or_default()
        ),
        decision_at: c.decision_at.filter(|_| !tracker).map(london::clock),
        quorum: assessment.quoracy.sentence(),
        quorate: assessment.quoracy.quorate,
        rule_version: assessment.quoracy.rule_version,
        // An amendment can make quorum after all: then the reason is of no account.
        proceeded: c.proceeded_reason.filter(|_| !assessment.quoracy.quorate).map(|r| r.label()),
        confirmed: record
            .register
            .as_ref()
            .map(|r| format!("{}, {}", r.confirmed_by, london::moment(r.confirmed_at))),
        register: (can_keep && role.may(Permission::KeepRegister)).then(|| format!("{href}/register")),
        confirm: (can_keep && role.may(Permission::ConfirmRegister)).then(|| format!("{href}/confirm")),
        amend: (confirmed && c.erased_at.is_none() && role.may(Permission::AmendRegister))
            .then(|| format!("{href}/amend")),
        erased: c.erased_at.is_some(),
        invitations: format!("{href}/invitations"),
        restrict: (role.may(Permission::Restrict) && c.erased_at.is_none())
            .then(|| format!("{href}/restrict")),
        restricted: c.restricted,
        opened_until,
        children,
        rows,
        effects: effects(&record, &assessment, &names, &desk.keys),
        amendments,
    };
    Ok(page.show(may.who.chrome()))
}
