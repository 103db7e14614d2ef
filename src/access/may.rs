//! The permission of a route, in its signature: `who: May<KeepRegister>`.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;

use super::{Permission, Role, session};
use crate::audit::Actor;
use crate::conferences::ChairId;
use crate::web::{Chrome, Desk, Link, Problem};

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
        let account = session::account(desk, &CookieJar::from_headers(&parts.headers)).await?;
        Ok(account.map(|a| Self { name: a.name, role: a.role, chair: a.chair_id }))
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
