//! Which database to talk to: a URL, parsed once, never printed with its password.

mod error;
mod percent;
mod postgres;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use self::error::UrlError;

use self::percent::{percent_decoded, percent_encoded};
use self::postgres::{MASK, PostgresUrl, is_local, is_secret};

/// The kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A server that speaks PostgreSQL's protocol.
    Postgres,
    /// Embedded SQLite.
    Sqlite,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}

/// What SQLite may do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Create it if it is missing, and write to it.
    Create,
    /// Write to it.
    Write,
    /// Read it without locks, because it cannot change.
    ReadUnchanging,
}

/// A database URL: `postgres://…` or `postgresql://…` with every option of libpq, or `sqlite:PATH`.
///
/// Printing it, for users or for debugging, masks the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Postgres(PostgresUrl),
    SqliteFile(PathBuf),
    SqliteMemory,
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(char::is_control) {
            return Err(UrlError::ControlCharacter);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::NoScheme)?;
        let scheme = scheme.to_ascii_lowercase();
        match scheme.as_str() {
            "postgres" | "postgresql" => PostgresUrl::parse(rest).map(Kind::Postgres),
            "sqlite" => parse_sqlite(rest),
            _ => Err(known_scheme(&scheme).map_or(UrlError::NoScheme, |scheme| UrlError::UnknownScheme { scheme })),
        }
        .map(Self)
    }
}

/// Reads what follows `sqlite:`: a path, after two slashes or none. `sqlite:////path`, as SQLAlchemy writes an absolute path,
/// is the file `/path`.
///
/// `sqlite:///name` is a file here for SQLAlchemy and in the root directory for others, so it is refused. With a directory
/// in it, it is taken for absolute.
fn parse_sqlite(rest: &str) -> Result<Kind, UrlError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if let Some(name) = path.strip_prefix('/').filter(|name| rest.starts_with("///") && !name.contains('/'))
        && !name.is_empty()
    {
        return Err(UrlError::AmbiguousPath(name.to_owned()));
    }
    let is_option = |after: &str| {
        after
            .split_once('=')
            .is_some_and(|(key, _)| !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    if path.split_once('?').is_some_and(|(_, after)| is_option(after)) {
        return Err(UrlError::SqliteOptions);
    }
    match path {
        "" => Err(UrlError::NoPath),
        ":memory:" => Ok(Kind::SqliteMemory),
        // A URI of SQLite would take a path with two slashes for the name of a host.
        _ if path.starts_with("//") => Ok(Kind::SqliteFile(format!("/{}", path.trim_start_matches('/')).into())),
        _ => Ok(Kind::SqliteFile(path.into())),
    }
}

/// Returns the scheme if it is one that other programs use. Nothing else is repeated: it could be a secret.
fn known_scheme(scheme: &str) -> Option<&'static str> {
    const KNOWN: [&str; 21] = [
        "cockroachdb",
        "file",
        "http",
        "https",
        "jdbc",
        "libsql",
        "mariadb",
        "mongodb",
        "mssql",
        "mysql",
        "oracle",
        "postgresql+asyncpg",
        "postgresql+pg8000",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgis",
        "redis",
        "sqlite+aiosqlite",
        "sqlite3",
        "sqlserver",
        "yugabytedb",
    ];
    KNOWN.into_iter().find(|known| *known == scheme)
}

impl DatabaseUrl {
    /// Returns the URL of an SQLite file.
    #[must_use]
    pub fn sqlite_file(path: &Path) -> Self {
        Self(Kind::SqliteFile(path.to_owned()))
    }

