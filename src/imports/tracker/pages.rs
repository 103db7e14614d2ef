//! Taking in a tracker: the file, what it means, what would happen, and only then for good. The file travels with the
//! form: nothing of it is stored before the last step.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::asking::{first_page, id, mapping};
use super::guessing::{heading_row, propose_values, proposed};
use super::meaning::{Tracker, may_mean, names};
use super::memory::{Meanings, recall, remember};
use super::questions::{Asked, asked};
use super::rows::{Names, in_its_words, make};
use super::sheet::sheets;
use crate::access::{Import, May, SignedIn};
use crate::agencies::AgencyGroup;
use crate::agencies::entity::agency;
use crate::agencies::store::directory;
use crate::calendar::london;
use crate::conferences;
use crate::imports::log::COLUMNS;
use crate::imports::outcome::Outcome;
use crate::imports::pages::{Shown, shown, told};
use crate::imports::text::Table;
use crate::imports::{Kind, Options, Rules, take};
use crate::web::{Desk, Page, Problem};

/// A tracker of ten years is 2 MB, a third more as it travels with the form.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new().route("/imports/tracker", get(ask).post(step).layer(DefaultBodyLimit::max(BODY_LIMIT)))
}

#[derive(Serialize)]
struct Kept {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct CheckPage {
    name: String,
    outcome: Shown,
    taken: bool,
    refused: usize,
    /// Everything that was sent, to travel on.
    fields: Vec<Kept>,
}

impl Page for CheckPage {
    const TEMPLATE: &'static str = "imports/tracker/check";
    fn title(&self) -> String {
        match self.taken {
            true => format!("{} is taken in", self.name),
            false => format!("Check {}", self.name),
        }
    }
}

/// What was sent: the file, and each field.
#[derive(Default)]
struct Sent {
    name: String,
    bytes: Vec<u8>,
    fields: Vec<(String, String)>,
}

impl Sent {
    async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let mut sent = Self::default();
        let unreadable = |e: axum::extract::multipart::MultipartError| Problem::Bad(e.body_text());
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(unreadable)?;
            match (name.as_str(), file) {
                ("upload", Some(name)) if !name.is_empty() => {
                    (sent.name, sent.bytes) = (name, bytes.to_vec())
                }
                ("upload", _) => {}
                ("file", _) => {
                    sent.bytes = STANDARD.decode(&bytes).map_err(|e| Problem::Bad(e.to_string()))?
                }
                ("file_name", _) => sent.name = String::from_utf8_lossy(&bytes).into_owned(),
                _ => sent.fields.push((name, String::from_utf8_lossy(&bytes).trim().to_owned())),
            }
        }
        Ok(sent)
    }

    fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Takes what the form says of these names; what cannot be meant is as if nobody had said it.
    fn say(&self, names: Vec<String>, agencies: &[(String, AgencyGroup)], meanings: &mut Meanings) {
        for name in names {
            let Some((_, means)) = self.fields.iter().find(|(field, _)| *field == id(&name)) else {
                continue;
            };
            let means = if may_mean(&name, means, agencies) { means.as_str() } else { "" };
            meanings.insert(name, means.to_owned());
        }
    }
}

async fn ask(may: May<Import>) -> Response {
    first_page(None).show(may.who.chrome())
}

