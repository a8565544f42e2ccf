//! A file of transfers that has been opened, and looks as if it could be posted.

use std::io::BufRead;
use std::path::Path;

use crate::dialect::Format;
use crate::error::BatchError;
use crate::ids::Reference;
use crate::reader::ChunkReader;
use crate::source::Source;

/// An open file of transfers. It is read once, from its beginning to its end.
///
/// Without a [`Format`], the extension of its name tells the format, or else its first character. A [`Reference`] gives an
/// id to each line that has none.
pub struct TransferFile {
    pub(crate) source: Source,
    pub(crate) reader: ChunkReader,
}

impl TransferFile {
    /// Opens a file, and reads as far as is needed to reject one that cannot be posted.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, if it is CSV without a good header or a JSON array, or if its lines have
    /// no ids and there is no reference.
    pub fn open(path: &Path, format: Option<Format>, reference: Option<Reference>) -> Result<Self, BatchError> {
        let (source, input) = Source::open(path)?;
        let format = format.or_else(|| Format::from_path(path));
        Ok(Self { source, reader: ChunkReader::new(input, format, reference)? })
    }

    /// Reads standard input.
    ///
    /// # Errors
    ///
    /// As for [`TransferFile::open`].
    pub fn stdin(format: Option<Format>, reference: Option<Reference>) -> Result<Self, BatchError> {
        let (source, input) = Source::stdin();
        Ok(Self { source, reader: ChunkReader::new(input, format, reference)? })
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
        Ok(Self { source: Source::default(), reader: ChunkReader::new(Box::new(input), format, reference)? })
    }

    /// Returns whether there is no line to post.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    /// Returns the length of a regular file in bytes.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.source.length()
    }

    /// Returns whether the path leads to this very file, if it is a regular one, under whatever name.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        self.source.is_at(path)
    }
}
