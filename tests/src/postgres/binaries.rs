//! Where the server's programs are, and the user they run as.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable that names the directory of `initdb` and `pg_ctl`.
const VARIABLE: &str = "BANK_TEST_PG_BIN";

/// The programs of one PostgreSQL installation.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: PathBuf,
    owner: Option<Owner>,
}

/// The user that the server runs as: PostgreSQL does not run as root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Binaries {
    /// Finds the programs: `BANK_TEST_PG_BIN`, then `PATH`, then where Debian and Homebrew put them.
    ///
    /// # Panics
    ///
    /// If they are missing, with a hint: no test is skipped because a server is missing.
    #[must_use]
    pub fn find() -> Self {
        let directory = candidates().into_iter().find(|directory| {
            ["initdb", "pg_ctl", "postgres", "pg_basebackup"].iter().all(|program| directory.join(program).is_file())
        });
        let directory = directory.unwrap_or_else(|| {
            panic!(
                "no PostgreSQL server binaries found (initdb, pg_ctl, postgres, pg_basebackup): run scripts/test, which installs them, \
                 or set {VARIABLE} to their directory"
            )
        });
        Self { directory, owner: owner() }
    }

    /// Returns the command that runs one of the programs, as a user that the server accepts, without environment
    /// variables that would make it connect elsewhere.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        self.as_owner(self.directory.join(program))
    }

    /// Returns the directory of the programs.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// Returns a command for any program that must run as the server's user.
    pub(super) fn as_owner(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
        command.current_dir("/").stdin(Stdio::null());
        if let Some(owner) = self.owner {
            // The standard library drops root's supplementary groups when it changes the user.
            command.uid(owner.uid).gid(owner.gid);
        }
        command
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = std::env::var_os(VARIABLE).map(PathBuf::from).into_iter().collect();
    directories.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    directories.extend(subdirectories_newest_first("/usr/lib/postgresql", ""));
    directories.extend(subdirectories_newest_first("/opt/homebrew/opt", "postgresql"));
    directories.extend(subdirectories_newest_first("/usr/local/opt", "postgresql"));
    directories.extend(subdirectories_newest_first("/usr", "pgsql-"));
    directories
}

/// Returns the `bin` directories below, those with the largest version number first.
fn subdirectories_newest_first(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.trim_start_matches(['@', '-']);
            Some((version.parse().unwrap_or(0), entry.path().join("bin")))
        })
        .collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Returns the user to run the server as if we are root.
fn owner() -> Option<Owner> {
    let probe = tempfile::tempdir().expect("a temporary directory can be made");
    let we_are_root = probe.path().metadata().expect("it can be looked at").uid() == 0;
    we_are_root.then(|| {
        let found = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some(Owner { uid: id("-u", name)?, gid: id("-g", name)? }));
        found.expect("a user postgres or nobody exists, because the server refuses to run as root")
    })
}

fn id(option: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([option, user]).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
