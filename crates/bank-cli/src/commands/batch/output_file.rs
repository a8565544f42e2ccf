//! Opening the files of results and of rejected lines: never the input, never the database, and no other file unasked.

use std::io;
use std::path::Path;

use bank_batch::{BatchError, TransferFile};
use bank_persistence::DatabaseUrl;

use crate::failure::{ExitCode, Failure};
use crate::files::{OutFile, is_same_file, refuse_database};

/// What is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputKind {
    /// What became of each line.
    Results,
    /// The lines that were not posted.
    Rejected,
}

impl OutputKind {
    /// Returns what the file is called.
    const fn noun(self) -> &'static str {
        match self {
            Self::Results => "results file",
            Self::Rejected => "file of rejected lines",
        }
    }

    /// Returns what to do about a file that cannot be used.
    const fn hint(self) -> &'static str {
        match self {
            Self::Results => "name another file for the results",
            Self::Rejected => "name another file for the rejected lines",
        }
    }

    fn unwritable(self, path: &Path, error: io::Error) -> BatchError {
        match self {
            Self::Results => BatchError::Results(path.to_owned(), error),
            Self::Rejected => BatchError::Rejected(path.to_owned(), error),
        }
    }
}

/// Makes sure that two kinds of output do not go to one file.
pub(super) fn require_two(results: Option<&Path>, rejected: Option<&Path>) -> Result<(), Failure> {
    match (results, rejected) {
        (Some(results), Some(rejected)) if is_same_file(results, rejected) => {
            let message = format!("{} is also the {}", rejected.display(), OutputKind::Results.noun());
            Err(exists(message, OutputKind::Rejected.hint()))
        }
        _ => Ok(()),
    }
}

/// Opens the file; what it holds stays there until something is written.
pub(super) fn open(
    kind: OutputKind,
    path: &Path,
    force: bool,
    input_path: Option<&Path>,
    input: &TransferFile,
    database: &DatabaseUrl,
) -> Result<OutFile, Failure> {
    refuse_database(database, path)?;
    if input.is_at(path) || input_path.is_some_and(|input| is_same_file(input, path)) {
        let message = format!("{} is the file that is read", path.display());
        return Err(exists(message, kind.hint()));
    }
    OutFile::open(path, force).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("the {} {} exists already", kind.noun(), path.display());
            return exists(message, "name another file, or overwrite it with --force");
        }
        kind.unwritable(path, error).into()
    })
}

fn exists(message: String, hint: &str) -> Failure {
    Failure::new(ExitCode::Usage, "results_exist", message).hint(hint)
}

#[cfg(test)]
mod tests {
    use bank_batch::{Format, Results};

    use super::*;

    #[test]
    fn a_file_that_exists_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let [path, input] = ["results.csv", "in.csv"].map(|name| directory.path().join(name));
        std::fs::write(&path, "mine").unwrap();
        std::fs::write(&input, "").unwrap();
        let database: DatabaseUrl = "sqlite::memory:".parse().unwrap();
        let open = |input: &Path, force: bool| {
            let file = TransferFile::open(input, Some(Format::Jsonl), None).ok().unwrap();
            super::open(OutputKind::Results, &path, force, Some(input), &file, &database)
        };
        let failure = open(&input, false).unwrap_err();
        assert_eq!((failure.exit_code(), failure.code()), (ExitCode::Usage, "results_exist"));
        drop(open(&input, true).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine", "nothing was written");
        assert!(open(&path, true).is_err(), "the input is never overwritten");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        let out = open(&input, true).unwrap();
        Results::new(path.clone(), out).ok().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "line,id,status,reason,from,to,amount\n");
    }
}
