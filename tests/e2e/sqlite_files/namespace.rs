//! Commands that run among mounts of their own, which end with them.

use std::process::{Command, Stdio};

use bank_tests::backend::say;
use bank_tests::cli::{Run, Sandbox};

/// Runs the binary in the sandbox after a script of mounts, which runs there, too; `None`, announced, where that is not
/// allowed.
pub(crate) fn run_after(script: &str, cli: &Sandbox, arguments: &[&str]) -> Option<Run> {
    if !may_mount() {
        say(
            "e2e: nothing can be mounted here: a test of mounted files is left out (run it as root, or allow user namespaces)",
        );
        return None;
    }
    let command = cli.command(arguments);
    let mut wrapped = Command::new("unshare");
    wrapped.args(["--map-root-user", "--mount", "sh", "-c", &format!("set -e\n{script}\nexec \"$@\""), "sh"]);
    wrapped.arg(command.get_program()).args(command.get_args()).env_clear().current_dir(cli.home());
    let path = std::env::var_os("PATH").unwrap_or_default();
    wrapped.env("PATH", path).envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wrapped.stdin(Stdio::null());
    Some(Run::to_end(&mut wrapped))
}

fn may_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", "mount --bind /tmp /tmp"]);
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
