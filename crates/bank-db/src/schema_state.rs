//! The state of a database's tables.

use std::fmt;

/// The state of a database's tables, compared with what the program expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// No migration has run: the tables are missing.
    NotSetUp,
    /// Some migrations are still to be run.
    Older {
        /// How many.
        pending: usize,
    },
    /// The tables are as expected.
    Current,
    /// Only migrations of another application have run: it keeps its record in the same place.
    Foreign {
        /// The first of them.
        version: String,
    },
    /// A newer program has migrated the database.
    Newer {
        /// The first version that this program does not know.
        version: String,
    },
}

impl fmt::Display for SchemaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSetUp => f.write_str("the database is not set up"),
            Self::Older { pending } => {
                write!(f, "the database is older than this program ({pending} migrations pending)")
            }
            Self::Current => f.write_str("the database is up to date"),
            Self::Foreign { version } => {
                write!(f, "the database belongs to another application, which has run its migration {version}")
            }
            Self::Newer { version } => write!(f, "the database is newer than this program (migration {version})"),
        }
    }
}
