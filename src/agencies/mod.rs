//! The directory: agency groups, agencies with their validity and successors, their services, and
//! the contacts to write to.

pub(crate) mod entity;
mod group;
pub(crate) mod maintaining;
mod pages;
mod scope;
pub(crate) mod store;

pub use group::AgencyGroup;
pub use maintaining::Maintaining;
pub use pages::routes;
pub use scope::{Grant, Granting, contacts_of_account, grants, services_of};

use crate::platform::ids::typed_id;

typed_id! {
    /// An agency.
    AgencyId
}
typed_id! {
    /// A service or setting of an agency: a health visiting team, one school, one surgery.
    ServiceId
}
typed_id! {
    /// A mailbox or a person at a service.
    ContactId
}
