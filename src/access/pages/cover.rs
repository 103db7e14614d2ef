//! Cover: a chair's account sees and confirms a colleague's conferences on some days (DOMAIN 2).

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::json;

use crate::access::entity::account;
use crate::access::{GrantCover, May, Role, SignedIn, store};
use crate::audit::{self, Event};
use crate::calendar::{london, written};
use crate::conferences::entity::{chair, cover};
use crate::conferences::{self, CoverId};
use crate::web::{Choice, Desk, Errors, Fields, Page, Problem};

/// Cover is for leave and sickness: a chair who is away for longer has left.
const LONGEST_DAYS: i64 = 92;

#[derive(Serialize)]
struct Row {
    who: String,
    chair: String,
    from: String,
    until: String,
    by: String,
    end: String,
}

#[derive(Serialize)]
struct CoverPage {
    rows: Vec<Row>,
    accounts: Vec<Choice>,
    chairs: Vec<Choice>,
    from: String,
    until: String,
    errors: Errors,
}

impl Page for CoverPage {
    const TEMPLATE: &'static str = "access/pages/cover";
    fn title(&self) -> String {
        "Cover for a chair".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

struct Known {
    accounts: Vec<account::Model>,
    chairs: Vec<chair::Model>,
}

async fn known(desk: &Desk) -> Result<Known, Problem> {
    let accounts = store::all(desk.db.read()).await?;
    let chairs = conferences::store::chairs(desk.db.read()).await?;
    let of_chairs = |a: &account::Model| a.role == Role::Chair && a.disabled_at.is_none();
    Ok(Known { accounts: accounts.into_iter().filter(of_chairs).collect(), chairs })
}

async fn page(desk: &Desk, who: &SignedIn, typed: &Fields, errors: Errors) -> Result<Response, Problem> {
    let Known { accounts, chairs } = known(desk).await?;
    let today = london::date(desk.clock.now());
    let chair = |id| chairs.iter().find(|c| c.id == id).map(|c| c.name.clone()).unwrap_or_default();
    let account = |id| accounts.iter().find(|a| a.id.0 == id).map(|a| a.name.clone()).unwrap_or_default();
    let rows = store::covers(desk.db.read(), today).await?.into_iter().map(|row| Row {
        who: account(row.account_id),
        chair: chair(row.chair_id),
        from: london::full_date(row.from_day),
        until: london::full_date(row.until_day),
        by: row.granted_by,
        end: format!("/cover/{}/end", row.id),
    });
    let page = CoverPage {
        rows: rows.collect(),
        accounts: accounts
            .iter()
            .map(|a| Choice {
                value: a.id.to_string().into(),
                label: a.name.clone().into(),
                chosen: typed.text("account") == a.id.to_string(),
            })
            .collect(),
        chairs: chairs
            .iter()
            .map(|c| Choice {
                value: c.id.to_string().into(),
                label: c.name.clone().into(),
                chosen: typed.text("chair") == c.id.to_string(),
            })
            .collect(),
        from: typed.text("from").to_owned(),
        until: typed.text("until").to_owned(),
        errors,
    };
    Ok(page.show(who.chrome()))
}

pub(super) async fn list(may: May<GrantCover>, State(desk): State<Desk>) -> Result<Response, Problem> {
    page(&desk, &may.who, &Fields::default(), Errors::default()).await
}

pub(super) async fn grant(
    may: May<GrantCover>,
    State(desk): State<Desk>,
    form: Fields,
) -> Result<Response, Problem> {
    let Known { accounts, chairs } = known(&desk).await?;
    let now = desk.clock.now();
    let account = accounts.into_iter().find(|a| a.id.to_string() == form.text("account"));
    let chair = chairs.into_iter().find(|c| c.id.to_string() == form.text("chair"));
    let (from, until) = (written::day(form.text("from")), written::day(form.text("until")));
    let mut errors = Errors::default();
    if account.is_none() {
        errors.add("account", "Choose who stands in");
    }
    if chair.is_none() {
        errors.add("chair", "Choose the chair who is away");
    }
    if account.as_ref().zip(chair.as_ref()).is_some_and(|(a, c)| a.chair_id == Some(c.id)) {
        errors.add("chair", "Choose somebody else: these are that account's own conferences");
    }
    for (field, day) in [("from", from), ("until", until)] {
        if day.is_none() {
            let which = if field == "from" { "first" } else { "last" };
            errors.add(field, format!("Enter the {which} day, as 30/09/2026"));
        }
    }
    if let (Some(from), Some(until)) = (from, until) {
        if until < from || until < london::date(now) {
            errors.add("until", "The last day must be today or later, and not before the first");
        } else if (until - from).num_days() > LONGEST_DAYS {
            errors.add("until", format!("Cover lasts at most {LONGEST_DAYS} days"));
        }
    }
    let (Some(account), Some(chair), Some(from_day), Some(until_day), true) =
        (account, chair, from, until, errors.is_empty())
    else {
        return page(&desk, &may.who, &form, errors).await;
    };
    let tx = desk.db.begin("grant cover").await?;
    let row = cover::Model {
        id: CoverId::new(),
        chair_id: chair.id,
        account_id: account.id.0,
        from_day,
        until_day,
        granted_by: may.who.name.clone(),
        granted_at: now,
    };
    let payload = json!({ "cover": account.email, "for": chair.name, "from": from_day, "until": until_day });
    let event = Event { action: "cover.granted", object: row.id.to_string(), payload };
    store::add_cover(&tx, row).await?;
    audit::record(&tx, &desk.keys, &may.who.actor(), now, vec![event]).await?;
    tx.commit().await?;
    Ok(Redirect::to("/cover").into_response())
}

pub(super) async fn end(
    may: May<GrantCover>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: CoverId = id.parse().map_err(|_| not_found())?;
    let tx = desk.db.begin("end cover").await?;
    let row = store::end_cover(&tx, id).await?.ok_or_else(not_found)?;
    let payload = json!({ "account": row.account_id, "chair": row.chair_id });
    let event = Event { action: "cover.ended", object: id.to_string(), payload };
    audit::record(&tx, &desk.keys, &may.who.actor(), desk.clock.now(), vec![event]).await?;
    tx.commit().await?;
    Ok(Redirect::to("/cover"))
}
