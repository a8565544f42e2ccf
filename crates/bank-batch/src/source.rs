//! The file that is read, standard input, or any other input.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use ::same_file::Handle;

use crate::error::BatchError;

const BUFFER_BYTES: usize = 256 * 1024;

/// Where the lines come from.
#[derive(Default)]
pub(crate) struct Source {
    /// Which file is open.
    identity: Option<Handle>,
    /// A second handle of a regular file, and its metadata when it was opened.
    watched: Option<(File, Metadata)>,
}

impl Source {
    /// Opens a file, and returns what to read it from.
    pub(crate) fn open(path: &Path) -> Result<(Self, Box<dyn BufRead + Send>), BatchError> {
        let (file, watched) =
            open_file(path).map_err(|source| BatchError::CannotOpen { path: path.to_owned(), source })?;
        let identity = file.try_clone().and_then(Handle::from_file).ok();
        Ok((Self { identity, watched }, Box::new(BufReader::with_capacity(BUFFER_BYTES, file))))
    }

    /// Returns standard input, and what to read it from.
    pub(crate) fn stdin() -> (Self, Box<dyn BufRead + Send>) {
        let input = BufReader::with_capacity(BUFFER_BYTES, io::stdin());
        (Self { identity: Handle::stdin().ok(), watched: None }, Box::new(input))
    }

    /// Returns whether the path leads to the regular file that is read, under whatever name.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let is_open = |identity: &Handle| path.is_file() && Handle::from_path(path).is_ok_and(|file| file == *identity);
        self.identity.as_ref().is_some_and(is_open)
    }

    /// Returns the length of a regular file in bytes.
    pub(crate) fn length(&self) -> Option<u64> {
        self.watched.as_ref().map(|(_, metadata)| metadata.len())
    }

    /// Returns whether the file has changed since it was opened.
    pub(crate) fn has_changed(&self) -> bool {
        let Some((file, before)) = &self.watched else {
            return false;
        };
        let same = |now: Metadata| now.len() == before.len() && now.modified().ok() == before.modified().ok();
        !file.metadata().is_ok_and(same)
    }
}

fn open_file(path: &Path) -> io::Result<(File, Option<(File, Metadata)>)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let watched = if metadata.is_file() { Some((file.try_clone()?, metadata)) } else { None };
    Ok((file, watched))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grows_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        std::fs::write(&path, "from,to,amount\n").unwrap();
        let (source, _) = Source::open(&path).unwrap();
        assert_eq!((source.has_changed(), source.length()), (false, Some(15)));
        std::fs::write(&path, "from,to,amount\na,b,1\n").unwrap();
        assert!(source.has_changed());
    }

    #[test]
    fn rejects_a_directory_and_a_missing_file() {
        let directory = tempfile::tempdir().unwrap();
        for path in [directory.path(), &directory.path().join("missing.csv")] {
            let refused = Source::open(path).err().unwrap();
            assert!(matches!(&refused, BatchError::CannotOpen { path: named, .. } if named == path), "{refused:?}");
        }
    }
}
