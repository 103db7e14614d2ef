//! Improvement actions: all of them, and one with its proforma, its measure and its reviews.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use super::action_rows::{ActionRow, action_row, action_rows};
use crate::access::{KeepActions, May, Permission, SeeFigures, SignedIn};
use crate::calendar::london;
use crate::reports::Month;
use crate::reports::improving::{
    self, ActionId, ActionLine, Progress, Review, ReviewId, Reviewed, Standing, Written, action_lines,
};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem, choices};

#[derive(Serialize)]
struct ActionsPage {
    /// Whoever looks may raise one.
    keeps: bool,
    open: Vec<ActionRow>,
    ended: Vec<ActionRow>,
}

impl Page for ActionsPage {
    const TEMPLATE: &'static str = "reports/actions";
    fn title(&self) -> String {
        "Improvement actions".to_owned()
    }
}

#[derive(Serialize)]
struct ReviewRow {
    on: String,
    by: String,
    progress: String,
    words: String,
    due: String,
}

#[derive(Serialize)]
struct ActionPage {
    row: ActionRow,
    because: String,
    action: String,
    input: String,
    desired_outcome: String,
    lead_email: String,
    raised_by: String,
    /// The paper that it was raised from.
    paper: String,
    paper_name: String,
    reviews: Vec<ReviewRow>,
    /// Whoever looks may review it, and it has not ended.
    reviewing: bool,
    review_id: String,
    progress: Vec<Choice>,
    words: String,
    due: String,
    errors: Errors,
}

impl Page for ActionPage {
    const TEMPLATE: &'static str = "reports/action";
    fn title(&self) -> String {
        format!("Improvement action: {}", self.row.about)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// Some actions with their measures month by month, in the months whose figures whoever looks may know.
async fn lines(desk: &Desk, who: &SignedIn, of: &[Standing]) -> Result<Vec<ActionLine>, Problem> {
    let (approved_only, today) = (!who.role.may(Permission::SeeOpenMonths), london::date(desk.clock.now()));
    Ok(action_lines(desk.db.read(), &desk.keys, of, approved_only, today).await?)
}

pub(super) async fn list(may: May<SeeFigures>, State(desk): State<Desk>) -> Result<Response, Problem> {
    let all = improving::all(desk.db.read()).await?;
    let lines = lines(&desk, &may.who, &all).await?;
    let written = improving::written(&desk.keys, &all, &lines)?;
    let (ended, open): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.progress.is_some_and(Progress::is_end));
    let page = ActionsPage {
        keeps: may.who.role.may(Permission::KeepActions),
        open: action_rows(&open, &written),
        ended: action_rows(&ended, &written),
    };
    Ok(page.show(may.who.chrome()))
}

async fn page(
    desk: &Desk,
    who: &SignedIn,
    id: ActionId,
    typed: &Fields,
    errors: Errors,
) -> Result<Response, Problem> {
    let found = improving::one(desk.db.read(), id).await?;
    let standing = found.ok_or_else(|| Problem::NotFound(who.chrome()))?;
    let lines = lines(desk, who, std::slice::from_ref(&standing)).await?;
    let line = lines.first().ok_or_else(|| Problem::NotFound(who.chrome()))?;
    let written = Written::of(&desk.keys, &standing, line.review);
    let reviews = standing.reviews.iter().map(|review| ReviewRow {
        on: london::full_date(london::date(review.at)),
        by: review.by_name.clone(),
        progress: review.progress.label().to_owned(),
        words: Written::of(&desk.keys, &standing, Some(review.id)).review,
        due: london::full_date(review.due),
    });
    let keeps = who.role.may(Permission::KeepActions);
    let month: Option<Month> = standing.action.raised_from.parse().ok();
    let chosen = typed.text("progress").parse().ok();
    let page = ActionPage {
        row: action_row(line, &written),
        because: written.because.clone(),
        action: written.action.clone(),
        input: written.input.clone(),
        desired_outcome: written.desired_outcome.clone(),
        // An address may name a practitioner: it is for whoever reminds the lead, and for no reader of the paper.
        lead_email: standing.action.lead_email.clone().filter(|_| keeps).unwrap_or_default(),
        raised_by: format!(
            "{}, {}",
            standing.action.raised_by,
            london::full_date(london::date(standing.action.raised_at))
        ),
        paper: format!("/reports/{}", standing.action.raised_from),
        paper_name: month.map(Month::name).unwrap_or_default(),
        reviews: reviews.collect(),
        reviewing: keeps && standing.ended().is_none(),
        review_id: ReviewId::new().to_string(),
        progress: choices(Progress::ALL, chosen, |p| (p.code(), p.label())),
        words: typed.text("words").to_owned(),
        due: typed.text("due").to_owned(),
        errors,
    };
    Ok(page.show(who.chrome()))
}

fn id_of(who: &SignedIn, id: &str) -> Result<ActionId, Problem> {
    id.parse().map_err(|_| Problem::NotFound(who.chrome()))
}

pub(super) async fn show(
    may: May<SeeFigures>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    page(&desk, &may.who, id_of(&may.who, &id)?, &Fields::default(), Errors::default()).await
}

pub(super) async fn review(
    may: May<KeepActions>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let id = id_of(&may.who, &id)?;
    let now = desk.clock.now();
    let names_somebody = improving::naming(desk.db.read(), &form).await?;
    let read = Review::read(&form, london::date(now)).and_then(|review| names_somebody.or(review));
    let errors = match read {
        Err(errors) => errors,
        Ok(review) => {
            match improving::review(&desk.db, &desk.keys, &may.who.actor(), id, review, now).await? {
                Reviewed::Done => return Ok(Redirect::to(&format!("/actions/{id}")).into_response()),
                Reviewed::NotThere => return Err(Problem::NotFound(may.who.chrome())),
                Reviewed::Otherwise => Errors::one(
                    "words",
                    "This form was sent before with other words, which stand above. To say more, review it once more",
                ),
                Reviewed::Ended => Errors::one("progress", "This action has ended: raise a new one instead"),
            }
        }
    };
    page(&desk, &may.who, id, &form, errors).await
}
