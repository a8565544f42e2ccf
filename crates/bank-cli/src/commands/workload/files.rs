//! The files that a workload writes: opened before anything is posted.

use std::io::{self, Write};
use std::path::Path;

use bank_workload::Site;
use serde::Serialize;

use crate::failure::{ExitCode, Failure};
use crate::files::{OutFile, is_standard_output, refuse_database};

/// Opens a file, unless it exists or belongs to the database.
pub(crate) fn open(path: &Path, force: bool, site: &Site) -> Result<OutFile, Failure> {
    if is_standard_output(path) {
        let message = format!("{} is standard output, which has the summary", path.display());
        return Err(Failure::new(ExitCode::Usage, "file_exists", message).hint("name a file"));
    }
    site.databases().into_iter().try_for_each(|url| refuse_database(url, path))?;
    OutFile::open(path, force).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("the file {} exists already", path.display());
            return Failure::new(ExitCode::Usage, "file_exists", message)
                .hint("name another file, or overwrite it with --force");
        }
        unwritable(path, &error)
    })
}

/// Appends a JSON object as a line of its own.
pub(crate) fn write_line(file: &mut OutFile, kind: &str, record: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(&Line { kind, record }).map_err(io::Error::from)?;
    write(file, &format!("{text}\n"))
}

#[derive(Serialize)]
struct Line<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    record: &'a T,
}

/// Appends to what this run has written.
pub(crate) fn write(file: &mut OutFile, text: &str) -> Result<(), Failure> {
    file.write_all(text.as_bytes()).map_err(|error| unwritable(file.path(), &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write to {}: {error}", path.display());
    Failure::new(ExitCode::Other, "file_unwritable", message).hint("name a file that can be written")
}
