//! Tells whether two paths lead to one file, so that a command does not overwrite a file that it needs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use bank_persistence::DatabaseUrl;

use super::standard_output::is_standard_output;
use crate::failure::{ExitCode, Failure};

/// The suffixes of a database's file and of the files that SQLite keeps next to it.
const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Returns a failure if the path is one of the database's files.
pub(crate) fn refuse_database(url: &DatabaseUrl, path: &Path) -> Result<(), Failure> {
    let Some(path_in_url) = url.sqlite_path() else { return Ok(()) };
    // SQLite keeps its further files beside the file itself, not beside a link to it.
    let database = path_in_url.canonicalize().unwrap_or_else(|_| path_in_url.to_owned());
    let is_part = |suffix: &&str| {
        let mut file = database.as_os_str().to_owned();
        file.push(suffix);
        is_same_file(Path::new(&file), path)
    };
    if SUFFIXES.iter().any(is_part) {
        let message = format!("{} belongs to the database {url}", path.display());
        return Err(Failure::new(ExitCode::Usage, "database_file", message).hint("name another file"));
    }
    Ok(())
}

/// Returns whether both paths lead to one file, through any links; the file need not exist yet.
pub(crate) fn is_same_file(left: &Path, right: &Path) -> bool {
    if [left, right].iter().all(|path| is_standard_output(path)) {
        return true;
    }
    // Comparing identities opens the files, and opening a pipe would wait forever.
    let are_regular = [left, right].iter().all(|path| path.is_file());
    let are_one = are_regular && ::same_file::is_same_file(left, right).unwrap_or(false);
    are_one || resolve(left).is_some_and(|left| Some(left) == resolve(right))
}

/// Returns the directory of a file, with all links resolved, and the name of the file.
fn resolve(path: &Path) -> Option<(PathBuf, OsString)> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Some((directory_of(&path).canonicalize().ok()?, path.file_name()?.to_owned()))
}

/// Returns the directory of a file.
pub(super) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_file_is_the_same_through_links() {
        let directory = tempfile::tempdir().unwrap();
        let [file, other, hard, soft, missing] =
            ["file", "other", "hard", "soft", "missing"].map(|name| directory.path().join(name));
        std::fs::write(&file, "").unwrap();
        std::fs::write(&other, "").unwrap();
        std::fs::hard_link(&file, &hard).unwrap();
        std::os::unix::fs::symlink(&file, &soft).unwrap();
        for (path, expected) in [(&file, true), (&hard, true), (&soft, true), (&other, false), (&missing, false)] {
            assert_eq!(is_same_file(&file, path), expected, "{}", path.display());
        }
        assert!(is_same_file(&missing, &directory.path().join("./missing")));
    }

    #[test]
    fn no_file_of_a_database_is_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("bank.db"), "").unwrap();
        let url = DatabaseUrl::sqlite_file(&path("bank.db"));
        for name in ["bank.db", "bank.db-wal", "bank.db-shm", "bank.db-journal"] {
            assert_eq!(refuse_database(&url, &path(name)).unwrap_err().code(), "database_file", "{name}");
        }
        #[cfg(unix)]
        {
            let elsewhere = tempfile::tempdir().unwrap();
            let link = elsewhere.path().join("link.db");
            std::os::unix::fs::symlink(path("bank.db"), &link).unwrap();
            let url = DatabaseUrl::sqlite_file(&link);
            assert_eq!(refuse_database(&url, &path("bank.db-wal")).unwrap_err().code(), "database_file");
        }
        assert!(refuse_database(&url, &path("bank.csv")).is_ok());
        assert!(refuse_database(&"postgres://h/d".parse().unwrap(), &path("bank.db")).is_ok());
    }
}
