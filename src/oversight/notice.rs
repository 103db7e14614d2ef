//! The notice that something is not as it should be: how many of what, and where to look. No conference, no service.

use serde::Serialize;

/// The template folder.
pub const FOUND: &str = "oversight_found";

/// The context of `oversight_found`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// There is no conference to name in the frame.
    pub reference: String,
    /// "3 × an absence on a confirmed register without its feedback".
    pub found: Vec<String>,
    pub link: String,
}

/// Contexts to try it on.
pub fn samples() -> Vec<(&'static str, Notice)> {
    let many = Notice {
        reference: String::new(),
        found: vec![
            "3 × an absence on a confirmed register without its feedback".into(),
            "1 × a task that does not run when it is due".into(),
        ],
        link: "https://quorate.example/oversight".into(),
    };
    let one = Notice { found: many.found[1..].to_vec(), ..many.clone() };
    vec![(FOUND, many), (FOUND, one)]
}
