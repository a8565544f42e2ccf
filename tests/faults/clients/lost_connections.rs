//! All connections of a pool lost together, as after a failover.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use bank_persistence::{Bank, RetryObserver, Settings};
use bank_tests::fixtures::{open, post, posted, transfer};
use bank_tests::proxy::{Plan, Proxy};
use bank_tests::threads::concurrently;
use bank_tests::{TestBackend, postgres};

use super::support::report;

#[test]
fn a_pool_that_has_lost_its_connections_costs_the_next_call_one_attempt() {
    const CONNECTIONS: usize = 10;
    let database = TestBackend::Postgres.database();
    let direct = database.bank();
    let (from, to) = (open(&direct, "from", 100).id, open(&direct, "to", 0).id);
    let proxy = Proxy::start(postgres::shared().port(), Plan::pass());
    let retries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&retries);
    let on_retry = RetryObserver::new(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let pool_size = u32::try_from(CONNECTIONS).unwrap();
    let settings = Settings { pool_size, on_retry: Some(on_retry), ..Settings::default() };
    let bank = Bank::connect(&database.url_through(proxy.port()).parse().unwrap(), settings).unwrap();
    for _ in 0..3 {
        use_all_connections(&bank, CONNECTIONS);
        retries.store(0, Ordering::SeqCst);
        proxy.hang_up();
        posted(post(&bank, transfer(from, to, 1)));
        assert_eq!(retries.load(Ordering::SeqCst), 1);
    }
    report(&format!("3 times {CONNECTIONS} connections of a pool lost together: one attempt more each time"));
}

fn use_all_connections(bank: &Bank, connections: usize) {
    let barrier = Barrier::new(connections);
    concurrently(connections, |_| bank.read("using a connection", |_| Ok(barrier.wait())).map(|_| ()).unwrap());
}
