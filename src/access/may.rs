//! The permission of a route, in its signature: `who: May<KeepRegister>`.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, TimeDelta, Utc};
use tower_sessions::Session;

use super::{AccountId, Permission, Role, store};
use crate::audit::Actor;
use crate::conferences::ChairId;
use crate::web::{Chrome, Desk, Link, Problem};

/// Where the session keeps the account.
pub(super) const ACCOUNT: &str = "account";
/// Where the session keeps when it began.
pub(super) const SINCE: &str = "since";

/// Where the session keeps when it was last used, to five minutes.
const SEEN: &str = "seen";

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The name that others see.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The chair that it acts for: then only its conferences are seen.
    pub chair: Option<ChairId>,
}

impl SignedIn {
    /// For the audit trail.
    pub fn actor(&self) -> Actor {
        Actor { name: self.name.clone(), role: self.role.code() }
    }

    /// The links and the name at the top of every page.
    pub fn chrome(&self) -> Chrome {
        use Permission::{Import, SeeConferences, SeeFeedback, SeeFigures, SeePost, SeeSchedule};
        let links = [
            (SeeConferences, "/", "Today"),
            (SeeFigures, "/reports", "PAQA's month"),
            (SeeFeedback, "/feedback", "Feedback"),
            (SeePost, "/post", "Post"),
            (SeeSchedule, "/schedule", "Schedule"),
            (Import, "/imports", "Import"),
        ];
        let links = links.into_iter().filter(|(permission, ..)| self.role.may(*permission));
        Chrome {
            name: Some(self.name.clone()),
            role: Some(self.role.label()),
            links: links.map(|(_, href, text)| Link { href, text }).collect(),
        }
    }

    /// Where somebody begins: the first place that the navigation offers.
    pub fn home(&self) -> &'static str {
        self.chrome().links.first().map_or("/sign-in", |link| link.href)
    }

    async fn of(parts: &mut Parts, desk: &Desk) -> Result<Option<Self>, Problem> {
        let session = Session::from_request_parts(parts, desk)
            .await
            .map_err(|_| Problem::internal("no session layer"))?;
        let Some(id) = session.get::<AccountId>(ACCOUNT).await? else { return Ok(None) };
        let since = session.get::<DateTime<Utc>>(SINCE).await?;
        let hours = TimeDelta::hours(i64::from(desk.session_hours));
        let account = store::by_id(desk.db.read(), id).await?.filter(|a| a.disabled_at.is_none());
        let Some(account) = account.filter(|_| since.is_some_and(|since| desk.clock.now() < since + hours))
        else {
            session.flush().await?;
            return Ok(None);
        };
        // Saved now and then, not at each request: a session lives on while it is used.
        let now = desk.clock.now();
        if session.get::<DateTime<Utc>>(SEEN).await?.is_none_or(|seen| now - seen > TimeDelta::minutes(5)) {
            session.insert(SEEN, now).await?;
        }
        Ok(Some(Self { name: account.name, role: account.role, chair: account.chair_id }))
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
needs! { SeeConferences KeepRegister ConfirmRegister AmendRegister SeeFeedback SeeFigures SeeBehindFigures Import SeePost Requeue SeeSchedule RunSchedule HoldPost }

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
            Some(who) if who.role.may(P::PERMISSION) => Ok(Self { who, permission: PhantomData }),
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
