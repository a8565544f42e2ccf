//! The file of an export, written atomically: it appears only once it is complete.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::same_file::directory_of;
use crate::failure::{ExitCode, Failure};

const BUFFER_BYTES: usize = 64 * 1024;

/// A file that gets its name only once it is complete.
pub(crate) struct ExportFile {
    path: PathBuf,
    replace: bool,
    writer: BufWriter<NamedTempFile>,
}

impl ExportFile {
    /// Creates a temporary file in the same directory, so that an unusable path fails before anything is read.
    ///
    /// A replaced file keeps its permissions, and a link to it stays a link.
    pub(crate) fn create(path: &Path, replace: bool) -> Result<Self, Failure> {
        let mut permissions = None;
        if let Ok(metadata) = path.metadata() {
            if !metadata.is_file() {
                let message = format!("{} is not a regular file", path.display());
                return Err(Failure::new(ExitCode::Usage, "export_exists", message)
                    .hint("name a file, or omit --out to write to standard output"));
            }
            if !replace {
                return Err(exists(path));
            }
            permissions = Some(metadata.permissions());
        }
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let file = builder().tempfile_in(directory_of(path)).map_err(|error| Self::unwritable(path, &error))?;
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions).map_err(|error| Self::unwritable(path, &error))?;
        }
        Ok(Self { path: path.to_owned(), replace, writer: BufWriter::with_capacity(BUFFER_BYTES, file) })
    }

    /// Returns the writer.
    pub(crate) fn writer(&mut self) -> &mut dyn Write {
        &mut self.writer
    }

    /// Returns the path, without links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the failure for a write that failed.
    pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Failure {
        let message = format!("cannot write the export to {}: {error}", path.display());
        Failure::new(ExitCode::Other, "export_unwritable", message).hint("name a file that can be written")
    }

    /// Gives the complete file its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { path, replace, writer } = self;
        let file = writer.into_inner().map_err(|error| Self::unwritable(&path, error.error()))?;
        file.as_file().sync_all().map_err(|error| Self::unwritable(&path, &error))?;
        let put = if replace { file.persist(&path) } else { file.persist_noclobber(&path) };
        match put {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(error) => Err(Self::unwritable(&path, &error.error)),
        }
    }
}

/// Gives the file the permissions of any new file, not the narrower ones of a temporary file.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bank-export-");
    #[cfg(unix)]
    builder.permissions(<std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder
}

fn exists(path: &Path) -> Failure {
    let message = format!("the file {} exists already", path.display());
    Failure::new(ExitCode::Usage, "export_exists", message).hint("name another file, or overwrite it with --force")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_appears_once_it_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.csv");
        let mut file = ExportFile::create(&path, false).ok().unwrap();
        file.writer().write_all(b"text").unwrap();
        assert!(!path.exists());
        file.finish().ok().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
        assert_eq!(directory.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_exists_is_kept_unless_it_may_be_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.csv");
        let late = ExportFile::create(&path, false).ok().unwrap();
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(ExportFile::create(&path, false).err().unwrap().code(), "export_exists");
        assert_eq!(late.finish().unwrap_err().code(), "export_exists");
        drop(ExportFile::create(&path, true).ok().unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine", "an export that fails replaces nothing");
        ExportFile::create(&path, true).ok().unwrap().finish().ok().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
        assert_eq!(ExportFile::create(directory.path(), true).err().unwrap().code(), "export_exists");
        let nowhere = directory.path().join("nowhere/journal.csv");
        assert_eq!(ExportFile::create(&nowhere, false).err().unwrap().code(), "export_unwritable");
    }

    #[test]
    #[cfg(unix)]
    fn a_replaced_file_keeps_its_permissions_and_its_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let directory = tempfile::tempdir().unwrap();
        let [path, link] = ["journal.csv", "link"].map(|name| directory.path().join(name));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&path, &link).unwrap();
        let mut file = ExportFile::create(&link, true).ok().unwrap();
        file.writer().write_all(b"new").unwrap();
        file.finish().ok().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
