//! Which database to talk to: a URL, parsed once, never printed with its password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use crate::settings::Settings;

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

/// Says why a text is no database URL. Never quotes what could be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The text has no scheme; a bare file name is not taken for a database.
    #[error("the database URL has no scheme")]
    NoScheme,
    /// The scheme is none of those that bank speaks.
    #[error("the database URL has the unknown scheme \"{scheme}\"")]
    UnknownScheme {
        /// The scheme as it was given.
        scheme: String,
    },
    /// An SQLite URL without a path.
    #[error("the SQLite URL names no file")]
    NoPath,
    /// The text contains a NUL byte or another control character.
    #[error("the database URL contains a control character")]
    ControlCharacter,
    /// A `/` stands before the `@`: libpq would take a part of the password for a host or a port, and print it.
    #[error("the database URL has an unencoded \"/\" before the \"@\"")]
    UnencodedSlash,
    /// An option of another driver, which libpq refuses.
    #[error("the database URL has the option \"{option}\", which only YugabyteDB's smart drivers know")]
    SmartDriverOption {
        /// The option's name.
        option: &'static str,
    },
}

/// Options of YugabyteDB's smart drivers, which libpq refuses.
const SMART_DRIVER_OPTIONS: [&str; 5] = [
    "load_balance",
    "topology_keys",
    "yb_servers_refresh_interval",
    "fallback_to_topology_keys_only",
    "failed_host_reconnect_delay_secs",
];

const MASK: &str = "***";

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(char::is_control) {
            return Err(UrlError::ControlCharacter);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::NoScheme)?;
        match scheme {
            "postgres" | "postgresql" => PostgresUrl::parse(rest).map(Kind::Postgres),
            "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
                "" => Err(UrlError::NoPath),
                ":memory:" => Ok(Kind::SqliteMemory),
                path => Ok(Kind::SqliteFile(path.into())),
            },
            _ if is_scheme(scheme) => Err(UrlError::UnknownScheme { scheme: scheme.to_owned() }),
            _ => Err(UrlError::NoScheme),
        }
        .map(Self)
    }
}

/// Returns whether the text has the form of a URL's scheme, and so is safe to quote.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.len() <= 20
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
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

    /// Returns the text for libpq, with defaults for what the URL leaves open.
    pub(crate) fn for_libpq(&self, settings: &Settings) -> String {
        let Kind::Postgres(postgres) = &self.0 else {
            return String::new();
        };
        let mut url = postgres.clone();
        let defaults = [
            // libpq rounds 1 up to 2 seconds and takes 0 for no limit.
            ("connect_timeout", settings.connection_timeout.as_secs().max(1).to_string()),
            ("fallback_application_name", percent_encoded(settings.application_name.as_bytes())),
            // A peer that is gone is noticed within about 15 seconds instead of the kernel's two hours.
            ("keepalives_idle", "5".to_owned()),
            ("keepalives_interval", "3".to_owned()),
            ("keepalives_count", "3".to_owned()),
            ("tcp_user_timeout", "15000".to_owned()),
        ];
        for (key, value) in defaults {
            if !url.query.iter().any(|(present, _)| present == key) {
                url.query.push((key.to_owned(), value));
            }
        }
        url.to_text(false)
    }

    /// Returns the file URI for SQLite, which may then create the file or not.
    pub(crate) fn for_sqlite(&self, create: bool) -> String {
        match &self.0 {
            Kind::SqliteFile(path) => {
                let path = percent_encoded(path.as_os_str().as_encoded_bytes());
                format!("file:{path}?mode={}", if create { "rwc" } else { "rw" })
            }
            Kind::Postgres(_) | Kind::SqliteMemory => ":memory:".to_owned(),
        }
    }

    /// Returns the text with every secret of this URL masked.
    pub(crate) fn mask(&self, text: &str) -> String {
        let Kind::Postgres(postgres) = &self.0 else {
            return text.to_owned();
        };
        postgres
            .secrets()
            .fold(text.to_owned(), |text, secret| text.replace(secret, MASK).replace(&percent_decoded(secret), MASK))
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

/// The parts of a PostgreSQL URL, still percent-encoded, split where libpq splits them.
///
/// The `url` crate does not fit: libpq's URLs may name several hosts with ports, or none.
#[derive(Clone, PartialEq, Eq)]
struct PostgresUrl {
    user: Option<String>,
    password: Option<String>,
    hosts: String,
    database: Option<String>,
    query: Vec<(String, String)>,
}

impl PostgresUrl {
    fn parse(rest: &str) -> Result<Self, UrlError> {
        let rest = rest.strip_prefix("//").ok_or(UrlError::NoScheme)?;
        // libpq looks for the '@' up to the first '/': a '?' before it belongs to the password.
        let authority_end = rest.find('/').unwrap_or(rest.len());
        let (user_info, rest) = match rest[..authority_end].rfind('@') {
            Some(at) => (Some(&rest[..at]), &rest[at.saturating_add(1)..]),
            None => (None, rest),
        };
        let (user, password) = match user_info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            // libpq would end the password at its first '@'; encoded, it means what was meant.
            Some((user, password)) => (non_empty(user), non_empty(&password.replace('@', "%40"))),
            None => (None, None),
        };
        let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
        if location.contains('@') {
            return Err(UrlError::UnencodedSlash);
        }
        let (hosts, database) = location.split_once('/').unwrap_or((location, ""));
        let query: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let known = |option: &&str| query.iter().any(|(key, _)| key == *option);
        if let Some(option) = SMART_DRIVER_OPTIONS.into_iter().find(known) {
            return Err(UrlError::SmartDriverOption { option });
        }
        Ok(Self { user, password, hosts: hosts.to_owned(), database: non_empty(database), query })
    }

    fn to_text(&self, masked: bool) -> String {
        let mut text = "postgres://".to_owned();
        if self.user.is_some() || self.password.is_some() {
            text.push_str(self.user.as_deref().unwrap_or_default());
            if let Some(password) = &self.password {
                text.push(':');
                text.push_str(if masked { MASK } else { password });
            }
            text.push('@');
        }
        text.push_str(&self.hosts);
        text.push('/');
        text.push_str(self.database.as_deref().unwrap_or_default());
        for (index, (key, value)) in self.query.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(key);
            text.push('=');
            text.push_str(if masked && is_secret(key) { MASK } else { value });
        }
        text
    }

    fn secrets(&self) -> impl Iterator<Item = &str> {
        let in_query = self.query.iter().filter(|(key, _)| is_secret(key));
        let in_query = in_query.map(|(_, value)| value.as_str());
        self.password.as_deref().into_iter().chain(in_query).filter(|secret| !secret.is_empty())
    }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns whether the option's value must not be printed. Keys may be percent-encoded, which libpq decodes.
fn is_secret(key: &str) -> bool {
    let key = percent_decoded(key);
    key.eq_ignore_ascii_case("password") || key.eq_ignore_ascii_case("sslpassword")
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Decodes `%XX`; what is no such code, or no UTF-8 in the end, stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let after = &rest[at..];
        match after.get(1..3).map(|code| u8::from_str_radix(code, 16)) {
            Some(Ok(byte)) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            _ => {
                bytes.push(b'%');
                rest = &after[1..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
#[path = "database_url_tests.rs"]
mod tests;
