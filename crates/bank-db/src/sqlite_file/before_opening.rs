//! What is wrong with a file although SQLite would open it.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::Path;

use super::{Place, beside, has_content, header, media, resolved};
use crate::error::DbError;

/// What to do if the SQLite file is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfMissing {
    Create,
    Refuse,
}

/// Looks at the file before SQLite opens it; opening it would already destroy a log that belongs to another file.
///
/// # Errors
///
/// - [`DbError::FileMissing`] if there is no file and none may be created.
/// - [`DbError::FileHasOtherNames`] if another name leads to the same file, because each name would have a log of its own.
/// - [`DbError::FileMounted`] if the file is mounted by itself, and is to be written or has a log here.
/// - [`DbError::LogWithoutDatabase`] if there is a log, but no content to which it belongs.
/// - [`DbError::LogOfAnotherFile`] if the file came to a log that was there before, as a restored backup does.
pub(crate) fn look_before_opening(path: &Path, if_missing: IfMissing) -> Result<Place, DbError> {
    let real = resolved(path);
    // Before the file itself: a process that creates a database writes to the file before its log.
    let log = ["-wal", "-journal"].map(|suffix| beside(&real, suffix)).into_iter().find(|log| has_content(log));
    let found = match path.metadata() {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        // SQLite says why it cannot open the file.
        Err(_) => return Ok(Place::Ordinary),
    };
    let has_log = log.is_some();
    match (found.as_ref().map(Metadata::len), log) {
        (None, _) if if_missing == IfMissing::Refuse => Err(DbError::FileMissing { path: path.into() }),
        (None, Some(log)) => Err(DbError::LogWithoutDatabase { path: path.into(), log }),
        // A rollback journal is normal here: another process is writing the first page.
        (Some(0), Some(log)) if is_log(&log) => Err(DbError::LogWithoutDatabase { path: path.into(), log }),
        (Some(_), Some(log)) if is_older(&log, found.as_ref()) || is_of_another_mode(&log, path) => {
            Err(DbError::LogOfAnotherFile { path: path.into(), log })
        }
        _ => {
            let may_write = has_log || if_missing == IfMissing::Create;
            found.filter(Metadata::is_file).map_or(Ok(Place::Ordinary), |file| names(path, &file, may_write))
        }
    }
}

/// Returns whether a log was created before the file. SQLite creates a log when it opens the file, and never creates the
/// file again. Unknown where the file system does not keep the time, and never where Windows gives a new file the time of a
/// removed one.
fn is_older(log: &Path, file: Option<&Metadata>) -> bool {
    if !is_log(log) {
        return false;
    }
    let born = |metadata: &Metadata| metadata.created().ok().filter(|_| cfg!(unix));
    match (log.metadata().ok().as_ref().and_then(born), file.and_then(born)) {
        (Some(log), Some(file)) => log < file,
        _ => false,
    }
}

/// Returns whether there is a log although the file is not in WAL mode: SQLite switches the file before it creates the log,
/// and removes the log before it switches back. A backup made with `VACUUM INTO` is not in WAL mode.
fn is_of_another_mode(log: &Path, file: &Path) -> bool {
    is_log(log) && header::is_in_rollback_mode(file) && has_content(log)
}

fn is_log(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"-wal")
}

fn names(path: &Path, file: &Metadata, may_write: bool) -> Result<Place, DbError> {
    match links(file) {
        // On a medium that cannot be written, no name can have a log that the others do not see.
        names @ 2.. if !media::is_read_only(path) => Err(DbError::FileHasOtherNames { path: path.into(), names }),
        _ if !media::is_mounted_by_itself(path) => Ok(Place::Ordinary),
        _ if may_write => Err(DbError::FileMounted { path: path.into() }),
        _ => Ok(Place::MountedByItself),
    }
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

/// The standard library cannot tell elsewhere.
#[cfg(not(unix))]
const fn links(_metadata: &Metadata) -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(path: &Path) -> Result<Place, DbError> {
        look_before_opening(path, IfMissing::Create)
    }

    #[test]
    #[cfg(unix)]
    fn a_second_hard_link_is_refused_and_a_symbolic_link_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let [file, hard, soft] = ["file.db", "hard.db", "soft.db"].map(|name| directory.path().join(name));
        std::fs::write(&file, "content").unwrap();
        std::os::unix::fs::symlink(&file, &soft).unwrap();
        assert!(look(&file).is_ok() && look(&soft).is_ok());
        std::fs::hard_link(&file, &hard).unwrap();
        for path in [&file, &hard, &soft] {
            assert!(matches!(look(path), Err(DbError::FileHasOtherNames { names: 2, .. })), "{}", path.display());
        }
        std::fs::remove_file(&hard).unwrap();
        assert!(look(&file).is_ok());
    }

    #[test]
    fn a_log_without_a_database_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let [file, log] = ["bank.db", "bank.db-wal"].map(|name| directory.path().join(name));
        std::fs::write(&log, "").unwrap();
        assert!(look(&file).is_ok(), "an empty log has nothing to lose");
        std::fs::write(&log, "pages").unwrap();
        assert!(matches!(look(&file), Err(DbError::LogWithoutDatabase { .. })));
        let refused = look_before_opening(&file, IfMissing::Refuse);
        assert!(matches!(refused, Err(DbError::FileMissing { .. })));
        std::fs::write(&file, "").unwrap();
        assert!(matches!(look(&file), Err(DbError::LogWithoutDatabase { .. })));
        assert!(matches!(look_before_opening(&file, IfMissing::Refuse), Err(DbError::LogWithoutDatabase { .. })));
    }

    #[test]
    fn a_log_that_is_older_than_its_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let [file, log, other] = ["bank.db", "bank.db-wal", "other"].map(|name| directory.path().join(name));
        std::fs::write(&file, "content").unwrap();
        std::fs::write(&log, "pages").unwrap();
        assert!(look(&file).is_ok());
        let born = |path: &Path| path.metadata().unwrap().created().ok();
        if born(&log).is_none() {
            return; // The file system does not keep the time.
        }
        // The clock of a file system ticks every few milliseconds.
        let renewed = || {
            std::fs::remove_file(&other).ok();
            std::fs::write(&other, "a backup").unwrap();
            born(&other)
        };
        while renewed() <= born(&log) {}
        std::fs::rename(&other, &file).unwrap();
        for if_missing in [IfMissing::Create, IfMissing::Refuse] {
            assert!(matches!(look_before_opening(&file, if_missing), Err(DbError::LogOfAnotherFile { .. })));
        }
        std::fs::remove_file(&log).unwrap();
        assert!(look(&file).is_ok());
    }

    #[test]
    fn a_rollback_journal_is_refused_only_without_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let [file, journal] = ["bank.db", "bank.db-journal"].map(|name| directory.path().join(name));
        std::fs::write(&journal, "pages").unwrap();
        assert!(matches!(look(&file), Err(DbError::LogWithoutDatabase { .. })));
        std::fs::write(&file, "").unwrap();
        assert!(look(&file).is_ok(), "another process may be creating the database");
    }
}
