//! An agency's own record: what was recorded of the services that an account answers for. Its own rows alone are read, and
//! none of a restricted conference.

use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr};

use super::{Month, Rate};
use crate::access::AccountId;
use crate::agencies::services_of;
use crate::conferences::entity::conference;
use crate::invitations::entity::invitation;
use crate::register::{Policies, Recorded, Standing, of_services};

/// Represented, of those expected and counted (M2).
fn represented<'a>(rows: impl Iterator<Item = &'a Recorded>) -> Rate {
    let counted: Vec<Standing> = rows.filter_map(Recorded::counted).collect();
    Rate::of(counted.iter().filter(|s| s.is_represented()).count(), counted.len())
}

/// A month of it, and the months before.
pub struct OwnRecord {
    /// Every invitation of the month, by day.
    pub rows: Vec<Recorded>,
    /// M2 of these services in the month: represented, of those expected and counted.
    pub represented: Rate,
    /// The same for each month up to it, oldest first.
    pub trend: Vec<(Month, Rate)>,
}

/// Reads it, with so many months up to this one.
pub async fn own_record(
    db: &impl ConnectionTrait,
    account: AccountId,
    month: Month,
    months: usize,
    policies: &Policies,
) -> Result<OwnRecord, DbErr> {
    let mut all: Vec<Month> =
        std::iter::successors(Some(month), |month| Some(month.previous())).take(months).collect();
    all.reverse();
    let first = all.first().copied().unwrap_or(month).first();
    let mut rows = of_services(db, services_of(account), first, month.last(), policies).await?;
    let of = |month: Month| represented(rows.iter().filter(|row| Month::of(row.date) == month));
    let (represented, trend) = (of(month), all.into_iter().map(|month| (month, of(month))).collect());
    rows.retain(|row| Month::of(row.date) == month);
    Ok(OwnRecord { rows, represented, trend })
}

/// Whether a row is about an invitation of the services that an account answers for, to a conference that is not
/// restricted: asked of each row, or years of invitations would be gone through.
pub fn is_own(account: AccountId, of: impl IntoColumnRef) -> Condition {
    let own = Query::select()
        .expr(Expr::val(1))
        .from(invitation::Entity)
        .inner_join(
            conference::Entity,
            Expr::col((conference::Entity, conference::Column::Id))
                .equals((invitation::Entity, invitation::Column::ConferenceId)),
        )
        .and_where(Expr::col((invitation::Entity, invitation::Column::Id)).equals(of))
        .and_where(invitation::Column::ServiceId.in_subquery(services_of(account)))
        .and_where(conference::Column::Restricted.eq(false))
        .to_owned();
    Condition::all().add(Expr::exists(own))
}
