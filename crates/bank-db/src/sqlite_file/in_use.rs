//! Whether the name of a database still leads to the file that is open.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::{beside, resolved};
use crate::error::DbError;

/// Tells one file from every other that is there at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    device: u64,
    inode: u64,
}

/// Returns `None` if there is no file, and on systems that do not remove a file that is open.
fn id_of(path: &Path) -> Option<Id> {
    path.metadata().ok().as_ref().and_then(Id::of)
}

impl Id {
    #[cfg(unix)]
    fn of(found: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { device: found.dev(), inode: found.ino() })
    }

    #[cfg(not(unix))]
    const fn of(_found: &Metadata) -> Option<Self> {
        None
    }
}

/// Where an SQLite file is, as far as it matters to those who write to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// With the files beside it in one directory that everybody sees.
    Ordinary,
    /// Mounted by itself. What others write elsewhere may be in a log that is not here, and a log that is here is not there:
    /// it can be read, with care, but nothing is committed to it.
    MountedByItself,
    /// Where nobody can write: it is read without locks, and nothing can be committed to it.
    Unchanging,
}

/// The file of a [`Database`](crate::Database): that which its first connection has opened.
#[derive(Debug)]
pub(crate) struct FileIdentity {
    /// Absolute, so that it does not depend on the working directory; its links are followed each time.
    path: PathBuf,
    id: Option<Id>,
    place: Place,
    has_committed: AtomicBool,
}

impl FileIdentity {
    /// Remembers the file to which the path leads; SQLite has just opened it.
    pub(crate) fn remember(path: &Path, place: Place) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { id: id_of(&path), path, place, has_committed: AtomicBool::new(false) }
    }

    /// Makes sure that the path still leads to the file.
    ///
    /// # Errors
    ///
    /// [`DbError::FileReplaced`] if it does not.
    pub(crate) fn require_in_place(&self) -> Result<(), DbError> {
        if id_of(&self.path) == self.id { Ok(()) } else { Err(self.replaced()) }
    }

    /// Returns where the file is.
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Returns whether a transaction was committed to the file.
    pub(crate) fn has_committed(&self) -> bool {
        self.has_committed.load(Ordering::Relaxed)
    }

    fn replaced(&self) -> DbError {
        DbError::FileReplaced { path: self.path.clone() }
    }
}

/// Guards the commits of one connection: its file, and the log and its index beside it.
///
/// The log is there from the first statement of a connection to its end, because SQLite removes it with the last one.
#[derive(Clone, Debug)]
pub(crate) struct FileGuard(Arc<Guarded>);

#[derive(Debug)]
struct Guarded {
    file: Arc<FileIdentity>,
    beside: [(PathBuf, OnceLock<Id>); 2],
    /// The directory of all three; `None` if the path leads to another directory through a link.
    directory: Option<PathBuf>,
    /// The directory as it was when all three were last seen in place.
    seen: Mutex<Option<Contents>>,
}

impl FileGuard {
    /// Remembers the log of a connection that has run its first statement.
    pub(crate) fn new(file: &Arc<FileIdentity>) -> Self {
        let real = resolved(&file.path);
        let remember = |suffix| {
            let path = beside(&real, suffix);
            let id = id_of(&path).map_or_else(OnceLock::new, OnceLock::from);
            (path, id)
        };
        let is_link = file.path.is_symlink();
        Self(Arc::new(Guarded {
            file: Arc::clone(file),
            beside: ["-wal", "-shm"].map(remember),
            directory: file.path.parent().filter(|_| !is_link).map(Path::to_owned),
            seen: Mutex::default(),
        }))
    }

    /// Makes sure that what is committed now will be found: by its path, and by those who read the log.
    ///
    /// A name in a directory cannot change without the directory's time, so one call of `stat` is enough as long as that is
    /// the same. A time of just now proves nothing, because clocks tick.
    ///
    /// # Errors
    ///
    /// [`DbError::FileReplaced`] or [`DbError::FileMounted`] if not.
    pub(crate) fn before_commit(&self) -> Result<(), DbError> {
        let guarded = &*self.0;
        let contents = guarded.directory.as_deref().and_then(contents_of);
        if contents.is_none() || *guarded.seen.lock() != contents {
            guarded.require_all_in_place()?;
            *guarded.seen.lock() = contents.filter(Contents::are_settled);
        }
        Ok(())
    }

    /// Remembers that something was committed.
    pub(crate) fn after_commit(&self) {
        self.0.file.has_committed.store(true, Ordering::Relaxed);
    }
}

