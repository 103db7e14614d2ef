//! The fields of a submitted form, and the choices of a form to be shown.

use std::borrow::Cow;

use axum::extract::{Form, FromRequest, Request};
use serde::Serialize;

use super::Problem;

/// The bytes of a form at most: a register of forty agencies is 100 KB.
pub const FORM_LIMIT: usize = 512 * 1024;

/// A submitted form: names and values in their order.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(e) => Err(Problem::Bad(e.to_string())),
        }
    }
}

impl Fields {
    /// A field as it was sent; empty where it was not.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Every field with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of a field: the boxes that were ticked.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
    }

    /// A field without the blanks around it.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }
}

/// A name or a role as it is kept: on one line, without what cannot be seen.
pub fn one_line(text: &str) -> String {
    let text = visible(text);
    let parts = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// A text without characters that are not seen and move or hide others: marks of direction, blanks of no width.
pub fn visible(text: &str) -> String {
    let hides = |c: &char| matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !hides(c) && (!c.is_control() || matches!(c, '\n' | '\r' | '\t'))).collect()
}

/// One choice of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// What is sent.
    pub value: Cow<'static, str>,
    /// What is read.
    pub label: Cow<'static, str>,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A closed list with one chosen.
pub fn choices<T: Copy + PartialEq>(
    all: &[T],
    chosen: Option<T>,
    words: impl Fn(T) -> (&'static str, &'static str),
) -> Vec<Choice> {
    all.iter()
        .map(|code| {
            let (value, label) = words(*code);
            Choice { value: value.into(), label: label.into(), chosen: chosen == Some(*code) }
        })
        .collect()
}

/// The same with an empty choice before it.
pub fn options<T: Copy + PartialEq>(
    empty: &'static str,
    all: &[T],
    chosen: Option<T>,
    words: impl Fn(T) -> (&'static str, &'static str),
) -> Vec<Choice> {
    let mut list = vec![Choice { value: "".into(), label: empty.into(), chosen: chosen.is_none() }];
    list.extend(choices(all, chosen, words));
    list
}
