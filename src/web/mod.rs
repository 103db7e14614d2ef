//! The web's own things, without a word of the domain: pages, forms, problems, assets.

mod assets;
mod csv_cell;
mod desk;
mod errors;
mod fields;
mod limits;
mod measured;
mod page;
mod paging;
mod problem;
mod query;

pub use assets::routes as asset_routes;
pub use csv_cell::csv_cell;
pub use desk::{Desk, SessionRules};
pub use errors::Errors;
pub use fields::{Choice, FORM_LIMIT, Fields, choices, one_line, options, visible};
pub use limits::{ClientAddress, LimitRules, Limits, limited};
pub use measured::measured;
pub use page::{Banner, Chrome, Link, Page, announce, compile as compile_pages, standalone};
pub use paging::Paging;
pub use problem::{Problem, download};
pub use query::query;