impl Guarded {
    fn require_all_in_place(&self) -> Result<(), DbError> {
        if self.file.place == Place::MountedByItself {
            return Err(DbError::FileMounted { path: self.file.path.clone() });
        }
        self.file.require_in_place()?;
        for (path, remembered) in &self.beside {
            match (remembered.get(), id_of(path)) {
                (Some(then), now) if now.as_ref() != Some(then) => return Err(self.file.replaced()),
                // Another process has switched the file to WAL since.
                (None, Some(now)) => {
                    remembered.get_or_init(|| now);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A directory, and when a name in it was last made, removed or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contents {
    directory: Id,
    changed: SystemTime,
}

impl Contents {
    /// Returns whether the last change is so long ago that another one would have another time.
    fn are_settled(&self) -> bool {
        self.changed.elapsed().is_ok_and(|age| age > Duration::from_secs(1))
    }
}

/// `None` where files are told apart by nothing.
fn contents_of(directory: &Path) -> Option<Contents> {
    let found = directory.metadata().ok()?;
    Some(Contents { directory: Id::of(&found)?, changed: found.modified().ok()? })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    use std::fs;

    struct Scene {
        _directory: tempfile::TempDir,
        paths: [PathBuf; 3],
        guard: FileGuard,
    }

    fn scene() -> Scene {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["bank.db", "bank.db-wal", "bank.db-shm"].map(|name| directory.path().join(name));
        for path in &paths {
            fs::write(path, "content").unwrap();
        }
        let guard = FileGuard::new(&Arc::new(FileIdentity::remember(&paths[0], Place::Ordinary)));
        Scene { _directory: directory, paths, guard }
    }

    fn is_replaced(result: Result<(), DbError>) -> bool {
        matches!(result, Err(DbError::FileReplaced { .. }))
    }

    #[test]
    fn a_file_is_missed_after_it_was_removed_moved_or_replaced() {
        for which in 0..3 {
            let Scene { _directory, paths, guard } = scene();
            let path = &paths[which];
            assert!(guard.before_commit().is_ok());
            fs::write(path, "written in place").unwrap();
            assert!(guard.before_commit().is_ok(), "writing to {} is what SQLite does", path.display());
            let elsewhere = path.with_extension("moved");
            fs::rename(path, &elsewhere).unwrap();
            assert!(is_replaced(guard.before_commit()), "{} was moved", path.display());
            fs::write(path, "content").unwrap();
            assert!(is_replaced(guard.before_commit()), "{} was replaced", path.display());
            fs::rename(&elsewhere, path).unwrap();
            assert!(guard.before_commit().is_ok(), "{} is back", path.display());
        }
    }

    /// Makes the last change in a directory an old one.
    fn settle(directory: &Path) {
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        fs::File::open(directory).unwrap().set_modified(long_ago).unwrap();
    }

    #[test]
    fn a_directory_that_was_quiet_for_long_is_watched_all_the_same() {
        for which in 0..3 {
            let Scene { _directory, paths, guard } = scene();
            settle(_directory.path());
            assert!(guard.before_commit().is_ok());
            assert!(guard.0.seen.lock().is_some(), "the next look is a short one");
            assert!(guard.before_commit().is_ok());
            fs::remove_file(&paths[which]).unwrap();
            assert!(is_replaced(guard.before_commit()), "{}", paths[which].display());
            assert!(is_replaced(guard.before_commit()), "{}", paths[which].display());
        }
        let Scene { _directory, guard, .. } = scene();
        settle(_directory.path());
        assert!(guard.before_commit().is_ok());
        let elsewhere = tempfile::tempdir().unwrap();
        fs::rename(_directory.path(), elsewhere.path().join("moved")).unwrap();
        assert!(is_replaced(guard.before_commit()), "the directory has moved");
        fs::create_dir(_directory.path()).unwrap();
        settle(_directory.path());
        assert!(is_replaced(guard.before_commit()), "another directory has its name");
    }

    #[test]
    fn a_directory_that_has_just_changed_is_looked_into_again() {
        let Scene { _directory, guard, .. } = scene();
        assert!(guard.before_commit().is_ok());
        assert!(guard.0.seen.lock().is_none());
    }

    #[test]
    fn nothing_is_committed_to_a_file_that_is_mounted_by_itself() {
        let Scene { _directory, paths, .. } = scene();
        settle(_directory.path());
        let guard = FileGuard::new(&Arc::new(FileIdentity::remember(&paths[0], Place::MountedByItself)));
        for _ in 0..2 {
            assert!(matches!(guard.before_commit(), Err(DbError::FileMounted { .. })));
        }
    }

    #[test]
    fn a_log_that_appears_later_is_guarded_from_then_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        fs::write(&path, "content").unwrap();
        let guard = FileGuard::new(&Arc::new(FileIdentity::remember(&path, Place::Ordinary)));
        assert!(guard.before_commit().is_ok());
        let log = beside(&path, "-wal");
        fs::write(&log, "pages").unwrap();
        assert!(guard.before_commit().is_ok());
        fs::remove_file(&log).unwrap();
        assert!(is_replaced(guard.before_commit()));
    }

    #[test]
    fn a_link_that_leads_elsewhere_now_is_noticed() {
        let Scene { _directory, paths, .. } = scene();
        let (link, other) = (paths[0].with_extension("link"), paths[0].with_extension("other"));
        std::os::unix::fs::symlink(&paths[0], &link).unwrap();
        settle(_directory.path());
        let guard = FileGuard::new(&Arc::new(FileIdentity::remember(&link, Place::Ordinary)));
        assert!(guard.before_commit().is_ok());
        fs::remove_file(&paths[1]).unwrap();
        settle(_directory.path());
        assert!(is_replaced(guard.before_commit()), "the log is beside the file and not beside the link");
        fs::write(&other, "content").unwrap();
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&other, &link).unwrap();
        assert!(is_replaced(guard.0.file.require_in_place()));
    }

    #[test]
    fn a_file_counts_as_written_after_the_first_commit() {
        let Scene { _directory, guard, .. } = scene();
        assert!(guard.before_commit().is_ok() && !guard.0.file.has_committed());
        guard.after_commit();
        assert!(guard.0.file.has_committed());
    }
}
