//! The service, killed again and again in the middle of its work, while its clients continue.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bank_domain::{AccountId, Transfer, TransferId};
use bank_tests::TestBackend;
use bank_tests::backend::say;
use bank_tests::fixtures::{open_many, random_transfers};
use bank_tests::invariants::{Ledger, assert_exactly_once, assert_sound};
use bank_tests::wait::wait_until;

use crate::server::{Client, Server, order};

const CLIENTS: usize = 16;
const TRANSFERS_EACH: usize = 100;
const KILLS: usize = 4;
const ACCOUNTS: usize = 10;
/// How long a client tries, so that a failed check leaves no clients behind that try for ever.
const CLIENT_TIME_MAX: Duration = Duration::from_secs(60);

#[test]
fn a_killed_service_loses_nothing_and_repeats_nothing_on_sqlite() {
    kill_under_load(TestBackend::Sqlite);
}

#[test]
fn a_killed_service_loses_nothing_and_repeats_nothing_on_postgres() {
    kill_under_load(TestBackend::Postgres);
}

/// The answers that the clients got.
#[derive(Default)]
struct Book {
    acknowledged: Mutex<Vec<TransferId>>,
    replayed: AtomicUsize,
    refused: AtomicUsize,
    repeated: AtomicUsize,
}

impl Book {
    fn acknowledged(&self) -> Vec<TransferId> {
        self.acknowledged.lock().unwrap().clone()
    }

    fn answered(&self) -> usize {
        self.acknowledged.lock().unwrap().len() + self.refused.load(Ordering::SeqCst)
    }
}

fn kill_under_load(backend: TestBackend) {
    let (database, client, book) = (backend.database(), Client::new(), Book::default());
    let accounts = open_many(&database.bank(), ACCOUNTS, 1_000);
    let orders = random_transfers(fastrand::u64(..), &accounts, CLIENTS * TRANSFERS_EACH, 300);
    let mut server = Server::start(&database, &[], &client);
    std::thread::scope(|scope| {
        for mine in orders.chunks(TRANSFERS_EACH) {
            let (client, book, accounts) = (&client, &book, &accounts);
            scope.spawn(move || mine.iter().for_each(|order| send_until_answered(client, order, accounts, book)));
        }
        for kill in 1..=KILLS {
            let enough = orders.len() * kill / (KILLS + 1);
            wait_until("enough transfers are answered", || book.answered() >= enough);
            server.kill();
            assert!(book.answered() < orders.len(), "there was nothing left to interrupt");
            // Until its sessions have ended, a last COMMIT may be under way.
            database.wait_until_all_sessions_end();
            assert_exactly_once(&database, &orders, &book.acknowledged());
            assert_sound(&database);
            server = Server::start(&database, &[], &client);
        }
    });

    let acknowledged = book.acknowledged();
    assert_exactly_once(&database, &orders, &acknowledged);
    assert_sound(&database);
    assert_eq!(book.answered(), orders.len());
    // A transfer that was rejected in the end was never posted, whatever answers were lost.
    assert_eq!(Ledger::read(&database).transfers.len(), acknowledged.len());
    assert!(book.repeated.load(Ordering::SeqCst) > 0, "no request was interrupted");
    say(&format!(
        "http-service, {backend:?}: {KILLS} kills, {} transfers: {} acknowledged ({} of them replayed), {} refused, {} \
         requests repeated",
        orders.len(),
        acknowledged.len(),
        book.replayed.load(Ordering::SeqCst),
        book.refused.load(Ordering::SeqCst),
        book.repeated.load(Ordering::SeqCst),
    ));
}

/// Sends a transfer with the same key until it is answered, as every client should.
fn send_until_answered(client: &Client, transfer: &Transfer, accounts: &[AccountId], book: &Book) {
    let name = |id: AccountId| format!("a{}", accounts.iter().position(|account| *account == id).unwrap());
    let body = order(&name(transfer.from), &name(transfer.to), transfer.amount.get());
    let deadline = Instant::now() + CLIENT_TIME_MAX;
    loop {
        assert!(Instant::now() < deadline, "{transfer:?} was never answered");
        match client.try_transfer(&transfer.id.to_string(), &body).map(|answer| answer.status) {
            Ok(201) => return book.acknowledged.lock().unwrap().push(transfer.id),
            Ok(200) => {
                book.replayed.fetch_add(1, Ordering::SeqCst);
                return book.acknowledged.lock().unwrap().push(transfer.id);
            }
            Ok(422) => {
                book.refused.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Ok(503 | 504) | Err(_) => {
                book.repeated.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(status) => panic!("{transfer:?} was answered with {status}"),
        }
    }
}
