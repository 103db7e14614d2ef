//! What those who run the service look at and do: the post with what each message is about, and the
//! schedule.

mod counter;
mod pages;
mod post;
mod specimens;
mod timetable;

pub use counter::{Counter, hold_back, let_go, requeue};
pub use pages::{letter_alone, routes};
pub use post::{Posted, described, posted};
pub use specimens::{Specimen, Specimens};
pub use timetable::{Entry, Timetable};
