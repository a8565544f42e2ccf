//! A child process that stops the server and deletes its directory when the process that started it has ended.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use super::binaries::Binaries;

/// Waits for the end of its input, which comes when this process ends, by itself, by a panic or killed. A test may have
/// left the server's processes stopped.
const SCRIPT: &str = r#"
cat >/dev/null
if first=$(head -n 1 "$2/data/postmaster.pid"); then
    pkill -CONT -P "$first"
    kill -CONT "$first"
fi
"$1/pg_ctl" stop --pgdata="$2/data" --mode=immediate --wait --timeout=30
rm -rf -- "$2"
"#;

/// Holds the watchdog's input open.
#[derive(Debug)]
pub(super) struct Watchdog {
    child: Child,
    input: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts the child, in a process group of its own, so that Ctrl-C does not reach it.
    pub(super) fn start(binaries: &Binaries, home: &Path) -> Self {
        let mut child = binaries
            .as_owner("sh")
            .arg("-c")
            .arg(SCRIPT)
            .arg("watchdog")
            .arg(binaries.directory())
            .arg(home)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh can be started");
        let input = child.stdin.take();
        Self { child, input }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.input.take());
        if let Err(error) = self.child.wait() {
            eprintln!("the watchdog of a test server was lost: {error}");
        }
    }
}