    /// Returns which kind of database the URL names.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        match self.0 {
            Kind::Postgres(_) => Backend::Postgres,
            Kind::SqliteFile(_) | Kind::SqliteMemory => Backend::Sqlite,
        }
    }

    /// Returns the path of an SQLite file; `None` for servers and databases in memory.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::SqliteFile(path) => Some(path),
            Kind::Postgres(_) | Kind::SqliteMemory => None,
        }
    }

    /// Returns the value of an option of a server's URL, such as `sslmode`; `None` if it is not there, or a secret.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<String> {
        match &self.0 {
            Kind::Postgres(url) if !is_secret(name) => url.values(name).last(),
            _ => None,
        }
    }

    /// Returns whether the URL names a host on another machine.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        match &self.0 {
            Kind::Postgres(url) => url.hosts().any(|host| !is_local(&host)),
            Kind::SqliteFile(_) | Kind::SqliteMemory => false,
        }
    }

    /// Returns whether every host that the URL names is reached over TCP, not over a Unix socket.
    #[must_use]
    pub fn is_tcp(&self) -> bool {
        match &self.0 {
            Kind::Postgres(url) => {
                let mut hosts = url.hosts().filter(|host| !host.is_empty()).peekable();
                hosts.peek().is_some() && hosts.all(|host| !host.starts_with(['/', '@']))
            }
            Kind::SqliteFile(_) | Kind::SqliteMemory => false,
        }
    }

    /// Returns the ports that the URL names; none of them says anything about a host without one.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        match &self.0 {
            Kind::Postgres(url) => url.ports(),
            Kind::SqliteFile(_) | Kind::SqliteMemory => Vec::new(),
        }
    }

    /// Returns whether the URL names a host on another machine without having its certificate verified, which is what libpq
    /// does unless `sslmode` says otherwise: an attacker in between can read and change everything.
    #[must_use]
    pub fn trusts_unverified_host(&self) -> bool {
        match &self.0 {
            Kind::Postgres(url) => !url.values("sslmode").any(|mode| mode.starts_with("verify-")) && self.is_remote(),
            Kind::SqliteFile(_) | Kind::SqliteMemory => false,
        }
    }

    /// Returns whether each connection would be a database of its own.
    pub(crate) const fn is_in_memory(&self) -> bool {
        matches!(self.0, Kind::SqliteMemory)
    }

    /// Returns the URL of one schema of a PostgreSQL database; an SQLite URL is returned as it is.
    ///
    /// The schema's name is taken literally and should be a plain lower-case identifier.
    #[must_use]
    pub fn with_search_path(&self, schema: &str) -> Self {
        let mut url = self.clone();
        if let Kind::Postgres(postgres) = &mut url.0 {
            let option = format!("-csearch_path%3D{}", percent_encoded(schema.as_bytes()));
            match postgres.query.iter_mut().find(|(key, _)| key == "options") {
                Some((_, value)) => *value = format!("{value}%20{option}"),
                None => postgres.query.push(("options".to_owned(), option)),
            }
        }
        url
    }

    /// Returns the schemas of the search path that the URL sets, if it sets one that leads to the same place for every user.
    pub(crate) fn search_path(&self) -> Option<Vec<String>> {
        let options = self.option("options")?;
        let (_, path) = options.rsplit_once("search_path=")?;
        let path = path.split_whitespace().next()?;
        let schemas: Vec<String> = path.split(',').map(|schema| schema.trim_matches('"').to_owned()).collect();
        let is_plain = |schema: &String| !schema.is_empty() && !schema.contains(['$', '\\', '\'']);
        schemas.iter().all(is_plain).then_some(schemas)
    }

    /// Returns the text for libpq, with values for options that the URL leaves open.
    pub(crate) fn for_libpq(&self, defaults: &[(&str, String)]) -> String {
        let Kind::Postgres(postgres) = &self.0 else {
            return String::new();
        };
        let mut url = postgres.clone();
        for (key, value) in defaults {
            if !url.query.iter().any(|(present, _)| present == key) {
                url.query.push(((*key).to_owned(), percent_encoded(value.as_bytes())));
            }
        }
        url.to_text(false)
    }

    /// Returns the file URI for SQLite.
    pub(crate) fn for_sqlite(&self, access: Access) -> String {
        match &self.0 {
            Kind::SqliteFile(path) => {
                let path = percent_encoded(path.as_os_str().as_encoded_bytes());
                let parameters = match access {
                    Access::Create => "mode=rwc",
                    Access::Write => "mode=rw",
                    Access::ReadUnchanging => "mode=ro&immutable=1",
                };
                format!("file:{path}?{parameters}")
            }
            Kind::Postgres(_) | Kind::SqliteMemory => ":memory:".to_owned(),
        }
    }

    /// Returns a message with every quoted word masked that is a secret of this URL, or that could hold one.
    ///
    /// Secrets are masked by their place. Searching for their letters would turn the password `on` into `c***necti***`, and
    /// tell everybody what it is. libpq gets every part of the URL encoded, so it has no reason to quote one that is secret.
    pub(crate) fn mask(&self, message: &str) -> String {
        let Kind::Postgres(postgres) = &self.0 else {
            return message.to_owned();
        };
        let secrets: Vec<String> =
            postgres.secrets().flat_map(|secret| [secret.to_owned(), percent_decoded(secret)]).collect();
        let is_secret = |word: &str| secrets.iter().any(|secret| secret == word) || word.contains("://");
        let words = message.split('"').enumerate().map(|(place, word)| {
            // Every second part stands between two quotes.
            if place % 2 == 1 && is_secret(word) { MASK } else { word }
        });
        words.collect::<Vec<_>>().join("\"")
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Postgres(postgres) => f.write_str(&postgres.to_text(true)),
            Kind::SqliteFile(path) => write!(f, "sqlite:{}", path.display()),
            Kind::SqliteMemory => f.write_str("sqlite::memory:"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}
