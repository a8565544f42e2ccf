//! Why a text is not a database URL.

use thiserror::Error;

/// The reason why a text is not a database URL. Never quotes what could be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The text has no scheme; a bare file name is not taken for a database.
    #[error("the database URL has no scheme")]
    NoScheme,
    /// The scheme is one that other programs use.
    #[error("the database URL has the unknown scheme \"{scheme}\"")]
    UnknownScheme {
        /// The scheme.
        scheme: &'static str,
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
    /// A host begins with `[` and has no `]`.
    #[error("the database URL has a host with \"[\" and without \"]\"")]
    UnclosedHost,
    /// A port is not a number.
    #[error("the database URL has a port that is not a number from 1 to 65535")]
    BadPort,
    /// An SQLite URL with options, which would become a part of the file's name.
    #[error("the SQLite URL has options after \"?\", which bank does not know")]
    SqliteOptions,
    /// An SQLite URL that other programs read in another way.
    #[error("the SQLite URL is ambiguous: programs read it as `{0}` here or as `/{0}`")]
    AmbiguousPath(String),
    /// An option of another driver, which libpq refuses.
    #[error("the database URL has the option \"{option}\", which only YugabyteDB's smart drivers know")]
    SmartDriverOption {
        /// The option's name.
        option: &'static str,
    },
}
