//! A file that is written for the user: known to be writable before the load starts, never overwritten unasked.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// A file that is open for writing, and goes again if nothing is written to it.
#[derive(Debug)]
pub(crate) struct OutFile {
    path: PathBuf,
    file: File,
    is_new: bool,
    is_empty: bool,
}

impl OutFile {
    /// Opens the file; what an existing one holds is kept until the first write.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        let created = OpenOptions::new().write(true).create_new(true).open(path);
        let (file, is_new) = match created {
            Ok(file) => (file, true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && force => {
                (OpenOptions::new().write(true).open(path).map_err(|error| unwritable(path, &error))?, false)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let message = format!("the file {} exists already", path.display());
                return Err(Failure::new(ExitCode::Usage, "file_exists", message)
                    .hint("name another file, or overwrite it with --force"));
            }
            Err(error) => return Err(unwritable(path, &error)),
        };
        Ok(Self { path: path.to_owned(), file, is_new, is_empty: true })
    }

    /// Appends to what this run has written.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        if self.is_empty && !self.is_new && self.file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            self.file.set_len(0).map_err(|error| unwritable(&self.path, &error))?;
        }
        self.is_empty = false;
        self.file.write_all(text.as_bytes()).map_err(|error| unwritable(&self.path, &error))
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if self.is_new && self.is_empty {
            std::fs::remove_file(&self.path).ok();
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write to {}: {error}", path.display());
    Failure::new(ExitCode::Other, "file_unwritable", message).hint("name a file that can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_kept_until_something_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.html");
        drop(OutFile::create(&path, false).unwrap());
        assert!(!path.exists(), "nothing was written");
        std::fs::write(&path, "mine, and long").unwrap();
        assert_eq!(OutFile::create(&path, false).unwrap_err().code(), "file_exists");
        drop(OutFile::create(&path, true).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine, and long");
        let mut file = OutFile::create(&path, true).unwrap();
        file.write("a").unwrap();
        file.write("b").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "ab");
        assert_eq!(OutFile::create(directory.path(), true).unwrap_err().code(), "file_unwritable");
    }
}
