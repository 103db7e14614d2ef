//! Bounces: a message that a server took and sent back later. The contact is flagged, the invitation was not delivered and
//! that is our fault, the letter goes to whoever stands in, and an administrator is told.

mod letter;
mod source;
mod taking;
mod tasks;

pub use letter::samples;
pub use source::{Source, SourceError};
pub use tasks::{ReadError, read_all};
