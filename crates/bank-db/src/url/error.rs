//! Why a text is not a database URL.

use thiserror::Error;

/// The reason why a text is not a database URL. Never quotes what could be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The text has no scheme; a bare file name is not taken for a database.
    #[error("the database URL has no scheme")]
    NoScheme,
    /// The scheme is neither PostgreSQL's nor SQLite's.
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
