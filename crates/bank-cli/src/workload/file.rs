//! The files that a workload writes: opened before anything is posted.

use std::io::{self, Write};
use std::path::Path;

use super::target::Target;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::out_file::OutFile;

/// Opens a file, unless it is there already, or is the database's.
pub(crate) fn open(path: &Path, force: bool, target: &Target) -> Result<OutFile, Failure> {
    target.refuse_database(path)?;
    OutFile::open(path, force).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("the file {} exists already", path.display());
            return Failure::new(ExitCode::Usage, "file_exists", message)
                .hint("name another file, or overwrite it with --force");
        }
        unwritable(path, &error)
    })
}

/// Appends to what this run has written.
pub(crate) fn write(file: &mut OutFile, text: &str) -> Result<(), Failure> {
    file.write_all(text.as_bytes()).map_err(|error| unwritable(file.path(), &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write to {}: {error}", path.display());
    Failure::new(ExitCode::Other, "file_unwritable", message).hint("name a file that can be written")
}
