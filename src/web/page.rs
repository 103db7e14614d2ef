//! A page is a struct, and the struct is the response: its fields are what its template may show.

use std::sync::{LazyLock, OnceLock};

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason, TemplateError,
};
use rust_embed::RustEmbed;
use serde::Serialize;

#[derive(RustEmbed)]
#[folder = "src"]
#[include = "*.hbs"]
struct Templates;

static PAGES: LazyLock<Handlebars<'static>> =
    LazyLock::new(|| compile().expect("`quorate check` compiles every page"));

/// What stands around every page, in one file, and where in it the page goes.
const LAYOUT: &str = "web/layout";
const HERE: &str = "{{page}}";
/// Where another file is put, as text: `{{!put reports/stands}}`.
const PUT: &str = "{{!put ";
const ABOVE: &str = "above the page";
const BELOW: &str = "below the page";

/// Compiles every page. A name that a page uses and its struct lacks is an error.
///
/// A page is no block within the layout: of what a block is given, handlebars copies all at each level that goes down in it,
/// which cost half of drawing a page of tables. So what stands above and below is drawn by itself; a part that sees much of its
/// page is put in as text, and no partial, which would get a copy of that; and a figure, of which a page has thousands, is
/// written by a helper.
pub fn compile() -> Result<Handlebars<'static>, Box<TemplateError>> {
    let mut pages = Handlebars::new();
    pages.set_strict_mode(true);
    pages.register_helper("linked", Box::new(linked));
    for path in Templates::iter() {
        let Some(name) = path.strip_suffix(".hbs") else { continue };
        let text = text_of(name);
        if name == LAYOUT {
            let (above, below) = text.split_once(HERE).expect("the layout has a place for the page");
            pages.register_template_string(ABOVE, above).map_err(Box::new)?;
            pages.register_template_string(BELOW, below).map_err(Box::new)?;
        } else {
            pages.register_template_string(name, text).map_err(Box::new)?;
        }
    }
    Ok(pages)
}

/// The text of a template, with what is put into it.
fn text_of(name: &str) -> String {
    let file =
        Templates::get(&format!("{name}.hbs")).unwrap_or_else(|| panic!("there is no template {name}"));
    let text = String::from_utf8_lossy(&file.data);
    let mut parts = text.split(PUT);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, rest| {
        let (put, after) = rest.split_once("}}").expect("what is put has an end");
        before + text_of(put).trim_end() + after
    })
}

/// `{{linked cell}}`: the `text` of a cell, as a link where it has a `href`.
fn linked(
    helper: &Helper<'_>,
    pages: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let escaped = |name: &str| {
        let text = helper.param(0).and_then(|cell| cell.value().get(name)?.as_str());
        text.map(pages.get_escape_fn())
    };
    let text = escaped("text").ok_or_else(|| RenderErrorReason::Other("a figure without text".to_owned()))?;
    match escaped("href") {
        Some(href) => out.write(&format!("<a class=\"govuk-link\" href=\"{href}\">{text}</a>"))?,
        None => out.write(&text)?,
    }
    Ok(())
}

/// A link of the navigation.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Link {
    /// Where to.
    pub href: &'static str,
    /// Its words.
    pub text: &'static str,
}

/// A line at the top of every page.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Banner {
    /// What it says.
    pub text: &'static str,
    /// Where its link leads.
    pub href: &'static str,
    /// The link's words.
    pub link: &'static str,
}

static BANNER: OnceLock<Banner> = OnceLock::new();

/// Puts a line at the top of every page of this process, from now on.
pub fn announce(banner: Banner) {
    BANNER.get_or_init(|| banner);
}

/// What stands around a page: who is signed in, and where they may go.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chrome {
    /// The name; `None` for nobody.
    pub name: Option<String>,
    /// The role, in words.
    pub role: Option<&'static str>,
    /// The navigation: what is used every day.
    pub links: Vec<Link>,
    /// The rest of it, under one word.
    pub more: Vec<Link>,
    /// Seconds until the session ends, if nothing more is asked for.
    pub ends_in: Option<i64>,
}

/// A page.
pub trait Page: Serialize + Sized {
    /// Its template: room and name.
    const TEMPLATE: &'static str;

    /// Its title.
    fn title(&self) -> String;

    /// Whether it tells of an error in a form: the title then says so first.
    fn has_error(&self) -> bool {
        false
    }

    /// The page as a response.
    fn show(self, chrome: Chrome) -> Response {
        self.show_as(StatusCode::OK, chrome)
    }

    /// The page as a response with another status.
    fn show_as(self, status: StatusCode, chrome: Chrome) -> Response {
        let title = if self.has_error() { format!("Error: {}", self.title()) } else { self.title() };
        let status = if self.has_error() && status == StatusCode::OK {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            status
        };
        match render(Self::TEMPLATE, &title, &chrome, &self) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(e) => {
                tracing::error!(template = Self::TEMPLATE, error = %e, "a page cannot be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, "This page cannot be shown. We have been told.")
                    .into_response()
            }
        }
    }
}

#[derive(Serialize)]
struct Framed<'a, P> {
    title: &'a str,
    chrome: &'a Chrome,
    page: &'a P,
    banner: Option<&'static Banner>,
    scripts: bool,
    /// A file that leads nowhere, rather than a page of the service.
    alone: bool,
}

fn render<P: Serialize>(
    template: &str,
    title: &str,
    chrome: &Chrome,
    page: &P,
) -> Result<String, Box<handlebars::RenderError>> {
    let banner = BANNER.get();
    let framed = Framed { title, chrome, page, banner, scripts: super::assets::has_scripts(), alone: false };
    whole(template, &framed).map_err(Box::new)
}

fn whole<P: Serialize>(template: &str, framed: &Framed<'_, P>) -> Result<String, handlebars::RenderError> {
    let context = handlebars::Context::wraps(framed)?;
    let mut html = PAGES.render_with_context(ABOVE, &context)?;
    for part in [template, BELOW] {
        html.push_str(&PAGES.render_with_context(part, &context)?);
    }
    Ok(html)
}

/// A page as one file that stands alone: its style sheet inside, no scripts, no navigation.
pub fn standalone<P: Page>(page: &P) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let title = page.title();
    let framed =
        Framed { title: &title, chrome: &Chrome::default(), page, banner: None, scripts: false, alone: true };
    let html = whole(P::TEMPLATE, &framed)?;
    let style = format!("<style>{}</style>", super::assets::style());
    Ok(html.replacen(r#"<link rel="stylesheet" href="/assets/style.css">"#, &style, 1))
}
