//! Which transfers make the next batch.

use bank_domain::{AccountId, Amount};

use super::*;
use crate::transfer_ids::new_transfer_id;

fn backlog() -> Arc<Backlog> {
    Arc::new(Backlog::new(QueueSettings { workers: 9, ..QueueSettings::default() }))
}

fn transfer(from: i64, to: i64) -> Transfer {
    Transfer::new(new_transfer_id(), AccountId::new(from), AccountId::new(to), Amount::MIN)
}

fn submit(backlog: &Backlog, pairs: &[(i64, i64)]) {
    for (from, to) in pairs {
        backlog.push(transfer(*from, *to).into()).unwrap();
    }
}

/// Takes a batch, which must be there, and returns its paying and receiving accounts.
fn take(backlog: &Arc<Backlog>) -> (Vec<(i64, i64)>, InFlight) {
    let (batch, in_flight) = backlog.take().unwrap();
    (batch.iter().map(|job| (job.request.transfer.from.get(), job.request.transfer.to.get())).collect(), in_flight)
}

#[test]
fn one_batch_takes_all_that_waits_in_the_order_of_submission() {
    let backlog = backlog();
    submit(&backlog, &[(1, 2), (2, 3), (4, 5), (3, 1)]);
    assert_eq!(take(&backlog).0, [(1, 2), (2, 3), (4, 5), (3, 1)]);
}

#[test]
fn batches_in_flight_share_no_account() {
    let backlog = backlog();
    submit(&backlog, &[(1, 2)]);
    let (_, first) = take(&backlog);
    submit(&backlog, &[(2, 3), (4, 5), (6, 1)]);
    let (batch, second) = take(&backlog);
    assert_eq!(batch, [(4, 5)]);
    drop(first);
    submit(&backlog, &[(5, 7)]);
    assert_eq!(take(&backlog).0, [(2, 3), (6, 1)]);
    drop(second);
    assert_eq!(take(&backlog).0, [(5, 7)]);
}

#[test]
fn batches_in_flight_share_no_id() {
    let backlog = backlog();
    let order = transfer(1, 2);
    backlog.push((&order).into()).unwrap();
    let (_, first) = take(&backlog);
    let mut again = transfer(3, 4);
    again.id = order.id;
    backlog.push(again.into()).unwrap();
    submit(&backlog, &[(5, 6)]);
    assert_eq!(take(&backlog).0, [(5, 6)]);
    drop(first);
    submit(&backlog, &[(7, 8)]);
    assert_eq!(take(&backlog).0, [(3, 4), (7, 8)]);
}

#[test]
fn nothing_overtakes_a_transfer_that_is_left_behind() {
    let backlog = backlog();
    submit(&backlog, &[(1, 2)]);
    let (_, first) = take(&backlog);
    submit(&backlog, &[(2, 3), (3, 4), (4, 5), (8, 9)]);
    assert_eq!(take(&backlog).0, [(8, 9)]);
    drop(first);
    submit(&backlog, &[(5, 6)]);
    assert_eq!(take(&backlog).0, [(2, 3), (3, 4), (4, 5), (5, 6)]);
}

#[test]
fn a_batch_has_a_largest_size_and_the_rest_stays_in_order() {
    let backlog = Arc::new(Backlog::new(QueueSettings { batch_max: 2, ..QueueSettings::default() }));
    submit(&backlog, &[(1, 2), (3, 4), (2, 3), (5, 6)]);
    let (batch, first) = take(&backlog);
    assert_eq!(batch, [(1, 2), (3, 4)]);
    assert_eq!(take(&backlog).0, [(5, 6)]);
    drop(first);
    assert_eq!(take(&backlog).0, [(2, 3)]);
}

#[test]
fn half_a_fair_share_is_enough_while_another_batch_is_in_flight() {
    let backlog = Arc::new(Backlog::new(QueueSettings::default()));
    let enough = |backlog: &Backlog| worth_waiting_for(backlog.state.lock().load(false)).transfers_min;
    submit(&backlog, &[(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]);
    assert_eq!(enough(&backlog), 0);
    let (_, first) = take(&backlog);
    // Two workers would have had two and a half.
    assert_eq!(enough(&backlog), 1);
    submit(&backlog, &[(1, 2), (11, 12), (13, 14), (15, 16), (17, 18), (19, 20)]);
    let (batch, second) = take(&backlog);
    assert_eq!(batch.len(), 5);
    // They would have had five and a half.
    assert_eq!(enough(&backlog), 3);
    drop(first);
    assert_eq!(enough(&backlog), 3);
    drop(second);
    assert_eq!(enough(&backlog), 0);
}

#[test]
fn where_accounts_are_shared_a_batch_waits_for_all_that_were_answered() {
    let backlog = backlog();
    submit(&backlog, &[(1, 2), (2, 3), (3, 1)]);
    drop(take(&backlog));
    let state = backlog.state.lock();
    assert!(state.last.contended);
    assert_eq!(worth_waiting_for(state.load(state.last.contended)).transfers_min, 3);
}

#[test]
fn a_caller_bypasses_the_queue_only_when_nothing_waits_and_nothing_is_in_flight() {
    let backlog = backlog();
    let alone = backlog.try_bypass(&transfer(1, 2)).unwrap();
    assert!(backlog.try_bypass(&transfer(3, 4)).is_none());
    submit(&backlog, &[(2, 3)]);
    drop(alone);
    assert!(backlog.try_bypass(&transfer(3, 4)).is_none());
    drop(take(&backlog));
    drop(backlog.try_bypass(&transfer(3, 4)).unwrap());
    backlog.close();
    assert!(backlog.try_bypass(&transfer(3, 4)).is_none());
}

#[test]
fn a_closed_backlog_hands_out_the_transfers_that_wait_for_another_batch_and_then_ends() {
    let backlog = backlog();
    submit(&backlog, &[(1, 2)]);
    let (_, first) = take(&backlog);
    submit(&backlog, &[(2, 3)]);
    backlog.close();
    let other = {
        let backlog = Arc::clone(&backlog);
        std::thread::spawn(move || {
            let (batch, in_flight) = take(&backlog);
            drop(in_flight);
            (batch, backlog.take().is_none())
        })
    };
    std::thread::sleep(Duration::from_millis(20));
    assert!(!other.is_finished());
    drop(first);
    assert_eq!(other.join().unwrap(), (vec![(2, 3)], true));
}

#[test]
fn a_closed_backlog_ends_when_a_lone_caller_is_done() {
    let backlog = backlog();
    let alone = backlog.try_bypass(&transfer(1, 2)).unwrap();
    backlog.close();
    let worker = {
        let backlog = Arc::clone(&backlog);
        std::thread::spawn(move || backlog.take().is_none())
    };
    std::thread::sleep(Duration::from_millis(20));
    assert!(!worker.is_finished());
    drop(alone);
    assert!(worker.join().unwrap());
}
