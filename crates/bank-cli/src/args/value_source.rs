//! Where the value of an option comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::Serialize;

use crate::args::ConnectionArgs;
use crate::args::UrlSource;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub(crate) enum Origin {
    /// An option on the command line.
    Option {
        name: String,
    },
    /// An environment variable.
    Environment {
        name: String,
    },
    /// A file `.env`.
    DotEnv {
        path: PathBuf,
    },
    /// A parameter of the database's URL.
    Url {
        name: String,
    },
    Default,
}

impl Origin {
    pub(crate) fn option(name: impl Into<String>) -> Self {
        Self::Option { name: name.into() }
    }

    pub(crate) fn environment(name: impl Into<String>) -> Self {
        Self::Environment { name: name.into() }
    }
}

impl fmt::Display for Origin {
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

impl From<&UrlSource> for Origin {
    fn from(source: &UrlSource) -> Self {
        match source {
            UrlSource::Option => Self::option("--database-url"),
            UrlSource::Environment => Self::environment("DATABASE_URL"),
            UrlSource::DotEnv(path) => Self::DotEnv { path: path.clone() },
            UrlSource::Default => Self::Default,
        }
    }
}

/// What clap knows of the origin of the options that `config show` lists; those of which it has no value are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins(BTreeMap<&'static str, Origin>);

impl Origins {
    /// Takes down where the options' values come from.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let origin = |id: &'static str| {
            let origin = match matches.value_source(id)? {
                ValueSource::CommandLine => Origin::option(format!("--{}", id.replace('_', "-"))),
                ValueSource::EnvVariable => Origin::environment(format!("BANK_{}", id.to_uppercase())),
                _ => return None,
            };
            Some((id, origin))
        };
        Self(ConnectionArgs::IDS.into_iter().chain(["color"]).filter_map(origin).collect())
    }

    /// Returns where the value of an option comes from, by clap's name of the option.
    pub(crate) fn get(&self, id: &str) -> Origin {
        self.0.get(id).cloned().unwrap_or(Origin::Default)
    }
}
