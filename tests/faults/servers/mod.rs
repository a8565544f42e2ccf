//! Servers that fail while transfers are being posted: their sessions are cut, and they are killed, stopped and replaced by
//! standbys.
//!
//! Every test starts its own durable servers, and counts the faults that it injects.

mod asynchronous;
mod crashes;
mod failover;
mod frozen;
mod pair;
mod sessions;
mod stuck_commit;
mod workload;

use std::time::Duration;

use bank_persistence::{Bank, DatabaseUrl, RetryPolicy, Settings};
use bank_tests::load::{Load, LoadPlan};
use bank_tests::plain::Plain;
use bank_tests::postgres::{PostgresServer, ServerBuilder};

/// How long a load may make no progress although the server works.
const PATIENCE: Duration = Duration::from_secs(60);

/// A durable server with bank's tables in its database `postgres`.
fn durable_server() -> PostgresServer {
    let server = ServerBuilder::new().durable().start();
    migrate(&parse(&server.socket_url("postgres")));
    server
}

fn migrate(url: &DatabaseUrl) {
    let bank = Bank::connect(url, Settings::default()).expect("the server accepts connections");
    bank.migrate().expect("the migrations run");
}

fn parse(url: &str) -> DatabaseUrl {
    url.parse().expect("the harness writes valid URLs")
}

/// Starts a load over TCP, so that the end of a server looks the same as from another machine.
fn load_on(server: &PostgresServer, settings: Settings, seed: u64) -> Load {
    let load = Load::start(parse(&server.tcp_url("postgres")), settings, LoadPlan { seed, ..LoadPlan::default() });
    load.wait_for_more(100, PATIENCE);
    load
}

fn plain(server: &PostgresServer) -> Plain {
    Plain::postgres(&server.socket_url("postgres"))
}

/// Returns settings of clients that keep trying while a server is replaced.
fn patient() -> Settings {
    let retry = RetryPolicy { attempts_max: u32::MAX, elapsed_max: Duration::from_secs(120), ..RetryPolicy::default() };
    Settings { retry, ..impatient() }
}

/// Returns settings of clients that give up an attempt after a second and a call after two. The pool is larger than the
/// number of clients, because an abandoned attempt keeps its connection until the server answers.
fn impatient() -> Settings {
    let second = Duration::from_secs(1);
    let retry = RetryPolicy { attempts_max: u32::MAX, elapsed_max: 2 * second, ..RetryPolicy::default() };
    Settings {
        pool_size: 40,
        answer_timeout: second,
        lock_timeout: second / 2,
        connection_timeout: second,
        retry,
        ..Settings::default()
    }
}

/// Returns a count times the scale.
fn scaled(count: u32) -> u32 {
    count * u32::from(crate::scale())
}

/// Returns the longest of these times in seconds.
fn longest(times: &[Duration]) -> f64 {
    times.iter().max().expect("something was measured").as_secs_f64()
}
