//! A COMMIT that waits for a synchronous standby that is down.
//!
//! The server has written the commit, but nobody can see it: the client gets no answer, and queries do not find the
//! transfer. Only a re-submission learns the outcome, because it waits for the row locks.

use std::thread;
use std::time::Duration;

use bank_domain::{Outcome, Transfer};
use bank_persistence::{Bank, BankError, Settings};
use bank_tests::backend::say;
use bank_tests::fixtures::{open_many, transfer};
use bank_tests::invariants::Ledger;
use bank_tests::load::Verdict;
use bank_tests::postgres::StopMode;

use super::pair::{Pair, Replication};
use super::{PATIENCE, impatient, patient, scaled};

const TRANSFERS: &str = "SELECT count(*) AS value FROM transfers";

#[test]
fn a_commit_stuck_on_a_dead_standby_is_replayed_when_the_standby_is_back() {
    const STUCK: usize = 8;
    let pair = Pair::start(Replication::Synchronous);
    let mut plain = pair.plain();
    // Two accounts for each transfer, so that no COMMIT waits for the locks of another.
    let accounts = open_many(&Bank::connect(&pair.url(), Settings::default()).unwrap(), 2 * STUCK, 1000);
    let transfers: Vec<Transfer> = accounts.chunks(2).map(|pair| transfer(pair[0], pair[1], 800)).collect();

    pair.standby.stop(StopMode::Immediate);
    for (answer, transfer) in post_concurrently(&pair, &impatient(), &transfers).join().unwrap().iter().zip(&transfers)
    {
        assert!(matches!(answer, Err(BankError::OutcomeUnknown { ids, .. }) if *ids == [transfer.id]), "{answer:?}");
    }
    assert_eq!(plain.number(TRANSFERS), 0, "a commit that waits cannot be seen");

    let again = post_concurrently(&pair, &patient(), &transfers);
    thread::sleep(Duration::from_secs(4));
    assert!(!again.is_finished(), "the re-submission waits for the truth");
    assert_eq!(plain.number(TRANSFERS), 0, "nor does a re-submission make it seen");
    pair.standby.start();
    for (answer, transfer) in again.join().unwrap().iter().zip(&transfers) {
        assert!(matches!(answer, Ok(Outcome::Replayed(found)) if found.transfer == *transfer), "{answer:?}");
    }
    let ledger = Ledger::read_from(&mut plain);
    assert_eq!((ledger.transfers.len(), ledger.violations()), (STUCK, Vec::new()));
    say(&format!("faults: {STUCK} commits stuck on a dead standby: {STUCK} unknown, then {STUCK} found applied"));
}

/// Posts each transfer on a thread of its own and returns the thread that waits for all of them.
fn post_concurrently(
    pair: &Pair,
    settings: &Settings,
    transfers: &[Transfer],
) -> thread::JoinHandle<Vec<Result<Outcome, BankError>>> {
    let bank = Bank::connect(&pair.url(), settings.clone()).unwrap();
    let transfers = transfers.to_vec();
    thread::spawn(move || {
        thread::scope(|scope| {
            let calls: Vec<_> = transfers
                .iter()
                .map(|transfer| {
                    scope.spawn({
                        let bank = &bank;
                        move || bank.post(transfer)
                    })
                })
                .collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        })
    })
}

#[test]
fn commits_stuck_during_a_load_are_resolved_when_the_standby_is_back() {
    // Longer than an attempt may take, so every client has given up a COMMIT or waits for one.
    const ABSENCE: Duration = Duration::from_secs(3);
    let pair = Pair::start(Replication::Synchronous);
    let load = pair.load(patient(), 7);
    let losses = scaled(4);
    for round in 0..losses {
        // In turn: a standby that is down, and one that runs and does not answer.
        if round % 2 == 0 {
            pair.standby.stop(StopMode::Immediate);
            thread::sleep(ABSENCE);
            pair.standby.start();
        } else {
            pair.standby.freeze();
            thread::sleep(ABSENCE);
            pair.standby.thaw();
        }
        load.wait_for_more(200, PATIENCE);
    }
    let result = load.stop();
    result.assert_exactly_once_and_sound(&format!("{losses} standbys lost and found again"), &mut pair.plain());
    assert!(result.count(Verdict::Replayed) > 0, "no COMMIT was stuck");
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}
