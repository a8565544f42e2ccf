//! Runs of pgbench, the floor for single transfers: another client of the same server.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use crate::failure::Failure;
use crate::measure::{Latencies, Latency, Load, Sample, Spread};
use crate::stage::{Ledger, Stage};

const DRAW_UNIFORM: &str = include_str!("../../sql/draw_uniform.sql");
const DRAW_HOT: &str = include_str!("../../sql/draw_hot.sql");

/// The transaction that is equivalent to posting one transfer: in the same tables, with the same result, and checked by
/// the same audit. Its ids grow with time, too.
pub(crate) const TRANSFER: &str = include_str!("../../sql/transfer.sql");

/// Runs a script and counts the transfers that it posts. Another script before it draws the accounts `payer` and
/// `receiver` and the `amount`. Script and log are written to the stage's directory.
pub(crate) fn run(
    stage: &Stage,
    ledger: &mut Ledger,
    load: Load,
    time: Duration,
    script: &str,
) -> Result<Sample, Failure> {
    let directory = stage.directory();
    let draw = match load.spread {
        Spread::Uniform => DRAW_UNIFORM,
        Spread::Hot => DRAW_HOT,
    };
    let file = directory.join("pgbench.sql");
    fs::write(&file, format!("{draw}{script}")).map_err(Failure::io("cannot write the script for pgbench"))?;
    let logs = tempfile::tempdir_in(directory).map_err(Failure::io("cannot make a directory for pgbench"))?;
    let (accounts, clients, threads) = (ledger.accounts, load.threads, load.threads.min(2));
    let mut command = stage.server.pgbench(&ledger.name, directory);
    command.arg(format!("--file={}", file.display())).arg(format!("--define=accounts={accounts}"));
    command.arg(format!("--client={clients}")).arg(format!("--jobs={threads}"));
    // pgbench takes whole seconds.
    command.arg(format!("--time={}", time.as_secs().max(1)));
    command.arg("--log").arg(format!("--log-prefix={}", logs.path().join("log").display()));
    let output =
        command.output().map_err(Failure::io("cannot run pgbench, which is one of PostgreSQL's contrib programs"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let totals = parse_totals(&text).filter(|_| output.status.success());
    let (transactions, rate) = totals.ok_or_else(|| {
        let errors = String::from_utf8_lossy(&output.stderr);
        Failure::Program(format!("pgbench ended with {}: {errors}{text}", output.status))
    })?;
    ledger.posted += transactions;
    Ok(Sample { latency: read_logs(logs.path())?, ..Sample::from_rate(rate) })
}

/// Returns the number of transactions and their rate, as pgbench prints them in the end.
fn parse_totals(text: &str) -> Option<(u64, f64)> {
    let transactions = text.lines().find_map(|line| line.strip_prefix("number of transactions actually processed:"))?;
    // Old versions print a line with the time for connecting and one without, new ones only the latter.
    let mut rates = text.lines().filter_map(|line| line.strip_prefix("tps = "));
    let rate = rates.find(|rate| rate.contains("without") || rate.contains("excluding"))?;
    Some((transactions.trim().parse().ok()?, rate.split_whitespace().next()?.parse().ok()?))
}

/// Reads the latencies of all transactions from the logs of all threads.
fn read_logs(directory: &Path) -> Result<Option<Latency>, Failure> {
    let cannot = "cannot read the log of pgbench";
    let mut latencies = Latencies::new()?;
    for entry in fs::read_dir(directory).map_err(Failure::io(cannot))? {
        let file = entry.and_then(|entry| File::open(entry.path())).map_err(Failure::io(cannot))?;
        for line in BufReader::new(file).lines() {
            let line = line.map_err(Failure::io(cannot))?;
            parse_latency(&line).into_iter().for_each(|latency| latencies.add(latency));
        }
    }
    Ok(latencies.summary())
}

/// Returns the third field of a line: client, number, microseconds, script, time.
fn parse_latency(line: &str) -> Option<Duration> {
    line.split(' ').nth(2)?.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_leaves_out_the_time_for_connecting() {
        let new = "number of transactions actually processed: 3461\nnumber of failed transactions: 0 (0.000%)\n\
                   latency average = 1.155 ms\ninitial connection time = 3.1 ms\n\
                   tps = 865.478123 (without initial connection time)\n";
        assert_eq!(parse_totals(new), Some((3461, 865.478_123)));
        let old = "number of transactions actually processed: 7\ntps = 1.0 (including connections establishing)\n\
                   tps = 2.5 (excluding connections establishing)\n";
        assert_eq!(parse_totals(old), Some((7, 2.5)));
        assert_eq!(parse_totals("pgbench: error: client 0 aborted\n"), None);
    }

    #[test]
    fn a_log_line_gives_its_latency() {
        assert_eq!(parse_latency("0 199 2241 0 1175850568 995598"), Some(Duration::from_micros(2241)));
        // A failed transaction has no latency.
        assert_eq!(parse_latency("0 82 failed 0 1499414498 84905.9"), None);
        assert_eq!(parse_latency(""), None);
    }
}
