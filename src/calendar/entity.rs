//! Proclaimed changes to the bank holidays: a day added, or a usual one moved away.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bank_holiday_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub date: NaiveDate,
    pub is_holiday: bool,
    pub name: String,
}

impl ActiveModelBehavior for ActiveModel {}
