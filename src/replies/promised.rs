//! What agencies said that they do so that an absence does not happen again.

use chrono::NaiveDate;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::Texts;
use super::entity::reply::{Column, Entity};
use crate::calendar::london;
use crate::platform::Keys;

/// One such word.
pub struct Promised {
    pub on: NaiveDate,
    pub text: String,
}

/// Those about these invitations, oldest first.
pub async fn promised(
    db: &impl ConnectionTrait,
    keys: &Keys,
    invitations: SelectStatement,
) -> Result<Vec<Promised>, DbErr> {
    let of = Entity::find().filter(Column::InvitationId.in_subquery(invitations));
    let of = of.filter(Column::Prevention.is_not_null()).order_by_asc(Column::MadeAt);
    let rows = of.all(db).await?.into_iter();
    Ok(rows
        .map(|row| Promised { on: london::date(row.made_at), text: Texts::open(keys, &row).prevention })
        .collect())
}
