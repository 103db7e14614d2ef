//! Loading: embedded defaults < file < environment < flags, and where each setting came from.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::Config;

/// The embedded defaults: the manual.
const DEFAULTS: &str = include_str!("../../../config/default.toml");
/// Settings that are never shown.
const SECRETS: &[&str] = &["access.provider.client_secret", "keys.value", "mail.smtp.password"];

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("the configuration file {0} does not exist")]
    NoFile(PathBuf),
    /// A setting is unknown or of the wrong kind.
    #[error("{}", explain(.0))]
    Settings(Box<figment::Error>),
    /// A setting does not make sense.
    #[error("{0}: {1}")]
    Value(&'static str, String),
    /// A file with a secret cannot be read.
    #[error("{0}: cannot read {1}: {2}")]
    SecretFile(&'static str, PathBuf, std::io::Error),
}

fn explain(error: &figment::Error) -> String {
    let lines: Vec<String> = error
        .clone()
        .into_iter()
        .map(|e| {
            let place = e.metadata.as_ref().map(source).unwrap_or_else(|| "the configuration".to_owned());
            format!("{place}: {}: {}. `config/default.toml` lists every setting.", e.path.join("."), e.kind)
        })
        .collect();
    lines.join("\n")
}

fn source(metadata: &Metadata) -> String {
    match &metadata.source {
        Some(figment::Source::File(path)) => path.display().to_string(),
        _ => metadata.name.to_string(),
    }
}

/// `QUORATE__PART__SETTING`, as text: a telephone number keeps its leading nought.
struct Environment;

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment (QUORATE__…)")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut dict = Dict::new();
        for (name, text) in std::env::vars() {
            let Some(path) = name.strip_prefix("QUORATE__") else { continue };
            let parts: Vec<String> = path.split("__").map(str::to_lowercase).collect();
            insert(&mut dict, &parts, text);
        }
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

fn insert(dict: &mut Dict, path: &[String], text: String) {
    match path {
        [] => {}
        [last] => {
            dict.insert(last.clone(), Value::from(text));
        }
        [first, rest @ ..] => {
            let inner = dict.entry(first.clone()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, text);
            }
        }
    }
}

/// The settings, and where each came from.
pub struct Loaded {
    /// The settings.
    pub config: Config,
    figment: Figment,
}

/// Loads the settings: defaults < `built_in` (its name, its text) < `file` < environment < `flags` (dotted
/// name, value).
pub fn load(
    built_in: Option<(&'static str, &str)>,
    file: Option<&Path>,
    flags: &[(&str, String)],
) -> Result<Loaded, ConfigError> {
    let mut figment = Figment::from(Named("the default", Toml::string(DEFAULTS)));
    if let Some((name, text)) = built_in {
        figment = figment.merge(Named(name, Toml::string(text)));
    }
    if let Some(file) = file {
        if !file.is_file() {
            return Err(ConfigError::NoFile(file.into()));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    figment = figment.merge(Environment);
    for (name, value) in flags {
        figment = figment.merge(Named("the command line", Serialized::default(name, value)));
    }
    let config: Config = figment.extract().map_err(|e| ConfigError::Settings(Box::new(e)))?;
    config.window()?;
    Ok(Loaded { config, figment })
}

struct Named<P>(&'static str, P);

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.1.data()
    }
}

impl Loaded {
    /// Each setting: its name, its value (secrets masked), where it came from.
    pub fn settings(&self) -> Vec<(String, String, String)> {
        let mut settings = Vec::new();
        if let Ok(value) = self.figment.extract::<Value>() {
            self.flatten("", &value, &mut settings);
        }
        settings
    }

    fn flatten(&self, path: &str, value: &Value, settings: &mut Vec<(String, String, String)>) {
        if let Value::Dict(_, dict) = value {
            for (name, value) in dict {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                self.flatten(&path, value, settings);
            }
            return;
        }
        let shown = match (path, value) {
            ("database.url", value) => {
                let url = value.as_str().unwrap_or_default();
                crate::platform::Url::parse(url).map_or("(not an address)".to_owned(), |u| u.to_string())
            }
            (path, Value::String(_, text)) if SECRETS.contains(&path) && !text.is_empty() => "***".to_owned(),
            (_, Value::String(_, text)) => text.clone(),
            (_, Value::Array(_, items)) => {
                let text = |item: &Value| {
                    let number = item.to_i128().map(|n| n.to_string());
                    item.as_str().map(str::to_owned).or(number).unwrap_or_default()
                };
                items.iter().map(text).collect::<Vec<_>>().join(", ")
            }
            (_, Value::Num(_, n)) => n.to_i128().map(|n| n.to_string()).unwrap_or_default(),
            (_, other) => other.to_bool().map(|b| b.to_string()).unwrap_or_default(),
        };
        let from = self.figment.find_metadata(path).map(source).unwrap_or_default();
        settings.push((path.to_owned(), shown, from));
    }
}
