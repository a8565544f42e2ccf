//! A server that is killed and restarted.

use std::thread;
use std::time::{Duration, Instant};

use bank_domain::Transfer;
use bank_persistence::{Bank, PostingPipeline, RetryPolicy, Settings};
use bank_tests::fixtures::{open_many, random_transfers};
use bank_tests::load::Verdict;

use super::{PATIENCE, durable_server, load_on, longest, parse, plain, scaled};

#[test]
fn a_server_killed_again_and_again_loses_nothing() {
    let server = durable_server();
    // The default limits suffice for a server that is back within seconds.
    let load = load_on(&server, Settings::default(), 2);
    let (mut restarts, mut pauses) = (Vec::new(), Vec::new());
    for _ in 0..scaled(10) {
        thread::sleep(Duration::from_millis(fastrand::u64(0..300)));
        let killed = Instant::now();
        server.crash();
        server.start();
        restarts.push(killed.elapsed());
        pauses.push(load.wait_for_more(1, PATIENCE));
        load.wait_for_more(50, PATIENCE);
    }
    let kills = restarts.len();
    let (restart, pause) = (longest(&restarts), longest(&pauses));
    let result = load.stop();
    let what = format!("{kills} servers killed, back after at most {restart:.1} s, at work {pause:.1} s later");
    result.assert_exactly_once_and_sound(&what, &mut plain(&server));
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}

/// The bank does not retry, so that the pipeline itself sees the kills, and its caller continues.
#[test]
fn a_pipeline_has_every_outcome_once_although_its_server_is_killed() {
    let server = durable_server();
    let retry = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
    let settings = Settings { connection_timeout: Duration::from_secs(1), retry, ..Settings::default() };
    let bank = Bank::connect(&parse(&server.tcp_url("postgres")), settings).unwrap();
    let transfers = random_transfers(3, &open_many(&bank, 2000, 1_000_000), 40_000, 10);
    let mut pipeline = PostingPipeline::new(&bank, 2);
    let (mut outcomes, mut failures) = (Vec::new(), 0_u32);
    thread::scope(|scope| {
        let killing = scope.spawn(|| {
            for _ in 0..scaled(3) {
                thread::sleep(Duration::from_millis(fastrand::u64(100..300)));
                server.crash();
                thread::sleep(Duration::from_millis(500));
                server.start();
            }
        });
        for batch in transfers.chunks(100) {
            failures += u32::from(pipeline.push(batch.to_vec()).is_err());
            outcomes.extend(pipeline.take_outcomes());
        }
        killing.join().unwrap();
    });
    // Both batches in flight may have failed with the server.
    assert!((0..3).any(|_| pipeline.flush().is_ok()));
    outcomes.extend(pipeline.take_outcomes());
    assert!(failures > 0, "the server was never missed");
    let ids = |transfers: &[Transfer]| transfers.iter().map(|transfer| transfer.id).collect::<Vec<_>>();
    let posted: Vec<_> = outcomes.iter().flatten().map(|outcome| outcome.posted().unwrap().transfer.id).collect();
    assert_eq!(posted, ids(&transfers));
    assert_eq!(plain(&server).number("SELECT count(*) AS value FROM transfers"), 40_000);
    assert!(bank.audit().unwrap().is_sound());
}
