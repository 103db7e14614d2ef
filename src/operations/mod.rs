//! What those who run the service look at: the post, with what each message is about.

mod post;

pub use post::{Posted, posted};
