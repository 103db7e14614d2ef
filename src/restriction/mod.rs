//! Restricted conferences (a colleague's child, a case in the news): hidden from everybody who is not named.
//! In need the glass can be broken, with a reason and for some hours, and the QA managers are told at once.
//! They are in every total and in no list, and send no letter by themselves.

mod glass;
mod naming;
mod pages;
mod store;

pub use glass::{OPENED, qa_managers, samples};
pub use pages::routes;
