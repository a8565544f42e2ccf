//! The file of transfers, standard input, or any other input.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use ::same_file::Handle;

use crate::error::BatchError;
use crate::format::Format;
use crate::ids::Reference;
use crate::reader::ChunkReader;

const BUFFER_BYTES: usize = 256 * 1024;

/// An open file of transfers. It is read once, from its beginning to its end.
///
/// Without a [`Format`], the extension of its name tells the format, or else its first character. A [`Reference`] gives an
/// id to each line that has none.
pub struct TransferFile {
    pub(crate) reader: ChunkReader,
    pub(crate) watched: Option<Watched>,
    /// Which file is open.
    identity: Option<Handle>,
}

/// A second handle of a regular file, and its metadata when it was opened.
pub(crate) struct Watched(File, Metadata);

impl TransferFile {
    /// Opens a file, and reads as far as is needed to reject one that cannot be posted.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, if it is CSV without a good header or a JSON array, or if its lines have
    /// no ids and there is no reference.
    pub fn open(path: &Path, format: Option<Format>, reference: Option<Reference>) -> Result<Self, BatchError> {
        let (file, watched) = open_file(path).map_err(|error| BatchError::CannotOpen(path.to_owned(), error))?;
        let identity = file.try_clone().and_then(Handle::from_file).ok();
        let input = BufReader::with_capacity(BUFFER_BYTES, file);
        let format = format.or_else(|| Format::from_path(path));
        Ok(Self { watched, identity, ..Self::from_reader(input, format, reference)? })
    }

    /// Reads standard input.
    ///
    /// # Errors
    ///
    /// As for [`TransferFile::open`].
    pub fn stdin(format: Option<Format>, reference: Option<Reference>) -> Result<Self, BatchError> {
        let input = BufReader::with_capacity(BUFFER_BYTES, io::stdin());
        Ok(Self { identity: Handle::stdin().ok(), ..Self::from_reader(input, format, reference)? })
    }

    /// Reads any input, such as an upload.
    ///
    /// # Errors
    ///
    /// As for [`TransferFile::open`].
    pub fn from_reader(
        input: impl BufRead + Send + 'static,
        format: Option<Format>,
        reference: Option<Reference>,
    ) -> Result<Self, BatchError> {
        let reader = ChunkReader::new(Box::new(input), format, reference)?;
        Ok(Self { reader, watched: None, identity: None })
    }

    /// Returns whether there is no line to post.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reader.is_empty
    }

    /// Returns the length of a regular file in bytes.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.watched.as_ref().map(|Watched(_, metadata)| metadata.len())
    }

    /// Returns whether the path leads to this very file, if it is a regular one, under whatever name.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        let is_open = |identity: &Handle| path.is_file() && Handle::from_path(path).is_ok_and(|file| file == *identity);
        self.identity.as_ref().is_some_and(is_open)
    }
}

impl Watched {
    /// Returns whether the file has changed since it was opened.
    pub(crate) fn has_changed(&self) -> bool {
        let Self(file, before) = self;
        let same = |now: Metadata| now.len() == before.len() && now.modified().ok() == before.modified().ok();
        !file.metadata().is_ok_and(same)
    }
}

fn open_file(path: &Path) -> io::Result<(File, Option<Watched>)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let watched = if metadata.is_file() { Some(Watched(file.try_clone()?, metadata)) } else { None };
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
        let file = TransferFile::open(&path, None, None).unwrap();
        let watched = file.watched.as_ref().unwrap();
        assert_eq!((watched.has_changed(), file.length()), (false, Some(15)));
        std::fs::write(&path, "from,to,amount\na,b,1\n").unwrap();
        assert!(watched.has_changed());
    }

    #[test]
    fn rejects_a_directory_and_a_missing_file() {
        let directory = tempfile::tempdir().unwrap();
        for path in [directory.path(), &directory.path().join("missing.csv")] {
            let refused = TransferFile::open(path, None, None).err().unwrap();
            assert!(matches!(&refused, BatchError::CannotOpen(named, _) if named == path), "{refused:?}");
        }
    }
}
