//! What is held about a practitioner: as a contact, as somebody invited, as somebody written to, as an account.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::Serialize;

use crate::access;
use crate::agencies::entity::contact;
use crate::agencies::store::directory;
use crate::audit;
use crate::conferences::{self, Sight};
use crate::invitations::entity::invitation;
use crate::invitations::store::by_ids;
use crate::operations::{Posted, described};
use crate::outbox;
use crate::platform::Keys;
use crate::register::sealed;
use crate::replies::Texts;
use crate::replies::entity::reply;
use crate::reports::improving;

/// An entry of the directory.
#[derive(Serialize)]
struct InDirectory {
    agency: String,
    service: Option<String>,
    name: String,
    role: String,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    verified_on: Option<NaiveDate>,
}

/// An invitation that went to the address, or at which the person was a deputy.
#[derive(Serialize)]
struct Part {
    conference: String,
    date: NaiveDate,
    service: String,
    role: String,
    how: &'static str,
    answer: &'static str,
    attendance: Option<&'static str>,
    joined_at: Option<DateTime<Utc>>,
    left_at: Option<DateTime<Utc>>,
    report: &'static str,
    reason_for_absence: Option<&'static str>,
    view_on_the_decision: Option<&'static str>,
    views_on_single_children: Vec<&'static str>,
    what_its_absence_did_in_words: Option<String>,
}

/// A message to the address.
#[derive(Serialize)]
struct Written {
    kind: String,
    posted_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    state: &'static str,
}

/// Something that the person's account did.
#[derive(Serialize)]
struct Deed {
    at: DateTime<Utc>,
    what: String,
    /// To what: an id, by which the record itself is found.
    to: String,
    /// The network address, where it was noted.
    from: Option<String>,
}

/// The person's account.
#[derive(Serialize)]
struct OwnAccount {
    name: String,
    role: &'static str,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    second_factor: bool,
    deeds: Vec<Deed>,
}

/// An improvement action that the person leads.
#[derive(Serialize)]
struct Led {
    raised_at: DateTime<Utc>,
    written: improving::Written,
    reviews: Vec<String>,
}

/// Everything about a practitioner.
#[derive(Serialize)]
pub struct PractitionerBundle {
    email: String,
    gathered_at: DateTime<Utc>,
    directory: Vec<InDirectory>,
    invitations: Vec<Part>,
    messages: Vec<Written>,
    improvement_actions: Vec<Led>,
    account: Option<OwnAccount>,
    /// Invitations of restricted conferences that whoever gathers this is not named on.
    pub restricted_and_not_here: usize,
}

impl PractitionerBundle {
    /// Whether nothing at all is held.
    pub fn is_empty(&self) -> bool {
        self.directory.is_empty()
            && self.invitations.is_empty()
            && self.messages.is_empty()
            && self.improvement_actions.is_empty()
            && self.account.is_none()
            && self.restricted_and_not_here == 0
    }
}

