//! Finds the database's URL: in an option, the environment or a file `.env`. Connects to nothing.

use std::env;
use std::fmt;
use std::io;
use std::path::PathBuf;

use bank_persistence::{DatabaseUrl, UrlError};
use etcetera::BaseStrategy;

use super::ValueSource;
use crate::failure::{ExitCode, Failure};

const VARIABLE: &str = "DATABASE_URL";

/// The database to use, and what named it.
#[derive(Debug)]
pub(crate) struct Location {
    pub(crate) url: DatabaseUrl,
    pub(crate) source: ValueSource,
}

/// Returns what named the database, in words.
pub(crate) fn what_named(source: &ValueSource) -> String {
    match source {
        ValueSource::Environment { name } => format!("the environment variable {name}"),
        ValueSource::DotEnv { path } => format!("{VARIABLE} in {}", path.display()),
        ValueSource::Default => "the embedded default".to_owned(),
        other => other.to_string(),
    }
}

impl Location {
    /// Finds the database: the option, then the environment, then `.env`, then the default.
    pub(crate) fn find(option: Option<&str>) -> Result<Self, Failure> {
        match choose(option, environment, dot_env)? {
            Some((typed, source)) => Ok(Self { url: parse(&typed, &source)?, source }),
            None => Ok(Self { url: DatabaseUrl::sqlite_file(&default_file()?), source: ValueSource::Default }),
        }
    }

    /// Returns whether the database's file is missing and may be created.
    ///
    /// Only the default database may lack its directory, too, because bank creates that directory itself.
    pub(crate) fn is_absent_file(&self) -> bool {
        let Some(path) = self.url.sqlite_path() else {
            return false;
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let may_be_created = self.source == ValueSource::Default || directory.is_none_or(std::path::Path::is_dir);
        may_be_created && matches!(path.try_exists(), Ok(false))
    }
}

/// Returns the first URL that is set; does not read the places after it.
fn choose(
    option: Option<&str>,
    environment: impl FnOnce() -> Result<Option<String>, Failure>,
    dot_env: impl FnOnce() -> Result<Option<(String, PathBuf)>, Failure>,
) -> Result<Option<(String, ValueSource)>, Failure> {
    if let Some(typed) = option {
        return Ok(Some((typed.to_owned(), ValueSource::option("--database-url"))));
    }
    // Many tools set a variable to the empty string to unset it.
    if let Some(typed) = environment()?.filter(|value| !value.is_empty()) {
        return Ok(Some((typed, ValueSource::environment(VARIABLE))));
    }
    let typed = dot_env()?.filter(|(value, _)| !value.is_empty());
    Ok(typed.map(|(typed, path)| (typed, ValueSource::DotEnv { path })))
}

fn environment() -> Result<Option<String>, Failure> {
    match env::var(VARIABLE) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(unusable(
            "the environment variable DATABASE_URL is not UTF-8",
            "percent-encode all characters that are not ASCII, or give --database-url",
        )),
    }
}

fn dot_env() -> Result<Option<(String, PathBuf)>, Failure> {
    let found = dot_env_file().map_err(|error| unreadable_dot_env(&dotenvy::Error::Io(error)))?;
    let Some(path) = found else { return Ok(None) };
    let lines = dotenvy::from_path_iter(&path).map_err(|error| unreadable_dot_env(&error))?;
    for line in lines {
        // The unreadable line might be the one that names the database, so do not skip it.
        let (name, value) = line.map_err(|error| unreadable_dot_env(&error))?;
        if name == VARIABLE {
            return Ok(Some((value, path)));
        }
    }
    Ok(None)
}

/// Finds the file `.env` in the working directory or the nearest directory above it.
///
/// Written by hand, because dotenvy tells the path only if it also changes the environment of the process.
fn dot_env_file() -> io::Result<Option<PathBuf>> {
    let here = env::current_dir()?;
    for directory in here.ancestors() {
        let path = directory.join(".env");
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => return Ok(Some(path)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn unreadable_dot_env(error: &dotenvy::Error) -> Failure {
    let message = match error {
        // The message does not show the line, which may contain a password.
        dotenvy::Error::LineParse(..) => "a line of .env is not of the form NAME=value".to_owned(),
        other => format!("cannot read .env: {other}"),
    };
    unusable(message, "correct .env, or give --database-url")
}

fn parse(typed: &str, source: &ValueSource) -> Result<DatabaseUrl, Failure> {
    typed.parse().map_err(|error: UrlError| {
        let hint = url_hint(&error, typed);
        unusable(format!("{error} (from {})", what_named(source)), hint)
    })
}

fn url_hint(error: &UrlError, typed: &str) -> String {
    match error {
        UrlError::SmartDriverOption { .. } => {
            "leave it out; to name several servers write postgres://host1,host2/database".to_owned()
        }
        UrlError::UnencodedSlash => "write / as %2F, @ as %40 and : as %3A in user and password".to_owned(),
        // A URL with an @ may contain a password, which must not be printed.
        UrlError::NoScheme if !typed.is_empty() && !typed.contains('@') => {
            format!("for a SQLite file write sqlite:{typed}")
        }
        _ => "write sqlite:path/to/file.db or postgres://user:password@host:port/database".to_owned(),
    }
}

/// Returns the path of the default database.
pub(crate) fn default_file() -> Result<PathBuf, Failure> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        Failure::new(ExitCode::Other, "no_home_directory", "cannot find your home directory")
            .hint("give --database-url, such as sqlite:bank.db")
    })?;
    Ok(strategy.data_dir().join("bank").join("bank.db"))
}

fn unusable(message: impl fmt::Display, hint: impl Into<String>) -> Failure {
    Failure::new(ExitCode::Usage, "invalid_database_url", message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_that_names_a_database_wins() {
        type Place = Option<&'static str>;
        let choose = |option: Place, environment: Place, dot_env: Place| {
            let is_set = option.is_some();
            let is_known = is_set || environment.is_some_and(|value| !value.is_empty());
            let environment = || {
                assert!(!is_set, "the environment is not read");
                Ok(environment.map(str::to_owned))
            };
            let dot_env = || {
                assert!(!is_known, "the file is not read");
                Ok(dot_env.map(|value| (value.to_owned(), "/home/.env".into())))
            };
            super::choose(option, environment, dot_env).unwrap()
        };
        let chosen = |url: &str, source| Some((url.to_owned(), source));
        let variable = ValueSource::environment("DATABASE_URL");
        let file = ValueSource::DotEnv { path: "/home/.env".into() };
        assert_eq!(choose(Some("sqlite:a"), None, None), chosen("sqlite:a", ValueSource::option("--database-url")));
        assert_eq!(choose(None, Some("sqlite:b"), None), chosen("sqlite:b", variable));
        assert_eq!(choose(None, Some(""), Some("sqlite:c")), chosen("sqlite:c", file), "empty counts as not set");
        assert_eq!(choose(None, Some(""), Some("")), None);
        assert_eq!(choose(None, None, None), None);
    }

    #[test]
    fn rejects_a_bare_path_and_suggests_its_url() {
        let failure = parse("bank.db", &ValueSource::Default).unwrap_err();
        assert_eq!(failure.exit_code(), ExitCode::Usage);
        assert_eq!(failure.hint_line(), Some("for a SQLite file write sqlite:bank.db"));
    }

    #[test]
    fn never_shows_a_line_of_a_broken_dot_env() {
        let error = dotenvy::Error::LineParse("DATABASE_URL secret".to_owned(), 3);
        assert!(!unreadable_dot_env(&error).message().contains("secret"));
    }
}
