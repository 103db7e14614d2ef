//! People at the pages: each with a session of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use quorate::app::{Site, router};
use tower::ServiceExt;

use super::Place;

const PASSWORD: &str = "a long enough password";

/// Somebody with a browser.
pub struct Person {
    router: Router,
    cookies: BTreeMap<String, String>,
}

/// A page as it came back.
pub struct Seen {
    pub status: StatusCode,
    pub location: Option<String>,
    pub headers: axum::http::HeaderMap,
    pub body: String,
    /// The same as it came: a file is no text.
    pub bytes: axum::body::Bytes,
}

impl Seen {
    /// The value of a field of the page's form.
    pub fn field(&self, name: &str) -> String {
        let input = regex::Regex::new(&format!("<input[^>]*name=\"{}\"[^>]*>", regex::escape(name))).unwrap();
        let tag = input.find(&self.body).unwrap_or_else(|| panic!("no field {name}")).as_str();
        let value = regex::Regex::new("value=\"([^\"]*)\"").unwrap();
        let text = value.captures(tag).map_or("", |c| c.get(1).unwrap().as_str());
        as_written(text)
    }

    /// Every field of the page's form, with what is chosen.
    pub fn form(&self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        let tag =
            regex::Regex::new(r#"(?s)<input[^>]*>|<select[^>]*>.*?</select>|<textarea[^>]*>.*?</textarea>"#)
                .unwrap();
        let name = regex::Regex::new(r#"name="([^"]*)""#).unwrap();
        let chosen = regex::Regex::new(r#"<option value="([^"]*)" selected>"#).unwrap();
        let value = regex::Regex::new("value=\"([^\"]*)\"").unwrap();
        for found in tag.find_iter(&self.body) {
            let text = found.as_str();
            let Some(name) = name.captures(text).map(|c| c[1].to_owned()) else { continue };
            if text.starts_with("<select") {
                fields.push((name, chosen.captures(text).map_or(String::new(), |c| c[1].to_owned())));
            } else if text.contains("type=\"radio\"") || text.contains("type=\"checkbox\"") {
                if text.contains(" checked") {
                    fields.push((name, value.captures(text).unwrap()[1].to_owned()));
                }
            } else {
                let written =
                    || text.trim_end_matches("</textarea>").split_once('>').map(|(_, t)| as_written(t));
                let value = if text.starts_with("<textarea") {
                    written()
                } else {
                    value.captures(text).map(|c| as_written(&c[1]))
                };
                fields.push((name, value.unwrap_or_default()));
            }
        }
        fields
    }
}

fn as_written(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#x27;", "'").replace("&#x3D;", "=").replace("&amp;", "&")
}

/// Sets a field of a form.
pub fn set(form: &mut Vec<(String, String)>, name: &str, value: &str) {
    form.retain(|(n, _)| n != name);
    form.push((name.to_owned(), value.to_owned()));
}

pub fn encode(form: &[(String, String)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    form.iter().map(|(n, v)| format!("{}={}", escape(n), escape(v))).collect::<Vec<_>>().join("&")
}

impl Person {
    /// Nobody in particular.
    pub fn anonymous(site: &Arc<Site>) -> Self {
        Self { router: router(site), cookies: BTreeMap::new() }
    }

    /// Somebody with a role, signed in.
    pub async fn with_role(place: &Place, site: &Arc<Site>, role: &str) -> Self {
        let email = place.account(role, PASSWORD);
        let mut person = Self::anonymous(site);
        person.sign_in(&email, PASSWORD).await;
        person
    }

    /// One more person of a role.
    pub async fn called(place: &Place, site: &Arc<Site>, name: &str, role: &str) -> Self {
        let email = place.account_of(name, role, PASSWORD);
        let mut person = Self::anonymous(site);
        person.sign_in(&email, PASSWORD).await;
        person
    }

    /// Somebody who holds the same cookies.
    pub fn twin(&self, site: &Arc<Site>) -> Self {
        Self { router: router(site), cookies: self.cookies.clone() }
    }

    /// The same browser, with the service at another moment.
    pub fn moved_to(&mut self, site: &Arc<Site>) {
        self.router = router(site);
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Seen {
        let form = [("email".to_owned(), email.to_owned()), ("password".to_owned(), password.to_owned())];
        self.post("/sign-in", &form).await
    }

    pub async fn get(&mut self, path: &str) -> Seen {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&mut self, path: &str, form: &[(String, String)]) -> Seen {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(encode(form)))
            .unwrap();
        self.send(request).await
    }

    pub async fn send(&mut self, mut request: Request<Body>) -> Seen {
        if !self.cookies.is_empty() {
            let all: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, all.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.split(';').next().unwrap().to_owned());
        }
        let status = response.status();
        let location = response.headers().get(header::LOCATION).map(|l| l.to_str().unwrap().to_owned());
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Seen { status, location, headers, body: String::from_utf8_lossy(&body).into_owned(), bytes: body }
    }
}
