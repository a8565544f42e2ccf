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
    /// What is to be said of the place that named it.
    pub(crate) notes: Vec<String>,
}

/// A value in a file `.env`.
struct DotEnvValue {
    value: String,
    path: PathBuf,
    /// What is to be said of the file.
    notes: Vec<String>,
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
            Some((typed, source, notes)) => {
                let url = beside_dot_env(parse(&typed, &source)?, &source);
                Ok(Self { url, source, notes })
            }
            None => {
                let url = DatabaseUrl::sqlite_file(&default_file()?);
                Ok(Self { url, source: ValueSource::Default, notes: Vec::new() })
            }
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

/// Returns the first URL that is set, its source, and what is to be said of it; does not read the places after it.
fn choose(
    option: Option<&str>,
    environment: impl FnOnce() -> Result<Option<String>, Failure>,
    dot_env: impl FnOnce() -> Result<Option<DotEnvValue>, Failure>,
) -> Result<Option<(String, ValueSource, Vec<String>)>, Failure> {
    if let Some(typed) = option {
        return Ok(Some((without_line_end(typed), ValueSource::option("--database-url"), Vec::new())));
    }
    // Many tools set a variable to the empty string to unset it.
    if let Some(typed) = environment()?.as_deref().map(without_line_end).filter(|value| !value.is_empty()) {
        return Ok(Some((typed, ValueSource::environment(VARIABLE), Vec::new())));
    }
    let found = dot_env()?.filter(|found| !found.value.is_empty());
    Ok(found.map(|DotEnvValue { value, path, notes }| (without_line_end(&value), ValueSource::DotEnv { path }, notes)))
}

/// A secret that was written with an editor ends with a line feed.
fn without_line_end(text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text).to_owned()
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

fn dot_env() -> Result<Option<DotEnvValue>, Failure> {
    let found = dot_env_file().map_err(|error| unreadable_dot_env(&error))?;
    let Some(path) = found else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable_dot_env(&error))?;
    read_dot_env(&text, path)
}

/// Returns the value in the text of a file, with what is to be said of it.
///
/// Lines that dotenvy cannot read are left out: other programs read more. A line that mentions the variable is not.
fn read_dot_env(text: &str, path: PathBuf) -> Result<Option<DotEnvValue>, Failure> {
    let shown = path.display();
    let mut notes = Vec::new();
    for line in dotenvy::from_read_iter(text.as_bytes()) {
        match line {
            Ok((name, value)) if name == VARIABLE => {
                notes.extend(expanded_line(text).map(|number| {
                    format!(
                        "line {number} of {shown} has a $ outside of single quotes, so it was expanded as a variable; write \
                         {VARIABLE}='...' to keep it"
                    )
                }));
                return Ok(Some(DotEnvValue { value, path, notes }));
            }
            Ok(_) => {}
            Err(dotenvy::Error::LineParse(line, _)) => {
                let number = line_number(text, &line);
                // The message does not show the line, which may contain a password.
                let message = format!("line {number} of {shown} is not of the form NAME=value");
                if line.contains(VARIABLE) {
                    return Err(unusable(message, "put the value in single quotes, or give --database-url"));
                }
                notes.push(format!("{message} and was left out"));
            }
            Err(error) => {
                let message = format!("cannot read {shown}: {error}");
                return Err(unusable(message, "correct the file, or give --database-url"));
            }
        }
    }
    Ok(None)
}

/// Returns the number of the line whose value has a `$` that is expanded, if there is one.
fn expanded_line(text: &str) -> Option<usize> {
    let value = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        line.strip_prefix(VARIABLE)?.trim_start().strip_prefix('=').map(ToOwned::to_owned)
    };
    let is_expanded = |value: &str| {
        let mut quoted = false;
        let mut escaped = false;
        value.chars().any(|c| {
            let is_expanded = c == '$' && !quoted && !escaped;
            quoted ^= c == '\'' && !escaped;
            escaped = c == '\\' && !escaped;
            is_expanded
        })
    };
    let found = text.lines().position(|line| value(line).is_some_and(|value| is_expanded(&value)));
    found.map(|index| index.saturating_add(1))
}

