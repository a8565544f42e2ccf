//! The console examples of the documents are run, and print what the documents show.

use std::fs;
use std::path::{Path, PathBuf};

use trycmd::TestCases;

/// The home directory in the examples.
const HOME: &str = "/home/mary";

/// Values in the examples that differ in every run, with the patterns that they are compared as.
const EXAMPLE_VALUES: [(&str, &str); 9] = [
    ("019f1cf5-de48-7658-82ec-2af02f226bc5", "[..]"),
    ("2026-07-01T09:15:03.095000Z", "[..]"),
    ("2026-07-01T09:15:03.112358Z", "[..]"),
    ("2026-07-01T09:15:41.501746Z", "[..]"),
    ("2026-07-01T09:15:50.221938Z", "[..]"),
    ("2026-07-01T09:16:01.750412Z", "[..]"),
    ("SQLite 3.53.2", "SQLite [..]"),
    ("36864 bytes", "[..] bytes"),
    ("p50 1 us, longest 4 us", "p50 [..], longest [..]"),
];

/// Runs the console examples of a document in order, on a database of their own that is empty at first.
///
/// # Panics
///
/// Panics if an example prints something else than the document shows, or if the document shows a pattern instead of a
/// value.
pub fn run_console_examples(program: &Path, file: &str) {
    let home = tempfile::tempdir().expect("a directory for temporary files");
    let home_text = home.path().to_str().expect("a path in UTF-8");
    let text = fs::read_to_string(path(file)).expect("the document");
    assert!(!text.contains("[..]"), "{file} shows [..] where a reader looks for a value");
    let text = EXAMPLE_VALUES
        .iter()
        .fold(text.replace(HOME, home_text), |text, (shown, pattern)| text.replace(shown, pattern));
    let copy = home.path().join(file.replace('/', "_"));
    fs::write(&copy, text).expect("a copy of the document");
    TestCases::new()
        .register_bin("bank-cli", program)
        .env("HOME", home_text)
        .env("DATABASE_URL", format!("sqlite:{home_text}/bank.db"))
        .case(copy)
        .run();
}

/// Returns the path of a file of the repository.
#[must_use]
pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}
