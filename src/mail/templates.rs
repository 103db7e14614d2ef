//! The letters' templates: `email-templates/KIND/{subject,text,html}.hbs`, with what they share under
//! `email-templates/shared`. Text has a registry of its own, so that O'Neil is not written `O&#x27;Neil`.
//!
//! A partnership words a letter in its own way by a file of the same name in a folder of its own, which takes the place of
//! the built-in one. It can name what the built-in one can, and nothing else: no context has a field for a child.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use handlebars::Handlebars;
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "email-templates"]
struct Files;

/// How every letter to an agency begins (DOMAIN 7).
const SAFETY: &str = "{{> shared/safety.text}}";

/// A template that does not compile or render, or says what it must not.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It does not compile.
    #[error("{0}: {1}")]
    Compile(String, Box<handlebars::TemplateError>),
    /// It does not render.
    #[error("the letter {0} cannot be written: {1}")]
    Render(String, Box<handlebars::RenderError>),
    /// A file of the partnership's own that takes no other's place.
    #[error(
        "mail.templates_folder: {0} takes the place of no letter; the files are called as under email-templates"
    )]
    NotOurs(PathBuf),
    /// It cannot be read.
    #[error("mail.templates_folder: {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// It names something that its letter does not have.
    #[error("the letter {0}: {{{{{1}}}}} is not known to it; it knows {2}")]
    Field(String, String, String),
    /// It leaves out what comes first in every letter.
    #[error("the letter {0} does not begin with the safety paragraph: {{{{> shared/safety.text}}}}")]
    Safety(String),
    /// The paragraph itself does not say what it is for.
    #[error(
        "{0} must keep {{{{telephone}}}}, {{{{disagreement_procedure}}}}, and that nobody writes about the family in a reply"
    )]
    SafetyWords(String),
}

/// Every template, compiled.
pub struct Templates {
    html: Handlebars<'static>,
    text: Handlebars<'static>,
    sources: BTreeMap<String, String>,
    own: BTreeSet<String>,
    /// The kinds of letters that begin with the safety paragraph: those to agencies.
    safety_first: BTreeSet<String>,
    versions: BTreeMap<String, String>,
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

/// The files of a folder, by their path in it, without `.hbs`.
fn files_of(folder: &Path) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        let failed = |e| TemplateError::Read(at.clone(), e);
        for entry in std::fs::read_dir(&at).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "hbs") {
                let inside = path.strip_prefix(folder).unwrap_or(&path).with_extension("");
                let name = inside.to_string_lossy().replace('\\', "/");
                let source =
                    std::fs::read_to_string(&path).map_err(|e| TemplateError::Read(path.clone(), e))?;
                found.insert(name, source);
            }
        }
    }
    Ok(found)
}

impl Templates {
    /// Compiles them all, those of a partnership's own folder in place of the built-in ones (empty: none). A name that a
    /// template uses and its context lacks is an error.
    pub fn compile(own_folder: &Path) -> Result<Self, TemplateError> {
        let (mut html, mut text) = (Handlebars::new(), Handlebars::new());
        html.set_strict_mode(true);
        text.set_strict_mode(true);
        text.register_escape_fn(handlebars::no_escape);
        let mut sources = BTreeMap::new();
        for path in Files::iter() {
            let Some(name) = path.strip_suffix(".hbs") else { continue };
            let file = Files::get(&path).expect("an embedded file is there");
            sources.insert(name.to_owned(), String::from_utf8_lossy(&file.data).into_owned());
        }
        let safety_first = sources.iter().filter(|(_, source)| source.starts_with(SAFETY));
        let safety_first =
            safety_first.filter_map(|(name, _)| name.strip_suffix("/text")).map(str::to_owned).collect();
        let mut own = BTreeSet::new();
        if !own_folder.as_os_str().is_empty() {
            for (name, source) in files_of(own_folder)? {
                if sources.insert(name.clone(), source).is_none() {
                    return Err(TemplateError::NotOurs(own_folder.join(format!("{name}.hbs"))));
                }
                own.insert(name);
            }
        }
        for (name, source) in &sources {
            let registry = if name.ends_with("html") { &mut html } else { &mut text };
            registry
                .register_template_string(name, source)
                .map_err(|e| TemplateError::Compile(format!("{name}.hbs"), Box::new(e)))?;
        }
        let mut templates = Self { html, text, sources, own, safety_first, versions: BTreeMap::new() };
        let kinds: Vec<String> = templates.kinds().map(str::to_owned).collect();
        templates.versions = kinds.into_iter().map(|kind| (kind.clone(), templates.hash(&kind))).collect();
        Ok(templates)
    }