/// Returns the number of the line at which a part of the text begins.
fn line_number(text: &str, part: &str) -> usize {
    let first = part.lines().next().unwrap_or_default();
    let index = text.lines().position(|line| line.trim() == first.trim());
    index.unwrap_or(0).saturating_add(1)
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

fn unreadable_dot_env(error: &io::Error) -> Failure {
    unusable(format!("cannot read .env: {error}"), "correct .env, or give --database-url")
}

/// Returns the URL of a file that a `.env` names by a relative path: it is beside the `.env`, so that all directories below
/// have the same database.
fn beside_dot_env(url: DatabaseUrl, source: &ValueSource) -> DatabaseUrl {
    let (Some(path), ValueSource::DotEnv { path: dot_env }) = (url.sqlite_path(), source) else { return url };
    let here = env::current_dir().ok();
    match dot_env.parent() {
        Some(directory) if path.is_relative() && here.as_deref() != Some(directory) => {
            DatabaseUrl::sqlite_file(&directory.join(path))
        }
        _ => url,
    }
}

fn parse(typed: &str, source: &ValueSource) -> Result<DatabaseUrl, Failure> {
    typed.parse().map_err(|error: UrlError| {
        let hint = url_hint(&error);
        unusable(format!("{error} (from {})", what_named(source)), hint)
    })
}

/// Repeats nothing of a text that is no URL: it may be a secret, or hold one.
fn url_hint(error: &UrlError) -> String {
    match error {
        UrlError::SmartDriverOption { .. } => {
            "leave it out; to name several servers write postgres://host1,host2/database".to_owned()
        }
        UrlError::UnencodedSlash => "write / as %2F, @ as %40 and : as %3A in user and password".to_owned(),
        UrlError::SqliteOptions => "leave the options out, and write sqlite:path/to/file.db".to_owned(),
        UrlError::AmbiguousPath(name) => format!("write sqlite:{name} or sqlite:/{name}"),
        UrlError::UnknownScheme { scheme: "jdbc" } => {
            "write postgres://user:password@host:port/database, without jdbc: and with the user before the host"
                .to_owned()
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
                let path = || "/home/.env".into();
                Ok(dot_env.map(|value| DotEnvValue { value: value.to_owned(), path: path(), notes: Vec::new() }))
            };
            super::choose(option, environment, dot_env).unwrap().map(|(url, source, _)| (url, source))
        };
        let chosen = |url: &str, source| Some((url.to_owned(), source));
        let variable = ValueSource::environment("DATABASE_URL");
        let file = ValueSource::DotEnv { path: "/home/.env".into() };
        assert_eq!(choose(Some("sqlite:a"), None, None), chosen("sqlite:a", ValueSource::option("--database-url")));
        assert_eq!(choose(None, Some("sqlite:b"), None), chosen("sqlite:b", variable));
        assert_eq!(choose(None, Some(""), Some("sqlite:c")), chosen("sqlite:c", file), "empty counts as not set");
        assert_eq!(choose(None, Some(""), Some("")), None);
        for end in ["\n", "\r\n"] {
            let typed: &'static str = format!("sqlite:d{end}").leak();
            let variable = ValueSource::environment("DATABASE_URL");
            assert_eq!(
                choose(None, Some(typed), None),
                chosen("sqlite:d", variable),
                "a line end is no part of the value"
            );
        }
        assert_eq!(choose(None, None, None), None);
    }

    #[test]
    fn repeats_nothing_of_a_text_that_is_no_url() {
        for text in ["bank.db", "s3cret", "host=h user=u password=s3cret", "Server=h;Password=s3cret", "s3cret:x"] {
            let failure = parse(text, &ValueSource::Default).unwrap_err();
            assert_eq!(failure.exit_code(), ExitCode::Usage);
            let shown = format!("{} {:?}", failure.message(), failure.hint_line());
            assert!(
                !shown.contains("s3cret") && shown.contains("write sqlite:path/to/file.db or postgres://"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_foreign_line_of_a_dot_env_is_left_out_unless_it_may_name_the_database() {
        let read = |text: &str| super::read_dot_env(text, "/home/.env".into());
        let found = read("TITLE=My bank app\nDATABASE_URL=sqlite:a\n").unwrap().unwrap();
        assert_eq!((found.value.as_str(), found.notes.len()), ("sqlite:a", 1));
        assert!(found.notes[0].starts_with("line 1 of /home/.env is not of the form NAME=value"), "{:?}", found.notes);
        for text in ["A=1\nDATABASE_URL postgres://u:s3cret@h/db\n", "A=1\nDATABASE_URL=\"s3cret\n"] {
            let failure = read(text).err().unwrap();
            assert!(failure.message().starts_with("line 2 of /home/.env is not"), "{}", failure.message());
            assert!(!failure.message().contains("s3cret"));
        }
        assert!(read("TITLE=My bank app\n").unwrap().is_none());
    }

    #[test]
    fn a_dollar_that_was_expanded_is_noted_with_its_line() {
        let notes = |text: &str| super::read_dot_env(text, "/home/.env".into()).unwrap().unwrap().notes;
        for line in ["DATABASE_URL=postgres://u:a$b@h/db", "export DATABASE_URL=\"postgres://u:a${b}c@h/db\""] {
            let notes = notes(&format!("# first\n{line}\n"));
            assert!(notes[0].starts_with("line 2 of /home/.env has a $ outside of single quotes"), "{notes:?}");
        }
        for line in
            ["DATABASE_URL='postgres://u:a$b@h/db'", "DATABASE_URL=postgres://u:a\\$b@h/db", "DATABASE_URL=sqlite:a"]
        {
            assert!(notes(&format!("OTHER=$HOME\n{line}\n")).is_empty(), "{line}");
        }
    }
}
