//! Letters to look at: each kind with contexts to try it on, handed over by whoever knows all that write.

use std::sync::Arc;

use serde_json::Value;

/// A kind of letter with a context.
#[derive(Clone, Debug)]
pub struct Specimen {
    /// Its template folder.
    pub kind: &'static str,
    /// What it is written from.
    pub context: Value,
}

/// All of them, by kind.
#[derive(Clone, Debug)]
pub struct Specimens(pub Arc<[Specimen]>);
