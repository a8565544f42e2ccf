//! An output file: opened before the work begins, so that an unusable path fails early, and never overwritten unasked.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::standard_output::{is_standard_error, is_standard_output};
use crate::output::stderr;

/// A file that is open for writing, or standard output; a new file is removed if nothing is written to it.
#[derive(Debug)]
pub(crate) struct OutFile {
    path: PathBuf,
    target: Target,
}

#[derive(Debug)]
enum Target {
    StandardOutput,
    StandardError,
    File { file: File, is_new: bool, is_empty: bool },
}

impl OutFile {
    /// Opens the file; an existing file keeps its content until the first write. Paths that mean
    /// standard output or standard error lead there.
    ///
    /// # Errors
    ///
    /// Returns `AlreadyExists` if the file exists and may not be overwritten, or another error if it cannot be opened.
    pub(crate) fn open(path: &Path, overwrite: bool) -> io::Result<Self> {
        let target = match path {
            _ if is_standard_output(path) => Target::StandardOutput,
            _ if is_standard_error(path) => Target::StandardError,
            _ => open_file(path, overwrite)?,
        };
        Ok(Self { path: path.to_owned(), target })
    }

    /// Returns the path, as typed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn open_file(path: &Path, overwrite: bool) -> io::Result<Target> {
    let created = OpenOptions::new().write(true).create_new(true).open(path);
    let (file, is_new) = match created {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && overwrite => {
            (OpenOptions::new().write(true).open(path)?, false)
        }
        created => (created?, true),
    };
    Ok(Target::File { file, is_new, is_empty: true })
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::StandardOutput => io::stdout().write(bytes),
            Target::StandardError => stderr().write(bytes),
            Target::File { file, is_new, is_empty } => {
                if *is_empty && !*is_new && file.metadata().is_ok_and(|metadata| metadata.is_file()) {
                    file.set_len(0)?;
                }
                *is_empty = false;
                file.write(bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::StandardOutput => io::stdout().flush(),
            Target::StandardError => stderr().flush(),
            Target::File { file, .. } => file.flush(),
        }
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if matches!(self.target, Target::File { is_new: true, is_empty: true, .. }) {
            std::fs::remove_file(&self.path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_an_existing_file_until_something_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.html");
        drop(OutFile::open(&path, false).unwrap());
        assert!(!path.exists(), "nothing was written");
        std::fs::write(&path, "mine, and long").unwrap();
        assert_eq!(OutFile::open(&path, false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        drop(OutFile::open(&path, true).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine, and long");
        let mut file = OutFile::open(&path, true).unwrap();
        file.write_all(b"a").unwrap();
        file.write_all(b"b").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "ab");
        assert!(OutFile::open(directory.path(), true).is_err());
    }
}
