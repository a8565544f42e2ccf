//! Failures for SQLite files that are not what they seem.

use std::borrow::Cow;
use std::path::Path;

use bank_db::Obstacle;
use bank_persistence::{BankError, DbError};

use super::exit_code::ExitCode;
use super::shell;

/// The stable code of a file that was removed, moved or replaced while it was in use.
pub(crate) const REPLACED: &str = "file_replaced";

/// The stable code of a damaged file.
pub(crate) const MALFORMED: &str = "malformed";

/// The stable code of a file that is mounted by itself.
pub(crate) const MOUNTED: &str = "file_mounted";

/// The hint if nothing was recorded in a file that has gone.
pub(crate) const PUT_BACK: &str =
    "nothing was recorded; put the file and its log back, or restore a backup while nothing uses the database";

/// The hint for a file that is mounted by itself.
pub(crate) const MOUNT_THE_DIRECTORY: &str =
    "mount its directory instead of the file: --volume /srv/bank:/data, not /srv/bank/bank.db:/data/bank.db";

/// The hint if something was recorded in a file that has gone.
pub(crate) const ACKNOWLEDGED: &str = "what this command recorded may be only in the file that is gone: put it back or \
    restore a backup, run `bank-cli verify`, then the same command again (a transfer with the same --id)";

/// Returns the exit code, the stable code and the hint if the error is about the file of a database.
pub(super) fn classify(error: &BankError) -> Option<(ExitCode, &'static str, String)> {
    match error {
        BankError::OutcomeUnknown { source, .. } if is_replaced(source) => {
            Some((ExitCode::OutcomeUnknown, REPLACED, ACKNOWLEDGED.to_owned()))
        }
        BankError::Database(DbError::FileReplaced { .. }) => Some((ExitCode::Other, REPLACED, PUT_BACK.to_owned())),
        BankError::Database(error) => before_opening(error).map(|(code, hint)| (exit_code(error), code, hint)),
        _ => None,
    }
}

/// Returns the hint for a damaged file. `.recover` of sqlite3 reads more, but some distributions leave it out; `.dump` ends
/// with ROLLBACK where something could not be read.
pub(crate) fn how_to_restore(path: &Path) -> String {
    let (file, rescued) = (quoted(path, ""), quoted(path, ".rescued"));
    format!(
        "stop every program that uses it and restore a backup into a new file; without one, rescue what can be read: \
         `sqlite3 {file} .dump | sed 's/^ROLLBACK;.*/COMMIT;/' | sqlite3 {rescued}`, \
         then `bank-cli verify --database-url sqlite:{rescued}`"
    )
}

fn is_replaced(error: &BankError) -> bool {
    matches!(error, BankError::Database(DbError::FileReplaced { .. }))
}

/// Without a connection it is the code for that.
fn exit_code(error: &DbError) -> ExitCode {
    if error.is_refusal() { ExitCode::Other } else { ExitCode::CannotConnect }
}

/// Returns the stable code and the hint.
fn before_opening(error: &DbError) -> Option<(&'static str, String)> {
    Some(match error {
        DbError::FileHasOtherNames { path, .. } => (
            "file_has_links",
            format!(
                "find the names with `find / -samefile {} 2>/dev/null`, stop what uses them, and remove all but one",
                quoted(path, "")
            ),
        ),
        DbError::FileMounted { .. } => (MOUNTED, MOUNT_THE_DIRECTORY.to_owned()),
        DbError::LogWithoutDatabase { log, .. } => (
            "stray_log",
            format!(
                "put the file back beside its log, or move the log away: `mv {} {}`",
                quoted(log, ""),
                quoted(log, ".old")
            ),
        ),
        DbError::LogOfAnotherFile { log, .. } => {
            let [log, old, new] = ["", ".old", ".new"].map(|suffix| quoted(log, suffix));
            let hint = format!(
                "if the file is a restored backup, move the log away: `mv {log} {old}`; if both were copied together, \
                 renew the log: `cp {log} {new} && mv {new} {log}`"
            );
            ("stray_log", hint)
        }
        DbError::FileInReadOnlyPlace { path } => {
            let name = path.file_name().map_or_else(|| path.as_path(), Path::new);
            let hint = format!(
                "copy it with its log first: `mkdir copy && cp {}* copy/`, then add --database-url sqlite:copy/{}",
                quoted(path, ""),
                quoted(name, "")
            );
            ("read_only_place", hint)
        }
        DbError::NoRoom { .. } => (
            "no_room",
            "nothing was changed; make room there, or move the file with its log to a larger file system".to_owned(),
        ),
        // Where the path is known, the hint says how to restore.
        DbError::Unavailable { .. } if error.obstacle() == Obstacle::Malformed => (MALFORMED, RESTORE.to_owned()),
        _ if error.is_refusal() && matches!(error.obstacle(), Obstacle::Malformed | Obstacle::NotADatabase) => {
            (MALFORMED, RESTORE.to_owned())
        }
        _ => return None,
    })
}

const RESTORE: &str = "stop every program that uses the file and restore a backup into a new one";

/// Returns a path with a suffix as one word of a shell.
fn quoted(path: &Path, suffix: &str) -> String {
    let word: Cow<'_, str> = path.to_string_lossy() + suffix;
    shell::quote(&word).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced() -> BankError {
        DbError::FileReplaced { path: "/data/bank.db".into() }.into()
    }

    #[test]
    fn a_replaced_file_is_an_unknown_outcome_only_after_a_commit() {
        let (exit_code, code, _) = classify(&replaced()).unwrap();
        assert_eq!((exit_code, code), (ExitCode::Other, REPLACED));
        let source = Box::new(replaced());
        let unknown = BankError::OutcomeUnknown { operation: "posting", ids: Vec::new(), source };
        let (exit_code, code, _) = classify(&unknown).unwrap();
        assert_eq!((exit_code, code), (ExitCode::OutcomeUnknown, REPLACED));
    }

    #[test]
    fn paths_in_commands_are_quoted() {
        let hint = |error: DbError| classify(&error.into()).unwrap().2;
        let path = std::path::PathBuf::from("/my files/bank.db");
        let links = hint(DbError::FileHasOtherNames { path: path.clone(), names: 2 });
        assert!(links.contains("`find / -samefile '/my files/bank.db' 2>/dev/null`"), "{links}");
        let copy = hint(DbError::FileInReadOnlyPlace { path: path.clone() });
        assert!(copy.contains("cp '/my files/bank.db'* copy/`, then add --database-url sqlite:copy/bank.db"), "{copy}");
        assert!(how_to_restore(&path).contains("`sqlite3 '/my files/bank.db' .dump | "));
    }

    #[test]
    fn a_damaged_file_has_a_code_of_its_own() {
        let reason = "database disk image is malformed".to_owned();
        let error = DbError::Unavailable { target: "sqlite:bank.db".to_owned(), reason };
        let (exit_code, code, _) = classify(&error.into()).unwrap();
        assert_eq!((exit_code, code), (ExitCode::CannotConnect, MALFORMED));
    }
}
