//! What is due, certificates, and legal holds.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Serialize;

use super::holds::{Holder, sees};
use super::{Class, DestructionId, Periods, ShredError, Shredder, sealed, store};
use crate::access::{KeepRetention, May, PlaceHold, SignedIn};
use crate::calendar::london;
use crate::conferences;
use crate::web::{Desk, Errors, Fields, Page, Problem};

/// Every address of this room.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/retention", get(show))
        .route("/retention/{class}/destroy", post(destroy))
        .route("/retention/certificates/{id}", get(certificate))
        .route("/holds", get(holds).post(place))
        .route("/holds/{id}/end", post(end))
}

#[derive(Serialize)]
struct ClassRow {
    code: &'static str,
    label: &'static str,
    period: String,
    until: String,
    due: u64,
    held: u64,
    /// Where a person has it destroyed; what goes by the schedule has no such place.
    destroy: Option<String>,
}

#[derive(Serialize)]
struct CertificateRow {
    href: String,
    at: String,
    what: &'static str,
    destroyed: i64,
}

#[derive(Serialize)]
struct RetentionPage {
    rows: Vec<ClassRow>,
    certificates: Vec<CertificateRow>,
    error: bool,
}

impl Page for RetentionPage {
    const TEMPLATE: &'static str = "retention/retention";
    fn title(&self) -> String {
        "Retention".to_owned()
    }
    fn has_error(&self) -> bool {
        self.error
    }
}

async fn page(desk: &Desk, who: &SignedIn, periods: Periods, error: bool) -> Result<Response, Problem> {
    let actor = who.actor();
    let shredder = Shredder { db: &desk.db, keys: &desk.keys, periods, actor: &actor, now: desk.clock.now() };
    let mut rows = Vec::new();
    for class in Class::ALL.iter().copied() {
        let due = shredder.due(class).await?;
        let by_hand = class.by_hand() && due.due > 0;
        rows.push(ClassRow {
            code: class.code(),
            label: class.label(),
            period: periods.of(class).words(),
            until: london::long_date(due.until),
            due: due.due,
            held: due.held,
            destroy: by_hand.then(|| format!("/retention/{}/destroy", class.code())),
        });
    }
    let certificates = store::certificates(desk.db.read(), 50).await?.into_iter().map(|c| CertificateRow {
        href: format!("/retention/certificates/{}", c.id),
        at: london::moment(c.at),
        what: c.class.label(),
        destroyed: c.destroyed,
    });
    let page = RetentionPage { rows, certificates: certificates.collect(), error };
    Ok(page.show(who.chrome()))
}

async fn show(
    may: May<KeepRetention>,
    State(desk): State<Desk>,
    Extension(periods): Extension<Periods>,
) -> Result<Response, Problem> {
    page(&desk, &may.who, periods, false).await
}

async fn destroy(
    may: May<KeepRetention>,
    State(desk): State<Desk>,
    Extension(periods): Extension<Periods>,
    Path(class): Path<String>,
    form: Fields,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let class: Class = class.parse().map_err(|_| not_found())?;
    if !class.by_hand() {
        return Err(not_found());
    }
    if form.text("sure") != "yes" {
        return page(&desk, &may.who, periods, true).await;
    }
    let actor = may.who.actor();
    let shredder = Shredder { db: &desk.db, keys: &desk.keys, periods, actor: &actor, now: desk.clock.now() };
    let to = match shredder.destroy(class).await {
        Ok(None) => "/retention".to_owned(),
        Ok(Some(id)) => format!("/retention/certificates/{id}"),
        Err(ShredError::Db(error)) => return Err(error.into()),
        Err(error @ ShredError::Trail(_)) => return Err(Problem::Bad(error.to_string())),
    };
    Ok(Redirect::to(&to).into_response())
}

#[derive(Serialize)]
struct CertificatePage {
    number: String,
    at: String,
    by: String,
    what: &'static str,
    period: String,
    until: String,
    destroyed: i64,
    held: i64,
}

