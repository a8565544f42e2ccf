//! Servers that fail while transfers are being posted: sessions cut, servers killed, stopped and replaced by their
//! standbys.
//!
//! Every test starts servers of its own, which are durable as in earnest, and counts what it did to them.

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

/// How long a load may make no progress although the server is well.
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

/// Starts a load over TCP, so that a server's end looks as it does from another machine.
fn load_on(server: &PostgresServer, settings: Settings, seed: u64) -> Load {
    let load = Load::start(parse(&server.tcp_url("postgres")), settings, LoadPlan { seed, ..LoadPlan::default() });
    load.wait_for_more(100, PATIENCE);
    load
}

fn plain(server: &PostgresServer) -> Plain {
    Plain::postgres(&server.socket_url("postgres"))
}

/// Settings of clients that hold out while a server is replaced.
fn patient() -> Settings {
    let retry = RetryPolicy { attempts_max: u32::MAX, elapsed_max: Duration::from_secs(120), ..RetryPolicy::default() };
    Settings { retry, ..impatient() }
}

/// Settings of clients that give an attempt up after a second and a call after two. The pool is larger than the number
/// of clients, because an attempt that was given up keeps its connection until the server answers.
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

/// Returns the count multiplied as `BANK_FAULTS_SCALE` says.
fn scaled(count: u32) -> u32 {
    let scale =
        std::env::var("BANK_FAULTS_SCALE").map_or(1, |text| text.parse().expect("BANK_FAULTS_SCALE is a number"));
    count * scale
}

/// Returns the longest of some times in seconds.
fn longest(times: &[Duration]) -> f64 {
    times.iter().max().expect("something was measured").as_secs_f64()
}
