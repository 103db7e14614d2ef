//! Which conferences somebody may see: the row scope of every page, as a condition of the query (DOMAIN 2).
//! What a page never reads it cannot show.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use super::ChairId;
use super::entity::{conference, cover, named};
use crate::calendar::london;

/// What somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All, restricted or not: for the service itself, never for a page.
    Everything,
    /// Of the restricted ones, those on which this account is named, or has broken the glass.
    Account {
        /// The account.
        id: Uuid,
        /// Only the conferences of this chair, and of those whom the account covers on this day.
        chair: Option<ChairId>,
        /// When it looks.
        now: DateTime<Utc>,
        /// A broken glass does not count: for deciding who sees a conference.
        named_only: bool,
    },
}

impl Sight {
    /// The same without what was broken open: for deciding who sees a conference.
    pub fn named_only(mut self) -> Self {
        if let Self::Account { named_only, .. } = &mut self {
            *named_only = true;
        }
        self
    }

    /// The condition on `conference`.
    pub fn condition(self) -> Condition {
        let Self::Account { id, now, named_only, .. } = self else { return Condition::all() };
        let open = Condition::any()
            .add(conference::Column::Restricted.eq(false))
            .add(Expr::exists(named_on(id, now, named_only)));
        self.whose().add(open)
    }

    /// The same without regard to restrictions: whose conferences they may be.
    pub fn whose(self) -> Condition {
        let Self::Account { id, chair: Some(chair), now, .. } = self else { return Condition::all() };
        let own = Condition::any()
            .add(conference::Column::ChairId.eq(chair))
            .add(conference::Column::ChairId.in_subquery(covered_by(id, now)));
        Condition::all().add(own)
    }
}

/// A name on the conference, or a broken glass that still holds.
fn named_on(account: Uuid, now: DateTime<Utc>, named_only: bool) -> SelectStatement {
    // Under a name of its own: a page may join the same table.
    let seen = || Alias::new("sight");
    let of = |column: named::Column| Expr::col((seen(), column));
    let mut holds = Condition::any().add(of(named::Column::Until).is_null());
    if !named_only {
        holds = holds.add(of(named::Column::Until).gt(now));
    }
    Query::select()
        .expr(Expr::val(1))
        .from_as(named::Entity, seen())
        .and_where(of(named::Column::ConferenceId).equals((conference::Entity, conference::Column::Id)))
        .and_where(of(named::Column::AccountId).eq(account))
        .cond_where(holds)
        .to_owned()
}

/// The chairs whom an account covers on the day.
fn covered_by(account: Uuid, now: DateTime<Utc>) -> SelectStatement {
    let today = london::date(now);
    Query::select()
        .column(cover::Column::ChairId)
        .from(cover::Entity)
        .and_where(cover::Column::AccountId.eq(account))
        .and_where(cover::Column::FromDay.lte(today))
        .and_where(cover::Column::UntilDay.gte(today))
        .to_owned()
}
