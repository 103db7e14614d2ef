//! The letters' templates: `email-templates/KIND/{subject,text,html}.hbs`, with what they share under
//! `email-templates/shared`. Text has a registry of its own, so that O'Neil is not written `O&#x27;Neil`.

use handlebars::Handlebars;
use rust_embed::RustEmbed;
use serde::Serialize;

#[derive(RustEmbed)]
#[folder = "email-templates"]
struct Files;

/// A template that does not compile or render.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It does not compile.
    #[error("email-templates/{0}: {1}")]
    Compile(String, Box<handlebars::TemplateError>),
    /// It does not render.
    #[error("the letter {0} cannot be written: {1}")]
    Render(String, Box<handlebars::RenderError>),
}

/// Every template, compiled.
pub struct Templates {
    html: Handlebars<'static>,
    text: Handlebars<'static>,
}

/// A letter as three texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text that stands alone.
    pub text: String,
    /// Tables and inline styles.
    pub html: String,
}

impl Templates {
    /// Compiles them all. A name that a template uses and its context lacks is an error.
    pub fn compile() -> Result<Self, TemplateError> {
        let (mut html, mut text) = (Handlebars::new(), Handlebars::new());
        html.set_strict_mode(true);
        text.set_strict_mode(true);
        text.register_escape_fn(handlebars::no_escape);
        for path in Files::iter() {
            let Some(name) = path.strip_suffix(".hbs") else { continue };
            let file = Files::get(&path).expect("an embedded file is there");
            let source = String::from_utf8_lossy(&file.data).into_owned();
            let registry = if name.ends_with("html") { &mut html } else { &mut text };
            registry
                .register_template_string(name, source)
                .map_err(|e| TemplateError::Compile(path.to_string(), Box::new(e)))?;
        }
        Ok(Self { html, text })
    }

    /// Writes a letter of this kind.
    pub fn write(&self, kind: &str, context: &impl Serialize) -> Result<Rendered, TemplateError> {
        let render = |registry: &Handlebars<'_>, part: &str| {
            registry
                .render(&format!("{kind}/{part}"), context)
                .map_err(|e| TemplateError::Render(kind.to_owned(), Box::new(e)))
        };
        Ok(Rendered {
            subject: render(&self.text, "subject")?.trim().to_owned(),
            text: tidy(&render(&self.text, "text")?),
            html: render(&self.html, "html")?,
        })
    }
}

/// Optional parts leave gaps behind: at most one blank line between two paragraphs.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n") + "\n"
}
