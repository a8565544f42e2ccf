//! Killing and stopping the processes of a server.

use std::process::Command;

use super::server::PostgresServer;
use crate::wait::wait_until;

impl PostgresServer {
    /// Kills all processes of the server together, as a power failure would, and waits until they have ended. The server
    /// can be started again.
    ///
    /// # Panics
    ///
    /// If the server is not running, or does not end.
    pub fn crash(&self) {
        let processes = self.stopped_processes();
        self.send("KILL", &processes);
        wait_until("the server's processes have ended", || processes.iter().all(|process| has_ended(*process)));
        // An ended process keeps its id until its parent collects it. The server would mistake its lock for that of a
        // running process.
        let locks = [self.data().join("postmaster.pid"), self.home().join(format!(".s.PGSQL.{}.lock", self.port()))];
        for lock in locks {
            std::fs::remove_file(lock).expect("a killed server leaves its lock files behind");
        }
    }

    /// Stops all processes of the server: its sockets stay open and nobody answers.
    ///
    /// # Panics
    ///
    /// If the server is not running.
    pub fn freeze(&self) {
        self.send("STOP", &self.stopped_processes());
    }

    /// Resumes all processes of a frozen server.
    ///
    /// # Panics
    ///
    /// If the server is not running.
    pub fn thaw(&self) {
        self.send("CONT", &self.stopped_processes());
    }

    /// Stops the server's first process, so that it starts no others, and returns all processes, the first one last.
    fn stopped_processes(&self) -> Vec<u32> {
        let first = self.pid();
        self.signal("STOP");
        let children = Command::new("pgrep").args(["-P", &first.to_string()]).output().expect("pgrep can be run");
        let children = String::from_utf8(children.stdout).expect("pgrep prints numbers");
        let mut processes: Vec<u32> =
            children.lines().map(|line| line.trim().parse().expect("pgrep prints numbers")).collect();
        processes.push(first);
        processes
    }

    /// Sends a signal to processes of the server; some may have ended by now.
    fn send(&self, signal: &str, processes: &[u32]) {
        let mut command = self.binaries().as_owner("kill");
        command.args(["-s", signal]).args(processes.iter().map(u32::to_string));
        command.output().expect("kill can be run");
    }
}

fn has_ended(process: u32) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &process.to_string()]).output().expect("ps can be run");
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    state.is_empty() || state.starts_with('Z')
}
