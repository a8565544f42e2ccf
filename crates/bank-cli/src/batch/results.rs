//! The results file: one line for each line of the input that was looked at.

use std::io;
use std::path::{Path, PathBuf};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::out_file::OutFile;

use super::order::Line;
use super::source::Source;
use super::tally::Verdict;

const HEADER: [&str; 4] = ["line", "id", "status", "reason"];

/// Writes what became of each line, as CSV.
pub(crate) struct Results {
    path: PathBuf,
    writer: csv::Writer<OutFile>,
}

impl Results {
    /// Opens the file; what it holds stays there until [`Self::begin`].
    pub(crate) fn open(path: &Path, force: bool, input: &Source) -> Result<Self, Failure> {
        if input.is(path) {
            let message = format!("{} is the file that is read", path.display());
            return Err(
                Failure::new(ExitCode::Usage, "results_exist", message).hint("name another file for the results")
            );
        }
        let file = OutFile::open(path, force).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                let message = format!("the results file {} exists already", path.display());
                return Failure::new(ExitCode::Usage, "results_exist", message)
                    .hint("name another file, or overwrite it with --force");
            }
            unwritable(path, &error)
        })?;
        Ok(Self { path: path.to_owned(), writer: csv::Writer::from_writer(file) })
    }

    /// Writes the header, so that a full disk is noticed before anything is posted.
    pub(crate) fn begin(&mut self) -> Result<(), Failure> {
        self.write(&HEADER)?;
        self.flush()
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
        let [path, input] = ["results.csv", "in.csv"].map(|name| directory.path().join(name));
        std::fs::write(&path, "mine").unwrap();
        std::fs::write(&input, "").unwrap();
        let (source, _) = Source::open(&input).ok().unwrap();
        let failure = Results::open(&path, false, &source).err().unwrap();
        assert_eq!((failure.exit_code(), failure.code()), (ExitCode::Usage, "results_exist"));
        drop(Results::open(&path, true, &source).ok().unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine", "nothing has begun");
        let (source, _) = Source::open(&path).ok().unwrap();
        assert!(Results::open(&path, true, &source).is_err(), "the input is never overwritten");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        let (source, _) = Source::open(&input).ok().unwrap();
        Results::open(&path, true, &source).ok().unwrap().begin().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "line,id,status,reason\n");
    }

    #[test]
    fn a_reason_is_quoted_where_it_must_be() {
        let directory = tempfile::tempdir().unwrap();
        let [path, input] = ["results.csv", "in.csv"].map(|name| directory.path().join(name));
        std::fs::write(&input, "").unwrap();
        let (source, _) = Source::open(&input).ok().unwrap();
        let mut results = Results::open(&path, false, &source).ok().unwrap();
        results.begin().unwrap();
        let line = Line { number: 7, content: Err(Malformed::new("x")) };
        results.line(&line, &Verdict::Malformed("amount \"x\", no".to_owned())).unwrap();
        results.flush().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "line,id,status,reason\n7,,malformed,\"amount \"\"x\"\", no\"\n");
    }
}