/// Gathers it by a mail address, and by a name among the deputies, where one is given.
pub async fn gather(
    db: &impl ConnectionTrait,
    keys: &Keys,
    sight: Sight,
    now: DateTime<Utc>,
    email: &str,
    name: &str,
) -> Result<PractitionerBundle, DbErr> {
    let email = email.to_lowercase();
    let known = directory(db).await?;
    let is = |column: Expr| Expr::expr(Func::lower(column)).eq(email.as_str());
    let contacts = contact::Entity::find().filter(is(Expr::col(contact::Column::Email))).all(db).await?;
    let listed = contacts.into_iter().map(|c| InDirectory {
        agency: known.agencies[&c.agency_id].name.clone(),
        service: c.service_id.map(|id| known.services[&id].name.clone()),
        name: c.name,
        role: c.role,
        valid_from: c.valid_from,
        valid_to: c.valid_to,
        verified_on: c.verified_on,
    });
    let listed = listed.collect();
    let invited =
        invitation::Entity::find().filter(is(Expr::col(invitation::Column::ContactEmail))).all(db).await?;
    let mut rows: Vec<(invitation::Model, &'static str)> =
        invited.into_iter().map(|row| (row, "invited at this address")).collect();
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    let wanted = words(name);
    // The whole name, word for word: Ann is not Joanne.
    let named =
        |text: String| !name.is_empty() && words(&text).windows(wanted.len()).any(|part| part == wanted);
    // Who replied is sealed, as deputies' names are: each is opened and looked at.
    let replies = reply::Entity::find().all(db).await?.into_iter().filter(|row| {
        let there = row.address.as_ref().is_some_and(|address| address.eq_ignore_ascii_case(&email));
        there || named(Texts::open(keys, row).who)
    });
    let replied = by_ids(db, replies.map(|row| row.invitation_id)).await?;
    rows.extend(replied.into_iter().map(|row| (row, "replied by the link of a letter")));
    if !name.is_empty() {
        // Deputies' names are sealed: each is opened and looked at.
        let names_one =
            invitation::Column::Deputy.is_not_null().or(invitation::Column::AnnouncedDeputy.is_not_null());
        let deputies = invitation::Entity::find().filter(names_one).all(db).await?;
        let named = deputies.into_iter().filter(|row| {
            let deputy = row.deputy.as_ref().and_then(|d| keys.open(sealed::DEPUTY, d).ok());
            let announced = row.announced_deputy.as_ref();
            let announced = announced.and_then(|d| keys.open(sealed::ANNOUNCED_DEPUTY, d).ok());
            deputy.is_some_and(named) || announced.is_some_and(named)
        });
        rows.extend(named.map(|row| (row, "named as a deputy")));
    }
    let seen = conferences::store::by_ids(db, rows.iter().map(|(row, _)| row.conference_id), sight).await?;
    let (mut invitations, mut restricted_and_not_here) = (Vec::new(), 0);
    for (row, how) in rows {
        let Some(c) = seen.iter().find(|c| c.id == row.conference_id) else {
            restricted_and_not_here += 1;
            continue;
        };
        invitations.push(Part {
            conference: c.reference.clone(),
            date: c.conference_date,
            service: known.of(row.service_id).0.name.clone(),
            role: row.role,
            how,
            answer: row.response.label(),
            attendance: row.attendance.map(|a| a.label()),
            joined_at: row.joined_at,
            left_at: row.left_at,
            report: row.report.label(),
            reason_for_absence: row.absence_reason.map(|r| r.label()),
            view_on_the_decision: row.view.map(|v| v.label()),
            views_on_single_children: row.child_views.iter().map(|(_, view)| view.label()).collect(),
            what_its_absence_did_in_words: row
                .impact_note
                .as_ref()
                .and_then(|note| keys.open(sealed::IMPACT_NOTE, note).ok()),
        });
    }
    invitations.sort_by_key(|part| part.date);
    // Of letters about restricted conferences nothing is told here either.
    let messages = described(db, outbox::to_address(db, &email).await?, sight).await?;
    let hidden = |m: &Posted| m.hidden;
    restricted_and_not_here += messages.iter().filter(|m| hidden(m)).count();
    let messages = messages.into_iter().filter(|m| !hidden(m)).map(|m| Written {
        kind: m.kind,
        posted_at: m.posted_at,
        accepted_at: m.sent_at,
        state: m.state.label(),
    });
    let messages = messages.collect();
    let led = improving::all(db).await?.into_iter().filter_map(|standing| {
        let of = |review| improving::Written::of(keys, &standing, review);
        let (written, action) = (of(None), &standing.action);
        let there = action.lead_email.as_ref().is_some_and(|address| address.eq_ignore_ascii_case(&email));
        let is_theirs = there || named(written.lead.clone());
        let reviews = standing.reviews.iter().map(|review| of(Some(review.id)).review).collect();
        is_theirs.then_some(Led { raised_at: action.raised_at, written, reviews })
    });
    let improvement_actions = led.collect();
    let account = match access::store::by_email(db, &email).await? {
        None => None,
        Some(a) => {
            // By the account: a name may be two people's.
            let deeds = audit::of_account(db, keys, &a.name, a.id.0).await?;
            let deeds = deeds.into_iter().map(|(e, said)| Deed {
                at: e.at,
                what: e.action,
                to: e.object,
                from: said.and_then(|said| Some(said["from"].as_str()?.to_owned())),
            });
            Some(OwnAccount {
                role: a.role.label(),
                created_at: a.created_at,
                disabled_at: a.disabled_at,
                second_factor: a.second_factor.is_some(),
                deeds: deeds.collect(),
                name: a.name,
            })
        }
    };
    Ok(PractitionerBundle {
        email,
        gathered_at: now,
        directory: listed,
        invitations,
        messages,
        improvement_actions,
        account,
        restricted_and_not_here,
    })
}
