//! The posting queue: single transfers of many callers, posted together.

use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use bank_domain::{Outcome, Rejection, Transfer};
use bank_persistence::{BankError, DbError, PostingQueue, QueueError, QueueSettings, RetryPolicy, Settings};
use bank_tests::TestBackend;
use bank_tests::fixtures::{balance, open, open_many, posted, random_transfers, rejected, replayed, transfer};
use bank_tests::invariants::{assert_exactly_once, assert_sound};
use bank_tests::wait::wait_until;

pub(crate) fn many_callers_of_a_queue_get_their_own_outcomes(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 10, 500);
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let orders = random_transfers(7, &accounts, 1600, 100);
    let acknowledged: Vec<_> = std::thread::scope(|scope| {
        let post_all = |orders: Vec<Transfer>| {
            let outcomes = orders.into_iter().map(|order| (order.id, queue.post(order).unwrap()));
            outcomes.filter_map(|(id, outcome)| of_this_id(&outcome, id)).collect::<Vec<_>>()
        };
        let callers: Vec<_> = orders
            .chunks(100)
            .map(|chunk| {
                let chunk = chunk.to_vec();
                scope.spawn(move || post_all(chunk))
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    assert!(acknowledged.len() > 100, "{} of {} posted", acknowledged.len(), orders.len());
    assert_exactly_once(&database, &orders, &acknowledged);
    assert_sound(&database);
}

fn of_this_id(outcome: &Outcome, id: bank_domain::TransferId) -> Option<bank_domain::TransferId> {
    let posting = outcome.posted()?;
    assert_eq!(posting.transfer.id, id, "the outcome of another transfer");
    Some(id)
}

pub(crate) fn a_rejected_transfer_in_a_queue_does_not_affect_its_neighbours(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (from, to) = (open(&bank, "from", 100).id, open(&bank, "to", 0).id);
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let good = transfer(from, to, 60);
    let mut conflicting = good.clone();
    conflicting.amount = transfer(from, to, 61).amount;
    let orders =
        [good.clone(), transfer(from, to, 60), conflicting, transfer(from, from, 1), transfer(from, to, 40), good];
    let tickets = orders.map(|order| queue.submit(order).unwrap());
    let [good, poor, conflicting, same, rest, again] = tickets.map(|ticket| ticket.wait().unwrap());
    let original = posted(good);
    assert!(matches!(rejected(poor), Rejection::InsufficientFunds { .. }));
    assert!(matches!(rejected(conflicting), Rejection::IdConflict { .. }));
    assert_eq!(rejected(same), Rejection::SameAccount);
    posted(rest);
    assert_eq!(replayed(again), original);
    assert_eq!(balance(&bank, "to"), 100);
}

pub(crate) fn a_closed_queue_has_posted_everything_and_takes_no_more(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    let queue = PostingQueue::start(&bank, QueueSettings { batch_max: 7, ..QueueSettings::default() }).unwrap();
    let tickets: Vec<_> = (0..100).map(|_| queue.submit(transfer(from, to, 1)).unwrap()).collect();
    let other_handle = queue.clone();
    queue.close();
    assert_eq!(balance(&bank, "to"), 100);
    assert!(matches!(other_handle.submit(transfer(from, to, 1)), Err(QueueError::Closed)));
    for ticket in tickets {
        posted(ticket.wait().unwrap());
    }
}

pub(crate) fn dropping_the_last_handle_of_a_queue_loses_nothing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    let queue = PostingQueue::start(&bank, QueueSettings { batch_max: 3, ..QueueSettings::default() }).unwrap();
    for _ in 0..50 {
        drop(queue.submit(transfer(from, to, 1)).unwrap());
    }
    drop(queue);
    assert_eq!(balance(&bank, "to"), 50);
}

pub(crate) fn a_full_queue_rejects_a_transfer_or_waits(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    let settings = QueueSettings { capacity: 2, batch_max: 1, workers: 1 };
    let queue = PostingQueue::start(&bank, settings).unwrap();
    let mut tickets = Vec::new();
    let mut refused = 0;
    while refused == 0 {
        match queue.try_submit(transfer(from, to, 1)) {
            Ok(ticket) => tickets.push(ticket),
            Err(QueueError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    let waited = queue.submit(transfer(from, to, 1)).unwrap();
    posted(waited.wait().unwrap());
    let accepted = tickets.len() + 1;
    queue.close();
    assert_eq!(balance(&bank, "to"), i64::try_from(accepted).unwrap());
}

pub(crate) fn a_queue_whose_database_fails_answers_every_caller(backend: TestBackend) {
    let database = backend.database();
    let retry = RetryPolicy { attempts_max: 2, delay_max: Duration::from_millis(1), ..RetryPolicy::default() };
    let bank = database.bank_with(Settings { retry, ..Settings::default() });
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    database.plain().execute("ALTER TABLE transfers RENAME TO elsewhere");
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let tickets: Vec<_> = (0..20).map(|_| queue.submit(transfer(from, to, 1)).unwrap()).collect();
    for ticket in tickets {
        let failure = ticket.wait();
        assert!(
            matches!(&failure, Err(QueueError::Failed(error)) if matches!(**error, BankError::Database(DbError::Statement(_)))),
            "{failure:?}"
        );
    }
    database.plain().execute("ALTER TABLE elsewhere RENAME TO transfers");
    posted(queue.post(transfer(from, to, 1)).unwrap());
    assert_sound(&database);
}

/// Each transfer passes on the money of the one before it. In any other order, one of them lacks funds.
pub(crate) fn transfers_that_depend_on_each_other_take_effect_in_the_order_of_submission(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let first = open(&bank, "first", 7).id;
    let accounts: Vec<_> = std::iter::once(first).chain(open_many(&bank, 20, 0)).collect();
    let settings = QueueSettings { batch_max: 3, workers: 4, ..QueueSettings::default() };
    let queue = PostingQueue::start(&bank, settings).unwrap();
    let rounds = accounts.iter().chain(&accounts).chain(&accounts);
    let chain: Vec<_> = rounds.collect();
    let tickets: Vec<_> = chain.windows(2).map(|pair| queue.submit(transfer(*pair[0], *pair[1], 7)).unwrap()).collect();
    for ticket in tickets {
        posted(ticket.wait().unwrap());
    }
    assert_sound(&database);
}

pub(crate) fn a_ticket_can_be_awaited(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let outcome = pollster::block_on(async { queue.submit(transfer(from, to, 1)).unwrap().await });
    posted(outcome.unwrap());
}

pub(crate) fn closing_a_queue_waits_for_the_transfer_of_a_lone_caller(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let writer = database.keep_writers_out();
    thread::scope(|scope| {
        let lone = scope.spawn(|| queue.post(transfer(from, to, 1)));
        wait_until("the transfer is in flight", || queue.in_flight() == 1);
        let handle = queue.clone();
        scope.spawn(move || {
            wait_until("the queue is closed", || handle.is_closed());
            drop(writer);
        });
        queue.close();
        assert_eq!(balance(&bank, "to"), 1);
        posted(lone.join().unwrap().unwrap());
    });
}

/// Drops a queue when it is woken.
struct Dropping(Mutex<Option<PostingQueue>>);

impl Wake for Dropping {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().unwrap().take());
    }
}

pub(crate) fn a_queue_can_be_dropped_by_a_waker(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let writer = database.keep_writers_out();
    let mut first = Box::pin(queue.submit(transfer(from, to, 1)).unwrap().into_future());
    let others: Vec<_> = (0..10).map(|_| queue.submit(transfer(from, to, 1)).unwrap()).collect();
    let waker = Waker::from(Arc::new(Dropping(Mutex::new(Some(queue)))));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(writer);
    for ticket in others {
        posted(ticket.wait().unwrap());
    }
    posted(pollster::block_on(first).unwrap());
    assert_eq!(balance(&bank, "to"), 11);
}
