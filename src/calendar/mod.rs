//! Days and times as the statute and the people count them: working days of England and Wales,
//! calendar months, and Europe/London.

mod bank_holidays;
mod breaks;
pub(crate) mod entity;
pub mod london;
mod months;
mod working_days;
pub mod written;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

pub use breaks::{Breaks, Span};
pub use months::{add_months, months_before};
pub use working_days::Calendar;

/// The working-day calendar with the proclaimed changes that the database holds.
pub async fn load(db: &impl ConnectionTrait) -> Result<Calendar, DbErr> {
    let changes = entity::Entity::find().all(db).await?;
    Ok(Calendar::with_changes(changes.into_iter().map(|c| (c.date, c.is_holiday))))
}
