//! The ladder (DOMAIN 7): what follows an absence beyond its letter. Its steps are proposed by rules that are data, and
//! go when a chair or a QA manager approves; a reply stops them, in the transaction of the reply.

mod approving;
mod causes;
mod climb;
mod expected;
mod found;
mod letter;
mod open;
mod pages;
mod proposing;
mod recipients;
mod rules;
mod signed;
mod still_open;
mod store;
mod telling;

pub use approving::{approve, decline, telephoned};
pub use found::{proposed, to_telephone};
pub use letter::samples;
pub use open::open;
pub use pages::routes;
pub use proposing::propose;
pub use recipients::addressees;
pub use rules::Ladders;
pub use signed::samples as signed_samples;
pub use still_open::StillOpen;
