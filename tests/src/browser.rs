//! A browser without a window, to check pages that people read.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The variable that names the program if it is not found.
const VARIABLE: &str = "BANK_TEST_CHROMIUM";

/// Chromium and Chrome by their names on Debian, Fedora and macOS.
const PROGRAMS: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Long enough for a machine that is busy with other tests.
const TIME_MAX: Duration = Duration::from_secs(90);

/// Opens a page with one more option, such as `--dump-dom`. Returns the browser's output, and the console messages of
/// the page.
///
/// # Panics
///
/// If there is no browser, with what to install; if it fails or does not end.
#[must_use]
pub fn open_page(page: &Path, option: &str) -> (String, Vec<String>) {
    let profile = tempfile::tempdir().expect("a temporary directory can be made");
    let mut command = Command::new(program());
    command.args([
        "--headless",
        // Root, and most containers, have no sandbox; the page is our own.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-pdf-header-footer",
        "--enable-logging=stderr",
        "--window-size=1100,2600",
    ]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(option);
    command.arg(format!("file://{}", page.display())).env("HOME", profile.path());
    let (out, err) = (profile.path().join("out"), profile.path().join("err"));
    let file = |path: &Path| std::fs::File::create(path).expect("a temporary file can be made");
    command.stdin(Stdio::null()).stdout(file(&out)).stderr(file(&err));
    let mut child = command.spawn().expect("the browser can be started");
    let deadline = Instant::now() + TIME_MAX;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the browser is our own child") {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().ok();
            child.wait().ok();
            panic!("the browser does not end within {TIME_MAX:?}");
        }
        thread::sleep(Duration::from_millis(20));
    };
    let read = |path: &Path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let (out, err) = (read(&out).expect("the file is there"), read(&err).expect("the file is there"));
    assert!(status.success() && !err.contains("Page load failed"), "the browser fails: {err}");
    (out, err.lines().filter(|line| line.contains("CONSOLE")).map(ToOwned::to_owned).collect())
}

fn program() -> PathBuf {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return named.into();
    }
    let directories: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let found = PROGRAMS.iter().find_map(|program| {
        directories.iter().map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
    });
    found.unwrap_or_else(|| {
        panic!("no Chromium is found: install it (Debian: apt-get install chromium), or name it in {VARIABLE}")
    })
}
