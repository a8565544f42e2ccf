//! Paths that mean standard output or standard error. Each is written through its own handle: opened again by its path, a file would have a
//! second position, at which one writer overwrites what the other has written.

use std::path::Path;

use ::same_file::Handle;

/// What a shell and an operating system call standard output.
const NAMES: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Returns whether the path means standard output, or leads to the regular file that standard output is redirected to.
pub(crate) fn is_standard_output(path: &Path) -> bool {
    let leads_there = || {
        path.is_file() && Handle::from_path(path).is_ok_and(|file| Handle::stdout().is_ok_and(|stdout| file == stdout))
    };
    NAMES.iter().any(|name| path == Path::new(name)) || leads_there()
}

/// What a shell and an operating system call standard error.
const ERROR_NAMES: [&str; 3] = ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"];

/// Returns whether the path means standard error.
pub(crate) fn is_standard_error(path: &Path) -> bool {
    ERROR_NAMES.iter().any(|name| path == Path::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_output_has_several_names_and_a_file_beside_it_has_none() {
        for (path, expected) in [
            ("-", true),
            ("/dev/stdout", true),
            ("/dev/fd/1", true),
            ("/proc/self/fd/1", true),
            ("./-", false),
            ("/dev/null", false),
            ("out.csv", false),
        ] {
            assert_eq!(is_standard_output(Path::new(path)), expected, "{path}");
        }
    }
}