    /// The kinds of letters, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().filter_map(|name| name.strip_suffix("/subject"))
    }

    /// Which wording this is: the same for the same text of a letter and of all that it takes in.
    pub fn version(&self, kind: &str) -> &str {
        self.versions.get(kind).map_or("", String::as_str)
    }

    /// Whether a partnership words it in its own way, in some part.
    pub fn is_own(&self, kind: &str) -> bool {
        self.parts(kind).iter().any(|name| self.own.contains(name))
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

    /// Writes a letter on a sample, and refuses what strict rendering lets pass: a name in a condition that the context
    /// lacks, and a letter to an agency that does not begin with the safety paragraph.
    pub fn try_on(&self, kind: &str, sample: &Value) -> Result<Rendered, TemplateError> {
        let known = fields(sample);
        for part in self.parts(kind) {
            let unknown = names(&self.sources[&part]).into_iter().find(|name| !known.contains(name));
            if let Some(name) = unknown {
                let knows = known.iter().copied().collect::<Vec<_>>().join(", ");
                return Err(TemplateError::Field(kind.to_owned(), name.to_owned(), knows));
            }
        }
        let written = self.write(kind, sample)?;
        if self.safety_first.contains(kind) {
            self.says_safety_first(kind, sample, &written)?;
        }
        Ok(written)
    }

    /// Whether both parts of a letter begin with the safety paragraph, and whether that, where a partnership words it in its
    /// own way, still says what it is for.
    fn says_safety_first(&self, kind: &str, sample: &Value, written: &Rendered) -> Result<(), TemplateError> {
        let said = |registry: &Handlebars<'_>, name: &str| {
            registry.render(name, sample).map_err(|e| TemplateError::Render(kind.to_owned(), Box::new(e)))
        };
        let (text, html) = (said(&self.text, "shared/safety.text")?, said(&self.html, "shared/safety.html")?);
        for (name, part) in [("shared/safety.text.hbs", &text), ("shared/safety.html.hbs", &html)] {
            let says = |field: &str| sample[field].as_str().is_none_or(|value| part.contains(value));
            if !says("telephone") || !says("disagreement_procedure") || !part.contains("about the family") {
                return Err(TemplateError::SafetyWords(name.to_owned()));
            }
        }
        let before = written.html.split_once(html.trim()).map(|(before, _)| before);
        let body = before.map(|before| before.split_once("<body").map_or(before, |(_, body)| body));
        let first = body.is_some_and(|body| {
            // What stands before it, its tags left out; the first is the rest of the body's own.
            let words = body.split('<').map(|tag| tag.split_once('>').map_or("", |(_, words)| words));
            words.collect::<String>().trim().is_empty()
        });
        match first && written.text.starts_with(text.trim()) {
            true => Ok(()),
            false => Err(TemplateError::Safety(kind.to_owned())),
        }
    }

    /// The files of a letter, and all that they take in.
    fn parts(&self, kind: &str) -> BTreeSet<String> {
        let mut parts = BTreeSet::new();
        let mut open: Vec<String> = ["subject", "text", "html"].map(|part| format!("{kind}/{part}")).into();
        while let Some(name) = open.pop() {
            let Some(source) = self.sources.get(&name) else { continue };
            if parts.insert(name) {
                open.extend(tags(source).filter_map(partial).map(str::to_owned));
            }
        }
        parts
    }

    fn hash(&self, kind: &str) -> String {
        let mut hash = Sha256::new();
        for part in self.parts(kind) {
            hash.update(part.as_bytes());
            hash.update([0]);
            hash.update(self.sources[&part].as_bytes());
            hash.update([0]);
        }
        hex::encode(&hash.finalize()[..6])
    }
}

/// The names that a template may use: those of the context, and of what stands in its lists.
fn fields(sample: &Value) -> BTreeSet<&str> {
    let Some(object) = sample.as_object() else { return BTreeSet::new() };
    let of_lists = object.values().filter_map(Value::as_array).flatten().flat_map(fields);
    object.keys().map(String::as_str).chain(of_lists).collect()
}

/// What stands between the braces of a template.
fn tags(source: &str) -> impl Iterator<Item = &str> {
    let inside = source.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    inside.map(|(tag, _)| tag.trim_matches(['{', '~', ' ']))
}

/// The template that a tag takes in.
fn partial(tag: &str) -> Option<&str> {
    let name = tag.strip_prefix('>').or_else(|| tag.strip_prefix("#>"))?.split_whitespace().next()?;
    (!name.starts_with('@')).then_some(name)
}

