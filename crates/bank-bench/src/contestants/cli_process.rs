//! Processes of `bank-cli`. They run this program again, so that one command builds everything that is measured.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::failure::Failure;

/// The variable that makes this program act as `bank-cli`.
const VARIABLE: &str = "BANK_BENCH_IS_BANK_CLI";

/// How often the peak memory of a process is read.
const LOOK: Duration = Duration::from_millis(5);

/// Returns whether this process must act as `bank-cli`.
pub(crate) fn is_child() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Starts `bank-cli` with these arguments and without the configuration of this machine.
pub(crate) fn start(home: &Path, url: &str, arguments: &[&str]) -> Result<Child, Failure> {
    let program = std::env::current_exe().map_err(Failure::io("cannot find this program"))?;
    let mut command = Command::new(program);
    command.env_clear().env(VARIABLE, "1").env("HOME", home).current_dir(home);
    command.args(["--database-url", url]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().map_err(Failure::io("cannot start bank-cli"))
}

/// Waits for the end of a process, which must succeed. Returns its peak memory in bytes, if the system shows it.
pub(crate) fn finish(mut child: Child) -> Result<Option<u64>, Failure> {
    let mut memory = None;
    loop {
        memory = peak_memory(child.id()).or(memory);
        // The output is short and fits into the pipes.
        match child.try_wait().map_err(Failure::io("cannot wait for bank-cli"))? {
            Some(_) => break,
            None => std::thread::sleep(LOOK),
        }
    }
    let output = child.wait_with_output().map_err(Failure::io("cannot wait for bank-cli"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::Program(format!("bank-cli ended with {}: {}", output.status, text.trim())));
    }
    Ok(memory)
}

/// Returns the peak memory of a process from the files of Linux.
fn peak_memory(process: u32) -> Option<u64> {
    parse_peak(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn parse_peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_memory_is_read_from_its_line_of_the_status() {
        assert_eq!(parse_peak("Name:\tbank\nVmPeak:\t 99 kB\nVmHWM:\t   2000 kB\nVmRSS:\t1 kB\n"), Some(2_048_000));
        // A process that has just ended has no memory.
        assert_eq!(parse_peak("Name:\tbank\nState:\tZ (zombie)\n"), None);
    }
}
