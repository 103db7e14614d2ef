//! An agency's own page.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::parse;
use crate::access::{May, SeeOwnAgency};
use crate::agencies::grants;
use crate::calendar::london;
use crate::register::Policies;
use crate::reports::agency::own_record;
use crate::reports::{Month, OwnRow};
use crate::web::{Desk, Page, Problem};

#[derive(Deserialize)]
pub(super) struct Asked {
    month: Option<String>,
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
}

#[derive(Serialize)]
struct AgencyPage {
    name: String,
    previous: String,
    previous_name: String,
    next: String,
    next_name: String,
    nothing_granted: bool,
    rows: Vec<Row>,
    represented: String,
}

impl Page for AgencyPage {
    const TEMPLATE: &'static str = "reports/agency";
    fn title(&self) -> String {
        format!("Your agency in {}", self.name)
    }
}

fn row(of: OwnRow) -> Row {
    Row {
        reference: of.reference,
        when: format!("{}, {}", london::long_date(of.date), london::clock(of.starts_at)),
        kind: of.kind.label(),
        service: of.service,
        role: of.role,
        response: of.response,
        report: of.report,
        standing: of.standing.map_or("register not confirmed yet", |s| s.label()),
        fault: of.fault.map(|f| f.label()),
    }
}

pub(super) async fn own(
    may: May<SeeOwnAgency>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let month = match asked.month {
        Some(month) => parse(&may.who, &month)?,
        None => Month::of(london::date(desk.clock.now())),
    };
    let db = desk.db.read();
    let record = own_record(db, may.who.id, month, &policies).await?;
    let page = AgencyPage {
        name: month.name(),
        previous: month.previous().to_string(),
        previous_name: month.previous().name(),
        next: month.next().to_string(),
        next_name: month.next().name(),
        nothing_granted: grants(db, may.who.id).await?.is_empty(),
        represented: match (record.represented.denominator, record.represented.is_small()) {
            (0, _) => "nothing to count yet".to_owned(),
            (_, true) => record.represented.fraction(),
            (_, false) => {
                let (rate, of) = (record.represented, record.represented.fraction());
                format!("{of} ({}, 95% interval {})", rate.percent_text(), rate.interval_text())
            }
        },
        rows: record.rows.into_iter().map(row).collect(),
    };
    Ok(page.show(may.who.chrome()))
}
