//! Opening the file of the results: never the input, never the database, and no other file unasked.

use std::io;
use std::path::Path;

use bank_persistence::DatabaseUrl;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::out_file::OutFile;
use crate::same_file::{is_same_file, refuse_database};
use bank_batch::{BatchError, Source};

/// Opens the file; what it holds stays there until something is written.
pub(super) fn open(path: &Path, force: bool, input: &Source, database: &DatabaseUrl) -> Result<OutFile, Failure> {
    refuse_database(database, path)?;
    if input.is(path) || input.path().is_some_and(|input| is_same_file(input, path)) {
        let message = format!("{} is the file that is read", path.display());
        return Err(exists(message, "name another file for the results"));
    }
    OutFile::open(path, force).map_err(|source| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("the results file {} exists already", path.display());
            return exists(message, "name another file, or overwrite it with --force");
        }
        BatchError::Results { path: path.to_owned(), source }.into()
    })
}

fn exists(message: String, hint: &str) -> Failure {
    Failure::new(ExitCode::Usage, "results_exist", message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bank_batch::Results;

    #[test]
    fn a_file_that_exists_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let [path, input] = ["results.csv", "in.csv"].map(|name| directory.path().join(name));
        std::fs::write(&path, "mine").unwrap();
        std::fs::write(&input, "").unwrap();
        let database: DatabaseUrl = "sqlite::memory:".parse().unwrap();
        let source = |path: &Path| Source::open(path).ok().unwrap().0;
        let failure = open(&path, false, &source(&input), &database).unwrap_err();
        assert_eq!((failure.exit_code(), failure.code()), (ExitCode::Usage, "results_exist"));
        drop(open(&path, true, &source(&input), &database).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine", "nothing was written");
        assert!(open(&path, true, &source(&path), &database).is_err(), "the input is never overwritten");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        let out = open(&path, true, &source(&input), &database).unwrap();
        Results::new(path.clone(), out).ok().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "line,id,status,reason\n");
    }
}
