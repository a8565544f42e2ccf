//! Where a file is: mounted by itself, or where nothing can be written.

use std::path::{Path, PathBuf};

use super::{beside, has_content, resolved};

/// Why a file cannot be read the ordinary way: reading in WAL mode writes to `-shm`, and nothing can be written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NothingWritable {
    /// The file system is read-only for everybody, and the file has no log: it cannot change while it is read.
    ForEverybody,
    /// Another process may write, or there is a log that reading the file alone would miss.
    ForUs,
}

/// Returns why the file cannot be read the ordinary way, or `None` if the place is not the reason.
pub(crate) fn nothing_writable(path: &Path) -> Option<NothingWritable> {
    let real = resolved(path);
    if !real.is_file() || !system::is_readable(&real) || system::is_writable(&directory_of(&real)) {
        return None;
    }
    let never_changes = system::is_read_only_for_everybody(&real) && !has_content(&beside(&real, "-wal"));
    Some(if never_changes { NothingWritable::ForEverybody } else { NothingWritable::ForUs })
}

/// Returns whether the file is a mount point: then its name here has another directory than its name elsewhere.
pub(super) fn is_mounted_by_itself(path: &Path) -> bool {
    system::is_mount_point(path)
}

/// Returns the type of the file system of a file if other machines may use it, too: SQLite's log needs memory that all
/// programs share.
pub(crate) fn network_file_system(path: &Path) -> Option<String> {
    system::file_system(path).filter(|name| is_network(name))
}

fn is_network(file_system: &str) -> bool {
    const NAMES: [&str; 18] = [
        "9p",
        "afs",
        "ceph",
        "cifs",
        "glusterfs",
        "gpfs",
        "lustre",
        "nfs",
        "nfs4",
        "osxfs",
        "prl_fs",
        "rclone",
        "s3fs",
        "smb3",
        "smbfs",
        "sshfs",
        "vboxsf",
        "virtiofs",
    ];
    NAMES.contains(&file_system.strip_prefix("fuse.").unwrap_or(file_system))
}

/// Returns whether nothing can be written through this path.
pub(super) fn is_read_only(path: &Path) -> bool {
    system::is_read_only(path)
}

/// Returns how many bytes this user can still write on the file system of a path, if the system says so.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    system::free_bytes(path)
}

fn directory_of(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.map_or_else(|| ".".into(), Path::to_path_buf)
}

#[cfg(target_os = "linux")]
mod system {
    use std::path::Path;

    use rustix::fs::{Access, AtFlags, CWD, StatVfsMountFlags, Statx, StatxAttributes, StatxFlags};

    /// `None` on kernels that do not have the call.
    fn statx(path: &Path) -> Option<Statx> {
        rustix::fs::statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()
    }

