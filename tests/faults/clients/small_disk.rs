//! Small file systems, and files with a size limit.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Mounts, says so, and unmounts when its input ends. It ends with this process, even if that is killed.
const SCRIPT: &str = r#"
mount -t tmpfs -o "$2" tmpfs "$1" || exit 1
echo mounted
cat >/dev/null
umount -l "$1"
"#;

/// A file system in memory, with a file that can be deleted to make room.
pub(crate) struct SmallDisk {
    child: Child,
    path: PathBuf,
    _mount_point: TempDir,
}

impl SmallDisk {
    /// Mounts this many kilobytes for a user; `None` unless run as root.
    pub(crate) fn mount_for_all(kilobytes: u32, user: Option<u32>) -> Option<Self> {
        let user = user.map_or_else(String::new, |uid| format!(",uid={uid}"));
        Self::try_mount(Command::new("sh"), &format!("size={kilobytes}k,mode=0700{user}"), false)
    }

    /// Mounts without root, too, in a namespace that is visible here through `/proc`. That path contains a link that only
    /// the kernel can follow, so it is not for SQLite, which resolves links itself.
    pub(crate) fn mount(kilobytes: u32, user: Option<u32>) -> Option<Self> {
        Self::mount_for_all(kilobytes, user).or_else(|| {
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "--mount", "sh"]);
            Self::try_mount(command, &format!("size={kilobytes}k,mode=0700"), true)
        })
    }

    fn try_mount(mut command: Command, options: &str, is_elsewhere: bool) -> Option<Self> {
        let mount_point = tempfile::Builder::new().prefix("bank-disk-").tempdir().unwrap();
        command.args(["-c", SCRIPT, "small-disk"]).arg(mount_point.path()).arg(options);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
        if line.trim() != "mounted" {
            child.wait().ok();
            return None;
        }
        let prefix = if is_elsewhere { format!("/proc/{}/root", child.id()) } else { String::new() };
        let path = PathBuf::from(format!("{prefix}{}", mount_point.path().display()));
        // The server's user must be able to enter.
        std::fs::set_permissions(mount_point.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).ok();
        Some(Self { child, path, _mount_point: mount_point })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            eprintln!("the process that unmounts a small disk was lost: {error}");
        }
    }
}

/// A file that takes room until it is deleted.
pub(crate) struct Ballast(PathBuf);

impl Ballast {
    pub(crate) fn write(directory: &Path, kilobytes: usize) -> Self {
        let path = directory.join("ballast");
        std::fs::write(&path, vec![1; kilobytes * 1024]).expect("there is room for the ballast");
        Self(path)
    }

    pub(crate) fn drop_off(self) {
        std::fs::remove_file(self.0).expect("the ballast is there");
    }
}

/// Returns a command in which no file can grow beyond this many bytes: writing fails, as on a full disk, but does not
/// end the process.
pub(crate) fn with_bounded_files(command: &Command, bytes: u64) -> Command {
    let mut bounded = Command::new("sh");
    bounded.args(["-c", "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\"", &bytes.to_string()]);
    bounded.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            bounded.env(name, value);
        }
    }
    bounded.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    bounded
}
