//! PAQA's month: the measures of DOMAIN 8, from the registers that are confirmed.

mod agency;
mod behind;
mod csv;
mod measures;
mod median;
mod month;
mod pages;
mod paper;
mod rate;
mod ready;
mod restated;
mod spc;
mod store;
mod targets;
mod thanks;
mod trend;
mod wilson;

pub use self::csv::csv;
use behind::{Selection, behind, is_of_previous_month};
use measures::INVITATION_MEASURES;
pub use month::Month;
pub use pages::{MonthPage, routes};
pub use paper::{Paper, paper};
use rate::Rate;
pub use ready::{samples, tell_of_month};
pub use restated::of_one;
pub use targets::{Targets, TargetsError};
pub use thanks::{Thanking, samples as thanks_samples, thank};
