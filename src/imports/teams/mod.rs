//! The attendance report that Microsoft Teams gives whoever organised a meeting: read in the forms that it has had over
//! the years, matched to the invitations of one conference, and taken into its register as somebody confirms it.

mod matching;
mod pages;
mod reading;
mod table;

pub use pages::routes;