/// The names of the context that a template uses.
fn names(source: &str) -> Vec<&str> {
    tags(source)
        .filter(|tag| !tag.starts_with(['/', '!', '>']) && !tag.starts_with("#>"))
        .flat_map(|tag| tag.split_whitespace())
        .map(|word| word.trim_start_matches(['#', '^', '&']))
        .filter(|word| !matches!(*word, "if" | "unless" | "each" | "with" | "else" | "this" | ""))
        .filter(|word| !word.starts_with('@'))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_template_are_found_in_conditions_too() {
        let source = "{{#if told}}{{service}} ({{role}}){{else if late}}{{#each impact}}{{this}} {{@index}}{{/each}}{{/if}}\
                      {{> shared/safety.text}}{{!-- a note --}}";
        assert_eq!(names(source), ["told", "service", "role", "late", "impact"]);
        assert_eq!(tags(source).filter_map(partial).collect::<Vec<_>>(), ["shared/safety.text"]);
    }

    fn with(file: &str, source: &str) -> Result<Templates, TemplateError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, source).unwrap();
        Templates::compile(folder.path())
    }

    #[test]
    fn a_partnerships_own_wording_takes_the_place_of_ours_and_has_another_version() {
        let built_in = Templates::compile(Path::new("")).unwrap();
        let own = with("no_answer/subject.hbs", "{{reference}}: where were you?").unwrap();
        assert!(own.is_own("no_answer") && !own.is_own("apologies") && !built_in.is_own("no_answer"));
        assert_ne!(own.version("no_answer"), built_in.version("no_answer"));
        assert_eq!(own.version("apologies"), built_in.version("apologies"));
        let shared = with("shared/closing.text.hbs", "{{contact}}").unwrap();
        assert!(shared.is_own("apologies"), "what a letter takes in is a part of it");
        assert_ne!(shared.version("apologies"), built_in.version("apologies"));
    }

    #[test]
    fn a_file_that_takes_no_letters_place_and_a_template_that_does_not_compile_are_refused() {
        let said = |file, source| with(file, source).err().unwrap().to_string();
        assert!(said("no_anser/text.hbs", "x").contains("no_anser/text.hbs takes the place of no letter"));
        assert!(said("no_answer/text.hbs", "{{#if told}}").starts_with("no_answer/text.hbs: "));
    }

    #[test]
    fn a_field_that_a_letter_does_not_have_is_refused_and_so_is_one_without_the_safety_paragraph() {
        let sample = serde_json::json!({
            "reference": "K7Q2-M4TD", "told": true, "telephone": "1", "disagreement_procedure": "x",
        });
        let written = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (file, text) in files {
                let path = folder.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            let templates = Templates::compile(folder.path()).unwrap();
            templates.try_on("no_answer", &sample).map(|letter| letter.text).map_err(|e| e.to_string())
        };
        let html = "<body style=\"x\"><p>{{> shared/safety.html}}</p>{{reference}}</body>";
        let parts = |text, html| {
            written(&[
                ("no_answer/subject.hbs", "{{reference}}"),
                ("no_answer/html.hbs", html),
                ("no_answer/text.hbs", text),
            ])
        };
        let said = |source| parts(source, html);
        let child = said("{{> shared/safety.text}}{{#if child}}{{child}}{{/if}}").unwrap_err();
        assert!(child.contains("{{child}} is not known to it"), "{child}");
        let bare = said("We missed you.").unwrap_err();
        assert!(bare.contains("does not begin with the safety paragraph"), "{bare}");
        let whole = "{{> shared/safety.text}}\nWe missed you.";
        assert!(said(whole).unwrap().ends_with("We missed you.\n"));
        for without in ["<p>{{reference}}</p>", "<p>We missed you.</p>{{> shared/safety.html}}"] {
            let bare = parts(whole, without).unwrap_err();
            assert!(bare.contains("does not begin with the safety paragraph"), "{without}: {bare}");
        }
        let hello = written(&[
            ("shared/safety.text.hbs", "Hello there {{telephone}}"),
            ("no_answer/subject.hbs", "{{reference}}"),
            ("no_answer/html.hbs", html),
            ("no_answer/text.hbs", whole),
        ]);
        let hello = hello.unwrap_err();
        assert!(
            hello.contains("safety.text.hbs must keep {{telephone}}, {{disagreement_procedure}}"),
            "{hello}"
        );
    }
}