impl Page for CertificatePage {
    const TEMPLATE: &'static str = "retention/certificate";
    fn title(&self) -> String {
        "Certificate of destruction".to_owned()
    }
}

async fn certificate(
    may: May<KeepRetention>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id: DestructionId = id.parse().map_err(|_| not_found())?;
    let found = store::certificate(desk.db.read(), id).await?.ok_or_else(not_found)?;
    let page = CertificatePage {
        number: found.id.to_string(),
        at: london::moment(found.at),
        by: found.by_name,
        what: found.class.label(),
        period: found.period,
        until: london::full_date(found.until_day),
        destroyed: found.destroyed,
        held: found.held,
    };
    Ok(page.show(may.who.chrome()))
}

#[derive(Serialize)]
struct HoldRow {
    of: String,
    why: String,
    by: String,
    end: String,
}

#[derive(Serialize)]
struct HoldsPage {
    rows: Vec<HoldRow>,
    hidden: usize,
    reference: String,
    why: String,
    errors: Errors,
}

impl Page for HoldsPage {
    const TEMPLATE: &'static str = "retention/holds";
    fn title(&self) -> String {
        "Legal holds".to_owned()
    }
    fn has_error(&self) -> bool {
        !self.errors.is_empty()
    }
}

async fn holds_page(
    desk: &Desk,
    who: &SignedIn,
    typed: (&str, &str),
    errors: Errors,
) -> Result<Response, Problem> {
    let (db, sight) = (desk.db.read(), who.sight(desk.clock.now()));
    let (mut rows, mut hidden) = (Vec::new(), 0);
    for hold in store::living_holds(db).await? {
        if !sees(db, &hold, sight).await? {
            hidden += 1;
            continue;
        }
        let of = match hold.conference_id {
            Some(id) => {
                let met = conferences::store::by_ids(db, [id], sight).await?.pop();
                format!("Conference {}", met.map(|c| c.reference).unwrap_or_default())
            }
            None => {
                let child = hold.child.as_ref().and_then(|c| desk.keys.open(sealed::CHILD, c).ok());
                format!("Every conference of {}", child.unwrap_or_else(|| "(does not open)".to_owned()))
            }
        };
        rows.push(HoldRow {
            of,
            why: desk.keys.open(sealed::WHY, &hold.why).unwrap_or_else(|_| "(does not open)".to_owned()),
            by: format!("{}, {}", hold.placed_by, london::moment(hold.placed_at)),
            end: format!("/holds/{}/end", hold.id),
        });
    }
    let page = HoldsPage { rows, hidden, reference: typed.0.to_owned(), why: typed.1.to_owned(), errors };
    Ok(page.show(who.chrome()))
}

async fn holds(may: May<PlaceHold>, State(desk): State<Desk>) -> Result<Response, Problem> {
    holds_page(&desk, &may.who, ("", ""), Errors::default()).await
}

fn holder<'a>(desk: &'a Desk, who: &'a SignedIn) -> Holder<'a> {
    Holder { db: &desk.db, keys: &desk.keys, who, now: desk.clock.now() }
}

async fn place(may: May<PlaceHold>, State(desk): State<Desk>, form: Fields) -> Result<Response, Problem> {
    let (reference, why) = (form.text("reference"), form.text("why"));
    let mut errors = Errors::default();
    if reference.is_empty() {
        errors.add("reference", "Enter a conference's reference or a child's case reference");
    }
    if !(3..=500).contains(&why.chars().count()) {
        errors.add("why", "Say why, in 3 to 500 characters");
    }
    if errors.is_empty() {
        if holder(&desk, &may.who).place(reference, why).await? {
            return Ok(Redirect::to("/holds").into_response());
        }
        errors.add("reference", "There is no conference and no child with this reference");
    }
    holds_page(&desk, &may.who, (reference, why), errors).await
}

async fn end(
    may: May<PlaceHold>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Redirect, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id = id.parse().map_err(|_| not_found())?;
    if !holder(&desk, &may.who).end(id).await? {
        return Err(not_found());
    }
    Ok(Redirect::to("/holds"))
}
