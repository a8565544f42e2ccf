//! The first bytes of a file, read without SQLite, which would already act on them.

use std::path::Path;

/// Where the header says how the file is to be written: 1 with a rollback journal, 2 with a log.
#[cfg(unix)]
const WRITE_VERSION: u64 = 18;

/// Returns whether the file is an SQLite database that is not in WAL mode. `false` if nobody can tell.
#[cfg(unix)]
pub(super) fn is_in_rollback_mode(path: &Path) -> bool {
    kept::read::<2>(path, WRITE_VERSION).is_some_and(|versions| versions == [1, 1])
}

#[cfg(not(unix))]
pub(super) const fn is_in_rollback_mode(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
mod kept {
    use std::fs::File;
    use std::os::unix::fs::{FileExt, MetadataExt};
    use std::path::Path;

    use parking_lot::Mutex;

    /// Every file that was read, kept open for ever. Closing a file gives up all locks that the process has on it, those of
    /// SQLite's connections among them.
    static FILES: Mutex<Vec<File>> = Mutex::new(Vec::new());

    /// Reads some bytes at an offset.
    pub(super) fn read<const N: usize>(path: &Path, offset: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let mut files = FILES.lock();
        let wanted = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let is_wanted = |file: &&File| {
            file.metadata().is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()))
        };
        if let Some(file) = files.iter().find(is_wanted) {
            file.read_exact_at(&mut bytes, offset).ok()?;
            return Some(bytes);
        }
        let file = File::open(path).ok()?;
        let result = file.read_exact_at(&mut bytes, offset).ok();
        files.push(file);
        result.map(|()| bytes)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    #[test]
    fn the_mode_of_a_file_is_read_from_its_header() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        assert!(!is_in_rollback_mode(&path), "there is no file");
        std::fs::write(&path, "short").unwrap();
        assert!(!is_in_rollback_mode(&path), "it is no database");
        std::fs::remove_file(&path).unwrap();
        let mut sqlite = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        for (mode, expected) in [("DELETE", true), ("WAL", false), ("TRUNCATE", true)] {
            sqlite
                .batch_execute(&format!("PRAGMA journal_mode = {mode}; CREATE TABLE \"{mode}\" (id BIGINT)"))
                .unwrap();
            assert_eq!(is_in_rollback_mode(&path), expected, "{mode}");
        }
        assert!(!is_in_rollback_mode(directory.path()), "a directory");
    }
}
