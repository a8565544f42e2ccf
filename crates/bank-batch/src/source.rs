//! The file that is read, or standard input.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use ::same_file::Handle;

use super::error::BatchError;

const BUFFER_BYTES: usize = 256 * 1024;

/// Where the lines come from. It is read once, through one handle.
pub struct Source {
    /// `None` is standard input.
    path: Option<PathBuf>,
    /// Which file is open.
    identity: Option<Handle>,
    /// A second handle of a regular file, and what the file was like when it was opened.
    watched: Option<(File, Metadata)>,
}

impl Source {
    /// Opens a file, or standard input for `-`, and returns what to read from.
    pub fn open(typed: &Path) -> Result<(Self, Box<dyn BufRead + Send>), BatchError> {
        if typed == Path::new("-") {
            let input = BufReader::with_capacity(BUFFER_BYTES, io::stdin());
            return Ok((Self { path: None, identity: Handle::stdin().ok(), watched: None }, Box::new(input)));
        }
        let (file, watched) =
            open_file(typed).map_err(|source| BatchError::CannotOpen { path: typed.to_owned(), source })?;
        let identity = file.try_clone().and_then(Handle::from_file).ok();
        let source = Self { path: Some(typed.to_owned()), identity, watched };
        Ok((source, Box::new(BufReader::with_capacity(BUFFER_BYTES, file))))
    }

    /// Returns the path of a file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns whether the path leads to the regular file that is read, under whatever name.
    pub fn is(&self, path: &Path) -> bool {
        let is_open = |identity: &Handle| path.is_file() && Handle::from_path(path).is_ok_and(|file| file == *identity);
        self.identity.as_ref().is_some_and(is_open)
    }

    /// Returns the length of a regular file in bytes.
    pub fn length(&self) -> Option<u64> {
        self.watched.as_ref().map(|(_, metadata)| metadata.len())
    }

    /// Returns whether the file is another than it was when it was opened.
    pub fn has_changed(&self) -> bool {
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
    fn what_cannot_be_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for path in [directory.path(), &directory.path().join("missing.csv")] {
            let refused = Source::open(path).err().unwrap();
            assert!(matches!(&refused, BatchError::CannotOpen { path: named, .. } if named == path), "{refused:?}");
        }
    }
}
