//! Raising an improvement action: the proforma, filled in from an exception of a paper as far as the paper knows.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::parse;
use crate::access::{KeepActions, May, SignedIn};
use crate::agencies::store::{Directory, directory};
use crate::calendar::london;
use crate::feedback::Settings;
use crate::register::Policies;
use crate::reports::exceptions::Exception;
use crate::reports::improving::{self, ActionId, Proposed};
use crate::reports::{Making, Month, Targets, edition, titles};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem};

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The paper that it is raised from; the newest that is whole where none is named.
    month: Option<String>,
    /// The place of an exception in that paper.
    exception: Option<usize>,
}

/// What stands in the form.
#[derive(Default, Serialize)]
struct Typed {
    id: String,
    month: String,
    /// The place of the exception that it is raised from.
    exception: String,
    objective: String,
    action: String,
    input: String,
    desired_outcome: String,
    lead: String,
    lead_email: String,
    due: String,
    #[serde(skip)]
    agency: String,
    #[serde(skip)]
    measure: String,
}

impl Typed {
    fn of(form: &Fields) -> Self {
        let text = |field: &str| form.text(field).to_owned();
        Self {
            id: text("id"),
            month: text("month"),
            exception: text("exception"),
            objective: text("objective"),
            action: text("action"),
            input: text("input"),
            desired_outcome: text("desired_outcome"),
            lead: text("lead"),
            lead_email: text("lead_email"),
            due: text("due"),
            agency: text("agency"),
            measure: text("measure"),
        }
    }
}

#[derive(Serialize)]
struct RaisePage {
    month_name: String,
    because: String,
    typed: Typed,
    agencies: Vec<Choice>,
    measures: Vec<Choice>,
    of_one: String,
    errors: Errors,
}

impl Page for RaisePage {
    const TEMPLATE: &'static str = "reports/raise";
    fn title(&self) -> String {
        "Raise an improvement action".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// "M2 Representation rate".
fn named(id: &str) -> String {
    format!("{} {}", id.split('_').next().unwrap_or_default(), titles::of(id).0)
}

fn show(
    who: &SignedIn,
    directory: &Directory,
    because: Option<&Exception>,
    typed: Typed,
    errors: Errors,
) -> Response {
    let mut agencies: Vec<Choice> = directory
        .agencies
        .values()
        .map(|agency| Choice {
            value: agency.code.clone().into(),
            label: agency.name.clone().into(),
            chosen: agency.code == typed.agency,
        })
        .collect();
    agencies.sort_by_key(|choice| choice.label.to_lowercase());
    let measures = improving::of_partnership().iter().map(|id| Choice {
        value: (*id).into(),
        label: named(id).into(),
        chosen: *id == typed.measure,
    });
    let page = RaisePage {
        month_name: typed.month.parse().map(Month::name).unwrap_or_default(),
        because: because.map(|exception| exception.text.clone()).unwrap_or_default(),
        agencies,
        measures: measures.collect(),
        typed,
        of_one: improving::of_agency().iter().map(|id| named(id)).collect::<Vec<_>>().join(", "),
        errors,
    };
    page.show(who.chrome())
}

pub(super) async fn form(
    may: May<KeepActions>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let month = match asked.month {
        Some(month) => parse(&may.who, &month)?,
        None => Month::of(london::date(desk.clock.now())).previous(),
    };
    let mut typed = Typed {
        id: ActionId::new().to_string(),
        month: month.to_string(),
        measure: "M2".into(),
        ..Typed::default()
    };
    let directory = directory(desk.db.read()).await?;
    let making = Making::of(&desk, &policies, &settings, &targets);
    let because = exception(&may.who, making, month, asked.exception).await?;
    if let (Some(exception), Some(place)) = (&because, asked.exception) {
        typed.exception = place.to_string();
        typed.measure = exception.measure.clone();
        typed.agency = exception.agency.clone().unwrap_or_default();
        let agency = directory.agencies.values().find(|agency| agency.code == typed.agency);
        typed.objective = improving::goal(&typed.measure, agency.map(|agency| agency.name.as_str()));
    }
    Ok(show(&may.who, &directory, because.as_ref(), typed, Errors::default()))
}

/// The exception of a circulated month's paper at this place: the sentence is for everybody who reads actions, and of an open
/// month it may be another by tomorrow.
async fn exception(
    who: &SignedIn,
    making: Making<'_>,
    month: Month,
    place: Option<usize>,
) -> Result<Option<Exception>, Problem> {
    let Some(place) = place else { return Ok(None) };
    let edition = edition(making, month).await?;
    let found = edition.snapshot.exceptions.get(place).filter(|_| edition.is_circulated());
    found.cloned().map(Some).ok_or_else(|| Problem::NotFound(who.chrome()))
}

pub(super) async fn raise(
    may: May<KeepActions>,
    State(desk): State<Desk>,
    Extension(policies): Extension<Arc<Policies>>,
    Extension(settings): Extension<Arc<Settings>>,
    Extension(targets): Extension<Arc<Targets>>,
    form: Fields,
) -> Result<Response, Problem> {
    let directory = directory(desk.db.read()).await?;
    let now = desk.clock.now();
    let because = match form.text("month").parse() {
        Ok(month) => {
            let making = Making::of(&desk, &policies, &settings, &targets);
            exception(&may.who, making, month, form.text("exception").parse().ok()).await?
        }
        Err(_) => None,
    };
    let names_somebody = improving::naming(desk.db.read(), &form).await?;
    let proposed = Proposed::read(&form, &directory, &settings.domains, london::date(now));
    match proposed.and_then(|proposed| names_somebody.or(proposed)) {
        Err(errors) => Ok(show(&may.who, &directory, because.as_ref(), Typed::of(&form), errors)),
        Ok(proposed) => {
            let proposed = Proposed { because: because.map(|exception| exception.text), ..proposed };
            let id = proposed.id;
            match improving::raise(&desk.db, &desk.keys, &may.who.actor(), proposed, now).await? {
                true => Ok(Redirect::to(&format!("/actions/{id}")).into_response()),
                false => {
                    let says = "This form was sent before with other words, and that action stands on Actions. To raise another, begin anew";
                    let errors = Errors::one("objective", says);
                    Ok(show(&may.who, &directory, None, Typed::of(&form), errors))
                }
            }
        }
    }
}