    pub(super) fn is_mount_point(path: &Path) -> bool {
        statx(path).is_some_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    pub(super) fn is_read_only(path: &Path) -> bool {
        rustix::fs::statvfs(path).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
    }

    pub(super) fn free_bytes(path: &Path) -> Option<u64> {
        let found = rustix::fs::statvfs(path).ok()?;
        found.f_bavail.checked_mul(found.f_frsize)
    }

    /// A read-only mount says nothing: the same directory may be mounted elsewhere, and written there.
    pub(super) fn is_read_only_for_everybody(path: &Path) -> bool {
        ask(path, |found| found.is_read_only).unwrap_or_default()
    }

    pub(super) fn file_system(path: &Path) -> Option<String> {
        ask(path, |found| found.name.to_owned())
    }

    fn ask<T>(path: &Path, answer: impl FnOnce(&super::FileSystem<'_>) -> T) -> Option<T> {
        let found = statx(path)?;
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        super::FileSystem::of_mount(&mounts, found.stx_mnt_id).as_ref().map(answer)
    }

    pub(super) fn is_readable(path: &Path) -> bool {
        rustix::fs::access(path, Access::READ_OK).is_ok()
    }

    pub(super) fn is_writable(path: &Path) -> bool {
        rustix::fs::access(path, Access::WRITE_OK).is_ok()
    }
}

/// Elsewhere nothing is known about mounts, and SQLite's own message has to do.
#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::Path;

    pub(super) const fn is_mount_point(_path: &Path) -> bool {
        false
    }

    pub(super) const fn is_read_only(_path: &Path) -> bool {
        false
    }

    pub(super) const fn is_read_only_for_everybody(_path: &Path) -> bool {
        false
    }

    pub(super) const fn file_system(_path: &Path) -> Option<String> {
        None
    }

    pub(super) const fn free_bytes(_path: &Path) -> Option<u64> {
        None
    }

    pub(super) const fn is_readable(_path: &Path) -> bool {
        true
    }

    pub(super) const fn is_writable(_path: &Path) -> bool {
        true
    }
}

/// A file system, as `/proc/self/mountinfo` describes it.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no such file elsewhere"))]
struct FileSystem<'a> {
    /// Its type, such as `ext4`.
    name: &'a str,
    /// Whether it is read-only, whatever the options of the mount itself.
    is_read_only: bool,
}

#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no such file elsewhere"))]
impl<'a> FileSystem<'a> {
    /// Returns the file system of a mount, from the text of `/proc/self/mountinfo`.
    fn of_mount(mounts: &'a str, mount_id: u64) -> Option<Self> {
        let of_mount = |line: &&str| line.split(' ').next().and_then(|id| id.parse().ok()) == Some(mount_id);
        // 36 35 98:0 /root /mount/point rw,noatime [tags] - ext4 /dev/sda1 ro,errors=continue
        let (_, file_system) = mounts.lines().find(of_mount)?.split_once(" - ")?;
        let mut fields = file_system.split(' ');
        let name = fields.next()?;
        let is_read_only = fields.nth(1).is_some_and(|options| options.split(',').any(|option| option == "ro"));
        Some(Self { name, is_read_only })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
36 21 11:0 / /media/cd\\040rom ro,nosuid - iso9660 /dev/sr0 ro,iocharset=utf8
37 21 8:1 /srv/bank /backup ro,relatime shared:1 master:2 - ext4 /dev/sda1 rw,errors=remount-ro
38 21 0:40 / /run rw - tmpfs tmpfs rw,size=10%
";

    #[test]
    fn a_medium_is_read_only_if_its_file_system_is_and_not_if_only_the_mount_is() {
        let of = |id| FileSystem::of_mount(MOUNTS, id).map(|found| (found.name, found.is_read_only));
        assert_eq!(
            [21, 36, 37, 38].map(of),
            [("ext4", false), ("iso9660", true), ("ext4", false), ("tmpfs", false)].map(Some)
        );
        assert_eq!(of(99), None);
        assert!(FileSystem::of_mount("", 21).is_none() && FileSystem::of_mount("21 1 8:1 / / ro", 21).is_none());
    }

    #[test]
    fn file_systems_that_other_machines_may_use_are_known_by_name() {
        assert!(["nfs4", "cifs", "fuse.sshfs", "virtiofs", "9p"].into_iter().all(is_network));
        assert!(!["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk", "fuse.gocryptfs"].into_iter().any(is_network));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_directory_that_is_a_mount_point_is_told_from_one_that_is_not() {
        let directory = tempfile::tempdir().unwrap();
        assert!(is_mounted_by_itself(Path::new("/proc")));
        assert!(!is_mounted_by_itself(directory.path()));
        assert!(!is_mounted_by_itself(&directory.path().join("missing")));
    }

    #[test]
    fn a_file_in_a_directory_that_can_be_written_is_read_the_ordinary_way() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bank.db");
        assert_eq!(nothing_writable(&file), None, "there is no file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(nothing_writable(&file), None);
    }
}
