//! What is wrong with a form.

use std::borrow::Cow;
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
    field: Cow<'static, str>,
    text: String,
}

impl Errors {
    /// Adds one.
    pub fn add(&mut self, field: &'static str, text: impl ToString) {
        self.at.insert(field, text.to_string());
        self.list.push(FieldError { field: field.into(), text: text.to_string() });
    }

    /// Adds one at a field that there may be many of; the page says it there by itself.
    pub fn add_at(&mut self, field: String, text: impl ToString) {
        self.list.push(FieldError { field: field.into(), text: text.to_string() });
    }

    /// What is wrong at the first of these fields that has something wrong.
    pub fn at_one_of(&self, fields: &[String]) -> Option<String> {
        self.list
            .iter()
            .find(|e| fields.iter().any(|field| e.field == field.as_str()))
            .map(|e| e.text.clone())
    }

    /// What is wrong with a line, whose fields are `row.N.…`.
    pub fn at_row(&self, n: usize) -> Option<String> {
        let prefix = format!("row.{n}.");
        self.list.iter().find(|e| e.field.starts_with(&prefix)).map(|e| e.text.clone())
    }

    /// One alone.
    pub fn one(field: &'static str, text: impl ToString) -> Self {
        let mut errors = Self::default();
        errors.add(field, text);
        errors
    }

    /// What was read, where nothing is wrong.
    pub fn or<T>(self, read: T) -> Result<T, Self> {
        if self.is_empty() { Ok(read) } else { Err(self) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
