//! What agencies replied about one conference.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::lines::ReplyLine;
use crate::access::{May, SeeConferences};
use crate::register::store::record;
use crate::register::{names, note_look};
use crate::replies::store;
use crate::web::{Desk, Page, Problem};

#[derive(Serialize)]
struct Of {
    name: String,
    replies: Vec<ReplyLine>,
}

#[derive(Serialize)]
struct RepliesPage {
    href: String,
    reference: String,
    settles: bool,
    services: Vec<Of>,
}

impl Page for RepliesPage {
    const TEMPLATE: &'static str = "replies/pages/conference";
    fn title(&self) -> String {
        format!("Replies about conference {}", self.reference)
    }
}

pub(super) async fn show(
    may: May<SeeConferences>,
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let not_found = || Problem::NotFound(may.who.chrome());
    let id = id.parse().map_err(|_| not_found())?;
    let db = desk.db.read();
    let found = record(db, id, may.who.sight(desk.clock.now())).await?;
    let (found, directory) = found.ok_or_else(not_found)?;
    note_look(&desk, &may.who, &found.conference).await?;
    let names = names(&found, &directory);
    let mut of: HashMap<_, Vec<ReplyLine>> = HashMap::new();
    for row in store::of_conference(db, id).await? {
        of.entry(row.invitation_id).or_default().push(ReplyLine::of(&desk.keys, &row));
    }
    let services = found.invitations.iter().zip(names);
    let services = services.filter_map(|(row, name)| Some(Of { name, replies: of.remove(&row.id)? }));
    let page = RepliesPage {
        href: format!("/conferences/{id}"),
        reference: found.conference.reference.clone(),
        settles: may.who.role.may(crate::access::Permission::SettleDispute),
        services: services.collect(),
    };
    Ok(page.show(may.who.chrome()))
}
