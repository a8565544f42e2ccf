//! Which database software answers.

use std::fmt;

/// The database software behind a connection. Prints as `SQLite`, `PostgreSQL 15.18`, `YugabyteDB 2.18.0.0`,
/// `CockroachDB v23.1.0` or `PostgreSQL-compatible …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded SQLite.
    Sqlite,
    /// PostgreSQL, with its version; also what presents itself as PostgreSQL.
    Postgres(String),
    /// YugabyteDB, with its version.
    Yugabyte(String),
    /// CockroachDB, with its version.
    Cockroach(String),
    /// Anything else that speaks PostgreSQL's protocol, with what it says of itself.
    PostgresCompatible(String),
}

impl Engine {
    /// Recognises a server by the answer to `SELECT version()`.
    #[must_use]
    pub fn from_version_text(text: &str) -> Self {
        let word_after = |marker: &str| {
            let (_, after) = text.split_once(marker)?;
            let word = after.split([' ', ',', '(']).find(|word| !word.is_empty())?;
            Some(word.to_owned())
        };
        if let Some(version) = word_after("-YB-") {
            Self::Yugabyte(version)
        } else if text.starts_with("CockroachDB") {
            let version = text.split(' ').find(|word| word.starts_with('v'));
            Self::Cockroach(version.unwrap_or_default().to_owned())
        } else if let Some(version) = text.starts_with("PostgreSQL ").then(|| word_after("PostgreSQL ")).flatten() {
            Self::Postgres(version)
        } else {
            Self::PostgresCompatible(text.split(" on ").next().unwrap_or(text).to_owned())
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, version) = match self {
            Self::Sqlite => return f.write_str("SQLite"),
            Self::Postgres(version) => ("PostgreSQL", version),
            Self::Yugabyte(version) => ("YugabyteDB", version),
            Self::Cockroach(version) => ("CockroachDB", version),
            Self::PostgresCompatible(version) => ("PostgreSQL-compatible", version),
        };
        write!(f, "{name} {version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_called_by_its_own_name() {
        let name = |text| Engine::from_version_text(text).to_string();
        assert_eq!(
            name("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc"),
            "PostgreSQL 15.18"
        );
        assert_eq!(
            name("PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64-pc-linux-gnu, compiled by clang"),
            "YugabyteDB 2.18.0.0-b0"
        );
        assert_eq!(name("CockroachDB CCL v23.1.11 (x86_64-linux, built 2023)"), "CockroachDB v23.1.11");
        assert_eq!(name("BMDB 3.1 on x86_64"), "PostgreSQL-compatible BMDB 3.1");
        assert_eq!(name(""), "PostgreSQL-compatible ");
    }
}
