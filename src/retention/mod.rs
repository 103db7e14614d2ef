//! How long what is kept: classes with their periods, legal holds that outlast them, and certificates of what
//! was destroyed. What is counted stays: a month's figures are the same before and after.

mod class;
mod destroy;
mod entity;
mod eraser;
mod holds;
mod pages;
mod store;

pub use class::{Class, Periods};
pub use destroy::{Due, ShredError, Shredder};
pub use entity::destruction::Entity as DestructionEntity;
pub use entity::legal_hold::Entity as HoldEntity;
pub use holds::sees;
pub use pages::routes;
pub use store::holds_about;

use crate::platform::ids::typed_id;

typed_id! {
    /// A legal hold.
    HoldId
}
typed_id! {
    /// A certificate of destruction.
    DestructionId
}

/// The purposes under which a hold's child and reason are sealed.
pub mod sealed {
    /// The child's case reference.
    pub const CHILD: &str = "legal_hold.child";
    /// Why.
    pub const WHY: &str = "legal_hold.why";
}
