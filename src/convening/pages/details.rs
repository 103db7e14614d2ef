//! The first step of booking: when, where, who, and what is said at once about it.

use axum::response::Response;
use serde::Serialize;

use super::{Bureau, Carried, Pick};
use crate::access::{Book, May, SignedIn};
use crate::calendar::london;
use crate::conferences::entity::chair;
use crate::conferences::{self, Category, ConferenceId, ConferenceType, Locality, Mode, USUAL_MINUTES};
use crate::convening::booking::{History, booking, latest_of};
use crate::convening::draft::{CHILDREN, When};
use crate::convening::hints::{Hint, hints};
use crate::convening::suggestion::Circumstance;
use crate::web::{Choice, Errors, Fields, Page, Problem, choices, options};

/// Rows for children that are shown at first.
const ROWS: usize = 3;

#[derive(Serialize)]
struct ChildFields {
    n: usize,
    number: usize,
    child: String,
    category: Vec<Choice>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Tick {
    value: &'static str,
    label: &'static str,
    ticked: bool,
}

/// What was typed.
#[derive(Serialize)]
struct Typed {
    date: String,
    time: String,
    minutes: String,
    place: String,
    link: String,
    strategy_discussion_on: String,
    conference_ref: String,
}

#[derive(Serialize)]
struct DetailsPage {
    kind: Vec<Choice>,
    typed: Typed,
    slots: Vec<String>,
    mode: Vec<Choice>,
    locality: Vec<Choice>,
    chairs: Vec<Pick>,
    children: Vec<ChildFields>,
    more_children: bool,
    circumstances: Vec<Tick>,
    hints: Vec<Hint>,
    /// The lines of the list, where it was made already.
    carried: Vec<Carried>,
    /// Under which id it will be booked.
    booking: String,
    errors: Errors,
}

impl Page for DetailsPage {
    const TEMPLATE: &'static str = "convening/pages/details";
    fn title(&self) -> String {
        "Book a conference".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

fn children(fields: &Fields) -> impl Iterator<Item = &str> {
    (0..CHILDREN).map(|n| fields.text(&format!("child.{n}"))).filter(|child| !child.is_empty())
}

/// What can be said of a form as far as it is filled in.
pub(super) async fn hints_of(bureau: &Bureau, who: &SignedIn, fields: &Fields) -> Result<Vec<Hint>, Problem> {
    let (db, now) = (bureau.desk.db.read(), bureau.desk.clock.now());
    let actor = who.actor();
    let office = bureau.office(&actor);
    let Ok(kind) = fields.text("kind").parse::<ConferenceType>() else { return Ok(Vec::new()) };
    let history = History::of(db, office.keys, children(fields), who.sight(now)).await?;
    let discussed = crate::calendar::written::day(fields.text("strategy_discussion_on"));
    let mut list = Vec::new();
    let date = crate::calendar::written::day(fields.text("date"));
    let time = crate::calendar::written::time(fields.text("time"));
    let minutes = fields.text("minutes").parse().unwrap_or(USUAL_MINUTES);
    let calendar = &bureau.policies.calendar;
    let says = |warns: bool, text: &str| Hint { warns, text: text.to_owned() };
    match (fields.text("mode").parse(), fields.text("link"), fields.text("place")) {
        (Ok(Mode::Video), "", _) => list.push(says(true, "People join by video, and there is no link yet.")),
        (Ok(Mode::Room), _, "") => list.push(says(true, "People come in person, and there is no place yet.")),
        _ => {}
    }
    match date {
        Some(date) if date >= london::date(now) => {
            // Without a time yet, the day is looked at and the chair is not.
            let starts_at = london::to_utc_or_after(date, time.unwrap_or(chrono::NaiveTime::MIN));
            let when = When { date, starts_at, minutes };
            let chair = fields.text("chair").parse().ok().filter(|_| time.is_some());
            let sight = who.sight(now);
            let known = booking(db, &history, kind, when, chair, discussed, None, sight, now).await?;
            list.extend(hints(&known, bureau.policies.minimum_notice, calendar));
            if kind == ConferenceType::Review && history.is_first_review(date) {
                let text = "The conference before was an initial one: this would be the first review, which is due \
                            within 3 months.";
                list.insert(0, Hint { warns: true, text: text.to_owned() });
            }
        }
        Some(_) => {}
        None => {
            let last = match discussed.filter(|_| kind.is_initial()) {
                Some(day) => Some(conferences::latest_day(kind, day, calendar)),
                None => latest_of(&history, kind, london::date(now), office),
            };
            if let Some(last) = last {
                let text = format!("The last day in time is {}.", london::full_date(last));
                list.push(Hint { warns: false, text });
            }
        }
    }
    Ok(list)
}

/// The page, with what was typed.
pub(super) async fn page(
    bureau: &Bureau,
    who: &SignedIn,
    fields: &Fields,
    chairs: &[chair::Model],
    errors: Errors,
) -> Result<Response, Problem> {
    let text = |name: &str| fields.text(name).to_owned();
    let filled = children(fields).count();
    let wanted = if fields.text("step") == "more" { filled + 2 } else { filled + 1 };
    let shown = wanted.clamp(ROWS, CHILDREN);
    let ticked = fields.all("circumstance");
    let minutes = match fields.text("minutes") {
        "" => USUAL_MINUTES.to_string(),
        typed => typed.to_owned(),
    };
    let kind = fields.text("kind").parse().ok();
    let page = DetailsPage {
        kind: options("choose a type", ConferenceType::ALL, kind, |k| (k.code(), k.label())),
        typed: Typed {
            date: text("date"),
            time: text("time"),
            minutes,
            place: text("place"),
            link: text("link"),
            strategy_discussion_on: text("strategy_discussion_on"),
            conference_ref: text("conference_ref"),
        },
        slots: bureau.settings.slots.clone(),
        mode: choices(Mode::ALL, fields.text("mode").parse().ok(), |m| (m.code(), m.label())),
        locality: choices(Locality::ALL, fields.text("locality").parse().ok(), |l| (l.code(), l.label())),
        chairs: chairs
            .iter()
            .map(|c| Pick {
                value: c.id.to_string(),
                label: c.name.clone(),
                chosen: fields.text("chair") == c.id.to_string(),
            })
            .collect(),
        children: (0..shown)
            .map(|n| ChildFields {
                n,
                number: n + 1,
                child: text(&format!("child.{n}")),
                category: options(
                    "choose",
                    Category::ALL,
                    fields.text(&format!("category.{n}")).parse().ok(),
                    |c| (c.code(), c.label()),
                ),
                error: errors.at_one_of(&[format!("child.{n}"), format!("category.{n}")]),
            })
            .collect(),
        more_children: shown < CHILDREN,
        circumstances: Circumstance::ALL
            .iter()
            .map(|c| Tick { value: c.code(), label: c.label(), ticked: ticked.iter().any(|t| t == c.code()) })
            .collect(),
        booking: match fields.text("booking").parse::<ConferenceId>() {
            Ok(id) => id.to_string(),
            Err(_) => ConferenceId::new().to_string(),
        },
        hints: hints_of(bureau, who, fields).await?,
        carried: fields
            .iter()
            .filter(|(name, _)| name.starts_with("row."))
            .map(|(name, value)| Carried { name: name.to_owned(), value: value.to_owned() })
            .collect(),
        errors,
    };
    Ok(page.show(who.chrome()))
}

#[derive(Serialize)]
struct HintsPage {
    hints: Vec<Hint>,
}

impl Page for HintsPage {
    const TEMPLATE: &'static str = "convening/pages/hints";
    fn title(&self) -> String {
        "What to know".to_owned()
    }
}

/// The hints alone, while somebody types. Nothing is kept of what is sent.
pub(super) async fn hints_only(may: May<Book>, bureau: Bureau, fields: Fields) -> Result<Response, Problem> {
    let hints = hints_of(&bureau, &may.who, &fields).await?;
    Ok(HintsPage { hints }.show(may.who.chrome()))
}
