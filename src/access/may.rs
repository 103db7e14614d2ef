//! The permission of a route, in its signature: `who: May<KeepRegister>`.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use chrono::{DateTime, Utc};

use super::entity::{Stage, account, session as row};
use super::{AccountId, Permission, Role, session};
use crate::audit::Actor;
use crate::conferences::{ChairId, Sight};
use crate::web::{Chrome, Desk, Link, Problem};

/// Links of the navigation that stand side by side; on a telephone they take two lines.
const AT_ONCE: usize = 6;

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The account.
    pub id: AccountId,
    /// The session, by its hash.
    pub(super) session: Vec<u8>,
    /// The name that others see.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The chair that it acts for: then only its conferences are seen.
    pub chair: Option<ChairId>,
    /// Seconds until the session ends, if nothing more is asked for.
    ends_in: i64,
}

impl SignedIn {
    /// Somebody, by a session that is whole.
    pub(super) fn new(desk: &Desk, session: row::Model, account: account::Model) -> Self {
        let ends_in = session::ends_in(&desk.sessions, &session, account.role, desk.clock.now());
        let account::Model { id, name, role, chair_id: chair, .. } = account;
        Self { id, session: session.id, name, role, chair, ends_in: ends_in.num_seconds() }
    }

    /// Which conferences this person sees.
    pub fn sight(&self, now: DateTime<Utc>) -> Sight {
        Sight::Account { id: self.id.0, chair: self.chair, now, named_only: false }
    }

    /// For the audit trail.
    pub fn actor(&self) -> Actor {
        Actor { name: self.name.clone(), role: self.role.code(), account: Some(self.id.0) }
    }

    /// The links and the name at the top of every page.
    pub fn chrome(&self) -> Chrome {
        use Permission::{
            AnswerSubject, Book, ClimbLadder, GrantCover, Import, KeepAccounts, KeepDirectory, KeepRetention,
            PlaceHold, ReadAudit, ReadLetter, SeeConferences, SeeFeedback, SeeFigures, SeeOversight,
            SeeOwnAgency, SeePost, SeeSchedule,
        };
        let links = [
            (SeeConferences, "/", "Today"),
            (SeeConferences, "/board", "Coming weeks"),
            (Book, "/book", "Book"),
            (SeeFigures, "/reports", "PAQA's month"),
            (SeeFeedback, "/feedback", "Feedback"),
            (KeepDirectory, "/directory", "Directory"),
            (SeeFeedback, "/replies", "Replies"),
            (ClimbLadder, "/escalation", "Escalation"),
            (SeeFigures, "/actions", "Actions"),
            (SeeConferences, "/restricted", "Restricted"),
            (SeePost, "/post", "Post"),
            (ReadLetter, "/letters", "Letters"),
            (SeeSchedule, "/schedule", "Schedule"),
            (SeeOversight, "/oversight", "Oversight"),
            (SeeOwnAgency, "/agency", "Your agency"),
            (GrantCover, "/cover", "Cover"),
            (ReadAudit, "/audit", "Audit trail"),
            (KeepAccounts, "/accounts", "Accounts"),
            (KeepRetention, "/retention", "Retention"),
            (PlaceHold, "/holds", "Legal holds"),
            (AnswerSubject, "/subject-access", "Subject access"),
            (Import, "/imports", "Import"),
        ];
        let links = links.into_iter().filter(|(permission, ..)| self.role.may(*permission));
        let mut links: Vec<Link> = links.map(|(_, href, text)| Link { href, text }).collect();
        let more = if links.len() > AT_ONCE + 1 { links.split_off(AT_ONCE) } else { Vec::new() };
        Chrome {
            name: Some(self.name.clone()),
            role: Some(self.role.label()),
            links,
            more,
            ends_in: Some(self.ends_in),
        }
    }

    /// Where somebody begins: the first place that the navigation offers.
    pub fn home(&self) -> &'static str {
        self.chrome().links.first().map_or("/sign-in", |link| link.href)
    }

    async fn of(parts: &mut Parts, desk: &Desk) -> Result<Option<Self>, Problem> {
        let jar = CookieJar::from_headers(&parts.headers);
        // What an open page asks by itself keeps nobody signed in.
        let asks_by_itself = parts.method == Method::GET && parts.uri.path().ends_with("/live");
        let found = match asks_by_itself {
            true => session::look(desk, &jar).await?,
            false => session::find(desk, &jar).await?,
        };
        let whole = found.filter(|(session, _)| session.stage == Stage::Whole);
        Ok(whole.map(|(session, account)| Self::new(desk, session, account)))
    }
}

/// A permission as a type.
pub trait Needs: Send + Sync {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident)+) => {
        $(
            #[doc = concat!("The permission `", stringify!($name), "`.")]
            pub struct $name;
            impl Needs for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+
    };
}
needs! { Book SeeConferences KeepRegister ConfirmRegister AmendRegister Restrict WatchRestricted KeepDirectory GrantCover SeeOwnAgency SeeFeedback ReleaseLetter SettleDispute ClimbLadder SeeFigures ApproveReport KeepActions SeeBehindFigures Import SeePost ReadLetter Requeue SeeOversight SeeSchedule RunSchedule HoldPost ReadAudit KeepAccounts KeepRetention PlaceHold AnswerSubject }

/// Somebody who is signed in and has the permission `P`. Without it a route's code is never reached:
/// nobody is sent to sign in, and the wrong role is told so.
pub struct May<P> {
    /// Who.
    pub who: SignedIn,
    permission: PhantomData<P>,
}

impl<P: Needs> FromRequestParts<Desk> for May<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        match SignedIn::of(parts, desk).await? {
            None => Err(Problem::SignIn(parts.uri.path().to_owned())),
            Some(who) if who.role.may(P::PERMISSION) => {
                desk.limits.account(who.id.0)?;
                Ok(Self { who, permission: PhantomData })
            }
            Some(who) => Err(Problem::Forbidden(who.chrome())),
        }
    }
}

impl FromRequestParts<Desk> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        Self::of(parts, desk).await?.ok_or_else(|| Problem::SignIn(parts.uri.path().to_owned()))
    }
}

/// Somebody whose password was right and who has a step left to do before being signed in.
pub(super) struct Halfway {
    pub session: row::Model,
    pub account: account::Model,
}

impl FromRequestParts<Desk> for Halfway {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        let found = session::find(desk, &CookieJar::from_headers(&parts.headers)).await?;
        let halfway = found.filter(|(session, _)| session.stage != Stage::Whole);
        let (session, account) = halfway.ok_or_else(|| Problem::SignIn("/".to_owned()))?;
        Ok(Self { session, account })
    }
}
