//! What went wrong, said to the person: what it is, and what to do. 5xx tell nothing but that.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::DbErr;
use serde::Serialize;

use super::limits::seconds;
use super::{Chrome, Page, query};

/// A request that cannot be served.
#[derive(Debug)]
pub enum Problem {
    /// Nobody is signed in: off to sign in, and back to this path.
    SignIn(String),
    /// The role may not.
    Forbidden(Chrome),
    /// It does not exist, or this person may not know that it does.
    NotFound(Chrome),
    /// It was there, and is not kept any more.
    Gone(Chrome, &'static str),
    /// The request makes no sense, and a person could not have made it with our forms.
    Bad(String),
    /// Too much at once; try again soon.
    Busy,
    /// More than one address or account may ask for; after this long again.
    TooMany(Duration),
    /// Our fault.
    Internal(String),
}

impl Problem {
    /// Our fault; the text goes to the log.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(text.into())
    }
}

impl From<DbErr> for Problem {
    fn from(e: DbErr) -> Self {
        Self::Internal(format!("database: {e}"))
    }
}

#[derive(Serialize)]
struct ProblemPage {
    heading: &'static str,
    text: String,
}

impl Page for ProblemPage {
    const TEMPLATE: &'static str = "web/problem";
    fn title(&self) -> String {
        self.heading.to_owned()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let page = |heading, text: &str| ProblemPage { heading, text: text.to_owned() };
        match self {
            Self::SignIn(path) => Redirect::to(&query("/sign-in", &[("next", &path)])).into_response(),
            Self::Forbidden(chrome) => {
                let text = "Your role does not include this. Ask the conference administrator if it should.";
                page("You cannot see this page", text).show_as(StatusCode::FORBIDDEN, chrome)
            }
            Self::NotFound(chrome) => {
                let text = "Check the address. What was here may have moved, or may not be yours to see: a conference may be restricted.";
                page("Page not found", text).show_as(StatusCode::NOT_FOUND, chrome)
            }
            Self::Gone(chrome, text) => {
                page("This is not kept any more", text).show_as(StatusCode::GONE, chrome)
            }
            Self::Bad(text) => {
                page("That request cannot be read", &text).show_as(StatusCode::BAD_REQUEST, Chrome::default())
            }
            Self::Busy => {
                let text = "Too many people are signing in at this moment. Try again in a minute.";
                let page = page("Please try again", text);
                let answer = page.show_as(StatusCode::SERVICE_UNAVAILABLE, Chrome::default());
                ([(header::RETRY_AFTER, HeaderValue::from_static("60"))], answer).into_response()
            }
            Self::TooMany(wait) => {
                let seconds = seconds(wait);
                let text =
                    format!("There were too many requests from here. Try again in {seconds} second(s).");
                let page = page("Please wait a moment", &text);
                let answer = page.show_as(StatusCode::TOO_MANY_REQUESTS, Chrome::default());
                ([(header::RETRY_AFTER, HeaderValue::from(seconds))], answer).into_response()
            }
            Self::Internal(text) => {
                tracing::error!(error = text, "a request failed");
                let text = "Sorry, there is a problem with the service. What you entered on the page before may not \
                            be saved: go back, and try again in a few minutes.";
                page("Sorry, something went wrong", text)
                    .show_as(StatusCode::INTERNAL_SERVER_ERROR, Chrome::default())
            }
        }
    }
}

/// A file to be saved.
pub fn download(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)],
        bytes,
    )
        .into_response()
}
