//! Where the values of options come from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::{ArgMatches, Id};
use serde::Serialize;

/// Where a value comes from; `Url` is a parameter of the database's URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub(crate) enum ValueSource {
    Option { name: String },
    Environment { name: String },
    DotEnv { path: PathBuf },
    Url { name: String },
    Default,
}

impl ValueSource {
    pub(crate) fn option(name: impl Into<String>) -> Self {
        Self::Option { name: name.into() }
    }

    pub(crate) fn environment(name: impl Into<String>) -> Self {
        Self::Environment { name: name.into() }
    }
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { name } => f.write_str(name),
            Self::Environment { name } => write!(f, "environment: {name}"),
            Self::DotEnv { path } => f.write_str(&path.to_string_lossy()),
            Self::Url { name } => write!(f, "URL: {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Where the values of the options come from, as clap knows it; options that keep their default are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueSources(BTreeMap<String, ValueSource>);

impl From<&ArgMatches> for ValueSources {
    fn from(matches: &ArgMatches) -> Self {
        let source = |id: &Id| {
            let source = match matches.value_source(id.as_str())? {
                clap::parser::ValueSource::CommandLine => {
                    ValueSource::option(format!("--{}", id.as_str().replace('_', "-")))
                }
                clap::parser::ValueSource::EnvVariable => {
                    ValueSource::environment(format!("BANK_{}", id.as_str().to_uppercase()))
                }
                _ => return None,
            };
            Some((id.to_string(), source))
        };
        Self(matches.ids().filter_map(source).collect())
    }
}

impl ValueSources {
    /// Returns where the value of an option comes from, by clap's name of the option.
    pub(crate) fn get(&self, id: &str) -> ValueSource {
        self.0.get(id).cloned().unwrap_or(ValueSource::Default)
    }
}
