//! `bank-cli batch`, killed at random and run again until the whole file is posted.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use bank_tests::cli::{Run, Sandbox};
use bank_tests::fixtures::open_many;
use bank_tests::invariants::assert_sound;
use bank_tests::{TestBackend, TestDatabase};

use super::support::{report, scaled};

const LINES: usize = 2000;
/// Long enough for some chunks, too short for a whole file.
const LONGEST: Duration = Duration::from_millis(200);

#[test]
fn a_batch_killed_again_and_again_is_posted_once_on_sqlite() {
    kill_until_enough(TestBackend::Sqlite);
}

#[test]
fn a_batch_killed_again_and_again_is_posted_once_on_postgres() {
    kill_until_enough(TestBackend::Postgres);
}

fn kill_until_enough(backend: TestBackend) {
    let clerk = Clerk::open(backend);
    let (mut kills, mut killed_midway, mut files) = (0, 0, 1);
    while kills < scaled(100) {
        let before = clerk.transfers();
        if clerk.kill_within(LONGEST, files) {
            kills += 1;
            killed_midway += usize::from(clerk.transfers() > before);
        } else {
            files += 1;
        }
    }
    assert_sound(&clerk.database);
    let through = Run::to_end(&mut clerk.command(files));
    assert_eq!(through.code, Some(0), "{through:?}");
    assert_eq!(clerk.transfers(), files * LINES, "every line of every file once");
    let again = Run::to_end(&mut clerk.command(files));
    assert!(again.stdout.starts_with(&format!("Posted 0, replayed {LINES}, rejected 0")), "{again:?}");
    assert_sound(&clerk.database);
    report(&format!("{backend:?}: batches killed {kills} times, {killed_midway} with chunks posted; {files} files"));
    assert!(killed_midway > 0, "nothing was injected");
}

struct Clerk {
    database: TestDatabase,
    sandbox: Sandbox,
}

impl Clerk {
    fn open(backend: TestBackend) -> Self {
        let database = backend.database();
        open_many(&database.bank(), 10, 1_000_000);
        let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(database.url_text());
        let lines = (0..LINES).map(|line| format!("a{},a{},{}\n", line % 10, (line + 3) % 10, 1 + line % 7));
        let file = sandbox.home().join("in.csv");
        std::fs::write(file, format!("from,to,amount\n{}", lines.collect::<String>())).expect("a file can be written");
        Self { database, sandbox }
    }

    /// The same lines with another reference are other transfers, as in another file.
    fn command(&self, file: usize) -> Command {
        let path = self.sandbox.home().join("in.csv");
        let path = path.to_str().expect("a temporary path is UTF-8");
        let mut command =
            self.sandbox.command(&["batch", path, "--chunk", "20", "--reference", &format!("file {file}")]);
        command.stdin(Stdio::null());
        command
    }

    /// Returns whether the kill came before the end.
    fn kill_within(&self, longest: Duration, file: usize) -> bool {
        let mut child = self.command(file).spawn().expect("bank-cli can be started");
        thread::sleep(longest.mul_f64(fastrand::f64()));
        child.kill().expect("it has not been waited for");
        let output = child.wait_with_output().expect("it ends");
        let killed = output.status.signal().is_some();
        assert!(killed || output.status.success(), "{output:?}");
        killed
    }

    fn transfers(&self) -> usize {
        let count = self.database.plain().number("SELECT count(*) AS value FROM transfers");
        usize::try_from(count).expect("a count is not negative")
    }
}
