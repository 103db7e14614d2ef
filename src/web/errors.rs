//! What is wrong with a form.

use std::collections::BTreeMap;

use serde::Serialize;

/// Errors of a form: in order for its top, and by field for beside them.
#[derive(Debug, Default, Serialize)]
pub struct Errors {
    list: Vec<FieldError>,
    at: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct FieldError {
    field: &'static str,
    text: String,
}

impl Errors {
    /// Adds one.
    pub fn add(&mut self, field: &'static str, text: impl ToString) {
        self.at.insert(field, text.to_string());
        self.list.push(FieldError { field, text: text.to_string() });
    }

    /// One alone.
    pub fn one(field: &'static str, text: impl ToString) -> Self {
        let mut errors = Self::default();
        errors.add(field, text);
        errors
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
