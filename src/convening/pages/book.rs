//! Booking, step by step: details, whom to invite, check. What was entered travels along in the form; nothing is
//! stored before the last step, which stores all of it.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::list::Listing;
use super::{Bureau, check, details, list};
use crate::access::{Book, May};
use crate::conferences;
use crate::convening::booking::{Booked, book};
use crate::convening::draft::Draft;
use crate::web::{Desk, Errors, Fields, Problem};

pub(super) async fn begin(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
) -> Result<Response, Problem> {
    let chairs = conferences::store::chairs(desk.db.read()).await?;
    details::page(&bureau, &may.who, &Fields::default(), &chairs, Errors::default()).await
}

pub(super) async fn step(
    may: May<Book>,
    State(desk): State<Desk>,
    bureau: Bureau,
    fields: Fields,
) -> Result<Response, Problem> {
    let chairs = conferences::store::chairs(desk.db.read()).await?;
    let step = fields.text("step");
    if matches!(step, "more" | "back") {
        return details::page(&bureau, &may.who, &fields, &chairs, Errors::default()).await;
    }
    let ids: Vec<_> = chairs.iter().map(|c| c.id).collect();
    let mut errors = Errors::default();
    let Some(draft) = Draft::read(&fields, &ids, desk.clock.now(), &mut errors) else {
        return details::page(&bureau, &may.who, &fields, &chairs, errors).await;
    };
    let listing = Listing::of(&bureau, &may.who, &draft).await?;
    if !matches!(step, "list" | "book" | "book_only") || !listing.is_of(&fields, &draft) {
        return Ok(list::page(&may.who, &fields, &draft, &listing, Errors::default()));
    }
    let invitees = list::read(&fields, &listing, &draft, &mut errors);
    if !errors.is_empty() {
        return Ok(list::page(&may.who, &fields, &draft, &listing, errors));
    }
    let chair = chairs.iter().find(|c| c.id == draft.at.chair).map(|c| c.name.as_str()).unwrap_or_default();
    let mut reference_taken = false;
    if step != "list" {
        let actor = may.who.actor();
        let addressed = check::readdressed(&bureau, &fields, &listing, &draft, invitees.clone());
        let id = fields
            .text("booking")
            .parse()
            .map_err(|_| Problem::Bad("Begin the booking again.".to_owned()))?;
        let done = book(bureau.office(&actor), &draft, id, &addressed, step == "book").await;
        match done.map_err(|e| Problem::internal(e.to_string()))? {
            Booked::Already => {
                return Ok(
                    Redirect::to(&format!("/conferences/{id}/invitations?done=already")).into_response()
                );
            }
            Booked::Done(id, _) => {
                return Ok(
                    Redirect::to(&format!("/conferences/{id}/invitations?done=booked")).into_response()
                );
            }
            Booked::ReferenceTaken => reference_taken = true,
        }
    }
    let hints = details::hints_of(&bureau, &may.who, &fields).await?;
    Ok(check::page(&bureau, &may.who, &fields, &draft, &listing, &invitees, hints, chair, reference_taken))
}
