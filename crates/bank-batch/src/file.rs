//! The file of transfers, standard input, or any other input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use ::same_file::Handle;

use crate::error::BatchError;
use crate::format::Format;
use crate::reader::ChunkReader;
use crate::reference::Reference;
use crate::spool::Spool;

const BUFFER_BYTES: usize = 256 * 1024;

/// An open file of transfers.
///
/// A regular file is read twice: once to know its content and to find what only the whole file shows, and once to post it.
/// So is any other input with a [`Reference`], which is kept in an unnamed temporary file meanwhile. An input without one is
/// read once, and posted as it comes.
///
/// Without a [`Format`], the extension of its name tells the format, or else its first character. A reference gives an
/// id to each line that has none.
pub struct TransferFile {
    pub(crate) reader: ChunkReader,
    pub(crate) reference: Option<Reference>,
    /// How to read it a second time.
    pub(crate) again: Option<Again>,
    /// The length of a regular file.
    length: Option<u64>,
    /// Which file is open.
    identity: Option<Handle>,
}

/// How to read an input a second time.
pub(crate) struct Again {
    file: File,
    format: Option<Format>,
    has_reference: bool,
}

impl TransferFile {
    /// Opens a file, and reads as far as is needed to reject one that cannot be posted.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, if it is CSV without a good header or a JSON array, or if its lines have
    /// no ids and there is no reference.
    pub fn open(path: &Path, format: Option<Format>, reference: Option<Reference>) -> Result<Self, BatchError> {
        let (file, length) = open_file(path).map_err(|error| BatchError::CannotOpen(path.to_owned(), error))?;
        let format = format.or_else(|| Format::from_path(path));
        let identity = file.try_clone().and_then(Handle::from_file).ok();
        if length.is_none() {
            let input = BufReader::with_capacity(BUFFER_BYTES, file);
            return Ok(Self { identity, ..Self::from_reader(input, format, reference)? });
        }
        let again = Again { file, format, has_reference: reference.is_some() };
        Ok(Self { reader: again.reader()?, reference, again: Some(again), length, identity })
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
    /// As for [`TransferFile::open`], and [`BatchError::TemporaryFile`] if there is a reference and no temporary file.
    pub fn from_reader(
        input: impl BufRead + Send + 'static,
        format: Option<Format>,
        reference: Option<Reference>,
    ) -> Result<Self, BatchError> {
        let has_reference = reference.is_some();
        let (input, again): (Box<dyn BufRead + Send>, _) = if has_reference {
            let (spool, file) = Spool::new(input).map_err(BatchError::TemporaryFile)?;
            (Box::new(spool), Some(Again { file, format, has_reference }))
        } else {
            (Box::new(input), None)
        };
        let reader = ChunkReader::new(input, format, has_reference)?;
        Ok(Self { reader, reference, again, length: None, identity: None })
    }

    /// Returns whether there is no line to post.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reader.is_empty
    }

    /// Returns the length of a regular file in bytes.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns whether the path leads to this very file, if it is a regular one, under whatever name.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        let is_open = |identity: &Handle| path.is_file() && Handle::from_path(path).is_ok_and(|file| file == *identity);
        self.identity.as_ref().is_some_and(is_open)
    }
}

impl Again {
    /// Returns a reader at the beginning of the input. Two readers must not be used concurrently.
    pub(crate) fn reader(&self) -> Result<ChunkReader, BatchError> {
        let rewound = || -> io::Result<File> {
            let mut file = self.file.try_clone()?;
            file.rewind()?;
            Ok(file)
        };
        let input = BufReader::with_capacity(BUFFER_BYTES, rewound().map_err(BatchError::CannotRead)?);
        ChunkReader::new(Box::new(input), self.format, self.has_reference)
    }
}

/// Opens a file, and returns its length if it is a regular one.
fn open_file(path: &Path) -> io::Result<(File, Option<u64>)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let length = metadata.is_file().then_some(metadata.len());
    Ok((file, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_file_and_an_input_with_a_reference_are_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        let text = "from,to,amount\na,b,1\na,b,2\n";
        std::fs::write(&path, text).unwrap();
        let reference = Reference::new("r").ok();
        let stream = |reference| TransferFile::from_reader(io::Cursor::new(text), None, reference);
        let regular = TransferFile::open(&path, None, reference.clone()).unwrap();
        assert_eq!((regular.length(), regular.is_at(&path)), (Some(27), true));
        for mut file in [regular, stream(reference).unwrap()] {
            while file.reader.next_chunk(1).unwrap().is_some() {}
            let mut again = file.again.as_ref().unwrap().reader().unwrap();
            while again.next_chunk(1).unwrap().is_some() {}
            assert_eq!((again.digest.lines, again.digest.finish()), (2, file.reader.digest.finish()));
        }
        let with_ids = io::Cursor::new("from,to,amount,id\n");
        assert!(TransferFile::from_reader(with_ids, None, None).unwrap().again.is_none());
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
