//! The page behind an answer link: for whoever was invited, without an account. Looking changes nothing.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::{Bureau, when};
use crate::audit::Actor;
use crate::calendar::london;
use crate::conferences::Sight;
use crate::convening::answering::{Answer, Answered, Asked, REASONS, answer as record, asked};
use crate::convening::letter::report_by;
use crate::invitations::{Report, Response as Answers};
use crate::web::{Choice, Chrome, Desk, Errors, Fields, Page, Problem, options};

#[derive(Serialize)]
struct AnswerPage {
    here: String,
    reference: String,
    kind: &'static str,
    when: String,
    where_: String,
    chair: String,
    service: String,
    role: String,
    /// What stands, if something was answered.
    stands: Option<String>,
    saved: bool,
    /// Why nothing can be answered.
    closed: Option<&'static str>,
    report_by: Option<String>,
    reasons: Vec<Choice>,
    deputy: String,
    report: bool,
    /// Which of the parts is open.
    opened: &'static str,
    contact: String,
    telephone: String,
    errors: Errors,
}

impl Page for AnswerPage {
    const TEMPLATE: &'static str = "convening/pages/answer";
    fn title(&self) -> String {
        format!("Your answer: conference {}", self.reference)
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

#[derive(Serialize)]
struct GonePage {
    contact: String,
    telephone: String,
}

impl Page for GonePage {
    const TEMPLATE: &'static str = "convening/pages/answer_gone";
    fn title(&self) -> String {
        "This link leads nowhere".to_owned()
    }
}

fn gone(bureau: &Bureau) -> Response {
    let page =
        GonePage { contact: bureau.settings.contact.clone(), telephone: bureau.settings.telephone.clone() };
    page.show_as(StatusCode::GONE, Chrome::default())
}

fn stands(asked: &Asked) -> Option<String> {
    let row = &asked.row;
    let said = match row.response {
        Answers::None => return None,
        Answers::Accepted => "Somebody from your service will come.".to_owned(),
        Answers::Apologies => {
            let why = row.absence_reason.map(|r| format!(" ({})", r.label())).unwrap_or_default();
            format!("Nobody from your service can come{why}.")
        }
        // Who comes is not shown: a link is opened by machines, and passed on.
        Answers::Deputy => "A deputy comes.".to_owned(),
    };
    let report = if row.report_promised { " A written report will come." } else { "" };
    Some(format!("{said}{report}"))
}

fn page(
    bureau: &Bureau,
    token: &str,
    asked: &Asked,
    saved: bool,
    typed: Option<(&Fields, Errors)>,
) -> Response {
    let (c, row) = (&asked.conference, &asked.row);
    let now = bureau.desk.clock.now();
    let policies = &bureau.policies;
    let by = report_by(c.conference_date, policies.report_on_time_working_days, &policies.calendar);
    let wanted = row.report == Report::None && by >= london::date(now);
    let (fields, errors) = match typed {
        Some((fields, errors)) => (Some(fields), errors),
        None => (None, Errors::default()),
    };
    let text = |name: &str| fields.map(|f| f.text(name).to_owned()).unwrap_or_default();
    let reason = fields.map_or(row.absence_reason, |f| f.text("reason").parse().ok());
    let page = AnswerPage {
        here: format!("/answer/{token}"),
        reference: c.reference.clone(),
        kind: c.kind.label(),
        when: when(c),
        where_: [Some(c.mode.label()), c.place.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", "),
        chair: asked.chair.clone(),
        service: asked.directory.of(row.service_id).0.name.clone(),
        role: row.role.clone(),
        stands: stands(asked),
        saved,
        closed: asked.closed(now),
        report_by: wanted.then(|| london::full_date(by)),
        reasons: options("choose a reason", REASONS, reason, |r| (r.code(), r.label())),
        deputy: text("deputy"),
        report: fields.map_or(row.report_promised, |f| f.text("report") == "yes"),
        opened: match text("answer").as_str() {
            "apologies" => "apologies",
            "deputy" => "deputy",
            _ => "",
        },
        contact: bureau.settings.contact.clone(),
        telephone: bureau.settings.telephone.clone(),
        errors,
    };
    page.show(Chrome::default())
}

#[derive(Deserialize)]
pub(super) struct Saved {
    saved: Option<String>,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(token): Path<String>,
    Query(query): Query<Saved>,
) -> Result<Response, Problem> {
    let Some(asked) = asked(&desk.db, &token, desk.clock.now()).await? else { return Ok(gone(&bureau)) };
    Ok(page(&bureau, &token, &asked, query.saved.is_some(), None))
}

pub(super) async fn answer(
    State(desk): State<Desk>,
    bureau: Bureau,
    Path(token): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let Some(asked) = asked(&desk.db, &token, desk.clock.now()).await? else { return Ok(gone(&bureau)) };
    let mut errors = Errors::default();
    let given = match asked.closed(desk.clock.now()) {
        Some(_) => None,
        None => Answer::read(&form, &mut errors),
    };
    let Some(given) = given else {
        return Ok(page(&bureau, &token, &asked, false, Some((&form, errors))));
    };
    let actor = Actor { name: "the agency, by its link".to_owned(), role: "link", account: None };
    let of = (asked.conference.id, asked.row.id);
    let now = desk.clock.now();
    match record(&desk.db, &desk.keys, &actor, now, of, Sight::Everything, &given).await? {
        Answered::Done => Ok(Redirect::to(&format!("/answer/{token}?saved=yes")).into_response()),
        // Between looking and answering it began, or was moved: the page says so.
        Answered::Closed(_) | Answered::NotThere => {
            Ok(Redirect::to(&format!("/answer/{token}")).into_response())
        }
    }
}
