//! `bank-cli workload` while servers fail: it continues, loses nothing, and shows the gap.

use std::path::Path;
use std::process::Child;

use bank_tests::cli::Sandbox;
use bank_tests::plain::Plain;
use bank_tests::postgres::PASSWORD;
use bank_tests::wait::wait_until;
use serde_json::Value;

use super::pair::{Pair, Replication};
use super::{durable_server, scaled};

#[test]
fn a_workload_goes_on_through_a_failover_and_loses_nothing() {
    let mut pair = Pair::start(Replication::Synchronous);
    let cli = sandbox(&pair.url_text());
    cli.stdout(&["workload", "init", "--accounts", "50"]);
    let duration = format!("{}s", scaled(9));
    let options =
        ["--clients", "4", "--duration", &duration, "--answer-timeout", "1", "--mix", "payments=70,groups=30"];
    let child = start(&cli, &[&options[..], &["--report", "r.html", "--jsonl", "r.jsonl"]].concat());
    wait_for_transfers(&mut workload(pair.plain()), 100);
    wait_for_seconds(&cli.home().join("r.jsonl"), 2);
    pair.fail_over();
    // As in every failover: the old primary is fenced, and commits on the new one must not wait for a standby.
    let mut new_primary = pair.plain();
    new_primary.execute("ALTER SYSTEM SET synchronous_standby_names = ''");
    new_primary.execute("SELECT pg_reload_conf()");

    let output = child.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    let lines = std::fs::read_to_string(cli.home().join("r.jsonl")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, seconds) = lines.split_last().unwrap();
    assert_eq!(summary["verdict"], "sound");
    assert_eq!(summary["transfers"]["unknown"], 0);
    let lost = |second: &&Value| second["retries"]["connection"].as_u64().unwrap() > 0;
    let gap = seconds.iter().position(|second| lost(&second)).expect("the lost connections are seen");
    let transfers = |second: &Value| second["transfers"].as_u64().unwrap();
    assert!(seconds[gap + 1..].iter().any(|second| transfers(second) > 0), "it goes on afterwards: {lines:?}");
    let page = std::fs::read_to_string(cli.home().join("r.html")).unwrap();
    assert!(page.contains("<rect class=\"lost\" x="), "the gap is marked");
    assert!(!page.contains(PASSWORD) && !stderr.contains(PASSWORD) && !stdout.contains(PASSWORD));

    // Everything that was acknowledged before and after the failover is there.
    let in_journal = workload(pair.plain()).number("SELECT count(*) AS value FROM transfers");
    let told = summary["transfers"]["posted"].as_i64().unwrap() + summary["transfers"]["replayed"].as_i64().unwrap();
    assert_eq!(in_journal, told);
}

#[test]
fn outcomes_that_stay_unknown_end_a_workload_with_code_9() {
    let server = durable_server();
    let cli = sandbox(&server.tcp_url("postgres"));
    cli.stdout(&["workload", "init", "--accounts", "50"]);
    let options = ["--clients", "2", "--duration", "5s", "--answer-timeout", "1", "--settle", "0s", "--output", "json"];
    let child = start(&cli, &options);
    let mut plain = workload(Plain::postgres(&server.socket_url("postgres")));
    wait_for_transfers(&mut plain, 20);
    // From now on every COMMIT waits for a standby that does not exist.
    plain.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    plain.execute("SELECT pg_reload_conf()");

    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).expect("the summary is JSON");
    assert_eq!(output.status.code(), Some(9), "{summary} {stderr}");
    assert_eq!(summary["verdict"], "outcomes_unknown");
    assert_eq!(summary["transfers"]["unknown"], 2);
    assert!(summary["retries"]["lost_commits"].as_u64().unwrap() > 0, "{summary}");
    assert!(stderr.contains("the outcomes of 2 transfers stay unknown"), "{stderr}");
}

fn sandbox(url: &str) -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(url)
}

fn start(cli: &Sandbox, options: &[&str]) -> Child {
    cli.command(&[&["workload", "run"], options].concat()).spawn().unwrap()
}

/// Points a connection to the workload's schema.
fn workload(mut plain: Plain) -> Plain {
    plain.execute("SET search_path TO bank_workload");
    plain
}

fn wait_for_seconds(lines: &Path, count: usize) {
    let written = || std::fs::read_to_string(lines).map_or(0, |text| text.lines().count());
    wait_until("the workload writes lines", || written() >= count);
}

fn wait_for_transfers(plain: &mut Plain, count: i64) {
    wait_until("the workload posts", || plain.number("SELECT count(*) AS value FROM transfers") >= count);
}
