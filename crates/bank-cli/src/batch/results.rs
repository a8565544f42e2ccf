//! The results file: one line for each line of the input that was looked at.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

use super::order::Line;
use super::tally::Verdict;

const HEADER: [&str; 4] = ["line", "id", "status", "reason"];

/// Writes what became of each line, as CSV.
pub(crate) struct Results {
    path: PathBuf,
    writer: csv::Writer<File>,
}

impl Results {
    /// Creates the file and writes its header, so that what is wrong with it is known before anything is posted.
    pub(crate) fn create(path: &Path, force: bool, input: Option<&Path>) -> Result<Self, Failure> {
        if input.is_some_and(|input| is_same_file(input, path)) {
            let message = format!("{} is the file that is read", path.display());
            return Err(
                Failure::new(ExitCode::Usage, "results_exist", message).hint("name another file for the results")
            );
        }
        let mut options = OpenOptions::new();
        options.write(true);
        let options = if force { options.create(true).truncate(true) } else { options.create_new(true) };
        let file = options.open(path).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                let message = format!("the results file {} exists already", path.display());
                return Failure::new(ExitCode::Usage, "results_exist", message)
                    .hint("name another file, or overwrite it with --force");
            }
            unwritable(path, &error)
        })?;
        let mut results = Self { path: path.to_owned(), writer: csv::Writer::from_writer(file) };
        results.write(&HEADER)?;
        results.flush()?;
        Ok(results)
    }

    /// Writes what became of some lines, and hands it to the operating system: what was committed is in the file even if
    /// the process is killed.
    pub(crate) fn lines(&mut self, lines: &[Line], verdicts: &[Verdict]) -> Result<(), Failure> {
        lines.iter().zip(verdicts).try_for_each(|(line, verdict)| self.line(line, verdict))?;
        self.flush()
    }

    fn line(&mut self, line: &Line, verdict: &Verdict) -> Result<(), Failure> {
        let id = line.content.as_ref().map_or_else(|_| String::new(), |(id, _)| id.to_string());
        self.write(&[&line.number.to_string(), &id, verdict.status(), verdict.reason().unwrap_or("")])
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| unwritable(&self.path, &error))
    }

    fn write(&mut self, fields: &[&str; 4]) -> Result<(), Failure> {
        self.writer.write_record(fields).map_err(|error| unwritable(&self.path, &error.into()))
    }
}

fn is_same_file(left: &Path, right: &Path) -> bool {
    matches!((left.canonicalize(), right.canonicalize()), (Ok(left), Ok(right)) if left == right)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write the results to {}: {error}", path.display());
    Failure::new(ExitCode::Other, "results_unwritable", message).hint("name a file that can be written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::order::Malformed;

    #[test]
    fn a_file_that_exists_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.csv");
        std::fs::write(&path, "mine").unwrap();
        let failure = Results::create(&path, false, None).err().unwrap();
        assert_eq!((failure.exit_code(), failure.code()), (ExitCode::Usage, "results_exist"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        assert!(Results::create(&path, true, Some(&path)).is_err(), "the input is never overwritten");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        Results::create(&path, true, None).ok().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "line,id,status,reason\n");
    }

    #[test]
    fn a_reason_is_quoted_where_it_must_be() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.csv");
        let mut results = Results::create(&path, false, None).ok().unwrap();
        let line = Line { number: 7, content: Err(Malformed::new("x")) };
        results.line(&line, &Verdict::Malformed("amount \"x\", no".to_owned())).unwrap();
        results.flush().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "line,id,status,reason\n7,,malformed,\"amount \"\"x\"\", no\"\n");
    }
}
