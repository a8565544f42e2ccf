//! The file of an SQLite database, and the names that lead to it.
//!
//! SQLite keeps the log and the locks of a file in further files *beside its name* (`-wal`, `-shm`), and never looks at the
//! name again once the file is open. So two names for one file have two logs that know nothing of each other, and a file
//! that is removed or replaced takes every later commit with it. SQLite notices neither; this module does, with a few
//! calls of `stat`. It never closes the file: that would give up the locks that SQLite holds in this process.

mod before_opening;
mod header;
mod in_use;
mod media;

pub(crate) use before_opening::{IfMissing, look_before_opening};
pub use in_use::Place;
pub(crate) use in_use::{FileGuard, FileIdentity};
pub(crate) use media::{NothingWritable, free_bytes, network_file_system, nothing_writable};

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Returns the path of a file that SQLite keeps beside a database: its name with a suffix such as `-wal`.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(suffix);
    name.into()
}

/// Returns the path whose name SQLite extends: it resolves symbolic links first.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Returns whether a file is there and has content.
fn has_content(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() > 0)
}
