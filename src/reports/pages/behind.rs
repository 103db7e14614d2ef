//! The page of the invitations behind a figure.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{months_together, parse};
use crate::access::{May, SeeBehindFigures};
use crate::agencies::store::directory;
use crate::audit::{self, Event};
use crate::calendar::london;
use crate::feedback::Settings;
use crate::register::Policies;
use crate::reports::parts::Split;
use crate::reports::titles;
use crate::reports::words::part_name;
use crate::reports::{Period, Selection, behind, is_of_previous_month};
use crate::web::{Desk, Page, Paging, Problem, query};

/// What is asked: a figure, its denominator or not, the parts, a page.
#[derive(Deserialize)]
pub(super) struct Asked {
    figure: String,
    of: Option<String>,
    page: Option<String>,
    /// By the code of each split.
    #[serde(flatten)]
    parts: BTreeMap<String, String>,
}

impl Asked {
    /// The parts that are asked for; `None` where one of them is no split of a month.
    fn parts(&self) -> Option<Vec<(Split, String)>> {
        self.parts.iter().map(|(split, part)| Some((split.parse().ok()?, part.clone()))).collect()
    }

    /// The address of a page of the same figure.
    fn href(&self, at: &str, page: usize) -> String {
        let page = page.to_string();
        let figure = [("figure", Some(self.figure.as_str())), ("of", self.of.as_deref())];
        let figure = figure.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let parts = self.parts.iter().map(|(split, part)| (split.as_str(), part.as_str()));
        let given: Vec<_> = figure.chain(parts).chain([("page", page.as_str())]).collect();
        query(&format!("{at}/behind"), &given)
    }
}

/// Invitations on one page.
const ROWS: usize = 100;

#[derive(Serialize)]
struct BehindRow {
    href: String,
    reference: String,
    date: String,
    agency: String,
    service: String,
    role: String,
    standing: &'static str,
    fault: &'static str,
}

#[derive(Serialize)]
struct BehindPage {
    /// The address of the figures.
    at: String,
    name: String,
    figure: String,
    part: String,
    rows: Vec<BehindRow>,
    count: usize,
    is_one: bool,
    paging: Option<Paging>,
    /// The months whose conferences they are, where it is not these.
    of_previous: Option<String>,
    /// What the figure counts, where that is not invitations.
    counts: Option<&'static str>,
}

impl Page for BehindPage {
    const TEMPLATE: &'static str = "reports/behind";
    fn title(&self) -> String {
        format!("Behind {} in {}", self.figure, self.name)
    }
}

pub(super) async fn behind_figure(
    may: May<SeeBehindFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(month): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let period = parse(&may.who, &month)?.into();
    show(&may, &desk, (&policies, &settings), period, asked).await
}

/// Behind a figure of some months together.
pub(super) async fn behind_period(
    may: May<SeeBehindFigures>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Path(period): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let period = months_together(&may.who, &period)?;
    show(&may, &desk, (&policies, &settings), period, asked).await
}

async fn show(
    may: &May<SeeBehindFigures>,
    desk: &Desk,
    (policies, settings): (&Policies, &Settings),
    period: Period,
    asked: Asked,
) -> Result<Response, Problem> {
    let parts = asked.parts().ok_or_else(|| Problem::NotFound(may.who.chrome()))?;
    let selection = Selection { figure: asked.figure.clone(), denominator: asked.of.is_some(), parts };
    let directory = directory(desk.db.read()).await?;
    let part = selection.parts.iter().map(|(split, part)| part_name(*split, part, &directory));
    let part = part.collect::<Vec<_>>().join(", ");
    let sight = may.who.sight(desk.clock.now());
    let found =
        behind(desk.db.read(), period, policies, &settings.school_holidays, &selection, sight).await?;
    let (found, hidden) = found.ok_or_else(|| Problem::NotFound(may.who.chrome()))?;

    let tx = desk.db.begin("note who looked behind a figure").await?;
    let payload =
        json!({ "figure": selection.figure, "part": part, "invitations": found.len(), "hidden": hidden });
    let event = Event { action: "figure.looked_behind", object: period.to_string(), payload };
    audit::record(&tx, &desk.keys, &may.who.actor(), desk.clock.now(), vec![event]).await?;
    tx.commit().await?;

    let rows = found.into_iter().map(|b| BehindRow {
        href: format!("/conferences/{}", b.conference),
        reference: b.reference,
        date: london::long_date(b.date),
        agency: b.agency,
        service: b.service,
        role: b.role,
        standing: b.standing.label(),
        fault: b.fault.map_or("", |f| f.label()),
    });
    let rows: Vec<BehindRow> = rows.collect();
    let count = rows.len();
    let at = period.address();
    let (rows, paging) =
        Paging::of(rows, asked.page.as_ref().and_then(|page| page.parse().ok()).unwrap_or(1), ROWS, |page| {
            asked.href(&at, page)
        });
    let figure = titles::of_figure(&asked.figure);
    let of_previous = is_of_previous_month(&asked.figure).then(|| period.before_in_words());
    let page = BehindPage {
        at,
        name: period.name(),
        figure,
        part,
        count,
        is_one: count == 1,
        rows,
        paging,
        of_previous,
        counts: counts(&asked.figure),
    };
    Ok(page.show(may.who.chrome()))
}

/// What a figure counts, where that is not the invitations that the page lists.
fn counts(figure: &str) -> Option<&'static str> {
    match figure.split('_').next().unwrap_or(figure) {
        "M7" | "M8" | "M11" | "M18" | "M19" => Some("conferences"),
        "M9" | "M9b" | "M9c" => Some("children"),
        "M17" => Some("services"),
        _ => None,
    }
}