async fn step(
    may: May<Import>,
    State(desk): State<Desk>,
    Extension(rules): Extension<Arc<Rules>>,
    form: Multipart,
) -> Result<Response, Problem> {
    let sent = Sent::read(form).await?;
    if sent.bytes.is_empty() {
        return Ok(first_page(Some("Choose the spreadsheet.".to_owned())).show(may.who.chrome()));
    }
    // Unfolding and reading a workbook is work: it holds nobody else up, and one that makes the reader stumble is refused.
    let (name, bytes) = (sent.name.clone(), sent.bytes.clone());
    let read = tokio::task::spawn_blocking(move || sheets(&name, &bytes)).await;
    let all = match read
        .unwrap_or_else(|_| Err(format!("{} cannot be read. Save it anew, and try again.", sent.name)))
    {
        Ok(all) => all,
        Err(why) => return Ok(first_page(Some(why)).show(may.who.chrome())),
    };
    let largest = (0..all.len()).max_by_key(|n| all[*n].rows.len()).unwrap_or(0);
    let at = sent.text("sheet").parse().ok().filter(|n| *n < all.len()).unwrap_or(largest);
    // Another sheet has its headings elsewhere.
    let same = sent.text("sheet_before") == at.to_string();
    let mut errors: Vec<Asked> = Vec::new();
    let said: Option<u64> =
        sent.text("heading").parse().ok().filter(|row| all[at].rows.iter().any(|(n, _)| n == row));
    if same && said.is_none() {
        errors.push((
            "heading".to_owned(),
            "Nothing stands in that row: write the number of the row of headings.".to_owned(),
        ));
    }
    let row = said.filter(|_| same).unwrap_or_else(|| heading_row(&all[at]));
    let mut tracker = Tracker::of(&all[at], row);
    let mut agencies: Vec<agency::Model> = directory(desk.db.read()).await?.agencies.into_values().collect();
    agencies.sort_by_key(|a| a.name.to_lowercase());
    let known: Vec<_> = agencies.iter().map(|a| (a.code.clone(), a.agency_group)).collect();
    let of_today = agencies.iter().filter(|a| a.valid_to.is_none()).map(|a| (a.code.clone(), a.agency_group));
    let remembered = recall(desk.db.read()).await?;
    let mut meanings = proposed(&tracker, &remembered, &of_today.collect::<Vec<_>>());
    // What is proposed first is what stands in the form from then on: of columns first, then of the values in them.
    if same {
        sent.say(names(&tracker, &Meanings::new()), &known, &mut meanings);
    }
    tracker.first_letter = meanings.get("all.letters").is_some_and(|means| means == "first");
    let left = tracker.leave_out_totals(&meanings);
    if same {
        sent.say(names(&tracker, &meanings), &known, &mut meanings);
    }
    propose_values(&tracker, &remembered, &mut meanings);
    let open = asked(&tracker, &meanings);
    let step = sent.text("step");
    if !matches!(step, "check" | "take") || !open.is_empty() || !errors.is_empty() {
        errors.extend(open.into_iter().filter(|_| step == "check" || step == "take"));
        let file = (sent.name.as_str(), sent.bytes.as_slice());
        return Ok(
            mapping(file, &all, at, row, &tracker, &meanings, &agencies, errors).show(may.who.chrome())
        );
    }
    let by_code: Names = agencies.iter().map(|a| (a.code.clone(), a.name.clone())).collect();
    let (out, options) = taken(&desk, &may.who, &rules, &sent, &tracker, &meanings, &by_code, left).await?;
    if out.taken {
        let tx = desk.db.begin("remember a tracker").await?;
        remember(&tx, &desk.keys, &may.who.actor(), desk.clock.now(), &meanings).await?;
        tx.commit().await?;
    }
    let mut fields: Vec<Kept> =
        meanings.into_iter().map(|(name, value)| Kept { name: id(&name), value }).collect();
    let more = [
        ("file_name", sent.name.clone()),
        ("file", STANDARD.encode(&sent.bytes)),
        ("sheet", at.to_string()),
        ("sheet_before", at.to_string()),
        ("heading", row.to_string()),
    ];
    fields.extend(more.map(|(name, value)| Kept { name: name.to_owned(), value }));
    let page = CheckPage {
        name: sent.name,
        taken: out.taken,
        refused: out.conferences.refused,
        fields: if out.taken { Vec::new() } else { fields },
        outcome: shown(out, options),
    };
    Ok(page.show(may.who.chrome()).into_response())
}

/// Takes the rows in, or says what would happen.
#[allow(clippy::too_many_arguments, reason = "each is a different thing, and all are wanted")]
async fn taken(
    desk: &Desk,
    who: &SignedIn,
    rules: &Rules,
    sent: &Sent,
    tracker: &Tracker<'_>,
    meanings: &Meanings,
    names: &Names,
    left: Vec<u64>,
) -> Result<(Outcome, Options), Problem> {
    let now = desk.clock.now();
    let mut made = make(tracker, meanings, names, &sent.name, london::date(now));
    if !left.is_empty() {
        let rows: Vec<String> = left.iter().take(20).map(u64::to_string).collect();
        made.warnings.push(format!(
            "No conferences, and left out (no date, type or chair): rows {}.",
            rows.join(", ")
        ));
    }
    let chairs = conferences::store::chairs(desk.db.read()).await?;
    let new = made.chairs.iter().filter(|name| chairs.iter().all(|c| c.name != **name));
    let new: Vec<&str> = new.map(String::as_str).collect();
    if !new.is_empty() {
        made.warnings.push(format!("Chairs that are not known yet, and will be: {}.", new.join(", ")));
    }
    let options = Options {
        dry_run: sent.text("step") != "take",
        without_refused: sent.text("without_refused") == "yes",
        tracker: true,
        ..Options::default()
    };
    let mut known = Outcome { warnings: made.warnings, ..Outcome::default() };
    known.conferences.refused = made.refused.len();
    known.refusals = made.refused;
    let table = Table::of(&sent.name, COLUMNS, made.rows);
    let (actor, sight) = (who.actor(), who.sight(now));
    let tables = vec![(Kind::Log, table, Vec::new())];
    let done =
        take(&desk.db, &desk.keys, &actor, now, rules, tables, known, options, sight, &|_, _| {}).await;
    let mut out = told(desk, &actor, options, done).await?;
    out.refusals = out.refusals.into_iter().map(|refusal| in_its_words(refusal, tracker, meanings)).collect();
    Ok((out, options))
}
